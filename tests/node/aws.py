"""What there is in AWS: the emulator in its pod."""

from __future__ import annotations

from tests.support.emulator import EmulatorAt
from tests.support.movers import REGION

Made = tuple[list[str], list[str], list[str]]


class Aws(EmulatorAt):
    """The emulator with short ways to what the tests here ask."""

    def bodies(self, bucket: str) -> dict[str, bytes]:
        """The objects in a bucket."""
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}

    def bucket(self, name: str, **objects: bytes) -> None:
        """Make a bucket."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)

    def made(self) -> Made:
        """Every task, location and role there is."""
        datasync, iam = self.client("datasync"), self.client("iam")
        return (
            sorted(each["TaskArn"] for each in datasync.list_tasks()["Tasks"]),
            sorted(each["LocationArn"] for each in datasync.list_locations()["Locations"]),
            sorted(each["RoleName"] for each in iam.list_roles()["Roles"]),
        )

    def executions(self, task: str) -> int:
        """How often a task was started."""
        return len(self.client("datasync").list_task_executions(TaskArn=task)["TaskExecutions"])

    def tags(self, task: str) -> dict[str, str]:
        """A task's tags."""
        listed = self.client("datasync").list_tags_for_resource(ResourceArn=task)["Tags"]
        return {each["Key"]: each["Value"] for each in listed}
