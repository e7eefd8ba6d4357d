"""The operator's command line: its name, its forms, its flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from datamover_common.command_line import CommandLine
from datamover_operator.process.settings import Settings

PROGRAM = "datamover-operator"
HEADINGS = {
    "log_format": "logs",
    "namespaces": "what is managed",
    "database_hosts": "what may be connected to",
    "workers": "pace",
    "aws_threads": "calls to AWS",
    "http_host": "health and metrics",
    "lease": "Lease",
}


def load(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings. Raises SystemExit after `--help` and for wrong ones, as `CommandLine.load` does."""
    return CommandLine(
        PROGRAM,
        "A Kubernetes operator for AWS DataSync. 'import' adopts what the older REST service made; "
        "it takes its settings from the environment variables.",
        Settings,
        HEADINGS,
        usage=("[run] [--flag VALUE ...]", "import --help"),
    ).load(argv, environ)
