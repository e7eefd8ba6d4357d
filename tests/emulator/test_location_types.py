"""Every location type: created, described, updated, listed, deleted; its secrets are never shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from datasync_emulator.catalogue.locations import LOCATION_TYPES
from tests.emulator.location_cases import CASES, SECRET, agent, describe, filled, make
from tests.support.account import Account
from tests.support.emulator import start_emulator

each_case = pytest.mark.parametrize("name", list(CASES))


def test_there_is_a_case_for_every_type_but_s3() -> None:
    covered = {case.operation.replace("_", "") for case in CASES.values()}
    assert covered == {kind.operation.lower() for kind in LOCATION_TYPES} - {"s3"}


@each_case
def test_a_location_lives_from_create_to_delete(account: Account, name: str) -> None:
    case, helper = CASES[name], agent(account)
    arn = make(account, case, helper, Tags=[{"Key": "a", "Value": "b"}])
    assert re.fullmatch(rf"arn:aws:datasync:{account.region}:{account.number}:location/loc-[0-9a-f]{{17}}", arn)
    described = describe(account, case, arn)
    assert described["LocationUri"] == filled(account, case.uri, helper)
    assert filled(account, case.shows, helper).items() <= described.items()
    assert account.datasync.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]

    update = getattr(account.datasync, f"update_location_{case.operation}")
    update(LocationArn=arn, **filled(account, case.update, helper))
    updated = describe(account, case, arn)
    assert filled(account, case.then, helper).items() <= updated.items()
    assert updated["LocationUri"] == filled(account, case.then_uri or case.uri, helper)
    assert updated["CreationTime"] == described["CreationTime"]

    chosen: Any = [{"Name": "LocationUri", "Operator": "Equals", "Values": [updated["LocationUri"]]}]
    assert [each["LocationArn"] for each in account.datasync.list_locations(Filters=chosen)["Locations"]] == [arn]
    account.datasync.delete_location(LocationArn=arn)
    with pytest.raises(ClientError, match="is not found"):
        describe(account, case, arn)


@each_case
def test_secrets_are_in_no_answer_and_no_journal(account: Account, name: str) -> None:
    case, helper = CASES[name], agent(account)
    arn = make(account, case, helper)
    getattr(account.datasync, f"update_location_{case.operation}")(
        LocationArn=arn, **filled(account, case.update, helper)
    )
    entries = account.emulator.journal(account=account.number)
    shown = json.dumps([entries, describe(account, case, arn)], default=repr)
    assert SECRET not in shown
    encoded = "aHVudGVyMi1hbmQ"  # the same in base64, as keytabs are sent
    assert encoded not in json.dumps(entries)


def test_secrets_are_in_no_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as file, start_emulator(tmp_path / "data", log=file) as emulator:
        account = Account(emulator, "111122223333")
        for case in CASES.values():
            make(account, case, agent(account))
        with pytest.raises(ClientError) as refused:
            make(account, CASES["smb"], agent(account), KerberosKeytab=(SECRET * 4000).encode())
        assert SECRET not in str(refused.value)
    assert SECRET not in log.read_text()


@pytest.mark.parametrize(
    ("name", "secret", "config"),
    [
        ("smb", "Password", "ManagedSecretConfig"),
        ("smb with kerberos", "KerberosKeytab", "ManagedSecretConfig"),
        ("hdfs with kerberos", "KerberosKeytab", "ManagedSecretConfig"),
        ("object storage", "SecretKey", "ManagedSecretConfig"),
        ("azure blob", "SasConfiguration", "ManagedSecretConfig"),
        ("fsx for windows", "Password", "ManagedSecretConfig"),
    ],
)
def test_a_secret_can_be_datasyncs_or_the_users(account: Account, name: str, secret: str, config: str) -> None:
    case, helper = CASES[name], agent(account)
    arn = make(account, case, helper)
    managed = describe(account, case, arn)[config]["SecretArn"]
    location = arn.rpartition("/")[2]
    assert re.fullmatch(
        rf"arn:aws:secretsmanager:{account.region}:{account.number}:secret:aws-datasync!{location}-.{{6}}", managed
    )

    key = f"arn:aws:kms:{account.region}:{account.number}:key/1234abcd"
    described = describe(account, case, make(account, case, helper, CmkSecretConfig={"KmsKeyArn": key}))
    assert described["CmkSecretConfig"]["KmsKeyArn"] == key
    assert "ManagedSecretConfig" not in described

    own = {
        "SecretArn": f"arn:aws:secretsmanager:{account.region}:{account.number}:secret:mine-AbCdEf",
        "SecretAccessRoleArn": f"arn:aws:iam::{account.number}:role/reader",
    }
    update = getattr(account.datasync, f"update_location_{case.operation}")
    update(LocationArn=arn, CustomSecretConfig=own)
    described = describe(account, case, arn)
    assert described["CustomSecretConfig"] == own
    assert "ManagedSecretConfig" not in described
    given = {secret: filled(account, case.create[secret], helper)}
    with pytest.raises(ClientError, match=f"CustomSecretConfig names the secret to use: leave out {secret}"):
        update(LocationArn=arn, CustomSecretConfig=own, **given)
    with pytest.raises(ClientError, match="not both"):
        update(LocationArn=arn, CustomSecretConfig=own, CmkSecretConfig={"KmsKeyArn": key})
    update(LocationArn=arn, **given)
    assert describe(account, case, arn)["ManagedSecretConfig"]["SecretArn"] == managed


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("smb", {"User": None}, "AuthenticationType NTLM needs User."),
        ("smb", {"Password": None}, "AuthenticationType NTLM needs Password"),
        ("smb with kerberos", {"KerberosPrincipal": None}, "needs KerberosPrincipal"),
        ("smb with kerberos", {"ServerHostname": "10.0.0.1"}, "needs a domain name, not 10.0.0.1"),
        ("hdfs", {"SimpleUser": None}, "AuthenticationType SIMPLE needs SimpleUser"),
        ("hdfs", {"BlockSize": 1048577}, "BlockSize 1048577 is not a multiple of 512"),
        ("hdfs with kerberos", {"KerberosKeytab": None}, "needs KerberosKeytab"),
        ("azure blob", {"SasConfiguration": None}, "AuthenticationType SAS needs SasConfiguration"),
        ("azure blob", {"AuthenticationType": "OIDC", "SasConfiguration": None}, "OIDC needs FederatedIdentity"),
        ("azure blob", {"ContainerUrl": "http://account.blob.core.windows.net/x"}, "containerUrl"),
        ("fsx for openzfs", {"Subdirectory": "/data"}, "must begin with /fsx"),
        ("fsx for openzfs", {"Protocol": {"SMB": {"User": "a"}}}, "use NFS"),
        ("fsx for ontap by nfs", {"Protocol": {}}, "Protocol needs either NFS or SMB; found: none"),
        ("fsx for ontap by nfs", {"Protocol": {"NFS": {"MountOptions": {"Version": "NFS4_1"}}}}, "use NFS3"),
        (
            "fsx for lustre",
            {"FsxFilesystemArn": "arn:aws:fsx:us-east-1:$ACCOUNT:file-system/fs-0a"},
            "must be in $REGION",
        ),
        (
            "fsx for windows",
            {"FsxFilesystemArn": "arn:aws:fsx:$REGION:999999999999:file-system/fs-0a"},
            "must be in $ACCOUNT",
        ),
        ("nfs", {"Subdirectory": "/a/../b"}, "contains '.' or '..'"),
        (
            "nfs",
            {"OnPremConfig": {"AgentArns": ["arn:aws:datasync:$REGION:$ACCOUNT:agent/agent-0aaaaaaaaaaaaaaaa"]}},
            "is not found",
        ),
        (
            "object storage",
            {"FederatedIdentity": {"AwsIamRole": "arn:aws:iam::$ACCOUNT:role/r"}},
            "Use either FederatedIdentity or",
        ),
        ("object storage", {"AccessKey": "a\nb"}, "accessKey"),
    ],
)
def test_locations_that_datasync_refuses(account: Account, name: str, changes: dict[str, Any], message: str) -> None:
    case, helper = CASES[name], agent(account)
    given = filled(account, {**case.create, **changes}, helper)
    create = getattr(account.datasync, f"create_location_{case.operation}")
    with pytest.raises(ClientError, match=re.escape(filled(account, message, helper))):
        create(**{member: value for member, value in given.items() if value is not None})
    assert account.datasync.list_locations()["Locations"] == []


@pytest.mark.parametrize("name", ["object storage", "azure blob"])
def test_the_agents_of_some_types_are_set_once_and_for_all(account: Account, name: str) -> None:
    case, first, second = CASES[name], agent(account), agent(account)
    arn = make(account, case, first)
    update = getattr(account.datasync, f"update_location_{case.operation}")
    update(LocationArn=arn, AgentArns=[first])
    with pytest.raises(ClientError, match="AgentArns can't be changed"):
        update(LocationArn=arn, AgentArns=[second])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nfs", "NFS"),
        ("smb", "SMB"),
        ("hdfs", "HDFS"),
        ("object storage", "OBJECT_STORAGE"),
        ("azure blob", "AZURE_BLOB"),
        ("fsx for lustre", "FSX_LUSTRE"),
        ("fsx for ontap by nfs", "FSX_ONTAP_NFS"),
        ("fsx for ontap by smb", "FSX_ONTAP_SMB"),
        ("fsx for openzfs", "FSX_OPENZFS_NFS"),
        ("fsx for windows", "FSX_WINDOWS"),
        ("efs", "EFS"),
    ],
)
def test_locations_are_listed_by_type(account: Account, name: str, value: str) -> None:
    helper = agent(account)
    arns = {each: make(account, case, helper) for each, case in CASES.items()}
    chosen: Any = [{"Name": "LocationType", "Operator": "Equals", "Values": [value]}]
    found = [each["LocationArn"] for each in account.datasync.list_locations(Filters=chosen)["Locations"]]
    same_type = {name} | ({f"{name} with kerberos"} & set(CASES))
    assert set(found) == {arns[each] for each in same_type}


def test_an_ontap_location_keeps_its_protocol_and_shows_no_password(account: Account) -> None:
    case, helper = CASES["fsx for ontap by smb"], agent(account)
    arn = make(account, case, helper)
    protocol = describe(account, case, arn)["Protocol"]["SMB"]
    assert (protocol["User"], protocol["Domain"]) == ("admin", "example.com")
    assert protocol["MountOptions"] == {"Version": "AUTOMATIC"}
    assert "Password" not in protocol
    with pytest.raises(ClientError, match="can't be changed from SMB to NFS"):
        account.datasync.update_location_fsx_ontap(LocationArn=arn, Protocol={"NFS": {}})


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.folder])
def test_a_file_systems_folder_is_made_when_it_is_named(account: Account, name: str) -> None:
    case, helper = CASES[name], agent(account)
    make(account, case, helper)
    assert (account.emulator.data_root / filled(account, case.folder, helper)).is_dir()
