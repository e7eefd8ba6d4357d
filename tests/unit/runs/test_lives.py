"""What holds of runs whatever happens in their lives: started at most once, recorded, let go in the end (I1, I7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datamover_common.kube.errors import KubeError
from datamover_crds.contract import FINAL_PHASES, NONCE_TAG, is_true
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.ownership import claim_of
from tests.unit.movers.lives import Faults
from tests.unit.movers.sky import CrashError, error
from tests.unit.runs.sky import REFUSED_LIMIT
from tests.unit.runs.stage import Stage

NAMES = ("r1", "r2", "r3")
QUEUE: dict[str, Any] = {"overrideOptions": {"taskQueueing": "ENABLED"}}
LONG = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Deed:
    """Something that happens, by a name that tells it in a report."""

    name: str
    do: Callable[[Stage], None]

    def __repr__(self) -> str:
        return self.name


def add(name: str, spec: dict[str, Any], stage: Stage) -> None:
    if name not in stage.runs:
        stage.add_run(name, **spec)


def change(name: str, spec: dict[str, Any], stage: Stage) -> None:
    if name in stage.runs and not (stage.run(name).spec.cancel and "cancel" not in spec):
        stage.change(RUN, name, **spec)


def change_mover(spec: dict[str, Any], stage: Stage) -> None:
    stage.change(MOVER, "m", **spec)


def delete(name: str, stage: Stage) -> None:
    stage.delete(RUN, name)


def wipe(name: str, stage: Stage) -> None:
    if name in stage.runs:
        stage.wipe(RUN, name)


def start(stage: Stage) -> None:
    """Somebody starts the task."""
    task = stage.mover().status.task_arn
    if task is not None:
        stage.sky.start(task)


def connect(on: bool, stage: Stage) -> None:
    stage.connected = on


def deed(do: Callable[..., None], *arguments: object) -> Deed:
    return Deed(f"{do.__name__}{arguments}", partial(do, *arguments))


SPECS: list[dict[str, Any]] = [{}, QUEUE, {"bytesPerSecond": 5}, QUEUE | {"bytesPerSecond": REFUSED_LIMIT}]
MOVER_SPECS: list[dict[str, Any]] = [
    {"suspend": True},
    {"suspend": False},
    {"options": {"logLevel": "BASIC"}},
    {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::elsewhere"}}},
    {"trigger": {"manual": "one"}},
    {"runHistory": {"limit": 1}},
]
DEEDS = st.one_of(
    st.builds(partial(deed, add), st.sampled_from(NAMES), st.sampled_from(SPECS)),
    st.builds(partial(deed, add), st.sampled_from(NAMES), st.sampled_from(SPECS)),
    st.builds(
        partial(deed, change),
        st.sampled_from(NAMES),
        st.sampled_from(({"cancel": True}, {"bytesPerSecond": REFUSED_LIMIT}, {"bytesPerSecond": 9})),
    ),
    st.builds(partial(deed, change_mover), st.sampled_from(MOVER_SPECS)),
    st.builds(partial(deed, delete), st.sampled_from(NAMES)),
    st.builds(partial(deed, wipe), st.sampled_from(NAMES)),
    st.sampled_from((deed(start), deed(connect, False), deed(connect, True))),
    st.sampled_from((Deed("restart", Stage.restart), Deed("operator", lambda stage: void(stage.operator())))),
)


def void(_: object) -> None:
    """Nothing comes of it."""


class RunFaults(Faults):
    """Lets the nth calls fail: starts may be lost before or after their effect."""

    def on_aws(self, when: str, operation: str) -> None:
        match self._next(when):
            case "crash":
                raise CrashError
            case "lose":
                is_creating = operation.startswith(("Create", "Start"))
                raise error(FailureKind.UNKNOWN_OUTCOME if is_creating else FailureKind.UNAVAILABLE, operation)
            case "refuse" if when == "before":
                raise error(FailureKind.DENIED, operation)
            case "throttle" if when == "before":
                raise error(FailureKind.THROTTLED, operation)

    def on_kube(self, when: str, operation: str) -> None:
        match self._next(when):
            case "crash":
                raise CrashError
            case "lose":
                raise KubeError(0, "Unreachable", operation)
            case "refuse" | "throttle" if when == "before":
                raise KubeError(409, "Conflict", "somebody else wrote it")


FAULTS = st.lists(
    st.tuples(
        st.integers(1, 20),
        st.sampled_from(("before", "after")),
        st.sampled_from(("crash", "lose", "refuse", "throttle")),
    ),
    max_size=3,
)
STORIES = st.lists(st.tuples(DEEDS, FAULTS, st.sampled_from((0, 1, 6, 40, 70))), max_size=8)
Story = list[tuple[Deed, list[tuple[int, str, str]], int]]


@contextmanager
def a_stage() -> Iterator[Stage]:
    """A Ready mover, and a run of it that has been started: whatever happens, happens to that, too."""
    with Stage() as stage:
        stage.add_mover()
        stage.add_run(NAMES[0])
        stage.go(1)
        assert stage.starts.total() == 1
        yield stage


def live(stage: Stage, story: Story) -> None:
    """Let all of it happen, with some time in between."""
    for each, plan, seconds in story:
        each.do(stage)
        faults = RunFaults(plan)
        for place, call in ((stage.sky, faults.on_aws), (stage.kube, faults.on_kube)):
            place.before = partial(call, "before")
            place.after = partial(call, "after")
        stage.go(seconds)
        for place in (stage.sky, stage.kube):
            place.before = place.after = void
        check_starts(stage)


def check_starts(stage: Stage) -> None:
    """No run has been started twice."""
    assert all(count <= 1 for count in stage.starts.values()), stage.starts


@LONG
@given(STORIES)
def test_every_run_ends_recorded_and_lets_go(story: Story) -> None:
    with a_stage() as stage:
        live(stage, story)
        stage.connected = True
        stage.change(MOVER, "m", suspend=False)
        stage.go(1500)
        check_starts(stage)
        mover = stage.mover()
        assert is_true(mover.status.conditions, "Ready"), mover.status.conditions
        assert (mover.status.current_run, mover.status.queued_runs) == (None, ())
        for name in stage.runs:
            run = stage.run(name)
            assert run.status.phase in FINAL_PHASES, run.status
            assert run.metadata.finalizers == ()
            assert run.metadata.deletion_timestamp is None
            claim = claim_of(run)
            made = [each for each in stage.sky.started.values() if claim and each.tags.get(NONCE_TAG) == claim.nonce]
            if made and made[0].arn.split("/execution/")[0] == mover.status.task_arn:
                assert run.status.execution_arn == made[0].arn, "what was started is recorded"
        check_that_another_one_runs(stage)


def check_that_another_one_runs(stage: Stage) -> None:
    """Nothing of what has happened is in the way of the next run."""
    before = stage.starts.total()
    stage.change(MOVER, "m", runHistory={"limit": 10})
    stage.add_run("next")
    stage.go(200)
    assert stage.run("next").status.phase == "Succeeded", stage.run("next").status
    assert stage.starts.total() == before + 1


@LONG
@given(STORIES)
def test_a_mover_goes_with_all_its_runs(story: Story) -> None:
    with a_stage() as stage:
        live(stage, story)
        stage.connected = True
        stage.delete(MOVER, "m")
        stage.go(1500)
        check_starts(stage)
        assert stage.movers == []
        assert stage.sky.of("task") == []
        for name in NAMES:
            stage.delete(RUN, name)
        stage.go(100)
        assert stage.runs == []
