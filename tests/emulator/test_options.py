"""Each option and each of its values, seen in what arrives."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.location_cases import SECRET, agent, fsx, group
from tests.support.account import Account
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from types_boto3_datasync.literals import TaskModeType

Json = dict[str, Any]
SOURCE, DESTINATION = "fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"
MTIME, ATIME = 1_700_000_000, 1_600_000_000
BOTH_MODES = pytest.mark.parametrize("mode", ["BASIC", "ENHANCED"])


@pytest.fixture
def source(account: Account) -> Path:
    """A file system with a file that has its own owner, permissions and times."""
    folder = account.efs_folder(SOURCE)
    (folder / "a").write_bytes(b"hello")
    (folder / "a").chmod(0o640)
    os.chown(folder / "a", os.getuid(), os.getgid())
    os.utime(folder / "a", (ATIME, MTIME))
    return folder


@pytest.fixture
def target(account: Account) -> Path:
    return account.efs_folder(DESTINATION)


@pytest.fixture
def run(account: Account) -> Callable[..., Json]:
    """Copies between the two file systems with the options given, and gives the execution's description."""
    return lambda **options: account.ended(account.start(account.efs_task(Options=options)))


@pytest.fixture
def upload(account: Account, source: Path) -> Callable[..., dict[str, str]]:
    """Copies to a bucket with the options given, and gives the object's metadata."""

    def upload(**options: str) -> dict[str, str]:
        bucket = account.bucket("target")
        task = account.task(account.efs_location(SOURCE), account.s3_location(bucket), Options=options)
        assert account.ended(account.start(task))["Status"] == "SUCCESS"
        return account.s3.head_object(Bucket=bucket, Key="a")["Metadata"]

    return upload


def damage(path: Path, content: bytes) -> None:
    """Change a file without changing what a scan looks at."""
    path.write_bytes(content)
    os.utime(path, (ATIME, MTIME))


# VerifyMode


@pytest.mark.parametrize(
    ("mode", "harmed", "status"),
    [
        ("POINT_IN_TIME_CONSISTENT", "new", "ERROR"),
        ("POINT_IN_TIME_CONSISTENT", "old", "ERROR"),
        ("ONLY_FILES_TRANSFERRED", "new", "ERROR"),
        ("ONLY_FILES_TRANSFERRED", "old", "SUCCESS"),
    ],
)
def test_verify_mode(account: Account, source: Path, target: Path, mode: str, harmed: str, status: str) -> None:
    damage(source / "old", b"hello")
    task = account.efs_task(Options={"VerifyMode": mode})
    account.ended(account.start(task))
    damage(source / "new", b"hello")
    with account.emulator.fault(state="VERIFYING", hold="before", account=account.number) as fault:
        execution = account.start(task)
        fault.wait_held()
        damage(target / harmed, b"jello")
    described = account.ended(execution)
    assert described["Status"] == status
    assert described["Result"]["VerifyStatus"] == status


def test_verify_mode_none(account: Account, source: Path, target: Path) -> None:
    with account.emulator.fault(state="VERIFYING", error={"code": "Verified", "message": ""}, account=account.number):
        described = account.ended(account.start(account.efs_task(Options={"VerifyMode": "NONE"})))
    assert (described["Status"], described["FilesVerified"]) == ("SUCCESS", 0)
    assert described["Result"]["VerifyStatus"] == "PENDING"


# OverwriteMode


@pytest.mark.parametrize(("mode", "content"), [("ALWAYS", b"hello"), ("NEVER", b"theirs")])
def test_overwrite_mode(run: Callable[..., Json], source: Path, target: Path, mode: str, content: bytes) -> None:
    (target / "a").write_bytes(b"theirs")
    described = run(OverwriteMode=mode)
    assert described["Status"] == "SUCCESS"
    assert (target / "a").read_bytes() == content
    assert described["FilesSkipped"] == (1 if mode == "NEVER" else 0)


# Atime and Mtime


@pytest.mark.parametrize("wanted", [True, False])
def test_times(
    run: Callable[..., Json], upload: Callable[..., dict[str, str]], source: Path, target: Path, wanted: bool
) -> None:
    options = {"Atime": "BEST_EFFORT", "Mtime": "PRESERVE"} if wanted else {"Atime": "NONE", "Mtime": "NONE"}
    run(**options)
    status = (target / "a").stat()
    assert ((status.st_mtime, status.st_atime) == (MTIME, ATIME)) is wanted
    assert (status.st_mtime == MTIME) is wanted
    metadata = upload(**options)
    assert metadata.get("file-mtime") == (f"{MTIME}000" if wanted else None)
    assert metadata.get("file-atime") == (f"{ATIME}000" if wanted else None)
    assert (source / "a").stat().st_atime == ATIME


