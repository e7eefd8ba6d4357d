"""`datamover-operator`: reads the settings and works until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

from datamover_operator import logs
from datamover_operator.command_line import load
from datamover_operator.serving import serve


def main() -> None:
    """Run the operator. Exits with 2 for a wrong setting, 1 where it can't go on, 0 when it was told to stop."""
    argv = sys.argv[1:]
    settings = load(argv[1:] if argv[:1] == ["run"] else argv, os.environ)
    logs.configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(serve(settings)))


if __name__ == "__main__":
    main()
