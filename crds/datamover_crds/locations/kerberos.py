"""Kerberos authentication of SMB and HDFS."""

from typing import Annotated, Protocol

from pydantic import Field

from datamover_crds.locations.secret_keys import CustomSecretConfig, SecretKeyRef
from datamover_crds.words import Words

Principal = Annotated[
    str,
    Field(min_length=1, max_length=256, pattern="^[^\\r\\n]+$"),
    Words("must be a Kerberos principal on one line, such as datasync@EXAMPLE.COM"),
]


class _Kerberized(Protocol):
    """What may authenticate by Kerberos."""

    @property
    def kerberos_principal(self) -> str | None: ...
    @property
    def kerberos_keytab(self) -> SecretKeyRef | None: ...
    @property
    def kerberos_krb5_conf(self) -> SecretKeyRef | None: ...
    @property
    def custom_secret_config(self) -> CustomSecretConfig | None: ...


def needed_kerberos(location: _Kerberized) -> tuple[str, str] | None:
    """What a new location needs that authenticates by Kerberos."""
    reason = "must be set where authenticationType is KERBEROS"
    if location.kerberos_principal is None:
        return "kerberosPrincipal", reason
    if location.kerberos_krb5_conf is None:
        return "kerberosKrb5Conf", reason
    if location.kerberos_keytab is None and location.custom_secret_config is None:
        return "kerberosKeytab", f"{reason}, unless customSecretConfig names a secret that holds the keytab"
    return None
