"""Runs are started and stopped over REST, also where other clients, a slow operator or a silent AWS interfere."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.support.api_proxy import ApiProxy, Write
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, Answer, Client, RestServices, s3_body, token
from tests.support.waiting import eventually

NAME = "nightly"
MOVER = f"{MOVERS}/abc-123/{NAME}"
RUNNING = (409, "another datasync mover task is already running")
IN_DOUBT = (500, "the task may have been started; it will be cancelled if so")
NOT_RUNNING = (409, "datasync mover task is not running")


@pytest.fixture
def ready(rest: Client) -> Client:
    """A client, and a mover that is ready to start."""
    rest.created(s3_body(NAME))
    return rest


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.text


def starts(world: World) -> int:
    """How many executions were started in AWS."""
    return len(world.emulator.journal(operation="StartTaskExecution"))


def test_a_task_that_runs_is_not_started_again_and_can_be_stopped(world: World, ready: Client) -> None:
    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        started = ready.set_state(NAME, "start")
        assert started.status == 200
        assert ready.get(MOVER).json["Task"]["Status"] == "RUNNING"
        assert ready.get(MOVER).json["Task"]["CurrentTaskExecutionArn"].endswith(started.json)
        assert told(ready.set_state(NAME, "start")) == RUNNING
        stopped = ready.set_state(NAME, "stop")
        assert (stopped.status, stopped.body) == (204, b"")
        assert ready.get(f"{MOVER}/runs/{started.json}").json["Status"] in {"CANCELLING", "ERROR"}
        eventually(lambda: world.emulator.journal(operation="CancelTaskExecution"))
    eventually(lambda: ready.get(MOVER).json["Task"]["Status"] == "AVAILABLE")
    assert told(ready.set_state(NAME, "stop")) == NOT_RUNNING
    assert ready.get(f"{MOVER}/runs").json == [started.json]
    assert ready.get(f"{MOVER}/runs/{started.json}").json["Status"] == "ERROR"
    assert starts(world) == 1


def test_a_run_has_numbers_a_time_and_a_result_from_its_start_on(world: World, ready: Client) -> None:
    with world.emulator.fault("DescribeTaskExecution", hold="before"):
        started = ready.set_state(NAME, "start")
        run = ready.get(f"{MOVER}/runs/{started.json}").json
    assert run["StartTime"].endswith("Z")
    assert run["Status"] in {"LAUNCHING", "PREPARING"}
    assert {run[name] for name in run if name.startswith(("Bytes", "Files", "Estimated"))} == {0}
    assert (run["Result"]["TotalDuration"], run["Result"]["PrepareStatus"]) == (0, "PENDING")


def test_of_many_starts_at_once_exactly_one_wins(world: World, ready: Client, rest_services: RestServices) -> None:
    clients = [ready, rest_services()]  # two replicas
    with world.emulator.fault(state="TRANSFERRING", hold="before"), ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda number: clients[number % 2].set_state(NAME, "start"), range(20)))
        winners = [answer for answer in answers if answer.status == 200]
        assert len(winners) == 1, answers
        assert {told(answer) for answer in answers if answer.status != 200} == {RUNNING}
        assert starts(world) == 1
        eventually(lambda: ready.get(f"{MOVER}/runs").json == [winners[0].json])  # the other one may have started it
        eventually(lambda: len(world.list("DataMoverRun")) == 1)  # what was rejected is no part of the history


def test_an_execution_that_was_started_elsewhere_is_seen_and_stopped(world: World, ready: Client) -> None:
    task = world.list("DataMover")[0]["status"]["taskArn"]
    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        arn = world.aws("datasync").start_task_execution(TaskArn=task)["TaskExecutionArn"]
        eventually(lambda: ready.get(MOVER).json["Task"]["Status"] == "RUNNING")
        assert told(ready.set_state(NAME, "start")) == RUNNING
        eventually(lambda: ready.get(f"{MOVER}/runs").json == [arn.rsplit("/", 1)[-1]])
        assert ready.set_state(NAME, "stop").status == 204
    eventually(lambda: ready.get(MOVER).json["Task"]["Status"] == "AVAILABLE")


def test_a_start_that_nobody_takes_up_is_withdrawn(
    world: World, ready: Client, operator: Operators, rest_services: RestServices
) -> None:
    operator.started[0].kill()
    hasty = rest_services(start_timeout_seconds=0.5)
    answer = hasty.set_state(NAME, "start")
    assert answer.status == 500
    assert answer.text.startswith("the datasync mover task was not started: ")
    assert world.list("DataMoverRun") == []
    operator()
    assert ready.set_state(NAME, "start").status == 200
    assert starts(world) == 1


def test_no_start_is_both_refused_and_carried_out(world: World, ready: Client, rest_services: RestServices) -> None:
    """The shortest patience: some starts are claimed just before they would be withdrawn."""
    hasty = rest_services(start_timeout_seconds=0.1)
    answers = []
    for _ in range(8):
        answers.append(hasty.set_state(NAME, "start"))
        eventually(lambda: ready.get(MOVER).json["Task"]["Status"] == "AVAILABLE")
        assert starts(world) == sum(answer.status == 200 for answer in answers), answers


def test_a_start_that_aws_does_not_answer_is_cancelled(
    world: World, ready: Client, rest_services: RestServices, rest_proxy: ApiProxy
) -> None:
    hasty = Client(
        rest_services.start(
            kubeconfig=rest_proxy.kubeconfig,
            start_timeout_seconds=0.5,
            outcome_timeout_seconds=0.5,
            kubernetes_timeout_seconds=60,
        ).url
    )
    with world.emulator.fault("StartTaskExecution", hold="before") as fault, ThreadPoolExecutor(1) as threads:
        rest_proxy.hang(f"/datamoverruns/abc-123.{NAME}-")  # it withdraws nothing before the run has been taken up
        answer = threads.submit(hasty.set_state, NAME, "start")
        fault.wait_held()
        rest_proxy.recover()
        assert told(answer.result()) == IN_DOUBT
        assert world.list("DataMoverRun")[0]["spec"]["cancel"] is True
        fault.release()
        run = eventually(lambda: world.list("DataMoverRun")[0]["metadata"]["name"])
        world.wait_phase(run, "Cancelled", "Succeeded")
    assert starts(world) == 1


def test_a_start_whose_answer_from_kubernetes_is_lost_is_cancelled(
    world: World, ready: Client, rest_services: RestServices, rest_proxy: ApiProxy
) -> None:
    cut_off = Client(rest_services.start(kubeconfig=rest_proxy.kubeconfig).url)
    with world.emulator.fault(state="TRANSFERRING", hold="before"), ThreadPoolExecutor(1) as threads:
        hold = rest_proxy.hold(_creates_run, "after")
        answer = threads.submit(cut_off.set_state, NAME, "start")
        hold.wait_held()
        eventually(lambda: starts(world) == 1)
        hold.release(drop=True)
        assert told(answer.result()) == IN_DOUBT
        eventually(lambda: world.emulator.journal(operation="CancelTaskExecution"))
    world.wait_phase(world.list("DataMoverRun")[0]["metadata"]["name"], "Cancelled")


def test_a_run_that_is_made_after_its_start_was_given_up_is_withdrawn(
    world: World, ready: Client, operator: Operators, rest_services: RestServices, rest_proxy: ApiProxy
) -> None:
    operator.started[0].kill()
    cut_off = Client(rest_services.start(kubeconfig=rest_proxy.kubeconfig, kubernetes_timeout_seconds=1).url)
    hold = rest_proxy.hold(_creates_run, "before")
    assert told(cut_off.set_state(NAME, "start")) == IN_DOUBT
    hold.release()
    eventually(lambda: any(each.method == "DELETE" for each in rest_proxy.writes))
    eventually(lambda: world.list("DataMoverRun") == [])


def _creates_run(write: Write) -> bool:
    return write.method == "POST" and write.path.endswith("/datamoverruns")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InvalidRequestException", 400),
        ("AccessDeniedException", 400),
        ("ThrottlingException", 400),
        ("LimitExceededException", 429),
    ],
)
def test_what_aws_refuses_is_told_in_the_old_words(
    world: World, ready: Client, rest_services: RestServices, code: str, status: int
) -> None:
    hasty = rest_services(start_timeout_seconds=8)
    with world.emulator.fault("StartTaskExecution", error={"code": code, "message": "on strike"}, count=None):
        # Where it waits for no refusal, a slow operator has not tried yet: the run is withdrawn as never taken up.
        eventually(lambda: told(hasty.set_state(NAME, "start")) == (status, "failed to start task execution"), 120)
    eventually(lambda: world.list("DataMoverRun") == [])
    assert ready.get(f"{MOVER}/runs").json == []


def test_a_caller_that_goes_away_leaves_nothing_hanging(
    world: World, ready: Client, operator: Operators, rest_services: RestServices, rest_proxy: ApiProxy
) -> None:
    operator.started[0].kill()
    address = urlsplit(rest_services.start(kubeconfig=rest_proxy.kubeconfig, start_timeout_seconds=1).url)
    hold = rest_proxy.hold(_creates_run, "after")
    body = json.dumps({"State": "start"})
    with socket.create_connection((address.hostname, address.port)) as caller:
        head = f"PUT {MOVER} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token()}\r\nContent-Length: {len(body)}\r\n\r\n"
        caller.sendall((head + body).encode())
        hold.wait_held()
    assert len(world.list("DataMoverRun")) == 1
    hold.release()
    eventually(lambda: world.list("DataMoverRun") == [])


def test_a_service_that_dies_leaves_no_start_behind(
    world: World, ready: Client, operator: Operators, rest_services: RestServices
) -> None:
    operator.started[0].kill()
    doomed = rest_services.start(start_timeout_seconds=60)
    with ThreadPoolExecutor(1) as threads:
        lost = threads.submit(Client(doomed.url).set_state, NAME, "start")
        eventually(lambda: world.list("DataMoverRun"))
        doomed.kill()
        assert lost.exception(timeout=30) is not None
    rest_services(start_timeout_seconds=0.1, outcome_timeout_seconds=0.1, kubernetes_timeout_seconds=0.5)
    eventually(lambda: world.list("DataMoverRun") == [])


def test_a_service_that_ends_withdraws_a_start_that_nobody_has_taken_up(
    world: World, ready: Client, operator: Operators, rest_services: RestServices
) -> None:
    operator.started[0].kill()
    ending = rest_services.start(start_timeout_seconds=60, shutdown_grace_seconds=0)
    with ThreadPoolExecutor(1) as threads:
        lost = threads.submit(Client(ending.url).set_state, NAME, "start")
        eventually(lambda: world.list("DataMoverRun"))
        assert ending.terminate() == 0
        assert world.list("DataMoverRun") == []
        assert told(lost.result(timeout=30)) == IN_DOUBT


def test_a_service_that_ends_cancels_a_start_that_the_operator_has_begun(
    world: World, ready: Client, rest_services: RestServices
) -> None:
    ending = rest_services.start(start_timeout_seconds=60, shutdown_grace_seconds=0)
    with world.emulator.fault("StartTaskExecution", hold="before") as fault, ThreadPoolExecutor(1) as threads:
        lost = threads.submit(Client(ending.url).set_state, NAME, "start")
        fault.wait_held()
        assert ending.terminate() == 0
        assert world.list("DataMoverRun")[0]["spec"]["cancel"] is True
        assert told(lost.result(timeout=30)) == IN_DOUBT
    world.wait_phase(world.list("DataMoverRun")[0]["metadata"]["name"], "Cancelled", "Succeeded")


def test_a_suspended_mover_is_not_started(world: World, ready: Client, rest_services: RestServices) -> None:
    del ready
    world.patch("DataMover", f"abc-123.{NAME}", {"spec": {"suspend": True}})
    informed = rest_services()  # reads everything anew; one that does not know it yet would start it
    assert informed.set_state(NAME, "start").text == "datasync mover is suspended"
    assert starts(world) == 0
