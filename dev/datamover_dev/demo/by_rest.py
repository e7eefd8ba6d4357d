"""A mover and a sync by REST: created, watched and shown by curl."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from typing import Any

import bcrypt

from datamover_dev.errors import SetupError
from datamover_dev.stack.environment import ACCOUNT_ID

GROUP = "demo"
LOOK_INTERVAL = 0.2
TIMEOUT = 120.0

HOW_TO_SIGN = (
    """TOKEN=$(.venv/bin/python -c 'import bcrypt, os; """
    """print(bcrypt.hashpw(os.environ["DATAMOVER_API_KEY"].encode(), bcrypt.gensalt(4)).decode())')"""
)

Place = tuple[str, str]
"""A bucket, and a folder in it."""


def require_curl() -> None:
    """Raise SetupError where curl is missing."""
    if shutil.which("curl") is None:
        raise SetupError("curl is not there, and the demo needs it: install it (on Debian: apt-get install curl)")


class Rest:
    """The REST service, as somebody with curl sees it."""

    def __init__(self, url: str, key: str) -> None:
        """Make a token of the key, as a client does."""
        self._url = url
        self._token = bcrypt.hashpw(key.encode(), bcrypt.gensalt(4)).decode()

    def move(self, name: str, source: Place, destination: Place) -> None:
        """Create a mover, start it, and show it when its run has ended; each command and its answer are printed.

        Raises:
            SetupError: the service did not do so.
        """
        movers = f"/v1/datasync/{ACCOUNT_ID}/movers/{GROUP}"
        print(f"$ {HOW_TO_SIGN}")
        body = {"Name": name, "Source": _location(source), "Destination": _location(destination)}
        headers, _ = self._said(movers, *_sending("POST", body))
        task = headers["x-flywheel-task"]
        print(f"  X-Flywheel-Task: {task}")

        made = self._until(f"/v1/datasync/flywheel?task={task}", lambda found: found[task]["status"], "completed")
        print(f"  {made[task]['status']}")

        _, execution = self._said(f"{movers}/{name}", *_sending("PUT", {"State": "start"}))
        print(f"  {json.dumps(execution)}")

        run = self._until(f"{movers}/{name}/runs/{execution}", lambda found: found["Status"], "SUCCESS")
        print(f"  {_some(run, 'Status', 'FilesTransferred', 'BytesTransferred')}")

        _, shown = self._said(f"{movers}/{name}")
        print(f"  Task: {_some(shown['Task'], 'Name', 'Status')}")
        for side in ("Source", "Destination"):
            print(f"  {side}: {_some(shown[side]['S3'], 'LocationUri')}")

    def _until(self, path: str, state: Callable[[Any], str], wanted: str) -> Any:  # noqa: ANN401 - JSON
        """Ask again and again, and tell the command once."""
        self._tell(path)
        deadline = time.monotonic() + TIMEOUT
        while True:
            _, found = self._curl(path)
            if state(found) == wanted:
                return found
            if state(found) in {"failed", "ERROR"} or time.monotonic() > deadline:
                raise SetupError(f"{path}: not {wanted} but {json.dumps(found)}")
            time.sleep(LOOK_INTERVAL)

    def _said(self, path: str, *options: str) -> tuple[dict[str, str], Any]:
        self._tell(path, *options)
        return self._curl(path, *options)

    def _tell(self, path: str, *options: str) -> None:
        given = "".join(f"{shlex.quote(option)} " for option in options)
        print(f'$ curl -H "X-Auth-Token: $TOKEN" {given}"$DATAMOVER_API_URL{path}"')

    def _curl(self, path: str, *options: str) -> tuple[dict[str, str], Any]:
        """Return the headers, by their names in lower case, and the body: JSON, or nothing."""
        common = ("--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", f"{TIMEOUT:.0f}")
        command = ["curl", *common, "-H", f"X-Auth-Token: {self._token}", *options, self._url + path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        head, _, body = done.stdout.partition("\n\n")
        status, *lines = head.splitlines() or [""]
        if done.returncode != 0 or " 20" not in status:
            raise SetupError(f"curl {path}: {status} {body.strip()} {done.stderr.strip()}")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return headers, json.loads(body) if body else None


def _location(place: Place) -> dict[str, object]:
    bucket, folder = place
    return {"Type": "S3", "S3": {"S3BucketArn": f"arn:aws:s3:::{bucket}", "Subdirectory": folder}}


def _sending(method: str, body: object) -> tuple[str, ...]:
    return "-X", method, "-d", json.dumps(body)


def _some(found: dict[str, Any], *names: str) -> str:
    return ", ".join(f"{name} {found[name]}" for name in names)