@pytest.mark.parametrize("pair", [("BEST_EFFORT", "NONE"), ("NONE", "PRESERVE")])
def test_times_go_in_pairs_in_basic_mode(account: Account, pair: tuple[str, str]) -> None:
    with pytest.raises(ClientError, match="Option: Atime,Mtime, Value: "):
        account.efs_task(Options=dict(zip(("Atime", "Mtime"), pair, strict=True)))


def test_enhanced_mode_chooses_the_access_time_alone(account: Account) -> None:
    buckets = [account.s3_location(account.bucket(name)) for name in ("source", "target")]
    for atime in ("BEST_EFFORT", "NONE"):
        account.task(*buckets, TaskMode="ENHANCED", Options={"Atime": atime, "Mtime": "PRESERVE"})
    with pytest.raises(ClientError, match="Option: Mtime, Value: NONE"):
        account.task(*buckets, TaskMode="ENHANCED", Options={"Atime": "NONE", "Mtime": "NONE"})


# Uid, Gid, PosixPermissions


@pytest.mark.parametrize(("option", "key"), [("Uid", "file-owner"), ("Gid", "file-group")])
@pytest.mark.parametrize("value", ["INT_VALUE", "NONE"])
def test_owners(
    account: Account, upload: Callable[..., dict[str, str]], target: Path, option: str, key: str, value: str
) -> None:
    assert upload(**{option: value}).get(key) == ("0" if value == "INT_VALUE" and os.getuid() == 0 else None)


@pytest.mark.parametrize("value", ["INT_VALUE", "NONE"])
def test_owners_at_a_file_system(account: Account, target: Path, value: str) -> None:
    bucket = account.bucket("source")
    account.s3.put_object(Bucket=bucket, Key="a", Body=b"", Metadata={"file-owner": "4321", "file-group": "8765"})
    task = account.task(
        account.s3_location(bucket), account.efs_location(DESTINATION), Options={"Uid": value, "Gid": value}
    )
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    assert (owners(target / "a") == (4321, 8765)) is (value == "INT_VALUE")


def owners(path: Path) -> tuple[int, int]:
    """As the file system has them, or, without root, as they stand beside the file."""
    if os.getuid() == 0:
        return path.stat().st_uid, path.stat().st_gid
    kept = os.getxattr(path, "user.datasync.owner") if "user.datasync.owner" in os.listxattr(path) else b"0:0"
    uid, gid = kept.decode().split(":")
    return int(uid), int(gid)


@pytest.mark.parametrize("option", ["Uid", "Gid"])
@pytest.mark.parametrize("value", ["NAME", "BOTH"])
def test_owners_by_name_are_refused(account: Account, option: str, value: str) -> None:
    with pytest.raises(ClientError, match=f"Option: {option}, Value: {value}. Use INT_VALUE or NONE"):
        account.efs_task(Options={option: value})


@pytest.mark.parametrize("option", ["Uid", "Gid", "PosixPermissions"])
def test_posix_attributes_need_a_side_that_has_them(account: Account, option: str) -> None:
    buckets = [account.s3_location(account.bucket(name)) for name in ("source", "target")]
    value = "PRESERVE" if option == "PosixPermissions" else "INT_VALUE"
    with pytest.raises(ClientError, match=f"Option: {option}, Value: {value} invalid for non-POSIX transfer"):
        account.task(*buckets, Options={option: value})


@pytest.mark.parametrize("value", ["PRESERVE", "NONE"])
def test_posix_permissions(
    run: Callable[..., Json], upload: Callable[..., dict[str, str]], source: Path, target: Path, value: str
) -> None:
    (source / "a").chmod(0o4751)
    run(PosixPermissions=value)
    kept = stat.S_IMODE((target / "a").stat().st_mode) == 0o4751
    assert kept is (value == "PRESERVE")
    assert upload(PosixPermissions=value).get("file-permissions") == ("4751" if value == "PRESERVE" else None)


# PreserveDeletedFiles


