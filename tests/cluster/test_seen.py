"""What people see of movers and runs with kubectl."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.support.kubectl import Kubectl, check_width
from tests.support.movers import World
from tests.support.waiting import eventually


@pytest.fixture
def ready(ready: World) -> World:
    """A world with a Ready mover `m` whose bucket src holds 6 MiB more."""
    ready.aws("s3").put_object(Bucket="src", Key="large", Body=b"x" * 6 * 1024 * 1024)
    return ready


def test_a_run_is_seen_to_progress_and_waited_for(ready: World, kubectl: Kubectl) -> None:
    ready.run("r1", bytesPerSecond=100_000)
    waiting = [
        _waiting(kubectl, "--for=condition=Complete"),
        _waiting(kubectl, "--for=jsonpath={.status.completionTime}"),
    ]

    shown = eventually(
        lambda: _matching(kubectl("get", "dmr", "r1"), r"Transferring +\d+ +[\d.]+ of 6\.0 MiB +\d.* \d")
    )
    assert re.search(r" [\d.]+ (K|M)iB/s ", shown), shown
    message = eventually(lambda: _matching(ready.get("DataMoverRun", "r1")["status"]["message"], " left$"))  # type: ignore[index]
    assert re.fullmatch(r"\d+ %, [\d.]+ of 6\.0 MiB, [\d.]+ (K|M)iB/s, (\d+ (h|min|s) )+left", message)
    eventually(lambda: (ready.get("DataMover", "m") or {})["status"]["currentRun"]["percent"] > 0)

    ready.patch("DataMoverRun", "r1", {"spec": {"bytesPerSecond": -1}})
    for each in waiting:
        said, _ = each.communicate(timeout=120)
        assert (each.returncode, said) == (0, "datamoverrun.datamover.io/r1 condition met\n")
    ended = ready.wait_phase("r1", "Succeeded")["status"]
    assert {each["type"] for each in ended["conditions"] if each["status"] == "True"} == {"Ready", "Complete"}
    assert "transferring" in ended["phaseTimes"]
    story = eventually(lambda: _story(kubectl, "RunSucceeded"))
    assert story["RunStarted"] == "'r1', by a user's DataMoverRun"
    assert re.fullmatch(r"'r1': 2 files, 6\.0 MiB in (\d+ min )?\d+ s", story["RunSucceeded"])
    _check_width(kubectl, "dmr")


def test_a_mover_shows_what_it_moves_and_what_it_refuses_to_start(ready: World, kubectl: Kubectl) -> None:
    nightly = {"scheduleExpression": "cron(0 2 * * ? *)"}
    ready.patch("DataMover", "m", {"spec": {"schedule": nightly, "options": {"overwriteMode": "NEVER"}}})
    eventually(lambda: _matching(_row(kubectl, "m"), r"\d\d-\d\d 02:00Z"))
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("r1")
        eventually(lambda: _matching(_row(kubectl, "m"), r"True +Running \d+% +s3://src/ +s3://dst/ "))
        ready.run("r2")
        ready.wait_phase("r2", "Rejected")
        refused = ready.wait_condition("DataMover", "m", "StartRefused", reason="AlreadyRunning")
        _check_width(kubectl, "dm")
    assert refused["metadata"]["name"] == "m"
    ready.wait_phase("r1", "Succeeded")
    eventually(lambda: _matching(_row(kubectl, "m"), r"True +StartRefused +s3://src/ +s3://dst/ +Succeeded "))
    _check_width(kubectl, "dm")
    story = eventually(lambda: _story(kubectl, "RunRejected"))
    assert story["RunRejected"].startswith("'r2': run 'r1' is active")
    assert story["SpecApplied"] == "changed in AWS: spec.options.overwriteMode, spec.schedule"
    ready.run("r3")
    ready.wait_phase("r3", "Succeeded")
    eventually(lambda: _matching(_row(kubectl, "m"), "True +Ready "))

    long = {"s3": {"s3BucketArn": "arn:aws:s3:::dst", "subdirectory": "/archive/year_2026/month_11/day_28/hour_00/"}}
    ready.create(
        "DataMover",
        "nightly-copies",
        {
            "accountRef": {"name": ready.account},
            "source": {"s3": {"s3BucketArn": "arn:aws:s3:::src"}},
            "destination": long,
            "schedule": nightly,
        },
    )
    ready.wait_ready("nightly-copies")
    eventually(
        lambda: _matching(_row(kubectl, "nightly-copies"), r"s3://dst/arc….*0 2 \* \* \? \* +\d\d-\d\d 02:00Z +false")
    )
    for kind in ("dm", "dmr", "dma"):
        _check_width(kubectl, kind)
    check_width(kubectl("get", "dm,dmr"))
    ready.patch("DataMover", "nightly-copies", {"spec": {"suspend": True}})
    eventually(lambda: _matching(_row(kubectl, "nightly-copies"), r"True +Suspended .*0 2 \* \* \? \* +true"))

    ready.delete("DataMover", "m")
    ready.wait_gone("DataMover", "m")
    deleted = r"Deleted +DataMover/m +task arn:aws:datasync"
    eventually(lambda: _matching(kubectl("events", "--for=datamover/m", "--no-headers"), deleted))


def _row(kubectl: Kubectl, name: str) -> str:
    return kubectl("get", "dm", name, "--no-headers", "--output=wide")


def _check_width(kubectl: Kubectl, kind: str) -> None:
    check_width(kubectl("get", kind, "--output=wide"))


def _waiting(kubectl: Kubectl, condition: str) -> subprocess.Popen[str]:
    command = [str(kubectl.binary), f"--kubeconfig={kubectl.kubeconfig}", f"--namespace={kubectl.namespace}"]
    return subprocess.Popen(
        [*command, "wait", condition, "dmr/r1", "--timeout=300s"], stdout=subprocess.PIPE, text=True
    )


def _matching(text: str, pattern: str) -> str:
    return text if re.search(pattern, text) else ""


def _story(kubectl: Kubectl, last: str) -> dict[str, str]:
    """The Events on mover `m`: the newest message of each reason, once there is one of `last`."""
    lines = kubectl("events", "--for=datamover/m", "--no-headers").splitlines()
    told = {fields[2]: fields[4] for line in lines if len(fields := re.split(" {2,}", line)) > 4}
    return told if last in told else {}
