"""Selecting, comparing and reading reports, on buckets in memory."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import Selection
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Listed
from datamover_operator.runs.comparing import compare
from datamover_operator.runs.manifests import check_manifest
from datamover_operator.runs.plan.errands import CheckManifest, Compare, Place, ReadReport, Select
from datamover_operator.runs.reports import read_report
from datamover_operator.runs.selecting import select
from tests.unit.runs.buckets import PAGE, Buckets

ERRAND = Select(Place("src", "in/"), Selection(glob="**/*.csv"), "lists", "m/r.csv")
MIB = 1024 * 1024


def long_listing(count: int) -> Buckets:
    """A bucket of so many keys of nearly 1,000 characters."""

    def page(after: str) -> Sequence[Listed]:
        start = int(after[3:12]) + 1 if after else 0
        numbers = range(start, min(start + PAGE, count))
        return [Listed(f"in/{number:09d}/{'x' * 900}.csv", 1, "2025-01-15T12:00:00Z") for number in numbers]

    return Buckets(listing={"src": page})


async def test_a_selection_becomes_a_manifest() -> None:
    bodies = {
        "in/a.csv": b"12",
        "in/b,c.csv": b"3",
        "in/d.txt": b"4",
        "in/e/": b"",
        "in//f.csv": b"5",
        "out/g.csv": b"",
    }
    buckets = Buckets({("src", key): body for key, body in bodies.items()})
    found = await select(buckets, ERRAND)
    assert (found.objects, found.bytes, found.listed, found.manifest) == (2, 3, 4, "s3://lists/m/r.csv")
    assert buckets.objects["lists", "m/r.csv"] == b'a.csv\n"b,c.csv"\n'


async def test_memory_does_not_grow_with_the_number_of_keys() -> None:
    """The whole manifest would be 14 MB, the whole listing more than that."""
    buckets = long_listing(15_000)
    tracemalloc.start()
    found = await select(buckets, ERRAND)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.objects, found.listed) == (15_000, 15_000)
    parts = list(buckets.uploads["lists/m/r.csv"].values())
    assert len(parts) == 2
    assert parts[0] >= 5 * MIB, "as S3 wants it of all parts but the last"
    assert sum(parts) == 15_000 * 915
    assert peak < 32 * MIB


async def test_an_upload_that_fails_leaves_no_parts() -> None:
    buckets = long_listing(15_000)
    buckets.fails_at_part = 1
    with pytest.raises(AwsError):
        await select(buckets, ERRAND)
    assert (buckets.uploads, buckets.objects) == ({}, {})


async def test_nothing_selected_leaves_no_object() -> None:
    buckets = Buckets({("src", "in/a.txt"): b""})
    assert (await select(buckets, ERRAND)).objects == 0
    assert ("lists", "m/r.csv") not in buckets.objects


files = st.dictionaries(st.text("ab./é", min_size=1, max_size=3), st.integers(0, 2), max_size=6)


@given(files, files)
def test_a_comparison_finds_what_sets_find(source: dict[str, int], destination: dict[str, int]) -> None:
    objects = {("src", f"in/{key}"): b"x" * size for key, size in source.items()}
    objects |= {("dst", key): b"x" * size for key, size in destination.items()}
    errand = Compare(Place("src", "in/"), Place("dst"), None, "", "")
    found = asyncio.run(compare(Buckets(objects), errand))
    left, right = (
        {key: size for key, size in side.items() if not {"", ".", ".."} & set(key.split("/"))}
        for side in (source, destination)
    )
    assert (found.compared, found.missing, found.extra) == (
        len(left),
        len(left.keys() - right.keys()),
        len(right.keys() - left.keys()),
    )
    assert found.different == sum(size != right[key] for key, size in left.items() if key in right)


async def test_a_comparison_looks_at_what_the_run_was_to_transfer() -> None:
    keys = ("a.csv", "b.csv", "old/c.csv", "d.txt")
    buckets = Buckets({("src", key): b"1" for key in keys} | {("dst", "a.csv"): b"1", ("dst", "old/z"): b""})
    errand = Compare(Place("src"), Place("dst"), Selection(regex="csv$"), "", "/old")
    found = await compare(buckets, errand)
    assert [(each.path, each.difference) for each in found.paths] == [("b.csv", "Missing")]
    assert found.compared == 2


def by_manifest(lines: bytes) -> tuple[Buckets, Compare]:
    keys = ("a,b.csv", "b.csv", "c.csv")
    buckets = Buckets({("src", f"in/{key}"): b"1" for key in keys} | {("dst", "c.csv"): b"22", ("dst", "z"): b""})
    buckets.objects["lists", "m.csv"] = lines
    manifest = CheckManifest("lists", "m.csv", None)
    return buckets, Compare(Place("src", "in/"), Place("dst"), None, "", "", manifest)


async def test_a_comparison_looks_at_what_the_manifest_names() -> None:
    found = await compare(*by_manifest(b'"a,b.csv"\nc.csv\nnowhere.csv'))
    assert [(each.path, each.difference) for each in found.paths] == [("a,b.csv", "Missing"), ("c.csv", "Different")]
    assert (found.compared, found.extra) == (2, 0)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (b"a.csv,v1\n", "s3://lists/m.csv names versions of objects"),
        (b"a.csv\nfolder/\n", "s3://lists/m.csv line 2 must begin with the path of a file"),
    ],
)
async def test_what_can_not_be_compared_by_its_manifest_is_said(lines: bytes, problem: str) -> None:
    with pytest.raises(AwsError) as refused:
        await compare(*by_manifest(lines))
    assert problem in str(refused.value)


REPORT = ReadReport(Place("reports", "n/"), "task-1", "exec-1")


def reported(summary: object, *lists: object) -> Buckets:
    buckets = Buckets({("reports", "n/Summary-Reports/task-1/exec-1/s.json"): json.dumps(summary).encode()})
    for number, each in enumerate(lists):
        key = f"n/Detailed-Reports/task-1/exec-1/{number}.json"
        buckets.objects["reports", key] = each if isinstance(each, bytes) else json.dumps(each).encode()
    return buckets


async def test_a_report_of_basic_mode() -> None:
    summary = {"Result": {"FilesTransferred": 3, "FilesSkipped": 1, "FilesDeleted": 0}}
    failed = {"RelativePath": "/a", "TransferStatus": "FAILED", "FailureCode": 40974, "FailureReason": "no"}
    fine = {"RelativePath": "/b", "TransferStatus": "SUCCESS"}
    again = {"RelativePath": "/a", "VerifyStatus": "FAILED"}
    found = await read_report(reported(summary, {"Transferred": [fine, failed]}, {"Verified": [again]}), REPORT)
    assert found.files is not None
    assert found.files.model_dump() == {"transferred": 3, "skipped": 1, "failed": 1, "deleted": 0}
    assert [each.model_dump() for each in found.failures] == [{"path": "a", "code": "40974", "detail": "no"}]


async def test_a_report_of_enhanced_mode_counts_by_itself() -> None:
    summary = {"Result": {"FilesTransferred": 3, "FilesFailed": {"Prepare": 1, "Transfer": 2}}}
    item = {"RelativePath": "a", "TransferStatus": "FAILED", "ErrorCode": "E", "ErrorDetail": "d" * 5000}
    found = await read_report(reported(summary, {"Transferred": [item]}), REPORT)
    assert found.files is not None
    assert found.files.failed == 3
    assert len(found.failures[0].detail) == 1024


async def test_of_many_failures_the_first_are_kept() -> None:
    items = [{"RelativePath": f"/{number}", "TransferStatus": "FAILED"} for number in range(50)]
    found = await read_report(reported({}, {"Transferred": items}), REPORT)
    assert found.files is not None
    assert (len(found.failures), found.files.failed) == (20, 50)


@pytest.mark.parametrize("content", [b"", b"{", b'{"Transferred":[{"a":', b'{"Transferred":[1,null]}', b"\xff"])
async def test_a_broken_list_of_files_is_no_crash(content: bytes) -> None:
    found = await read_report(reported({"Result": {"FilesTransferred": "many"}}, content), REPORT)
    assert found.files is not None
    assert found.files.transferred is None
    assert found.failures == ()


async def test_a_manifest_that_is_not_there() -> None:
    found = await check_manifest(Buckets(), CheckManifest("lists", "a.csv", "v1"))
    assert found.problem == "s3://lists/a.csv does not exist in version 'v1'"