@pytest.mark.parametrize(("value", "left"), [("PRESERVE", ["a", "old"]), ("REMOVE", ["a"])])
def test_preserve_deleted_files(
    run: Callable[..., Json], source: Path, target: Path, value: str, left: list[str]
) -> None:
    (target / "old").write_bytes(b"old")
    described = run(PreserveDeletedFiles=value)
    assert sorted(path.name for path in target.iterdir()) == left
    assert described["FilesDeleted"] == described["EstimatedFilesToDelete"] == 2 - len(left)


# PreserveDevices


@pytest.mark.parametrize("value", ["NONE", "PRESERVE"])
def test_preserve_devices(account: Account, value: str) -> None:
    host = f"nfs-{account.number}.example.com"  # accounts share their own servers
    beginning = account.datasync.create_location_nfs(
        ServerHostname=host, Subdirectory="/export", OnPremConfig={"AgentArns": [agent(account)]}
    )
    end = account.datasync.create_location_fsx_lustre(
        FsxFilesystemArn=fsx(account, DESTINATION), SecurityGroupArns=[group(account)]
    )
    try:
        os.mknod(account.emulator.data_root / "nfs" / host / "export/null", stat.S_IFCHR | 0o660, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("devices can't be made here")
    task = account.task(beginning["LocationArn"], end["LocationArn"], Options={"PreserveDevices": value})
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    arrived = account.efs_folder(DESTINATION) / "null"
    assert arrived.exists() is (value == "PRESERVE")
    assert value == "NONE" or arrived.stat().st_rdev == os.makedev(1, 3)


def test_efs_has_no_devices(account: Account) -> None:
    with pytest.raises(ClientError, match="Option: PreserveDevices, Value: PRESERVE"):
        account.efs_task(Options={"PreserveDevices": "PRESERVE"})


# BytesPerSecond


def test_bytes_per_second(account: Account, source: Path) -> None:
    """A limit of a byte a second would take days, so the run stands still until it is lifted."""
    (source / "large").write_bytes(bytes(400_000))
    execution = account.start(account.efs_task(Options={"BytesPerSecond": 1}))
    eventually(lambda: account.execution(execution)["Status"] == "TRANSFERRING")
    assert account.execution(execution)["BytesTransferred"] < 400_000
    account.datasync.update_task_execution(TaskExecutionArn=execution, Options={"BytesPerSecond": -1})
    described = account.ended(execution)
    assert (described["Status"], described["BytesTransferred"]) == ("SUCCESS", 400_005)


def test_bytes_per_second_has_no_effect_in_enhanced_mode(account: Account) -> None:
    buckets = [account.bucket("source", large=bytes(400_000)), account.bucket("target")]
    locations = [account.s3_location(bucket) for bucket in buckets]
    task = account.task(*locations, TaskMode="ENHANCED", Options={"BytesPerSecond": 1})
    assert account.ended(account.start(task))["BytesTransferred"] == 400_000


def test_bytes_per_second_of_nothing_is_refused(account: Account) -> None:
    with pytest.raises(ClientError, match="Option: BytesPerSecond, Value: 0"):
        account.efs_task(Options={"BytesPerSecond": 0})


# TaskQueueing


@pytest.mark.parametrize("value", ["ENABLED", "DISABLED"])
def test_task_queueing(account: Account, source: Path, value: str) -> None:
    task = account.efs_task(Options={"TaskQueueing": value})
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as fault:
        account.start(task)
        fault.wait_held()
        if value == "DISABLED":
            with pytest.raises(ClientError, match="TaskQueueing is DISABLED"):
                account.start(task)
            return
        waiting = account.start(task)
        assert account.execution(waiting)["Status"] == "QUEUED"
    assert account.ended(waiting)["Status"] == "SUCCESS"


# TransferMode


@BOTH_MODES
@pytest.mark.parametrize(("value", "content"), [("CHANGED", b"jello"), ("ALL", b"hello")])
def test_transfer_mode(account: Account, mode: TaskModeType, value: str, content: bytes) -> None:
    """What differs from the source, but not in size or time, is left by a scan and overwritten without one."""
    buckets = [account.bucket("source"), account.bucket("target")]
    for bucket, body in zip(buckets, (b"hello", b"jello"), strict=True):
        account.s3.put_object(Bucket=bucket, Key="a", Body=body, Metadata={"file-mtime": f"{MTIME}000"})
    locations = [account.s3_location(bucket) for bucket in buckets]
    options: Any = {"TransferMode": value, "VerifyMode": "NONE"}
    described = account.ended(account.start(account.task(*locations, TaskMode=mode, Options=options)))
    assert account.s3.get_object(Bucket=buckets[1], Key="a")["Body"].read() == content
    assert described["FilesTransferred"] == (1 if value == "ALL" else 0)
    assert described["Result"]["PrepareStatus"] == ("PENDING" if value == "ALL" else "SUCCESS")


def test_everything_and_removal_do_not_go_together(account: Account) -> None:
    with pytest.raises(ClientError, match="Option: TransferMode,PreserveDeletedFiles, Value: ALL,REMOVE"):
        account.efs_task(Options={"TransferMode": "ALL", "PreserveDeletedFiles": "REMOVE"})


# SecurityDescriptorCopyFlags


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ("NONE", set()),
        ("OWNER_DACL", {"user.windows.owner", "user.windows.dacl"}),
        ("OWNER_DACL_SACL", {"user.windows.owner", "user.windows.dacl", "user.windows.sacl"}),
    ],
)
def test_security_descriptor_copy_flags(account: Account, flags: str, parts: set[str]) -> None:
    host = f"smb-{account.number}.example.com"
    beginning = account.datasync.create_location_smb(
        ServerHostname=host, Subdirectory="/share", User="admin", Password=SECRET, AgentArns=[agent(account)]
    )
    end = account.datasync.create_location_fsx_windows(
        FsxFilesystemArn=fsx(account, DESTINATION),
        SecurityGroupArns=[group(account)],
        User="admin",
        Password=SECRET,
    )
    source = account.emulator.data_root / "smb" / host / "share/a"
    source.write_bytes(b"hello")
    for part in ("owner", "dacl", "sacl"):
        os.setxattr(source, f"user.windows.{part}", part.encode())
    task = account.task(beginning["LocationArn"], end["LocationArn"], Options={"SecurityDescriptorCopyFlags": flags})
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    arrived = account.efs_folder(DESTINATION) / "a"
    assert {name for name in os.listxattr(arrived) if "windows" in name} == parts


