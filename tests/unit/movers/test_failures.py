"""What passes by itself is borne in silence, what does not is told with the way out (I2, I4, I5)."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from datamover_common.kube.errors import KubeError
from datamover_common.kube.resources import ObjectRef
from datamover_crds import JsonObject
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers import reconciler as movers_module
from datamover_operator.movers.plan.names import distinct_role_name
from datamover_operator.runs.kind import RUN
from tests.support.specs import s3
from tests.unit.movers.given import (
    DRIFT,
    NOTHING,
    ONE_OF_EACH,
    SPEC,
    counts,
    failing,
    locations_of,
    on_call,
    spec,
    told,
)
from tests.unit.movers.sky import DEFAULTS, error
from tests.unit.movers.world import REF, SETTINGS, World

READS = ["DescribeTask", "DescribeLocation", "ListTagsForResource", "GetRole", "GetResources"]
PASSING = [FailureKind.UNAVAILABLE, FailureKind.THROTTLED]


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize("kind", PASSING)
def test_a_read_that_fails_changes_nothing_of_a_ready_mover(operation: str, kind: FailureKind) -> None:
    with World(SPEC) as world:
        world.settle()
        raw, writes, events = world.raw, len(world.kube.writes), len(world.told.events)
        world.pass_time(DRIFT)
        with failing(world, operation, kind, times=3):
            delays = [_next(world) for _ in range(3)]
        assert delays == sorted(set(delays)), "each waits longer"
        assert world.settle() == "Ready"
        assert world.raw == raw
        assert (len(world.kube.writes), len(world.told.events)) == (writes, events)
        assert not world.memory.everything.is_open


@pytest.mark.parametrize("kind", PASSING)
def test_a_read_that_fails_is_told_of_while_something_is_to_be_done(kind: FailureKind) -> None:
    with World(SPEC) as world:
        world.settle()
        world.change(spec(options={"logLevel": "BASIC"}))
        with failing(world, "DescribeTask", kind):
            world.reconcile()
        assert "DescribeTask" in str(told(world, "Reconciling")["message"])
        assert world.settle() == "Ready"


@pytest.mark.parametrize("kind", PASSING)
def test_a_repair_that_fails_is_told_of(kind: FailureKind) -> None:
    with World(SPEC) as world:
        world.settle()
        world.sky.of("task")[0].described["name"] = "drifted"
        world.pass_time(DRIFT)
        with failing(world, "UpdateTask", kind):
            world.reconcile()
        assert "UpdateTask" in str(told(world, "Reconciling")["message"])
        assert world.settle() == "Ready"


def test_a_read_that_is_denied_is_told_of() -> None:
    with World(SPEC) as world:
        world.settle()
        world.pass_time(DRIFT)
        with failing(world, "DescribeTask", FailureKind.DENIED):
            world.reconcile()
        assert told(world, "Stalled")["reason"] == "AccessDenied"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"


def test_what_a_call_names_is_gone_and_is_made_again() -> None:
    with World(SPEC) as world:
        world.settle()
        world.change(spec(options={"logLevel": "BASIC"}))
        arn = str(world.mover.status.task_arn)
        with on_call(world, "UpdateTask", lambda: world.sky.items.pop(arn), "before"):
            world.reconcile()
        assert told(world, "Reconciling")["reason"] == "Changed"
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_a_refusal_is_told_in_awss_words_and_tried_again_seldom() -> None:
    with World(SPEC) as world:
        with failing(world, "CreateLocation", FailureKind.REFUSED, times=2):
            assert world.settle() == "Stalled"
        message = str(told(world, "Stalled")["message"])
        assert "spec.source" in message
        assert "CreateLocation fails" in message
        writes = len(world.sky.writes)
        world.reconcile()
        assert len(world.sky.writes) == writes, "it rests"
        world.change(spec(name="corrected"))
        assert world.settle() == "Ready"


def test_what_was_refused_does_not_rest_once_it_progresses() -> None:
    with World(SPEC) as world:
        with failing(world, "CreateLocation", FailureKind.REFUSED, times=2):
            assert world.settle() == "Stalled"
        world.look_closely()
        assert world.settle() == "Ready"


def test_a_role_is_waited_for_while_it_is_young_and_no_longer() -> None:
    with World(SPEC) as world:
        with failing(world, "CreateTask", FailureKind.ROLE_NOT_ASSUMABLE):
            world.reconcile()
        assert told(world, "Reconciling")["reason"] == "RolePropagating"
        world.restart()
        world.pass_time(300)
        with failing(world, "CreateTask", FailureKind.ROLE_NOT_ASSUMABLE):
            world.reconcile()
        assert told(world, "Stalled")["reason"] == "Refused"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"


def test_new_rights_of_an_old_role_are_waited_for_and_no_longer() -> None:
    with World(SPEC) as world:
        world.settle()
        world.pass_time(3600)
        world.change(spec(source=s3(s3BucketArn="arn:aws:s3:::elsewhere")))
        with failing(world, "CreateLocation", FailureKind.ROLE_NOT_ASSUMABLE, times=3):
            for _ in range(2):
                assert _next(world) < DRIFT / 10
                assert told(world, "Reconciling")["reason"] == "RolePropagating"
            world.pass_time(120)
            world.reconcile()
        assert told(world, "Stalled")["reason"] == "Refused"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert counts(world) == ONE_OF_EACH


def test_a_role_of_the_users_own_is_not_waited_for() -> None:
    with World(SPEC) as world:
        role = world.sky.add_role("mine", {})
        world.change(spec(source=s3(**SPEC["source"]["s3"], accessRole={"arn": role.arn})))
        with failing(world, "CreateLocation", FailureKind.ROLE_NOT_ASSUMABLE, times=2):
            world.reconcile()
        assert told(world, "Stalled")["reason"] == "Refused"


def test_an_update_that_aws_does_not_keep_is_told_of_once() -> None:
    with World(SPEC) as world:
        world.settle()
        world.change(spec(options={"logLevel": "BASIC"}))

        def forget() -> None:
            world.sky.of("task")[0].described["options"] = dict(DEFAULTS)

        with on_call(world, "UpdateTask", forget):
            assert world.settle() == "Stalled"
        assert "did not keep" in str(told(world, "Stalled")["message"])
        assert world.sky.writes.count("UpdateTask") == 1


def test_a_task_that_is_unavailable_is_told_of() -> None:
    with World(SPEC) as world:
        world.settle()
        why: JsonObject = {"errorCode": "AgentOffline", "errorDetail": "the agent is away"}
        item = world.sky.of("task")[0]
        item.described |= why
        item.status = "UNAVAILABLE"
        world.pass_time(150)
        world.memory.description.request()
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "TaskUnavailable"
        assert "the agent is away" in str(told(world, "Stalled")["message"])
        assert world.mover.status.observed is not None
        assert (world.mover.status.observed.task or {})["status"] == "UNAVAILABLE"
        item.status = "AVAILABLE"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"


def test_a_new_task_that_is_unavailable_on_its_way_is_looked_at_again_soon() -> None:
    with World(SPEC) as world:
        world.sky.creating = timedelta(0)
        with on_call(world, "CreateTask", lambda: _take_down(world)):
            world.reconcile()
        for _ in range(3):
            assert _next(world) <= 10
            assert told(world, "Reconciling")["reason"] == "TaskUnavailable"
        world.sky.of("task")[0].status = "AVAILABLE"
        assert world.settle() == "Ready"


def test_a_new_task_that_stays_unavailable_is_told_of() -> None:
    with World(SPEC) as world, on_call(world, "CreateTask", lambda: _take_down(world)):
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "TaskUnavailable"


def _take_down(world: World) -> None:
    """Have the task that was made be UNAVAILABLE."""
    world.sky.of("task")[0].status = "UNAVAILABLE"


def test_a_pass_that_takes_too_long_says_that_it_progresses(monkeypatch: pytest.MonkeyPatch) -> None:
    with World(SPEC) as world:
        world.settle()
        monkeypatch.setattr(movers_module, "_MAX_ROUNDS", 1)
        world.change(spec(options={"logLevel": "BASIC"}))
        world.reconcile()
        assert told(world, "Reconciling")["status"] == "True"
        monkeypatch.setattr(movers_module, "_MAX_ROUNDS", 2)
        assert world.settle() == "Ready"
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_nothing_is_made_in_an_account_that_may_go_at_any_time() -> None:
    with World(SPEC) as world:
        world.protect(held=False)
        writes = list(world.kube.writes)
        world.reconcile()
        assert world.kube.writes == writes, "mostly this takes a moment, which is not worth a write"
        world.pass_time(15)
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "AccountNotReady"
        assert world.raw["metadata"].get("finalizers") is None  # type: ignore[union-attr]
        assert counts(world) == NOTHING
        world.protect(held=True)
        assert world.settle() == "Ready"
        world.protect(held=False)
        world.look_closely()
        assert world.settle() == "Ready", "what is there already stays as it is"


# deletion


def test_deletion_that_is_blocked_says_since_when_and_offers_the_way_out() -> None:
    with World(SPEC) as world:
        world.settle()
        arns = [each.arn for each in locations_of(world.sky, world.sky.of("task")[0])]
        where: JsonObject = {"sourceLocationArn": arns[0], "destinationLocationArn": arns[1]}
        theirs = world.sky.add("task", where, {})
        world.pass_time(3600)
        world.delete()
        world.reconcile()
        first = str(told(world, "Reconciling")["message"])
        for _ in range(60):
            world.pass_time((world.queue.next or 0) + 1)
            world.reconcile()
        stalled = told(world, "Stalled")
        assert (stalled["status"], stalled["reason"], stalled["message"]) == ("True", "DeletionBlocked", first)
        for words in ("DeleteLocation fails", "2025-01-15T13:00:00Z", "spec.deletionPolicy to Retain"):
            assert words in first
        assert world.queue.next is not None
        assert world.queue.next <= 60, "it is tried again before long"
        del world.sky.items[theirs.arn]
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_the_way_out_of_a_blocked_deletion() -> None:
    with World(SPEC) as world:
        world.settle()
        world.delete()
        with failing(world, "DeleteTask", FailureKind.DENIED):
            assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "DeletionBlocked"
        world.change(spec(deletionPolicy="Retain"))
        assert world.settle() == "Gone"
        assert counts(world) == ONE_OF_EACH


@pytest.mark.parametrize("orphans", ["Report", "Delete"])
def test_the_way_out_tells_what_becomes_of_what_is_kept_while_aws_is_away(orphans: str) -> None:
    """It can't be marked as retained then, and an account may be set to delete what has no owner."""
    with World(SPEC) as world:
        world.settle()
        world._edit_account({"spec": cast("JsonObject", world.account["spec"]) | {"orphans": orphans}})
        world.delete()
        world.connected = False
        world.reconcile()
        away = str(told(world, "Reconciling")["message"])
        assert "set spec.deletionPolicy to Retain" in away
        assert ("set spec.orphans of DataMoverAccount 'dev' to Report" in away) == (orphans == "Delete")
        world.connected = True
        with failing(world, "DeleteTask", FailureKind.DENIED):
            assert world.settle() == "Stalled"
        assert "orphans" not in str(told(world, "Stalled")["message"]), "it can be marked"


