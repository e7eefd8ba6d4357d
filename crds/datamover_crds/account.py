"""DataMoverAccount: an AWS account and Region, how to authenticate there, and which namespaces may use what."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import (
    API_VERSION,
    Arn,
    Count,
    Items,
    JsonObject,
    Model,
    ObjectName,
    RoleArn,
    Text,
)
from datamover_crds.grants import Grant
from datamover_crds.locations import RolePath
from datamover_crds.locations.marks import ArnOf
from datamover_crds.manifests import BucketArn
from datamover_crds.meta import Conditions, ObjectMeta, Resource
from datamover_crds.notify import Notifies
from datamover_crds.rest_access import LabelStudioAccess, RestAccess, SyncApiAccess
from datamover_crds.rules import Rule, immutable
from datamover_crds.words import Words

ExternalId = Annotated[
    str,
    Field(min_length=2, max_length=1224, pattern="^[a-zA-Z0-9_+=,.@:/-]+$"),
    Words("must be an external ID, such as datamover-7f3a: letters, digits and _ + = , . @ : / -"),
]
OrgName = Annotated[
    str,
    Field(min_length=1, max_length=63, pattern="^[a-zA-Z0-9._-]+$"),
    Words("must be the name of an organization, such as acme: letters, digits, ., _ and -"),
]


class AssumeRole(Model):
    """The role to assume in the account."""

    arn: Annotated[RoleArn, ArnOf("role")]
    """The ARN of the role."""
    external_id: ExternalId | None = None
    """The external ID that the role's trust policy requires."""


class SecretRef(Model):
    """Names a Secret in the operator's namespace."""

    name: ObjectName
    """The Secret's name."""


class Agent(Model):
    """A DataSync agent of the account."""

    name: ObjectName
    """The name by which movers refer to the agent."""
    arn: Annotated[Arn, ArnOf("agent")]
    """The ARN of the agent."""


class AccessRoles(Model):
    """How the operator creates bucket access roles in the account."""

    path: RolePath | None = None
    """The IAM path of the roles. If not set: `/`."""
    permissions_boundary_arn: Annotated[RoleArn | None, ArnOf("policy")] = None
    """The ARN of the policy that is the permissions boundary of the roles.

    Roles that the operator created follow a change at the next drift check; adopted roles keep theirs. If not set, new
    roles get none and existing roles keep the one they have.
    """


class Selections(Model):
    """Where the operator writes the manifests of movers and runs with `select`."""

    s3_bucket_arn: Annotated[BucketArn, ArnOf("bucket")]
    """The ARN of the bucket, such as `arn:aws:s3:::datamover-manifests`. It must be in this account."""
    prefix: Annotated[
        str,
        Field(max_length=256, pattern="^([a-zA-Z0-9_.-]+/)*$"),
        Words("must be folders that each end with /, such as datamover/: letters, digits, _, . and -"),
    ] = "datamover/"
    """The prefix of the manifests' keys, such as `datamover/`."""


class EventQueue(Model):
    """A queue that EventBridge fills with DataSync's state changes: docs/events.md has the rule and the queue."""

    queue_url: Annotated[
        str,
        Field(min_length=9, max_length=1024, pattern="^https?://[A-Za-z0-9._:/-]+$"),
        Words("must be the URL of an SQS queue, such as https://sqs.eu-central-1.amazonaws.com/111122223333/datamover"),
    ]
    """The URL of an SQS queue, such as `https://sqs.eu-central-1.amazonaws.com/123456789012/datamover`.

    It must be this account's alone: what the operator has read is deleted.
    """


_AS_CREATED = "create another DataMoverAccount instead, and name that one in new movers"


def _facade_has_namespace(section: str, member: str) -> Rule:
    def holds(spec: "DataMoverAccountSpec") -> bool:
        access: LabelStudioAccess | SyncApiAccess | None = getattr(spec, member)
        return access is None or access.namespace is not None or spec.rest is not None

    return Rule(
        field_path=f".{section}",
        cel=f"!has(self.{section}) || has(self.{section}.namespace) || has(self.rest)",
        holds=holds,
        message="must set namespace where the account has no rest.namespace",
    )


