"""A sync by the DataSync API v2.1: created, watched and deleted by curl."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from typing import Any

from datamover_dev.errors import SetupError

LOOK_INTERVAL = 0.5
TIMEOUT = 120.0
_PATH = "/api/v1/sync"


class SyncApi:
    """The API, as somebody with curl sees it."""

    def __init__(self, url: str, key: str) -> None:
        """Send requests to `url` with this key."""
        self._url = url
        self._key = key

    def create(self, source: str, destination: str) -> str:
        """Create a sync between two buckets' folders; return its id."""
        body = {"source": {"type": "s3", "url": source}, "destination": {"type": "s3", "url": destination}}
        made = self._said("", "-X", "POST", "-H", "Content-Type: application/json", "-d", json.dumps(body))
        print(f"  {made['id']}: {made['status']}")
        return str(made["id"])

    def watch(self, sync: str) -> None:
        """Ask for the status until the sync is completed.

        Raises:
            SetupError: it was not, in time or at all.
        """
        self._tell(f"/{sync}/status")
        deadline, told = time.monotonic() + TIMEOUT, ""
        while True:
            found = self._curl(f"/{sync}/status")
            line = f"  {found['status']}, {found['progress']} %"
            if line != told:
                print(line)
            told = line
            if found["status"] == "completed":
                return
            if found["status"] == "failed" or time.monotonic() > deadline:
                raise SetupError(f"sync {sync}: not completed but {json.dumps(found)}")
            time.sleep(LOOK_INTERVAL)

    def delete(self, sync: str) -> None:
        """Delete a sync."""
        self._said(f"/{sync}", "-X", "DELETE")

    def _said(self, path: str, *options: str) -> Any:  # noqa: ANN401 - JSON
        self._tell(path, *options)
        return self._curl(path, *options)

    def _tell(self, path: str, *options: str) -> None:
        given = "".join(f"{shlex.quote(option)} " for option in options)
        print(f'$ curl -H "Authorization: Bearer $SYNC_API_KEY" {given}"$SYNC_API_URL{_PATH}{path}"')

    def _curl(self, path: str, *options: str) -> Any:  # noqa: ANN401 - JSON
        common = ("--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--max-time", f"{TIMEOUT:.0f}")
        # The key is no argument: others on this machine could read it.
        secret = f'header = "Authorization: Bearer {self._key}"\n'
        command = ["curl", *common, "--config", "-", *options, f"{self._url}{_PATH}{path}"]
        done = subprocess.run(command, input=secret, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"curl {_PATH}{path}: {done.stdout.strip()} {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout else None
