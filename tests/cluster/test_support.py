"""The fixtures that other tests stand on, where they decide something."""

from __future__ import annotations

import pytest

from tests.support.api import GROUP, Api
from tests.support.cleaning import remove_custom_resources
from tests.support.emulator import Emulator
from tests.support.forked import PRELOADED
from tests.support.operator_process import sum_samples
from tests.support.waiting import eventually

METRICS = """
# HELP calls_total Calls.
calls_total{operation="CreateTask",result="ok"} 2.0
calls_total{operation="CreateTask",result="Throttled"} 3.0
calls_total{operation="DeleteTask",result="ok"} 5.0
calls_total_created 7
depth 1e3
"""


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("calls_total", {}, 10),
        ("calls_total", {"operation": "CreateTask"}, 5),
        ("calls_total", {"operation": "CreateTask", "result": "ok"}, 2),
        ("calls_total", {"operation": "UpdateTask"}, 0),
        ("depth", {}, 1000),
    ],
)
def test_samples_are_summed_by_label(name: str, labels: dict[str, str], expected: float) -> None:
    assert sum_samples(METRICS, name, labels) == expected


def test_objects_held_by_finalizers_are_removed(api: Api, namespace: str) -> None:
    account = {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMoverAccount",
        "metadata": {"name": f"of-{namespace}", "finalizers": ["datamover.io/cleanup"]},
        "spec": {"accountId": "123456789012", "region": "eu-central-1"},
    }
    api.create(f"{GROUP}/datamoveraccounts", account)
    remove_custom_resources(api)
    assert api.get(f"{GROUP}/datamoveraccounts")["items"] == []


def test_each_test_begins_with_an_empty_aws(emulator: Emulator) -> None:
    assert emulator.client("s3").list_buckets()["Buckets"] == []
    emulator.client("s3").create_bucket(
        Bucket="left-behind", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    (emulator.file_system("fs-0123456789abcdef0") / "left-behind").touch()


def test_each_test_begins_with_an_empty_aws_again(emulator: Emulator) -> None:
    test_each_test_begins_with_an_empty_aws(emulator)
    assert len(list(emulator.data_root.rglob("left-behind"))) == 1


def test_waiting_tells_what_was_seen_last() -> None:
    with pytest.raises(AssertionError, match=r"Not within 0.1 s: the answer; last value: 0"):
        eventually(lambda: 0, timeout=0.1, what="the answer")


def test_waiting_takes_a_failed_assertion_for_not_yet() -> None:
    attempts = iter([1, 2, 3])

    def third() -> bool:
        number = next(attempts)
        assert number == 3, f"only {number}"
        return True

    assert eventually(third, timeout=30)


@pytest.mark.parametrize("module", ["datamover_operator.serving", "datamover_api.serving", "datamover_api.sync.facade"])
def test_what_a_program_imports_late_is_imported_before_it_is_forked(module: str) -> None:
    assert module in PRELOADED
