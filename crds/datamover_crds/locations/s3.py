"""Buckets in Amazon S3: API_CreateLocationS3, API_DescribeLocationS3, API_UpdateLocationS3."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, JsonValue

from datamover_crds.common import JsonObject
from datamover_crds.locations.access_role import AccessRole
from datamover_crds.locations.agents import AgentArns, AgentNameList
from datamover_crds.locations.base import LocationType, Use
from datamover_crds.locations.folders import Subdirectory
from datamover_crds.locations.marks import AgentNames, ArnOf, OperatorsOwn, Updatable
from datamover_crds.locations.modes import NO_OUTPOSTS_IN_ENHANCED, OUTPOSTS
from datamover_crds.locations.uris import Realm, address_of, folder, with_slashes
from datamover_crds.rules import Rule

# "Providing DataSync access to S3 buckets" in the DataSync user guide.
_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_OBJECTS: Final[dict[Use, tuple[str, ...]]] = {
    "source": ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging"),
    "destination": (
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectTagging",
    ),
}
# "Accessing S3 buckets using server-side encryption", as above.
_KEYS: Final[dict[Use, tuple[str, ...]]] = {
    "source": ("kms:Decrypt",),
    "destination": ("kms:Decrypt", "kms:GenerateDataKey"),
}


def _has_agents_on_outposts(s3: "S3Location") -> bool:
    return (OUTPOSTS in s3.s3_bucket_arn) == bool(s3.agent_arns or s3.agents)


class S3Location(LocationType):
    """A bucket in Amazon S3 (API_CreateLocationS3)."""

    operation: ClassVar = "S3"
    schemes: ClassVar = ("s3",)
    access_role_field: ClassVar = "accessRole"
    enhanced: ClassVar = "yes"
    demands: ClassVar = (NO_OUTPOSTS_IN_ENHANCED,)
    rules: ClassVar = (
        Rule(
            field_path=".agentArns",
            cel=(
                "self.s3BucketArn.contains(':s3-outposts:') == ((has(self.agentArns) ? size(self.agentArns) : 0)"
                " + (has(self.agents) ? size(self.agents) : 0) > 0)"
            ),
            holds=_has_agents_on_outposts,
            message="must name an agent, here or in agents, for S3 on Outposts, and for nothing else",
        ),
    )

    s3_bucket_arn: Annotated[str, Field(min_length=5, max_length=268, pattern="^arn:"), ArnOf("bucket")]
    """The ARN of the bucket or of an access point, also one of S3 on Outposts."""
    subdirectory: Annotated[Subdirectory | None, Updatable()] = None
    """The prefix within the bucket. If not set: the whole bucket."""
    s3_storage_class: Annotated[
        Literal[
            "STANDARD",
            "STANDARD_IA",
            "ONEZONE_IA",
            "INTELLIGENT_TIERING",
            "GLACIER",
            "DEEP_ARCHIVE",
            "OUTPOSTS",
            "GLACIER_INSTANT_RETRIEVAL",
        ]
        | None,
        Updatable("STANDARD"),
    ] = None
    """The storage class of objects that a transfer creates here."""
    access_role: Annotated[AccessRole | None, OperatorsOwn()] = None
    """The role with which DataSync uses the bucket (s3Config). If not set: the operator creates one."""
    agent_arns: Annotated[AgentArns, ArnOf("agent")] = ()
    """The ARNs of the agents on the Outpost. For S3 on Outposts."""
    agents: Annotated[AgentNameList, AgentNames("agentArns")] = ()
    """The names of agents in the DataMoverAccount, in place of their ARNs."""

    @property
    def uri(self) -> str:
        """`s3://bucket/folder/`; an access point stands there with its ARN."""
        arn = self.s3_bucket_arn
        bucket = arn.rsplit(":", 1)[-1] if ":::" in arn else with_slashes(arn)
        return f"s3://{bucket}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The bucket and the prefix."""
        bucket, prefix = address_of(uri)
        arn = bucket if bucket.startswith("arn:") else f"arn:{realm.partition}:s3:::{bucket}"
        return {"s3BucketArn": arn, "subdirectory": prefix}

    @classmethod
    def role_member(cls, role_arn: str) -> JsonObject:
        """DataSync's s3Config."""
        return {"s3Config": {"bucketAccessRoleArn": role_arn}}

    @classmethod
    def role_in(cls, described: JsonObject) -> str | None:
        """The role in s3Config."""
        config = described.get("s3Config")
        arn = config.get("bucketAccessRoleArn") if isinstance(config, dict) else None
        return arn if isinstance(arn, str) else None

    def rights(self, use: Use) -> list[JsonValue]:
        """A source gets rights to read only."""
        arn = self.s3_bucket_arn
        if OUTPOSTS in arn:
            return _on_outposts(arn, use)
        objects = f"{arn}/*" if ":::" in arn else f"{arn}/object/*"
        statements: list[JsonValue] = [
            {"Effect": "Allow", "Action": list(_BUCKET), "Resource": arn},
            {"Effect": "Allow", "Action": list(_OBJECTS[use]), "Resource": objects},
        ]
        if self.access_role is not None and self.access_role.kms_key_arns:
            keys: list[JsonValue] = list(self.access_role.kms_key_arns)
            statements.append({"Effect": "Allow", "Action": list(_KEYS[use]), "Resource": keys})
        return statements


def _on_outposts(arn: str, use: Use) -> list[JsonValue]:
    """S3 on Outposts has its own names for the same rights, and asks for the access point itself."""
    bucket: tuple[str, ...] = (
        "s3-outposts:GetAccessPoint",
        "s3-outposts:ListBucket",
        "s3-outposts:ListBucketMultipartUploads",
    )
    objects = [action.replace("s3:", "s3-outposts:") for action in _OBJECTS[use]]
    return [
        {"Effect": "Allow", "Action": list(bucket), "Resource": arn},
        {"Effect": "Allow", "Action": list(objects), "Resource": f"{arn}/*"},
    ]
