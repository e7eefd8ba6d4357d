"""What helm's notes tell people to type."""

from __future__ import annotations

import re
import textwrap


def commands_in(notes: str) -> list[str]:
    """The commands of NOTES.txt in their order: lines that are set off by two spaces, each with its here document."""
    shown = re.findall(r"^  (?:.*<<END\n(?:.*\n)*?  END|\S.*)$", notes, re.MULTILINE)
    return [textwrap.dedent(each) for each in shown]
