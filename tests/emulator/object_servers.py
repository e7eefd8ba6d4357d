"""Object storage servers to copy to and from: the emulator's own S3, and rclone's, which is not moto."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from datamover_dev.processes import ending_with_us
from tests.support.ports import unshared_port
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KEY, SECRET = "AKIDEXAMPLE", "the-secret-key"


@dataclass(frozen=True)
class ObjectServer:
    """A server that is up, and a client of it."""

    host: str
    port: int
    key: str
    secret: str
    client: S3Client

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def s3_client(url: str, key: str, secret: str) -> S3Client:
    config = Config(
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=config,
    )


def rclone() -> str | None:
    """An rclone that can serve S3 (1.65 or newer)."""
    beside = Path(sys.executable).with_name("rclone")
    program = str(beside) if beside.exists() else shutil.which("rclone")
    if program is None:
        return None
    helps = subprocess.run([program, "serve", "s3", "--help"], capture_output=True, text=True, check=False)
    return program if "--auth-key" in helps.stdout else None


@contextmanager
def rclone_server(program: str, folder: Path) -> Iterator[ObjectServer]:
    """Serve a folder's folders as buckets until the block is left."""
    port = unshared_port()
    command = [program, "serve", "s3", "--auth-key", f"{KEY},{SECRET}", "--addr", f"127.0.0.1:{port}", str(folder)]
    process = subprocess.Popen(ending_with_us(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = s3_client(f"http://127.0.0.1:{port}", KEY, SECRET)
    try:
        eventually(lambda: _answers(port), what="rclone serves")
        yield ObjectServer("127.0.0.1", port, KEY, SECRET, client)
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
