"""Naming the operations of S3's REST requests."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from datasync_emulator.messages import HttpRequest
from datasync_emulator.moto_services.names import name_call


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("PUT", "/data", {}, "CreateBucket"),
        ("PUT", "/data/", {}, "CreateBucket"),
        ("HEAD", "/data", {}, "HeadBucket"),
        ("DELETE", "/data", {}, "DeleteBucket"),
        ("GET", "/data", {}, "ListObjects"),
        ("GET", "/data?list-type=2&prefix=a%2F", {}, "ListObjectsV2"),
        ("GET", "/data?versions", {}, "ListObjectVersions"),
        ("GET", "/data?versioning", {}, "GetBucketVersioning"),
        ("PUT", "/data?versioning", {}, "PutBucketVersioning"),
        ("GET", "/data?location", {}, "GetBucketLocation"),
        ("GET", "/data?uploads", {}, "ListMultipartUploads"),
        ("POST", "/data?delete", {}, "DeleteObjects"),
        ("PUT", "/data/a", {}, "PutObject"),
        ("PUT", "/data/a%2Fb", {"x-amz-copy-source": "/data/c"}, "CopyObject"),
        ("PUT", "/data/a?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/data/a?partNumber=1&uploadId=u", {"x-amz-copy-source": "/data/c"}, "UploadPartCopy"),
        ("PUT", "/data/a?tagging", {}, "PutObjectTagging"),
        ("GET", "/data/a", {}, "GetObject"),
        ("GET", "/data/a?x-id=GetObject", {}, "GetObject"),
        ("GET", "/data/a?tagging", {}, "GetObjectTagging"),
        ("HEAD", "/data/a", {}, "HeadObject"),
        ("DELETE", "/data/a", {}, "DeleteObject"),
        ("DELETE", "/data/a?uploadId=u", {}, "AbortMultipartUpload"),
        ("POST", "/data/a?uploads", {}, "CreateMultipartUpload"),
        ("POST", "/data/a?uploadId=u", {}, "CompleteMultipartUpload"),
        ("GET", "/data/a?uploadId=u", {}, "ListParts"),
    ],
)
def test_s3_operations(method: str, target: str, headers: dict[str, str], operation: str) -> None:
    path, _, query = target.partition("?")
    request = HttpRequest(method, path, query, CIMultiDict(headers), b"")
    assert name_call("s3", request)[0] == operation


def test_a_key_is_shown_decoded() -> None:
    request = HttpRequest("GET", "/data/a%20b/%C3%A4", "versionId=1", CIMultiDict(), b"")
    assert name_call("s3", request)[1] == {"Bucket": "data", "Key": "a b/ä", "versionId": "1"}
