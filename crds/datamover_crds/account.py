"""DataMoverAccount: an AWS account and region, how to get there, and who may use what of it."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import API_VERSION, Count, Items, JsonObject, Model, Namespace, ObjectName, RoleArn, Text
from datamover_crds.locations import RolePath
from datamover_crds.meta import Conditions, ObjectMeta, Resource
from datamover_crds.rules import immutable


class AssumeRole(Model):
    """The role to assume in the account."""

    arn: RoleArn
    """The ARN of the role."""
    external_id: Annotated[str, Field(min_length=2, max_length=1224, pattern="^[a-zA-Z0-9_+=,.@:/-]+$")] | None = None
    """The external id that the role's trust policy asks for."""


class SecretRef(Model):
    """Names a Secret in the operator's namespace."""

    name: ObjectName
    """The Secret's name."""


class Grant(Model):
    """Lets movers of some namespaces use some locations and roles. `*` stands for any characters.

    What no grant allows is refused: a list that is empty or absent allows nothing.
    """

    namespaces: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=63, pattern="^[a-z0-9*-]+$")], ...], Items(at_most=100)
    ] = ()
    """Patterns of the names of namespaces."""
    locations: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1024)], ...], Items(at_most=100)] = ()
    """Patterns of location URIs as DataSync shows them, such as `s3://team-a-*`.

    A location with an EFS access point needs one that matches the point's own ARN, or all of the file system
    (`efs://eu-central-1.fs-0123456789abcdef0/*`): its folder is relative to the point, which may lie anywhere.
    """
    role_arns: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=2048)], ...], Items(at_most=100)] = ()
    """Patterns of the ARNs of roles that movers may name, or adopt with a task's locations."""


class AccessRoles(Model):
    """How the operator makes bucket access roles in the account."""

    path: RolePath | None = None
    """Their IAM path. Not given: `/`."""
    permissions_boundary_arn: RoleArn | None = None
    """The ARN of the policy that bounds their permissions.

    Roles that the operator has made follow a change at the next drift check; adopted ones keep theirs. Not given: new
    roles have none, and what a role has is left.
    """


class RestAccess(Model):
    """Where the REST API keeps the account's movers."""

    namespace: Namespace
    """The namespace of movers made by REST."""


_AS_CREATED = "create another account instead"


class DataMoverAccountSpec(Model):
    """An AWS account and region, how to get there, and who may use what of it."""

    transitions: ClassVar = (immutable("accountId", _AS_CREATED), immutable("region", _AS_CREATED))
    stand_ins: ClassVar[JsonObject] = {"accountId": "000000000000", "region": "xx-unreadable-0"}

    account_id: Annotated[str, Field(min_length=12, max_length=12, pattern="^[0-9]{12}$")]
    """The AWS account's 12-digit id. Can't be changed."""
    region: Annotated[str, Field(min_length=1, max_length=32, pattern="^[a-z]{2,8}(-[a-z]+)+-[0-9]{1,2}$")]
    """The AWS region, such as `eu-central-1`. Can't be changed."""
    assume_role: AssumeRole | None = None
    """The role to assume in the account. Not given: the credentials are used as they are."""
    credentials_secret_ref: SecretRef | None = None
    """The Secret with aws_access_key_id, aws_secret_access_key and, where needed, aws_session_token.

    It is looked up in the operator's namespace. Not given: the operator's ambient credentials.
    """
    grants: Annotated[tuple[Grant, ...], Items(at_most=100)] = ()
    """Who may use what. What is not granted is not allowed; everything must be written as `*`.

    A mover that is not granted what it declares starts nothing more: its task's schedule is disabled until it is.
    """
    access_roles: AccessRoles | None = None
    """How the operator makes bucket access roles in the account."""
    org: Annotated[str, Field(min_length=1, max_length=63, pattern="^[a-zA-Z0-9._-]+$")] | None = None
    """The organisation the REST API's paths and tags name for this account."""
    rest: RestAccess | None = None
    """Where the REST API keeps the account's movers. Not given: the account is not reachable by REST."""


class AccountVerdict(Model):
    """What one operator says of the account: several may share it, each for its own namespaces."""

    operator: Annotated[str, Field(min_length=1, max_length=127)]
    """Which one: the namespace that it runs in and the name of its Lease, joined by `/`."""
    movers: Count
    """How many movers of its namespaces name this account."""
    state: Literal["Ready", "Reconciling", "Stalled"]
    """Which condition stands for it."""
    reason: Annotated[str, Field(min_length=1, max_length=128)]
    """Why, as one word for programs."""
    message: Annotated[str, Field(max_length=4096)]
    """Why, as a sentence for people."""
    caller_arn: RoleArn | None = None
    """The ARN that GetCallerIdentity gives it."""


class DataMoverAccountStatus(Model):
    """Who the operator is in the account, and who uses it."""

    observed_generation: Count | None = None
    """The metadata.generation that was last acted on."""
    conditions: Conditions = ()
    """Ready, Reconciling and Stalled."""
    caller_arn: RoleArn | None = None
    """The ARN that GetCallerIdentity gives."""
    caller_account_id: Text | None = None
    """The account id that GetCallerIdentity gives."""
    movers: Count | None = None
    """How many movers name this account."""
    operators: Annotated[tuple[AccountVerdict, ...], Items(at_most=64, key="operator")] = ()
    """What each operator says; the conditions tell the worst of those whose movers name this account."""


class DataMoverAccount(Resource):
    """An AWS account and region that movers work in."""

    api_version: Literal["datamover.io/v1alpha1"] = API_VERSION
    """The group and version of this schema."""
    kind: Literal["DataMoverAccount"] = "DataMoverAccount"
    """The kind of this object."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """Standard object metadata."""
    spec: DataMoverAccountSpec
    """An AWS account and region, how to get there, and who may use what of it."""
    status: DataMoverAccountStatus = Field(default_factory=DataMoverAccountStatus)
    """Who the operator is in the account, and who uses it."""
