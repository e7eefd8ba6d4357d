"""What a row says, and the names that rows share."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.specs import NETWORK, ROLE, JsonDict

OTHER_NETWORK = NETWORK | {"subnetArn": f"{NETWORK['subnetArn'][:-1]}1"}
ACCOUNT = "eu-central-1:111122223333"
AGENT, OTHER_AGENT = (f"arn:aws:datasync:{ACCOUNT}:agent/agent-0123456789abcdef{digit}" for digit in "01")
AGENTS = {"office": AGENT, "cellar": OTHER_AGENT}
"""The agents that the account knows by name."""
SECRET = "creds"
SECRET_VALUES: dict[str, str | bytes] = {
    "password": "hunter2 is no password",
    "keytab": b"\x05\x02keytab",
    "krb5.conf": b"[libdefaults]\n",
    "access": "AKIA-not-really",
    "certificate": b"-----BEGIN CERTIFICATE-----\n",
    "token": "sv=2026&sig=not-really",
}
"""What the one Secret holds that all rows name."""
OUTPOST = f"arn:aws:s3-outposts:{ACCOUNT}:outpost/op-0123456789abcdef0/accesspoint/mine"
FSX = f"arn:aws:fsx:{ACCOUNT}:file-system/fs-0123456789abcdef0"
SVM = f"arn:aws:fsx:{ACCOUNT}:storage-virtual-machine/fs-0123456789abcdef0/svm-0123456789abcdef0"
GROUPS = NETWORK["securityGroupArns"]
OTHER_GROUPS = [f"{GROUPS[0][:-1]}1"]
KMS = f"arn:aws:kms:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
CMK = {"kmsKeyArn": KMS}
CUSTOM = {
    "secretArn": f"arn:aws:secretsmanager:{ACCOUNT}:secret:mine-AbCdEf",
    "secretAccessRoleArn": ROLE,
}
WRONG_CUSTOM = CUSTOM | {"secretAccessRoleArn": "arn:aws:iam::1:role/x"}


def ref(key: str) -> JsonDict:
    """A key of the Secret."""
    return {"name": SECRET, "key": key}


@dataclass(frozen=True)
class Edit:
    """A changed field: what is declared now, and what the update request says of it."""

    declared: JsonDict
    request: JsonDict


@dataclass(frozen=True)
class LocationCase:
    """One type.

    `least` and `full` are declarations; `uri` and `described` are what DataSync makes of the full one. `edits` are
    carried out in place; fields of `defaults` go back to these when they leave the spec; `replacing` changes take a new
    location. `mistakes` are refused before AWS is asked, at the field named. `granted` and `refused` are patterns of
    grants; `roles` and `agents` are the fields whose roles and agents need one. `secrets` are the keys of the Secret
    whose values are sent, by their places. `fixed` are members that the update operation takes and AWS does not
    change, `by_name` those that may be given in another way than DataSync's, `left_out` those that nobody can set.
    `broken` are declarations that the schema refuses, with field and reason; `needed` what a new location can't be made
    without, by field.
    """

    name: str
    least: JsonDict
    full: JsonDict
    uri: str
    described: JsonDict
    edits: tuple[Edit, ...]
    defaults: JsonDict
    replacing: tuple[JsonDict, ...]
    mistakes: tuple[tuple[str, JsonDict], ...]
    granted: str
    refused: str
    roles: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    secrets: dict[str, str] = field(default_factory=dict)
    attributes: str = "object"
    fixed: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    broken: tuple[tuple[str, str, JsonDict], ...] = ()
    needed: tuple[tuple[str, JsonDict], ...] = ()

    def __str__(self) -> str:
        return self.name
