"""botocore's S3 client as the remote store needs it: its settings, its errors, its names of metadata."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from datasync_emulator.dataplane import posix_metadata as posix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.model import RemoteEndpoint

HEADS_AT_ONCE: Final = 8
SYSTEM_METADATA: Final = {
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
}
_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


class Body:
    """A response's body, whose failures are those of a file."""

    def __init__(self, body: Any, name: str) -> None:  # noqa: ANN401 - botocore has no types
        self._body, self._name = body, name

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""
        with as_os_errors(self._name):
            data: bytes = self._body.read(size)
            return data

    def close(self) -> None:
        """Let go of the connection."""
        self._body.close()


def make_client(endpoint: RemoteEndpoint, folder: Path) -> Any:  # noqa: ANN401 - botocore has no types
    """Make a client; the certificates to trust are written to the folder, for botocore wants a file."""
    verify = None
    if endpoint.certificates:
        file = folder / "certificates.pem"
        file.write_bytes(endpoint.certificates)
        verify = str(file)
    config = Config(
        signature_version=None if endpoint.access_key else UNSIGNED,
        s3={"addressing_style": "path"},
        connect_timeout=10,
        read_timeout=60,
        retries={"total_max_attempts": 3},
        max_pool_connections=HEADS_AT_ONCE * 2,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key or "",
        verify=verify,
        config=config,
    )


def headers(target: Entry) -> dict[str, object]:
    """The parameters that give an object its metadata."""
    user = {k.removeprefix(posix.USER_PREFIX): v for k, v in target.metadata.items() if k.startswith(posix.USER_PREFIX)}
    system = {member: target.metadata[name] for name, member in SYSTEM_METADATA.items() if name in target.metadata}
    return {"Metadata": user, **system}


@contextmanager
def as_os_errors(name: str) -> Iterator[None]:
    """Turn what botocore raises into OSError, as the data plane knows it; `name` is what it is about."""
    try:
        yield
    except ClientError as error:
        _raise(error.response["Error"].get("Code", ""), error.response["Error"].get("Message", ""), name)
    except BotoCoreError as error:
        raise OSError(errno.EIO, str(error), name) from None


def _raise(code: str, message: str, name: str) -> NoReturn:
    if code in _MISSING:
        raise FileNotFoundError(errno.ENOENT, message or "The object does not exist", name) from None
    raise OSError(errno.EIO, f"{code}: {message}", name) from None
