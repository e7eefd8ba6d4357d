"""`datamover-api`: reads the settings and serves until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import sys

from datamover_api.settings import Settings
from datamover_common.collecting import collect_seldom
from datamover_common.command_line import CommandLine, complain

PROGRAM = "datamover-api"
HEADINGS = {
    "log_format": "logs",
    "legacy_enabled": "what is served",
    "keys_file": "the older service's API",
    "label_studio_keys_file": "Label Studio's API",
    "sync_keys_file": "the DataSync API",
    "http_host": "address",
    "largest_body_bytes": "limits of requests and connections",
    "start_timeout_seconds": "how long to wait",
    "githash": "version",
}


def main() -> None:
    """Run the service. Exits with 2 for a wrong setting, 1 where it can't go on, 0 when it was told to stop."""
    line = CommandLine(PROGRAM, "Movers over HTTP, as custom resources.", Settings, HEADINGS)
    settings = line.load(sys.argv[1:], os.environ)
    # Not before the settings are known: --help and a wrong setting answer at once, without kubernetes and fastapi.
    from datamover_api.auth.keys import KeysError  # noqa: PLC0415
    from datamover_api.rings import open_rings  # noqa: PLC0415
    from datamover_api.serving import serve  # noqa: PLC0415
    from datamover_api.sync.configuration import ConfigurationError, open_configuration  # noqa: PLC0415
    from datamover_common import logs  # noqa: PLC0415

    try:
        rings = open_rings(settings, os.environ)
    except KeysError as error:
        complain(PROGRAM, str(error))
        sys.exit(2)
    logs.configure(settings.log_format, settings.log_level)
    try:
        settings, configuration = open_configuration(settings, os.environ)
    except ConfigurationError as error:
        complain(PROGRAM, str(error))
        sys.exit(2)
    collect_seldom()
    sys.exit(asyncio.run(serve(settings, rings, configuration)))


if __name__ == "__main__":
    main()