@pytest.mark.parametrize("kind", [*PASSING, FailureKind.CONFLICT])
def test_deletion_goes_on_after_what_passes(kind: FailureKind) -> None:
    with World(SPEC) as world:
        world.settle()
        world.delete()
        with failing(world, "DeleteLocation", kind, times=2):
            assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_deletion_needs_the_account() -> None:
    with World(SPEC) as world:
        world.settle()
        world.delete()
        world.connected = False
        world.reconcile()
        assert "DataMoverAccount 'dev' is not Ready" in str(told(world, "Reconciling")["message"])
        world.accountless = True
        world.restart()
        world.reconcile()
        assert "DataMoverAccount 'dev' no longer exists" in str(told(world, "Stalled")["message"])
        world.accountless, world.connected = False, True
        world.memory.rest = None
        assert world.settle() == "Gone"


def test_without_an_answer_from_aws_a_mover_that_is_ready_is_silent_and_others_say_what_they_wait_for() -> None:
    with World(SPEC) as world:
        world.aws_answers = world.connected = False
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "AccountNotReady"
        world.aws_answers = world.connected = True
        assert world.settle() == "Ready"
        world.restart()
        world.aws_answers = world.connected = False
        raw, writes = world.raw, len(world.kube.writes)
        world.reconcile()
        assert (world.raw, len(world.kube.writes)) == (raw, writes)
        world.change(spec(options={"logLevel": "BASIC"}))
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "AccountNotReady"
        world.delete()
        world.reconcile()
        assert "DataMoverAccount 'dev' is not Ready" in str(told(world, "Reconciling")["message"])
        world.aws_answers = world.connected = True
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_what_has_made_nothing_needs_no_account_to_go() -> None:
    with World(SPEC) as world:
        world.accountless = True
        world.restart()
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "AccountNotFound"
        world.delete()
        assert world.settle() == "Gone"


