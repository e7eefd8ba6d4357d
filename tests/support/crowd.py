"""Several movers in one account, so that each can meet a fault of its own while one operator looks after all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.emulator import Fault, Json
from tests.support.movers import World
from tests.support.waiting import eventually

CREATIONS = (
    "CreateRole source",
    "CreateRole destination",
    "PutRolePolicy source",
    "PutRolePolicy destination",
    "CreateLocationS3 source",
    "CreateLocationS3 destination",
    "CreateTask",
)
"""The calls that make one mover from bucket to bucket."""

DELETIONS = (
    "DeleteTask",
    "DeleteLocation source",
    "DeleteLocation destination",
    "DeleteRolePolicy source",
    "DeleteRolePolicy destination",
    "DeleteRole source",
    "DeleteRole destination",
)
"""The calls that delete it."""

SIDES = ("source", "destination")


def name_for(call: str) -> str:
    """A mover's name that tells which call its fault hits."""
    return call.lower().replace(" ", "-")


@dataclass
class Crowd:
    """Movers with buckets of their own, by name."""

    world: World
    names: tuple[str, ...]

    @classmethod
    def applied(cls, world: World, names: Iterable[str], **spec: Any) -> Crowd:  # noqa: ANN401 - members of a spec
        """Make the buckets and apply the movers; each source holds one object."""
        crowd = cls(world, tuple(names))
        for name in crowd.names:
            world.bucket(crowd.bucket(name, "source"), {"a.txt": b"alpha"})
            world.bucket(crowd.bucket(name, "destination"))
            buckets = {side: crowd.bucket(name, side) for side in SIDES}
            world.s3_mover(name, **buckets, **spec)
        return crowd

    def bucket(self, name: str, side: str) -> str:
        """The name of a mover's bucket."""
        return f"{name}-{side}"

    def mover(self, name: str) -> Json:
        """A mover as it is stored."""
        found = self.world.get("DataMover", name)
        assert found is not None, f"there is no mover '{name}'"
        return found

    def fault(self, call: str, name: str, **action: Any) -> Fault:  # noqa: ANN401 - a fault's members
        """Let a mover's call meet a fault: `call` is an operation, and the side where there are two."""
        operation, _, side = call.partition(" ")
        return self.world.emulator.fault(operation, where=self._where(operation, side, name), **action)

    def wait_ready(self, timeout: float = 120) -> None:
        """Wait until every mover is Ready."""
        for name in self.names:
            self.world.wait_ready(name, timeout)

    def wait_gone(self, timeout: float = 120) -> None:
        """Wait until every mover is gone."""
        for name in self.names:
            self.world.wait_gone("DataMover", name, timeout)

    def delete(self) -> None:
        """Delete every mover."""
        for name in self.names:
            self.world.delete("DataMover", name)

    def start(self) -> None:
        """Make a run `<mover>-run` of every mover."""
        for name in self.names:
            self.world.run(f"{name}-run", name)

    def check_nothing_is_doubled(self) -> None:
        """AWS holds what the movers' statuses name and nothing else, and no open intent is left."""
        named: Counter[str] = Counter()
        for name in self.names:
            status = self.mover(name)["status"]
            assert not {**status, **status.get("bookkeeping", {})}.keys() & {"intent", "retired"}, status
            named.update([status["taskArn"]])
            named.update(status[f"{side}LocationArn"] for side in SIDES)
            named.update(status[f"{side}RoleArn"].rsplit("/", 1)[-1] for side in SIDES)
        there = Counter(each for kind in self.world.leftovers().values() for each in kind)
        assert there == named, f"only in AWS: {there - named}; only in status: {named - there}"

    def wait_ended(self, *names: str) -> None:
        """Wait until these movers note a last run."""
        for name in names:
            eventually(lambda name=name: self.mover(name)["status"].get("lastRun"), what=f"{name} notes its last run")  # type: ignore[misc]

    def executions(self) -> dict[str, int]:
        """How many executions each mover's task has had."""
        datasync = self.world.aws("datasync")
        return {name: len(self._executions(datasync, name)) for name in self.names}

    def _executions(self, datasync: Any, name: str) -> list[Json]:  # noqa: ANN401 - boto3's client
        listed: list[Json] = datasync.list_task_executions(TaskArn=self.mover(name)["status"]["taskArn"])[
            "TaskExecutions"
        ]
        return listed

    def _where(self, operation: str, side: str, name: str) -> Mapping[str, str]:
        mover = self.mover(name)
        status = mover.get("status", {})
        match operation:
            case "CreateLocationS3":
                return {"S3BucketArn": f"arn:aws:s3:::{self.bucket(name, side)}"}
            case "CreateTask":
                return {"Name": name}
            case "StartTaskExecution" | "DeleteTask":
                return {"TaskArn": status["taskArn"]}
            case "DeleteLocation":
                return {"LocationArn": status[f"{side}LocationArn"]}
            case "CancelTaskExecution":
                return {"TaskExecutionArn": status["currentRun"]["executionArn"]}
            case _:
                suffix = "src" if side == "source" else "dst"
                return {"RoleName": f"dm-{mover['metadata']['uid'].replace('-', '')[:20]}-{suffix}"}


def wait_all_held(faults: Iterable[Fault]) -> None:
    """Wait until every fault holds its call."""
    for fault in faults:
        fault.wait_held()
