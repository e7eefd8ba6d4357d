"""`datamover-operator [run]` works until it is told to stop; `datamover-operator import` adopts what exists."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from datamover_common.collecting import collect_seldom
from datamover_operator.process.command_line import load


def main() -> None:
    """Run the operator, or the import. Exits with 2 for a wrong setting, 1 where it can't go on, 0 otherwise."""
    command, *rest = sys.argv[1:] or ["run"]
    if command == "import":
        sys.exit(_import(rest))
    settings = load(rest if command == "run" else sys.argv[1:], os.environ)
    # Not before the settings are known: --help and a wrong setting answer at once, without kopf, boto3, kubernetes.
    from datamover_common import logs  # noqa: PLC0415
    from datamover_crds.building import build_models  # noqa: PLC0415
    from datamover_operator.serving import serve  # noqa: PLC0415

    logs.configure(settings.log_format, settings.log_level)
    build_models()
    collect_seldom()
    sys.exit(asyncio.run(serve(settings)))


def _import(arguments: Sequence[str]) -> int:
    settings = load([], os.environ)
    from datamover_operator.importing import command  # noqa: PLC0415 - as above

    return command.run(arguments, settings)


if __name__ == "__main__":
    main()
