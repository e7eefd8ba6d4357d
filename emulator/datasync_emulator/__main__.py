"""The command `datasync-emulator`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from datasync_emulator.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the endpoint is the one line on stdout, logs go to stderr."""
    settings = read_arguments(argv)
    # Not before the arguments are read: --help and a wrong argument answer at once, without boto3 and moto.
    from datasync_emulator.emulator import running  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(running(settings)))
    except OSError as error:
        # asyncio rewrites `strerror` and repeats the address in it.
        reason = os.strerror(error.errno) if error.errno else str(error)
        sys.stderr.write(f"datasync-emulator: cannot listen on {settings.host}:{settings.port}: {reason}\n")
        return 1
    return 0


async def _serve(emulator: AbstractAsyncContextManager[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with emulator as endpoint:
        sys.stdout.write(f"{endpoint}\n")
        sys.stdout.flush()
        await stop.wait()


def read_arguments(argv: Sequence[str] | None) -> Settings:
    """Read the command line; a wrong one ends the program with a message and status 2."""
    defaults = Settings(data_root=Path())
    parser = argparse.ArgumentParser(
        prog="datasync-emulator",
        description="AWS DataSync (with S3, IAM, STS, SQS and EventBridge) on one local port. State is in memory; "
        "file systems are folders under DATA_ROOT.",
    )
    parser.add_argument("--version", action="version", version=f"datasync-emulator {version('datamover-operator')}")
    parser.add_argument("--data-root", type=Path, required=True, help="where file systems are kept, as folders")
    parser.add_argument("--host", default=defaults.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=defaults.port, help="port; 0 takes a free one (the default)")
    delays = parser.add_argument_group("delays")
    for name, text in _SECONDS.items():
        delays.add_argument(name, type=_seconds, default=0.0, metavar="S", help=f"seconds {text} (default: 0)")
    limits = parser.add_argument_group("limits")
    for name, text in _COUNTS.items():
        default = getattr(defaults, name.removeprefix("--").replace("-", "_"))
        help_text = f"{text} (default: %(default)s)"
        limits.add_argument(name, type=_count, default=default, metavar="N", help=help_text)
    servers = parser.add_argument_group("file systems and object storage")
    servers.add_argument(
        "--no-create-file-systems",
        dest="create_file_systems",
        action="store_false",
        help="refuse file systems that have no folder yet, instead of making it",
    )
    servers.add_argument(
        "--object-storage",
        type=_server,
        action="append",
        default=[],
        metavar="HOST=URL",
        help="where the object storage server is that locations call HOST; others are looked for by their own names",
    )
    given = vars(parser.parse_args(argv))
    return Settings(**given | {"object_storage": dict(given["object_storage"])})


_SECONDS = {
    "--state-delay": "that an execution stays in each of its states at least",
    "--task-delay": "that a new task is CREATING",
    "--iam-delay": "until a new role can be assumed",
}
_COUNTS = {
    "--max-tasks": "tasks in one account and Region",
    "--max-queued": "queued executions of one task",
    "--copy-slots": "executions that copy at once; more wait in LAUNCHING",
    "--journal-limit": "calls that the journal keeps",
}


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        message = f"'{text}' is not a number of seconds from 0"
        raise argparse.ArgumentTypeError(message)
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"'{text}' is not a whole number from 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _server(text: str) -> tuple[str, str]:
    host, _, url = text.partition("=")
    if not host or urlsplit(url).scheme not in {"http", "https"}:
        message = f"'{text}' is not HOST=URL, such as minio.example.com=http://127.0.0.1:9000"
        raise argparse.ArgumentTypeError(message)
    return host, url


def _port(text: str) -> int:
    highest = 65535
    if not text.isdecimal() or int(text) > highest:
        message = f"'{text}' is not a port from 0 to {highest}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