class DataMoverAccountSpec(Model):
    """An AWS account and Region, how to authenticate there, and which namespaces may use what."""

    rules: ClassVar = (
        _facade_has_namespace("labelStudio", "label_studio"),
        _facade_has_namespace("syncApi", "sync_api"),
    )
    transitions: ClassVar = (immutable("accountId", _AS_CREATED), immutable("region", _AS_CREATED))
    stand_ins: ClassVar[JsonObject] = {"accountId": "000000000000", "region": "xx-unreadable-0"}

    account_id: Annotated[
        str,
        Field(min_length=12, max_length=12, pattern="^[0-9]{12}$"),
        Words("must be the ID of an AWS account, such as 111122223333: 12 digits"),
    ]
    """The 12-digit ID of the AWS account. Can't be changed."""
    region: Annotated[
        str,
        Field(min_length=1, max_length=32, pattern="^[a-z]{2,8}(-[a-z]+)+-[0-9]{1,2}$"),
        Words("must be the code of an AWS Region, such as eu-central-1, not its name or an Availability Zone"),
    ]
    """The AWS Region, such as `eu-central-1`. Can't be changed."""
    assume_role: AssumeRole | None = None
    """The role to assume in the account. If not set, the credentials are used directly."""
    credentials_secret_ref: SecretRef | None = None
    """The Secret with aws_access_key_id, aws_secret_access_key and, for temporary credentials, aws_session_token.

    It must be in the operator's namespace. If not set, the operator's ambient credentials are used.
    """
    grants: Annotated[tuple[Grant, ...], Items(at_most=100)] = ()
    """Which namespaces may use what. What is not granted is refused; to allow everything, write `*`.

    A mover that loses its grant starts no more runs: its task's schedule is disabled until it is granted again.
    """
    agents: Annotated[tuple[Agent, ...], Items(at_most=100, key="name")] = ()
    """The DataSync agents that movers refer to by name. Which namespaces may use them is for grants."""
    orphans: Literal["Report", "Delete"] = "Report"
    """What happens to tasks, locations and roles that carry the operator's tags though their mover is gone.

    That is so where somebody has removed a mover's finalizer by hand. Report: they are counted, and named in Events.
    Delete: those that the operator created are deleted. What movers leave that are deleted with Retain is no orphan;
    but if AWS can't be reached then, it can't be marked, and is one. Of several DataMoverAccounts for one AWS account
    and Region the oldest that is Ready counts them, and its choice holds.
    """
    access_roles: AccessRoles | None = None
    """How the operator creates bucket access roles in the account."""
    selections: Selections | None = None
    """Where the operator writes the manifests of movers and runs with `select`. If not set, they can't have it.

    The roles that the operator creates for buckets get the right to read their own mover's manifests there.
    """
    org: OrgName | None = None
    """The organization in the role paths and tags of movers that are created by REST."""
    events: EventQueue | None = None
    """Where the operator hears at once of state changes of runs. If not set, it finds them by polling alone.

    While messages arrive, active runs are polled once a minute only.
    """
    notify: Notifies = ()
    """Whom to notify when something happens to any mover that uses the account, or to its runs."""
    rest: RestAccess | None = None
    """How the REST API serves the account. If not set, REST clients can't use it."""
    label_studio: LabelStudioAccess | None = None
    """How Label Studio's storage API serves the account. Of several accounts with this section the oldest is used."""
    sync_api: SyncApiAccess | None = None
    """How the DataSync API v2.1 serves the account. Of several accounts with this section the oldest is used."""


class AccountVerdict(Model):
    """What one operator reports about the account; several may share it, each for its own namespaces."""

    operator: Annotated[str, Field(min_length=1, max_length=127)]
    """The operator: its namespace and the name of its Lease, joined by `/`."""
    movers: Count
    """How many movers in its namespaces use this account."""
    state: Literal["Ready", "Reconciling", "Stalled"]
    """The condition that is True."""
    reason: Annotated[str, Field(min_length=1, max_length=128)]
    """The reason, as one word for programs."""
    message: Annotated[str, Field(max_length=4096)]
    """The reason, as a sentence for people."""
    caller_arn: RoleArn | None = None
    """The ARN that GetCallerIdentity returns to it."""
    orphans: Count | None = None
    """How many tasks, locations and roles carry its tags though their mover is gone; absent for none."""


class DataMoverAccountStatus(Model):
    """The operator's identity in the account, and how many movers use it."""

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled."""
    caller_arn: RoleArn | None = None
    """The ARN that GetCallerIdentity returns."""
    caller_account_id: Text | None = None
    """The account ID that GetCallerIdentity returns."""
    movers: Count | None = None
    """How many movers use this account."""
    orphans: Count | None = None
    """How many tasks, locations and roles carry our tags though their mover is gone; absent for none.

    Events name them.
    """
    operators: Annotated[tuple[AccountVerdict, ...], Items(at_most=64, key="operator")] = ()
    """What each operator reports; the conditions show the worst report of an operator whose movers use this account."""


class DataMoverAccount(Resource):
    """An AWS account and Region that movers use."""

    api_version: Literal["datamover.io/v1alpha1"] = API_VERSION
    """The group and version of this schema."""
    kind: Literal["DataMoverAccount"] = "DataMoverAccount"
    """The kind of this object."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """Standard object metadata."""
    spec: DataMoverAccountSpec
    """An AWS account and Region, how to authenticate there, and which namespaces may use what."""
    status: DataMoverAccountStatus = Field(default_factory=DataMoverAccountStatus)
    """The operator's identity in the account, and how many movers use it."""
