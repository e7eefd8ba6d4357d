"""Amazon FSx."""

from __future__ import annotations

from tests.support.location_cases.case import (
    CMK,
    CUSTOM,
    FSX,
    GROUPS,
    OTHER_GROUPS,
    SVM,
    WRONG_CUSTOM,
    Edit,
    LocationCase,
    ref,
)
from tests.support.specs import JsonDict


def _smb_with(**members: object) -> JsonDict:
    """ONTAP's SMB protocol with some members changed."""
    return {"protocol": {"smb": {"user": "joe", "password": ref("password")} | members}}


_ONTAP: JsonDict = {"storageVirtualMachineArn": SVM, "securityGroupArns": GROUPS, "protocol": {"nfs": {}}}


_WINDOWS: JsonDict = {
    "fsxFilesystemArn": FSX,
    "securityGroupArns": GROUPS,
    "user": "joe",
    "password": ref("password"),
}


CASES = (
    LocationCase(
        name="fsxLustre",
        least={"fsxFilesystemArn": FSX, "securityGroupArns": GROUPS},
        full={"fsxFilesystemArn": FSX, "securityGroupArns": GROUPS, "subdirectory": "/scratch"},
        uri="fsxl://eu-central-1.fs-0123456789abcdef0/scratch/",
        described={"securityGroupArns": GROUPS},
        edits=(Edit({"subdirectory": "home/a"}, {"subdirectory": "/home/a/"}),),
        defaults={"subdirectory": "/"},
        replacing=({"fsxFilesystemArn": f"{FSX[:-1]}1"}, {"securityGroupArns": OTHER_GROUPS}),
        mistakes=(
            ("fsxFilesystemArn", {"fsxFilesystemArn": "arn:aws:fsx:eu:1:fs"}),
            ("securityGroupArns[0]", {"securityGroupArns": ["arn:aws:ec2:eu:1:sg"]}),
        ),
        granted="fsxl://eu-central-1.fs-0123456789abcdef0/scratch/*",
        refused="fsxl://eu-central-1.fs-0123456789abcdef0/other/*",
        attributes="posix",
    ),
    LocationCase(
        name="fsxOntap",
        attributes="windows",
        least=_ONTAP,
        full={
            "storageVirtualMachineArn": SVM,
            "securityGroupArns": GROUPS,
            "protocol": {
                "smb": {
                    "user": "joe",
                    "domain": "corp.example.com",
                    "password": ref("password"),
                    "cmkSecretConfig": CMK,
                    "mountOptions": {"version": "SMB3"},
                }
            },
            "subdirectory": "/vol1",
        },
        uri="fsxn-smb://eu-central-1.fs-0123456789abcdef0.svm-0123456789abcdef0/vol1/",
        described={
            "storageVirtualMachineArn": SVM,
            "securityGroupArns": GROUPS,
            "protocol": {
                "smb": {
                    "user": "joe",
                    "domain": "corp.example.com",
                    "cmkSecretConfig": CMK,
                    "mountOptions": {"version": "SMB3"},
                }
            },
        },
        edits=(
            Edit({"subdirectory": "vol2"}, {"subdirectory": "/vol2/"}),
            Edit(
                {
                    "protocol": {
                        "smb": {"user": "ann", "password": ref("password"), "mountOptions": {"version": "SMB2"}}
                    }
                },
                {"protocol": {"smb": {"user": "ann", "mountOptions": {"version": "SMB2"}}}},
            ),
        ),
        defaults={"subdirectory": "/"},
        replacing=(
            {"storageVirtualMachineArn": f"{SVM}1"},
            {"securityGroupArns": OTHER_GROUPS},
            {"protocol": {"nfs": {"mountOptions": {"version": "NFS3"}}}},
        ),
        mistakes=(
            ("storageVirtualMachineArn", {"storageVirtualMachineArn": "arn:aws:fsx:eu:1:svm"}),
            ("protocol.smb.cmkSecretConfig.kmsKeyArn", _smb_with(cmkSecretConfig={"kmsKeyArn": "arn:aws:kms:x"})),
        ),
        granted="fsxn-smb://eu-central-1.fs-0123456789abcdef0.svm-0123456789abcdef0/*",
        refused="fsxn-nfs://*",
        secrets={"protocol.smb.password": "password"},
        left_out=frozenset({"Protocol.SMB.ManagedSecretConfig", "Protocol.SMB.CmkSecretConfig.SecretArn"}),
        broken=(
            (".protocol", "must set exactly one protocol: nfs or smb", _ONTAP | {"protocol": {}}),
            (".protocol.smb.user", "without the domain", _ONTAP | _smb_with(user="CORP\\joe")),
            (
                ".protocol.smb.customSecretConfig",
                "must not be set together with password",
                _ONTAP | _smb_with(customSecretConfig=CUSTOM),
            ),
        ),
        needed=(("protocol.smb.password", {"protocol": {"smb": {"user": "joe"}}}),),
    ),
    LocationCase(
        name="fsxOpenZfs",
        least={"fsxFilesystemArn": FSX, "securityGroupArns": GROUPS, "protocol": {"nfs": {}}},
        full={
            "fsxFilesystemArn": FSX,
            "securityGroupArns": GROUPS,
            "protocol": {"nfs": {"mountOptions": {"version": "NFS4_1"}}},
            "subdirectory": "/fsx/home",
        },
        uri="fsxz://eu-central-1.fs-0123456789abcdef0/fsx/home/",
        described={"securityGroupArns": GROUPS, "protocol": {"nfs": {"mountOptions": {"version": "NFS4_1"}}}},
        edits=(
            Edit({"subdirectory": "/fsx"}, {"subdirectory": "/fsx/"}),
            Edit(
                {"protocol": {"nfs": {"mountOptions": {"version": "NFS3"}}}},
                {"protocol": {"nfs": {"mountOptions": {"version": "NFS3"}}}},
            ),
        ),
        defaults={"subdirectory": "/fsx/"},
        replacing=({"fsxFilesystemArn": f"{FSX[:-1]}1"}, {"securityGroupArns": OTHER_GROUPS}),
        mistakes=(("fsxFilesystemArn", {"fsxFilesystemArn": "arn:aws:fsx:eu:1:fs"}),),
        granted="fsxz://eu-central-1.fs-0123456789abcdef0/fsx/*",
        refused="fsxz://eu-central-1.fs-0123456789abcdef0/fsx/other/*",
        attributes="posix",
        left_out=frozenset({"Protocol.SMB"}),
        broken=(
            (
                ".subdirectory",
                "must start with /fsx",
                {"fsxFilesystemArn": FSX, "securityGroupArns": GROUPS, "protocol": {"nfs": {}}, "subdirectory": "/a"},
            ),
        ),
    ),
    LocationCase(
        name="fsxWindows",
        attributes="windows",
        least=_WINDOWS,
        full={
            "fsxFilesystemArn": FSX,
            "securityGroupArns": GROUPS,
            "subdirectory": "/share",
            "user": "joe",
            "domain": "corp.example.com",
            "password": ref("password"),
            "cmkSecretConfig": CMK,
        },
        uri="fsxw://eu-central-1.fs-0123456789abcdef0/share/",
        described={
            "securityGroupArns": GROUPS,
            "user": "joe",
            "domain": "corp.example.com",
            "cmkSecretConfig": CMK | {"secretArn": CUSTOM["secretArn"]},
        },
        edits=(
            Edit({"subdirectory": "share/$x"}, {"subdirectory": "/share/$x/"}),
            Edit({"user": "ann", "domain": "other"}, {"user": "ann", "domain": "other"}),
            Edit(
                {"password": None, "cmkSecretConfig": None, "customSecretConfig": CUSTOM},
                {"customSecretConfig": CUSTOM},
            ),
        ),
        defaults={"subdirectory": "/", "domain": ""},
        replacing=({"fsxFilesystemArn": f"{FSX[:-1]}1"}, {"securityGroupArns": OTHER_GROUPS}),
        mistakes=(
            ("fsxFilesystemArn", {"fsxFilesystemArn": "arn:aws:fsx:eu:1:fs"}),
            (
                "customSecretConfig.secretAccessRoleArn",
                {"password": None, "cmkSecretConfig": None, "customSecretConfig": WRONG_CUSTOM},
            ),
        ),
        granted="fsxw://eu-central-1.fs-0123456789abcdef0/share/*",
        refused="fsxw://eu-central-1.fs-0123456789abcdef1/*",
        secrets={"password": "password"},
        left_out=frozenset({"CmkSecretConfig.SecretArn"}),
        broken=((".user", "without the domain", _WINDOWS | {"user": "CORP\\joe"}),),
        needed=(("password", {"password": None}),),
    ),
)