def _next(world: World) -> float:
    """Seconds until the next look, after this one."""
    world.reconcile()
    delay = world.queue.next
    assert delay is not None
    world.pass_time(delay + 0.001)
    return delay


def test_an_object_that_others_hold_back_is_let_alone() -> None:
    """Its deletion began before anything was made for it."""
    with World(SPEC) as world:
        world.kube.objects.clear()
        world.create(SPEC, finalizers=["example.com/theirs"], deletionTimestamp="2025-01-15T12:00:00Z")
        assert world.reconcile()
        assert (world.kube.writes, world.sky.writes) == ([], [])


def test_deletion_waits_until_the_run_is_recorded() -> None:
    with World(SPEC) as world:
        world.settle()
        run = world.hold("r1")
        world.delete()
        world.reconcile()
        assert "the result of run 'r1' is not recorded" in str(told(world, "Reconciling")["message"])
        assert counts(world) == ONE_OF_EACH
        del world.kube.objects[run]
        world.caches[RUN].drop("run-1")
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_a_schedule_that_datasync_has_disabled_is_told_of_and_left_so() -> None:
    with World(spec(schedule={"scheduleExpression": "rate(1 day)"})) as world:
        world.settle()
        task = world.sky.of("task")[0].described
        task["schedule"] = {"scheduleExpression": "rate(1 day)", "status": "DISABLED"}
        task["scheduleDetails"] = {"disabledBy": "SERVICE", "disabledReason": "failed too often"}
        writes = len(world.sky.writes)
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert "failed too often" in str(told(world, "Ready")["message"])
        assert world.sky.writes[writes:] == []


