"""Accounts, movers and buckets for tests on the whole stack: one object each, as a user would write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.api import Api, ApiError
from tests.support.cleaning import NOT_FOUND
from tests.support.emulator import Emulator, Json
from tests.support.waiting import PATIENCE_S, eventually

ACCOUNT_ID = "123456789012"
REGION = "eu-central-1"
_API = "/apis/datamover.io/v1alpha1"
Names = list[str]


@dataclass
class World:
    """One namespace of a real API server beside one emulated AWS account."""

    api: Api
    emulator: Emulator
    namespace: str
    account: str = field(init=False)

    def __post_init__(self) -> None:
        self.account = self.namespace

    def aws(self, service: str) -> Any:  # noqa: ANN401 - boto3 has a type for every service
        return self.emulator.client(service, retries=True)

    def bucket(self, name: str, objects: dict[str, bytes] | None = None) -> str:
        """Make a bucket with some objects; return its ARN."""
        s3 = self.aws("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in (objects or {}).items():
            s3.put_object(Bucket=name, Key=key, Body=body)
        return f"arn:aws:s3:::{name}"

    def objects(self, bucket: str) -> dict[str, bytes]:
        """All objects of a bucket."""
        s3 = self.aws("s3")
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}

    def grant_all(self, **spec: object) -> Json:
        """Apply an account that lets this namespace use everything."""
        grants = [{"namespaces": [self.namespace], "locations": ["*"], "roleArns": ["*"]}]
        base = {"accountId": ACCOUNT_ID, "region": REGION, "grants": grants}
        return self.create("DataMoverAccount", self.account, base | spec)

    def s3_mover(self, name: str = "m", *, source: str = "src", destination: str = "dst", **spec: object) -> Json:
        """Apply a mover from bucket to bucket."""
        base = {
            "accountRef": {"name": self.account},
            "source": {"s3": {"s3BucketArn": f"arn:aws:s3:::{source}"}},
            "destination": {"s3": {"s3BucketArn": f"arn:aws:s3:::{destination}"}},
        }
        return self.create("DataMover", name, base | spec)

    def run(self, name: str, mover: str = "m", **spec: object) -> Json:
        """Apply a run."""
        return self.create("DataMoverRun", name, {"moverRef": {"name": mover}} | spec)

    def create(self, kind: str, name: str, spec: dict[str, object], **metadata: object) -> Json:
        body = {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": name} | metadata,
            "spec": spec,
        }
        return self.api.create(self._collection(kind), body)

    def get(self, kind: str, name: str) -> Json | None:
        return self.get_at(f"{self._collection(kind)}/{name}")

    def get_at(self, path: str) -> Json | None:
        """Any object, by its path."""
        try:
            return self.api.get(path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def list(self, kind: str) -> list[Json]:
        items: list[Json] = self.api.get(self._collection(kind))["items"]
        return items

    def patch(self, kind: str, name: str, patch: dict[str, object], *, subresource: str = "") -> Json:
        return self.api.patch(f"{self._collection(kind)}/{name}{subresource}", patch)

    def delete(self, kind: str, name: str) -> None:
        self.api.delete(f"{self._collection(kind)}/{name}")

    def account_notes(self, reason: str) -> Sequence[str]:
        """What the Events of the account say; on what has no namespace they are in namespace default."""
        found = self.api.get("/apis/events.k8s.io/v1/namespaces/default/events")["items"]
        return [
            each["note"] for each in found if each["reason"] == reason and each["regarding"]["name"] == self.account
        ]

    def listings(self) -> int:
        """How often the operator has listed all executions: what is new in a listing is looked at, but in its first."""
        listed = self.emulator.journal(operation="ListTaskExecutions")
        return sum("TaskArn" not in each["params"] for each in listed)

    def wait_ready(self, name: str = "m", timeout: float = PATIENCE_S) -> Json:
        """Wait until a mover is Ready at its newest generation."""
        return self.wait_condition("DataMover", name, "Ready", timeout=timeout)

    def wait_condition(self, kind: str, name: str, condition: str, timeout: float = PATIENCE_S, **wanted: str) -> Json:
        def stands() -> Json | None:
            found = self.get(kind, name)
            assert found is not None
            told = condition_of(found, condition)
            assert told is not None, found.get("status")
            generation = found["metadata"]["generation"]
            assert told["status"] == "True", found["status"]["conditions"]
            assert told["observedGeneration"] == generation, found["status"]["conditions"]
            assert all(told[key] == value for key, value in wanted.items()), told
            return found

        return eventually(stands, timeout, what=f"{kind} {name} is {condition}") or {}

    def wait_phase(self, name: str, *phases: str, timeout: float = PATIENCE_S) -> Json:
        """Wait until a run is in one of these phases."""

        def reached() -> Json | None:
            found = self.get("DataMoverRun", name)
            assert found is not None
            assert found.get("status", {}).get("phase") in phases, found.get("status")
            return found

        return eventually(reached, timeout, what=f"run {name} is {phases}") or {}

    def wait_gone(self, kind: str, name: str, timeout: float = PATIENCE_S) -> None:
        def is_gone() -> bool:
            found = self.get(kind, name)
            assert found is None, found
            return True

        eventually(is_gone, timeout, what=f"{kind} {name} is gone")

    def calls(self, *, reads: bool = True, since: int = 0) -> Names:
        """The operations that reached AWS since then, tests' own S3 calls left out."""
        names = [each["operation"] for each in self.emulator.journal(since) if each["service"] != "s3"]
        return [name for name in names if reads or not name.startswith(("Describe", "List", "Get", "AssumeRole"))]

    def leftovers(self) -> dict[str, Names]:
        """Every task, location and role in AWS."""
        datasync, iam = self.aws("datasync"), self.aws("iam")
        return {
            "tasks": [each["TaskArn"] for each in datasync.list_tasks()["Tasks"]],
            "locations": [each["LocationArn"] for each in datasync.list_locations()["Locations"]],
            "roles": [each["RoleName"] for each in iam.list_roles()["Roles"]],
        }

    def _collection(self, kind: str) -> str:
        plural = f"{kind.lower()}s"
        return f"{_API}/{plural}" if kind == "DataMoverAccount" else f"{_API}/namespaces/{self.namespace}/{plural}"


def condition_of(found: Json, kind: str) -> Json | None:
    """One condition of an object."""
    conditions = found.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), None)


NOTHING: dict[str, Names] = {"tasks": [], "locations": [], "roles": []}
