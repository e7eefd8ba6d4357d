"""`datamover-operator [run]` works until it is told to stop; `datamover-operator import` adopts what exists."""

from __future__ import annotations

import asyncio
import os
import sys

from datamover_operator import logs
from datamover_operator.command_line import load
from datamover_operator.importing import command as importing
from datamover_operator.serving import serve


def main() -> None:
    """Run the operator, or the import. Exits with 2 for a wrong setting, 1 where it can't go on, 0 otherwise."""
    command, *rest = sys.argv[1:] or ["run"]
    if command == "import":
        sys.exit(importing.run(rest, load([], os.environ)))
    settings = load(rest if command == "run" else sys.argv[1:], os.environ)
    logs.configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(serve(settings)))


if __name__ == "__main__":
    main()
