"""A certificate that is renewed, file by file."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from datamover_api.http import certificates
from datamover_api.http.certificates import keep_certificate
from tests.support.certificates import write_certificate
from tests.support.waiting import eventually_async


@pytest.mark.parametrize("missing", [True, False], ids=["the-key-is-missing", "the-certificate-comes-first"])
async def test_the_old_pair_is_served_until_the_new_one_is_whole(
    missing: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = counted_looks(monkeypatch)
    certificate, key, new_key = tmp_path / "tls.crt", tmp_path / "tls.key", tmp_path / "new.key"
    first = write_certificate(certificate, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for path in (certificate, key):
        os.utime(path, (0, 0))  # a file system's clock may be too coarse to tell what was written just now
    with capture_logs() as logs:
        keeping = asyncio.create_task(keep_certificate(context, certificate, key))
        try:
            await eventually_async(lambda: some(looks))
            if missing:
                key.unlink()
            second = write_certificate(certificate, new_key)
            await eventually_async(
                lambda: some(told(logs, "the certificate could not be reloaded; keeping the old one"))
            )
            assert served(context) == first
            new_key.replace(key)
            await eventually_async(lambda: some(told(logs, "certificate reloaded")))
            assert served(context) == second
        finally:
            keeping.cancel()


def counted_looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let it look often; the list grows when it has looked."""
    looks: list[Path] = []
    stamp = certificates._stamp

    def counted(*paths: Path) -> tuple[int, ...]:
        found = stamp(*paths)
        looks.extend(paths)
        return found

    monkeypatch.setattr(certificates, "_LOOK_INTERVAL_S", 0.01)
    monkeypatch.setattr(certificates, "_stamp", counted)
    return looks


def told(logs: Sequence[Mapping[str, object]], event: str) -> list[Mapping[str, object]]:
    return [each for each in logs if each["event"] == event]


async def some(found: Sequence[object]) -> bool:
    return bool(found)


def served(context: ssl.SSLContext) -> bytes | None:
    """The certificate (DER) that a client is shown in a handshake."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.getpeercert(binary_form=True)
