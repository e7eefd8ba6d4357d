"""A mover of one type of location beside an emulated AWS: its sample is applied, and its files are put and read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.location_lives import Life, sample
from tests.support.movers import ACCOUNT_ID, World
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.emulator import Json

Files = dict[str, bytes]
_OBJECT_STORES = ("s3", "objectStorage")
KEYS = {"accessKey": ACCOUNT_ID, "secretKey": "not-for-anybody-to-see"}


def open_account(world: World) -> str:
    """Apply the sample of an account, with an agent that is there, beside the buckets of all samples.

    Returns the agent's ARN.
    """
    for bucket in ("demo-source", "demo-copy", "demo-other", "reports"):
        world.bucket(bucket)
    agent = world.aws("datasync").create_agent(ActivationKey="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", AgentName="in-the-cellar")
    (account,) = sample("account.yaml")
    spec = account["spec"]
    spec["agents"][0]["arn"] = agent["AgentArn"]
    spec["grants"][0]["namespaces"] = [world.namespace]
    spec["grants"][0]["locations"].append("object-storage://127.0.0.1/*")
    world.create("DataMoverAccount", account["metadata"]["name"], spec)
    return str(agent["AgentArn"])


class LocationWorld:
    """One type's sample in a world.

    The other end is always a bucket. Object storage is the emulator's own S3, by its address.
    """

    def __init__(self, world: World, life: Life) -> None:
        """Read the sample."""
        self.world = world
        self.life = life
        self.objects = [self._placed(each) for each in sample(life.sample)]
        self.mover = str(self.objects[-1]["metadata"]["name"])

    def declare(self, members: Json) -> None:
        """Let the sample declare these members of the type, too."""
        self.objects[-1]["spec"][self.life.side][self.life.name] |= members

    def apply(self) -> None:
        """Apply the sample."""
        for each in self.objects:
            kind, name = each["kind"], each["metadata"]["name"]
            if kind == "Secret":
                self.world.api.create(f"/api/v1/namespaces/{self.world.namespace}/secrets", each)
            else:
                self.world.create(kind, name, each["spec"])

    def _placed(self, obj: Json) -> Json:
        """An object of a sample in the test's namespace."""
        obj["metadata"]["namespace"] = self.world.namespace
        if obj["kind"] == "Secret" and self.life.name == "objectStorage":
            obj["stringData"] = KEYS
        declared = obj.get("spec", {}).get("source", {}).get("objectStorage")
        if declared is not None:
            address = urlsplit(self.world.emulator.endpoint)
            declared |= {"serverHostname": address.hostname, "serverPort": address.port, "serverProtocol": "HTTP"}
        return obj

    def change(self, members: Json) -> None:
        """Change members of the type's declaration."""
        self.world.patch("DataMover", self.mover, {"spec": {self.life.side: {self.life.name: members}}})

    def replace(self) -> None:
        """Change what takes another location."""
        if self.life.replace is not None:
            return self.change(self.life.replace)
        other = {self.life.name: None, "s3": {"s3BucketArn": "arn:aws:s3:::demo-other"}}
        self.world.patch("DataMover", self.mover, {"spec": {self.life.side: other}})
        return None

    def run(self, name: str) -> None:
        """Start a run, and wait until it has succeeded."""
        self.world.run(name, self.mover)
        self.world.wait_phase(name, "Succeeded")

    def put(self, folder: str, files: Files) -> None:
        """Put the files where a run takes them from: in the type's store, or in the bucket at its other end."""
        if self.life.side == "source":
            self._write(folder, files)
        else:
            self._path(folder).mkdir(parents=True, exist_ok=True)  # in AWS a folder has to be there
            self._write_bucket("demo-source", self._prefix(), files)

    def moved(self, folder: str) -> Files:
        """The files at the other end of the mover."""
        if self.life.side == "destination":
            return self._read(folder)
        return self._read_bucket("demo-copy", self._prefix())

    def uri(self) -> str:
        """The LocationUri in AWS."""
        return str(self._call("describe")["LocationUri"])

    def stray(self) -> None:
        """Somebody sets another folder in AWS."""
        self._call("update", Subdirectory=self.life.strayed)

    def wait_uri(self, uri: str) -> None:
        """Wait until the location is this one in AWS."""
        eventually(lambda: self.uri() == uri, what="the location is as declared again")

    def status(self) -> Json:
        found = self.world.get("DataMover", self.mover)
        assert found is not None
        its: Json = found["status"]
        return its

    @staticmethod
    def arns(status: Json) -> set[str]:
        """Task and locations."""
        return {status[name] for name in ("taskArn", "sourceLocationArn", "destinationLocationArn")}

    def _call(self, verb: str, **parameters: Any) -> Json:  # noqa: ANN401 - parameters of boto3
        call = getattr(self.world.aws("datasync"), f"{verb}_location_{self.life.method}")
        found: Json = call(LocationArn=self.status()[f"{self.life.side}LocationArn"], **parameters)
        return found

    def _prefix(self) -> str:
        declared = self.objects[-1]["spec"][self.life.other_side]["s3"]
        return str(declared["subdirectory"]).strip("/")

    def _write(self, folder: str, files: Files) -> None:
        if self.life.name in _OBJECT_STORES:
            bucket, _, prefix = folder.partition("/")
            return self._write_bucket(bucket, prefix, files)
        for name, content in files.items():
            path = self._path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return None

    def _read(self, folder: str) -> Files:
        root = self._path(folder)
        return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}

    def _write_bucket(self, bucket: str, prefix: str, files: Files) -> None:
        for name, content in files.items():
            self.world.aws("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=content)

    def _read_bucket(self, bucket: str, prefix: str) -> Files:
        found = self.world.objects(bucket)
        return {key.removeprefix(f"{prefix}/"): body for key, body in found.items() if not key.endswith("/")}

    def _path(self, folder: str) -> Path:
        return self.world.emulator.data_root / folder