def test_security_descriptors_need_windows_on_both_sides(account: Account) -> None:
    with pytest.raises(ClientError, match="Option: SecurityDescriptorCopyFlags, Value: OWNER_DACL"):
        account.efs_task(Options={"SecurityDescriptorCopyFlags": "OWNER_DACL"})


# ObjectTags and ObjectMetadata


@BOTH_MODES
@pytest.mark.parametrize("value", ["PRESERVE", "NONE"])
def test_object_tags(account: Account, mode: TaskModeType, value: str) -> None:
    target = copy_of_object(account, mode, {"ObjectTags": value})
    tags = account.s3.get_object_tagging(Bucket=target, Key="a")["TagSet"]
    assert tags == ([{"Key": "one", "Value": "1"}] if value == "PRESERVE" else [])


@BOTH_MODES
@pytest.mark.parametrize("value", ["PRESERVE", "NONE"])
def test_object_metadata(account: Account, mode: TaskModeType, value: str) -> None:
    target = copy_of_object(account, mode, {"ObjectMetadata": value})
    found = account.s3.head_object(Bucket=target, Key="a")
    assert found["Metadata"].get("two") == ("2" if value == "PRESERVE" else None)
    assert (found["ContentType"] == "text/x-two") is (value == "PRESERVE")
    assert "file-mtime" in found["Metadata"]


def copy_of_object(account: Account, mode: TaskModeType, options: Any) -> str:  # noqa: ANN401 - CreateTask's Options
    source, target = account.bucket("source"), account.bucket("target")
    account.s3.put_object(
        Bucket=source, Key="a", Body=b"hello", Metadata={"two": "2"}, Tagging="one=1", ContentType="text/x-two"
    )
    task = account.task(account.s3_location(source), account.s3_location(target), TaskMode=mode, Options=options)
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    return target


# Task modes


DEFAULTS = {
    "OverwriteMode": "ALWAYS",
    "Atime": "BEST_EFFORT",
    "Mtime": "PRESERVE",
    "PreserveDeletedFiles": "PRESERVE",
    "PreserveDevices": "NONE",
    "BytesPerSecond": -1,
    "TaskQueueing": "ENABLED",
    "LogLevel": "OFF",
    "TransferMode": "CHANGED",
    "SecurityDescriptorCopyFlags": "NONE",
    "ObjectTags": "PRESERVE",
}


