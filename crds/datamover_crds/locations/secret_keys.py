"""Where secrets come from: a key of a Kubernetes Secret, or a secret of AWS Secrets Manager."""

from typing import Annotated

from pydantic import Field

from datamover_crds.common import Model, ObjectName, RoleArn
from datamover_crds.locations.marks import ArnOf, Updatable
from datamover_crds.secrets import SecretKey

LongArn = Annotated[str, Field(min_length=5, max_length=2048, pattern="^arn:")]


class SecretKeyRef(Model):
    """Names a key of a Secret in the mover's namespace."""

    name: ObjectName
    """The name of the Secret."""
    key: SecretKey
    """The key in the Secret."""


class CmkSecretConfig(Model):
    """A secret in AWS Secrets Manager that DataSync manages and encrypts with a customer managed key."""

    kms_key_arn: Annotated[LongArn, ArnOf("kms_key"), Updatable("")]
    """The ARN of the AWS KMS key."""


class CustomSecretConfig(Model):
    """A secret in AWS Secrets Manager that you manage."""

    secret_arn: Annotated[LongArn, ArnOf("secret"), Updatable("")]
    """The ARN of the secret."""
    secret_access_role_arn: Annotated[RoleArn, ArnOf("role"), Updatable("")]
    """The ARN of the role with which DataSync reads the secret."""
