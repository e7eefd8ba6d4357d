"""What is wrong with a mover's spec in itself, beyond what its schema can tell: looked for before any call to AWS."""

from __future__ import annotations

from datamover_crds import DataMoverSpec, Location
from datamover_crds.arns import ArnKind, problem_with
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import SIDES


def first_mistake(spec: DataMoverSpec) -> str | None:
    """The first one, as a message that names field, value and what is accepted; None = all is right."""
    for side in SIDES:
        found = _location_problem(location_of(spec, side), f"spec.{side}")
        if found is not None:
            return found
    log_group, adopt = spec.cloud_watch_log_group_arn, spec.adopt
    if log_group is not None and (found := problem_with("log_group", "spec.cloudWatchLogGroupArn", log_group)):
        return found
    return problem_with("task", "spec.adopt.taskArn", adopt.task_arn) if adopt is not None else None


def _location_problem(location: Location, path: str) -> str | None:
    arns: list[tuple[ArnKind, str, str | None]] = []
    if location.s3 is not None:
        arns.append(("bucket", f"{path}.s3.s3BucketArn", location.s3.s3_bucket_arn))
        if location.s3.access_role is not None:
            arns.append(("role", f"{path}.s3.accessRole.arn", location.s3.access_role.arn))
    if location.efs is not None:
        network = location.efs.ec2_config
        arns.append(("file_system", f"{path}.efs.efsFilesystemArn", location.efs.efs_filesystem_arn))
        arns.append(("subnet", f"{path}.efs.ec2Config.subnetArn", network.subnet_arn))
        arns += [
            ("security_group", f"{path}.efs.ec2Config.securityGroupArns[{index}]", arn)
            for index, arn in enumerate(network.security_group_arns)
        ]
        arns.append(("access_point", f"{path}.efs.accessPointArn", location.efs.access_point_arn))
        arns.append(("role", f"{path}.efs.fileSystemAccessRoleArn", location.efs.file_system_access_role_arn))
        if ".." in (location.efs.subdirectory or "").split("/"):
            return f"{path}.efs.subdirectory: '{location.efs.subdirectory}': must not contain '..'"
    return next((found for kind, field, arn in arns if arn and (found := problem_with(kind, field, arn))), None)
