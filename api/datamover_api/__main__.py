"""`datamover-api`: reads the settings and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

from datamover_api import logs
from datamover_api.auth.keys import KeyRing, KeysError
from datamover_api.command_line import CommandLine, complain
from datamover_api.serving import serve
from datamover_api.settings import PREFIX, Settings

PROGRAM = "datamover-api"


def main() -> None:
    """Run the service. Exits with 2 for a wrong setting, 1 where it can't go on, 0 when it was told to stop."""
    settings = CommandLine(PROGRAM, "Movers over HTTP, as custom resources.", Settings).load(sys.argv[1:], os.environ)
    try:
        ring = KeyRing(settings.keys_file)
    except KeysError as error:
        complain(PROGRAM, f"{PREFIX}KEYS_FILE={error}")
        sys.exit(2)
    logs.configure(settings.log_format, settings.log_level)
    sys.exit(asyncio.run(serve(settings, ring)))


if __name__ == "__main__":
    main()
