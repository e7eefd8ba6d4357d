"""`python -m datamover_crds [--check] [FOLDER]`: write the CustomResourceDefinitions, or check them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from datamover_crds.definitions import DEFINITIONS

_FOLDER = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Return 0, or with --check 1 where a file is missing or differs from what the models say."""
    parser = argparse.ArgumentParser(prog="python -m datamover_crds", description="Generate the CRDs from the models.")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=_FOLDER, help="where the files are (default: %(default)s)"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is not current")
    options = parser.parse_args(arguments)
    return check(options.folder) if options.check else write(options.folder)


def write(folder: Path) -> int:
    """Write a file for each definition."""
    for definition in DEFINITIONS:
        (folder / definition.file_name).write_text(definition.text(), encoding="utf-8")
    return 0


def check(folder: Path) -> int:
    """Name the files that are missing or differ."""
    stale = [path for d in DEFINITIONS if _content(path := folder / d.file_name) != d.text()]
    for path in stale:
        sys.stderr.write(f"{path} is not what the models say: run make crds\n")
    return 1 if stale else 0


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