def test_a_name_that_others_have_twice_is_refused() -> None:
    with World(spec(source=s3(**SPEC["source"]["s3"], accessRole={"name": "alpha"}))) as world:
        for name in ("alpha", distinct_role_name("alpha", world.uid)):
            world.sky.untouchable.add(world.sky.add_role(name, {}).arn)
        assert world.settle() == "Stalled"
        assert "spec.source.s3.accessRole" in str(told(world, "Stalled")["message"])


def test_a_role_of_ours_that_others_have_made_anew_is_not_deleted() -> None:
    with World(SPEC) as world:
        world.settle()
        arn = str(world.mover.status.source_role_arn)
        world.sky.items[arn].tags = {"owner": "others"}
        world.delete()
        assert world.settle() == "Gone"
        assert {item.arn for item in world.sky.items.values()} == {arn}


def test_a_lost_race_while_the_api_server_is_away_is_no_error() -> None:
    """A write is refused by 409, and the object can't be read either: the pass is simply done again."""
    with World(spec()) as world:
        kube, lost = world.kube, iter((True,))
        reads = iter((True,))
        get = kube.get

        def before(verb: str) -> None:
            if verb == "patch" and next(lost, False):
                raise KubeError(409, "Conflict", "somebody else wrote it")

        async def away(ref: ObjectRef) -> JsonObject:
            if ref == REF and next(reads, False):
                raise KubeError(0, "Unreachable", "no API server")
            return await get(ref)

        kube.before = before
        kube.get = away  # type: ignore[method-assign]
        assert world.settle() == "Ready"
        assert next(lost, None) is None
        assert next(reads, None) is None


@pytest.mark.parametrize("operation", ["CreateRole", "CreateLocation", "CreateTask"])
def test_doubts_in_a_row_take_no_longer_than_each_has_to_settle(operation: str) -> None:
    """A look at the one that settles now does not wait for a back-off that has grown over those before it."""
    with World(SPEC) as world, failing(world, operation, FailureKind.UNKNOWN_OUTCOME, times=3):
        began = world.tick
        assert world.settle() == "Ready"
        assert world.tick - began <= 3 * (SETTINGS.settling_seconds + 3)
        assert counts(world) == ONE_OF_EACH


@pytest.mark.parametrize("operation", ["CreateLocation", "CreateTask", "DescribeTask"])
@pytest.mark.parametrize("seconds", [0.0, 5.0, 60.0, 600.0])
def test_a_throttle_is_over_ten_seconds_after_its_end_at_the_latest(operation: str, seconds: float) -> None:
    with World(SPEC) as world:
        end = world.tick + seconds

        def throttle(called: str) -> None:
            if called == operation and world.tick <= end:
                raise error(FailureKind.THROTTLED, operation)

        world.sky.before = world.sky.on_read = throttle
        world.reconcile()
        while world.state != "Ready":
            world.pass_time(world.queue.next or 0.0)
            world.reconcile()
        assert world.tick <= end + 10
        assert counts(world) == ONE_OF_EACH
