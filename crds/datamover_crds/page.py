"""A page of docs/ that is generated: written, or with --check compared with what is there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def write_or_check(page: Path, text: str, arguments: list[str] | None) -> int:
    """Return 0, or with --check 1 where the page is missing or is not `text`."""
    parser = argparse.ArgumentParser(description=f"Write docs/{page.name}.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is not current")
    parser.add_argument("page", nargs="?", type=Path, default=page, help="the page (default: %(default)s)")
    options = parser.parse_args(arguments)
    if not options.check:
        options.page.write_text(text, encoding="utf-8")
        return 0
    if options.page.exists() and options.page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{options.page} is not what the models say: run make crds\n")
    return 1
