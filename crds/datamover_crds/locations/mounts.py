"""How DataSync mounts file systems: NFS, SMB, and Amazon FSx by one of the two."""

import re
from typing import Annotated, ClassVar, Final, Literal, Protocol

from pydantic import Field

from datamover_crds.common import Arn, Items, Model
from datamover_crds.locations.folders import PLAIN_PATH
from datamover_crds.locations.marks import Secret, Updatable
from datamover_crds.locations.secret_keys import CmkSecretConfig, CustomSecretConfig, SecretKeyRef
from datamover_crds.rules import Rule
from datamover_crds.words import Words

HOSTNAME_ALONE: Final = Words("must be a DNS name or an IP address alone, such as nas.example.com: no scheme, no path")
Hostname = Annotated[
    str,
    Field(min_length=1, max_length=255, pattern="^(([a-zA-Z0-9-]*[a-zA-Z0-9])[.])*([A-Za-z0-9:-]*[A-Za-z0-9])$"),
    HOSTNAME_ALONE,
]
SecurityGroupArns = Annotated[tuple[Arn, ...], Items(at_least=1, at_most=5)]
SmbUser = Annotated[str, Field(min_length=1, max_length=104)]
SmbDomain = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern="^[A-Za-z0-9](([.]|-+)?[A-Za-z0-9]){0,252}$"),
    Words("must be the name of a Windows domain, such as corp.example.com"),
]
WindowsPath = Annotated[
    str,
    Field(min_length=1, max_length=4096, pattern="^[a-zA-Z0-9_+./()$ \\p{Zs}-]+$"),
    Words(f"must be a path with forward slashes, without the host, such as /share/folder: {PLAIN_PATH} $"),
]

_USER_PATTERN: Final = "^[ !#-).0-9@A-Z^-{}~¡-�-]+$"  # in CEL no backslash


class _Authenticated(Protocol):
    """What mounts with a user's name and password."""

    @property
    def user(self) -> str | None: ...
    @property
    def password(self) -> SecretKeyRef | None: ...
    @property
    def custom_secret_config(self) -> CustomSecretConfig | None: ...


def _has_plain_user(smb: _Authenticated) -> bool:
    return smb.user is None or re.fullmatch(_USER_PATTERN, smb.user) is not None


PLAIN_USER: Final = Rule(
    field_path=".user",
    cel=f"!has(self.user) || self.user.matches('{_USER_PATTERN}')",
    holds=_has_plain_user,
    message="must be the name of a user without the domain, which belongs in domain",
    shown="self.user",
)


def one_secret_source(secret: str) -> Rule:
    """The rule that a secret comes from a Kubernetes Secret or from AWS Secrets Manager; `secret` names the field."""
    attribute = re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", secret)
    return Rule(
        field_path=".customSecretConfig",
        cel=f"!has(self.customSecretConfig) || !has(self.{secret}) && !has(self.cmkSecretConfig)",
        holds=lambda each: (
            each.custom_secret_config is None or (getattr(each, attribute) is None and each.cmk_secret_config is None)
        ),
        message=f"must not be set together with {secret} or cmkSecretConfig: it names the secret itself",
    )


def needed_password(smb: _Authenticated, path: str = "") -> tuple[str, str] | None:
    """The password that a new location needs."""
    if smb.password is not None or smb.custom_secret_config is not None:
        return None
    return f"{path}password", "must be set, unless customSecretConfig names a secret that holds the password"


class NfsMountOptions(Model):
    """How an NFS export is mounted."""

    version: Annotated[Literal["AUTOMATIC", "NFS3", "NFS4_0", "NFS4_1", "NFS4_2"] | None, Updatable("AUTOMATIC")] = None
    """The version of NFS. If not set: AUTOMATIC."""


class SmbMountOptions(Model):
    """How an SMB share is mounted."""

    version: Annotated[Literal["AUTOMATIC", "SMB1", "SMB2_0", "SMB2", "SMB3"] | None, Updatable("AUTOMATIC")] = None
    """The version of SMB. If not set: AUTOMATIC."""


class FsxProtocolNfs(Model):
    """Access to an Amazon FSx file system through NFS."""

    mount_options: Annotated[NfsMountOptions | None, Updatable()] = None
    """How the file system is mounted."""


class FsxProtocolSmb(Model):
    """Access to an Amazon FSx file system through SMB."""

    rules: ClassVar = (PLAIN_USER, one_secret_source("password"))

    user: SmbUser
    """The user who mounts and has access to the files, without the domain."""
    domain: Annotated[SmbDomain | None, Updatable("")] = None
    """The Windows domain that the file system belongs to."""
    password: Annotated[SecretKeyRef | None, Secret()] = None
    """The password of the user: a key of a Secret in the mover's namespace."""
    cmk_secret_config: Annotated[CmkSecretConfig | None, Updatable()] = None
    """The key with which DataSync encrypts the password. If not set: a key that AWS manages."""
    custom_secret_config: Annotated[CustomSecretConfig | None, Updatable()] = None
    """A secret in AWS Secrets Manager that holds the password, instead of password."""
    mount_options: Annotated[SmbMountOptions | None, Updatable()] = None
    """How the file system is mounted."""
