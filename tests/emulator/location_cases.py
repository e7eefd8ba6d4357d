"""One case for each location type: how to make one, what it shows, what can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.account import Account

KEY = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"
ENHANCED_KEY = "ENHNC-BBBBB-CCCCC-DDDDD-EEEEE"
SECRET = "hunter2-and-nobody-else"
Json = Mapping[str, Any]


def agent(account: Account, key: str = KEY) -> str:
    return account.datasync.create_agent(ActivationKey=key)["AgentArn"]


def fsx(account: Account, file_system: str = "fs-0aaaaaaaaaaaaaaaa") -> str:
    return f"arn:aws:fsx:{account.region}:{account.number}:file-system/{file_system}"


def svm(account: Account) -> str:
    machine = "fs-0aaaaaaaaaaaaaaaa/svm-0bbbbbbbbbbbbbbbb"
    return f"arn:aws:fsx:{account.region}:{account.number}:storage-virtual-machine/{machine}"


def group(account: Account) -> str:
    return f"arn:aws:ec2:{account.region}:{account.number}:security-group/sg-0a1b2c3d"


@dataclass(frozen=True)
class Case:
    """A type: create parameters, the URI, what Describe shows, an update and what it shows then.

    `$AGENT`, `$GROUP`, `$FSX`, `$SVM`, `$ACCOUNT`, `$REGION` stand for what an account has.
    """

    operation: str
    create: Json
    uri: str
    shows: Json
    update: Json
    then: Json = field(default_factory=dict)
    then_uri: str = ""
    folder: str = ""


CASES = {
    "nfs": Case(
        "nfs",
        {"ServerHostname": "nfs.example.com", "Subdirectory": "/export", "OnPremConfig": {"AgentArns": ["$AGENT"]}},
        "nfs://nfs.example.com/export/",
        {"OnPremConfig": {"AgentArns": ["$AGENT"]}, "MountOptions": {"Version": "AUTOMATIC"}},
        {"ServerHostname": "10.0.0.1", "Subdirectory": "/other/deep", "MountOptions": {"Version": "NFS3"}},
        {"MountOptions": {"Version": "NFS3"}},
        "nfs://10.0.0.1/other/deep/",
        "nfs/nfs.example.com/export",
    ),
    "smb": Case(
        "smb",
        {
            "ServerHostname": "smb.example.com",
            "Subdirectory": "/share",
            "AgentArns": ["$AGENT"],
            "User": "admin",
            "Domain": "example.com",
            "Password": SECRET,
        },
        "smb://smb.example.com/share/",
        {
            "AgentArns": ["$AGENT"],
            "User": "admin",
            "Domain": "example.com",
            "MountOptions": {"Version": "AUTOMATIC"},
            "AuthenticationType": "NTLM",
        },
        {"User": "other", "Password": f"{SECRET}2", "MountOptions": {"Version": "SMB3"}, "Subdirectory": "/share2"},
        {"User": "other", "Domain": "example.com", "MountOptions": {"Version": "SMB3"}},
        "smb://smb.example.com/share2/",
        "smb/smb.example.com/share",
    ),
    "smb with kerberos": Case(
        "smb",
        {
            "ServerHostname": "krb.example.com",
            "Subdirectory": "/share",
            "AgentArns": ["$AGENT"],
            "AuthenticationType": "KERBEROS",
            "KerberosPrincipal": "host/me@EXAMPLE.COM",
            "KerberosKeytab": SECRET.encode(),
            "KerberosKrb5Conf": SECRET.encode(),
            "DnsIpAddresses": ["10.0.0.2"],
        },
        "smb://krb.example.com/share/",
        {
            "AgentArns": ["$AGENT"],
            "AuthenticationType": "KERBEROS",
            "KerberosPrincipal": "host/me@EXAMPLE.COM",
            "DnsIpAddresses": ["10.0.0.2"],
            "MountOptions": {"Version": "AUTOMATIC"},
        },
        {"AuthenticationType": "NTLM", "User": "admin", "Password": SECRET},
        {"AuthenticationType": "NTLM", "User": "admin"},
    ),
    "hdfs": Case(
        "hdfs",
        {
            "NameNodes": [{"Hostname": "nn.example.com", "Port": 8020}],
            "AuthenticationType": "SIMPLE",
            "SimpleUser": "hadoop",
            "AgentArns": ["$AGENT"],
            "Subdirectory": "/data",
            "QopConfiguration": {"RpcProtection": "INTEGRITY"},
        },
        "hdfs://nn.example.com:8020/data/",
        {
            "NameNodes": [{"Hostname": "nn.example.com", "Port": 8020}],
            "BlockSize": 134217728,
            "ReplicationFactor": 3,
            "QopConfiguration": {"RpcProtection": "INTEGRITY", "DataTransferProtection": "INTEGRITY"},
            "AuthenticationType": "SIMPLE",
            "SimpleUser": "hadoop",
            "AgentArns": ["$AGENT"],
        },
        {"ReplicationFactor": 2, "BlockSize": 1048576, "Subdirectory": "/"},
        {"ReplicationFactor": 2, "BlockSize": 1048576, "SimpleUser": "hadoop"},
        "hdfs://nn.example.com:8020/",
        "hdfs/nn.example.com:8020/data",
    ),
    "hdfs with kerberos": Case(
        "hdfs",
        {
            "NameNodes": [{"Hostname": "nn.example.com", "Port": 8020}],
            "AuthenticationType": "KERBEROS",
            "KerberosPrincipal": "host/me@EXAMPLE.COM",
            "KerberosKeytab": SECRET.encode(),
            "KerberosKrb5Conf": SECRET.encode(),
            "KmsKeyProviderUri": "kms://http@kms.example.com:9600/kms",
            "AgentArns": ["$AGENT"],
        },
        "hdfs://nn.example.com:8020/",
        {
            "AuthenticationType": "KERBEROS",
            "KerberosPrincipal": "host/me@EXAMPLE.COM",
            "KmsKeyProviderUri": "kms://http@kms.example.com:9600/kms",
            "QopConfiguration": {"RpcProtection": "PRIVACY", "DataTransferProtection": "PRIVACY"},
        },
        {"KerberosPrincipal": "host/you@EXAMPLE.COM"},
        {"KerberosPrincipal": "host/you@EXAMPLE.COM"},
    ),
    "object storage": Case(
        "object_storage",
        {
            "ServerHostname": "minio.example.com",
            "ServerPort": 9000,
            "ServerProtocol": "HTTP",
            "BucketName": "data",
            "Subdirectory": "/in",
            "AccessKey": "AKIDEXAMPLE",
            "SecretKey": SECRET,
            "AgentArns": ["$AGENT"],
            "ServerCertificate": b"-----BEGIN CERTIFICATE-----",
        },
        "object-storage://minio.example.com/data/in/",
        {
            "ServerPort": 9000,
            "ServerProtocol": "HTTP",
            "AccessKey": "AKIDEXAMPLE",
            "AgentArns": ["$AGENT"],
            "ServerCertificate": b"-----BEGIN CERTIFICATE-----",
        },
        {"ServerPort": 9001, "Subdirectory": "/", "ServerHostname": "other.example.com", "ServerCertificate": b""},
        {"ServerPort": 9001, "AccessKey": "AKIDEXAMPLE"},
        "object-storage://other.example.com/data/",
    ),
    "azure blob": Case(
        "azure_blob",
        {
            "ContainerUrl": "https://account.blob.core.windows.net/container",
            "AuthenticationType": "SAS",
            "SasConfiguration": {"Token": SECRET},
            "AgentArns": ["$AGENT"],
            "Subdirectory": "/bilder/größe",
        },
        "azure-blob://account.blob.core.windows.net/container/bilder/größe/",
        {"AuthenticationType": "SAS", "BlobType": "BLOCK", "AccessTier": "HOT", "AgentArns": ["$AGENT"]},
        {"AccessTier": "COOL", "Subdirectory": "/", "SasConfiguration": {"Token": f"{SECRET}2"}},
        {"AccessTier": "COOL", "AuthenticationType": "SAS"},
        "azure-blob://account.blob.core.windows.net/container/",
        "azure-blob/account.blob.core.windows.net/container/bilder/größe",
    ),
    "fsx for lustre": Case(
        "fsx_lustre",
        {"FsxFilesystemArn": "$FSX", "SecurityGroupArns": ["$GROUP"], "Subdirectory": "/a"},
        "fsxl://$REGION.fs-0aaaaaaaaaaaaaaaa/a/",
        {"SecurityGroupArns": ["$GROUP"]},
        {"Subdirectory": "/b"},
        {},
        "fsxl://$REGION.fs-0aaaaaaaaaaaaaaaa/b/",
        "$ACCOUNT/$REGION/fs-0aaaaaaaaaaaaaaaa",
    ),
    "fsx for ontap by nfs": Case(
        "fsx_ontap",
        {
            "StorageVirtualMachineArn": "$SVM",
            "SecurityGroupArns": ["$GROUP"],
            "Protocol": {"NFS": {"MountOptions": {"Version": "NFS3"}}},
            "Subdirectory": "/vol1",
        },
        "fsxn-nfs://$REGION.fs-0aaaaaaaaaaaaaaaa.svm-0bbbbbbbbbbbbbbbb/vol1/",
        {
            "StorageVirtualMachineArn": "$SVM",
            "FsxFilesystemArn": "$FSX",
            "SecurityGroupArns": ["$GROUP"],
            "Protocol": {"NFS": {"MountOptions": {"Version": "NFS3"}}},
        },
        {"Subdirectory": "/vol2"},
        {},
        "fsxn-nfs://$REGION.fs-0aaaaaaaaaaaaaaaa.svm-0bbbbbbbbbbbbbbbb/vol2/",
        "$ACCOUNT/$REGION/fs-0aaaaaaaaaaaaaaaa/svm-0bbbbbbbbbbbbbbbb",
    ),
    "fsx for ontap by smb": Case(
        "fsx_ontap",
        {
            "StorageVirtualMachineArn": "$SVM",
            "SecurityGroupArns": ["$GROUP"],
            "Protocol": {"SMB": {"User": "admin", "Password": SECRET, "Domain": "example.com"}},
        },
        "fsxn-smb://$REGION.fs-0aaaaaaaaaaaaaaaa.svm-0bbbbbbbbbbbbbbbb/",
        {},
        {"Protocol": {"SMB": {"User": "other", "Password": f"{SECRET}2", "Domain": ""}}},
    ),
    "fsx for openzfs": Case(
        "fsx_open_zfs",
        {
            "FsxFilesystemArn": "$FSX",
            "SecurityGroupArns": ["$GROUP"],
            "Protocol": {"NFS": {"MountOptions": {"Version": "NFS4_1"}}},
        },
        "fsxz://$REGION.fs-0aaaaaaaaaaaaaaaa/fsx/",
        {"SecurityGroupArns": ["$GROUP"], "Protocol": {"NFS": {"MountOptions": {"Version": "NFS4_1"}}}},
        {"Subdirectory": "/fsx/folder", "Protocol": {"NFS": {}}},
        {"Protocol": {"NFS": {"MountOptions": {"Version": "AUTOMATIC"}}}},
        "fsxz://$REGION.fs-0aaaaaaaaaaaaaaaa/fsx/folder/",
        "$ACCOUNT/$REGION/fs-0aaaaaaaaaaaaaaaa",
    ),
    "fsx for windows": Case(
        "fsx_windows",
        {
            "FsxFilesystemArn": "$FSX",
            "SecurityGroupArns": ["$GROUP"],
            "User": "admin",
            "Domain": "example.com",
            "Password": SECRET,
            "Subdirectory": "/share",
        },
        "fsxw://$REGION.fs-0aaaaaaaaaaaaaaaa/share/",
        {"SecurityGroupArns": ["$GROUP"], "User": "admin", "Domain": "example.com"},
        {"User": "other", "Domain": "", "Password": f"{SECRET}2", "Subdirectory": "/"},
        {"User": "other"},
        "fsxw://$REGION.fs-0aaaaaaaaaaaaaaaa/",
        "$ACCOUNT/$REGION/fs-0aaaaaaaaaaaaaaaa",
    ),
    "efs": Case(
        "efs",
        {
            "EfsFilesystemArn": "arn:aws:elasticfilesystem:$REGION:$ACCOUNT:file-system/fs-0cccccccccccccccc",
            "Ec2Config": {
                "SubnetArn": "arn:aws:ec2:$REGION:$ACCOUNT:subnet/subnet-0a1b2c3d",
                "SecurityGroupArns": ["$GROUP"],
            },
        },
        "efs://$REGION.fs-0cccccccccccccccc/",
        {"InTransitEncryption": "NONE"},
        {"Subdirectory": "/in", "InTransitEncryption": "TLS1_2"},
        {"InTransitEncryption": "TLS1_2"},
        "efs://$REGION.fs-0cccccccccccccccc/in/",
        "$ACCOUNT/$REGION/fs-0cccccccccccccccc",
    ),
}


def filled(account: Account, value: Any, agent_arn: str) -> Any:  # noqa: ANN401 - a part of a case
    """Put an account's own values in place of the stand-ins."""
    own = {
        "$AGENT": agent_arn,
        "$GROUP": group(account),
        "$FSX": fsx(account),
        "$SVM": svm(account),
        "$ACCOUNT": account.number,
        "$REGION": account.region,
    }
    match value:
        case str():
            for name, text in own.items():
                value = value.replace(name, text)
        case dict():
            return {name: filled(account, member, agent_arn) for name, member in value.items()}
        case list():
            return [filled(account, item, agent_arn) for item in value]
    return value


def make(account: Account, case: Case, agent_arn: str, **more: object) -> str:
    """Create a case's location; gives its ARN."""
    create = getattr(account.datasync, f"create_location_{case.operation}")
    arn: str = create(**filled(account, dict(case.create), agent_arn), **more)["LocationArn"]
    return arn


def describe(account: Account, case: Case, arn: str) -> dict[str, Any]:
    described: dict[str, Any] = getattr(account.datasync, f"describe_location_{case.operation}")(LocationArn=arn)
    return described