def test_the_defaults_of_each_mode(account: Account, target: Path) -> None:
    posix = {"Uid": "INT_VALUE", "Gid": "INT_VALUE", "PosixPermissions": "PRESERVE"}
    objects = {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE", "ObjectMetadata": "PRESERVE"}
    buckets = [account.s3_location(account.bucket(name)) for name in ("source", "target")]

    def options(*locations: str, mode: TaskModeType) -> object:
        task = account.task(*locations, TaskMode=mode)
        return account.datasync.describe_task(TaskArn=task)["Options"]

    everything, transferred = ({"VerifyMode": mode} for mode in ("POINT_IN_TIME_CONSISTENT", "ONLY_FILES_TRANSFERRED"))
    mixed = (account.efs_location(DESTINATION), buckets[1])
    assert options(*mixed, mode="BASIC") == DEFAULTS | posix | everything
    assert options(*buckets, mode="BASIC") == DEFAULTS | objects | everything
    assert options(*buckets, mode="ENHANCED") == DEFAULTS | objects | transferred


@BOTH_MODES
def test_the_phases_and_counters_of_each_mode(account: Account, mode: TaskModeType) -> None:
    """Directories count as files in Basic mode, apart in Enhanced mode, which has no durations."""
    buckets = [account.bucket("source", **{"a": b"hello", "in/": b"", "in/b": b"!"}), account.bucket("target", old=b"")]
    locations = [account.s3_location(bucket) for bucket in buckets]
    task = account.task(*locations, TaskMode=mode, Options={"PreserveDeletedFiles": "REMOVE"})
    run = account.ended(account.start(task))
    assert run["TaskMode"] == mode
    assert {run["Result"][f"{phase}Status"] for phase in ("Prepare", "Transfer", "Verify")} == {"SUCCESS"}
    counted = {name: value for name, value in run.items() if name.startswith(("Files", "Folders", "EstimatedF"))}
    if mode == "BASIC":
        assert counted == {
            "EstimatedFilesToTransfer": 4,
            "EstimatedFilesToDelete": 1,
            "FilesTransferred": 3,
            "FilesVerified": 3,
            "FilesDeleted": 1,
            "FilesSkipped": 0,
        }
        return
    nothing = {"Prepare": 0, "Transfer": 0, "Verify": 0, "Delete": 0}
    assert counted == {
        "EstimatedFilesToTransfer": 2,
        "EstimatedFilesToDelete": 1,
        "FilesListed": {"AtSource": 2, "AtDestinationForDelete": 1},
        "FilesPrepared": 2,
        "FilesTransferred": 2,
        "FilesVerified": 2,
        "FilesDeleted": 1,
        "FilesSkipped": 0,
        "FilesFailed": nothing,
        "EstimatedFoldersToTransfer": 1,
        "EstimatedFoldersToDelete": 0,
        "FoldersListed": {"AtSource": 1, "AtDestinationForDelete": 0},
        "FoldersPrepared": 1,
        "FoldersTransferred": 1,
        "FoldersVerified": 1,
        "FoldersDeleted": 0,
        "FoldersSkipped": 0,
        "FoldersFailed": {"List": 0, **nothing},
    }
    assert [run["Result"][f"{phase}Duration"] for phase in ("Prepare", "Transfer", "Verify")] == [0, 0, 0]


def test_what_enhanced_mode_refuses(account: Account, target: Path) -> None:
    buckets = [account.s3_location(account.bucket(name)) for name in ("source", "target")]
    with pytest.raises(ClientError, match="Option: VerifyMode, Value: POINT_IN_TIME_CONSISTENT"):
        account.task(*buckets, TaskMode="ENHANCED", Options={"VerifyMode": "POINT_IN_TIME_CONSISTENT"})
    with pytest.raises(ClientError, match="ENHANCED"):
        account.task(account.efs_location(DESTINATION), buckets[0], TaskMode="ENHANCED")


@pytest.mark.parametrize("option", ["VerifyMode", "Uid", "LogLevel", "TransferMode"])
def test_values_that_do_not_exist_are_refused(account: Account, option: str) -> None:
    with pytest.raises(ClientError, match=f"'options.{option[0].lower()}{option[1:]}' failed to satisfy constraint"):
        account.efs_task(Options={option: "SOMETHING"})


def test_overrides_last_for_one_run(account: Account, source: Path, target: Path) -> None:
    task = account.efs_task()
    described = account.ended(account.start(task, OverrideOptions={"VerifyMode": "NONE"}))
    assert (described["Options"]["VerifyMode"], described["FilesVerified"]) == ("NONE", 0)
    assert account.datasync.describe_task(TaskArn=task)["Options"]["VerifyMode"] == "POINT_IN_TIME_CONSISTENT"
