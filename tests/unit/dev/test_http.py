"""Whether a server answers."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from datamover_dev.http import answers


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Be quiet."""


def test_only_success_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # must not stand between us and ourselves
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert answers(f"{url}/ready")
        assert not answers(f"{url}/other")
        server.shutdown()
        thread.join()
    assert not answers(f"{url}/ready")


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERT"])
def test_a_certificate_that_is_not_written_yet_means_no_answer(tmp_path: Path, content: str | None) -> None:
    authority = tmp_path / "apiserver.crt"
    if content is not None:
        authority.write_text(content)
    assert not answers("https://127.0.0.1:9/readyz", authority)
