"""The folder of a location."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from datamover_crds.common import Model
from datamover_crds.rules import Rule
from datamover_crds.words import Words

PLAIN_PATH: Final = "letters, digits, spaces and _ + - . / ( )"
Subdirectory = Annotated[
    str,
    Field(max_length=4096, pattern="^[a-zA-Z0-9_+./() \\p{Zs}-]*$"),
    Words(f"must be a folder alone, such as /photos/2024: {PLAIN_PATH}"),
]


def _has_plain_folders(location: Model) -> bool:
    folders = str(getattr(location, "subdirectory", None) or "").split("/")
    inner = folders[folders[0] == "" : len(folders) - (folders[-1] == "")]
    return not {"", ".", ".."} & set(inner)


PLAIN_FOLDERS: Final = Rule(  # "Working with objects" in the DataSync user guide
    field_path=".subdirectory",
    cel="!has(self.subdirectory) || !self.subdirectory.matches('//|(^|/)[.][.]?(/|$)')",
    holds=_has_plain_folders,
    message="must be a path without empty folder names (//), . and .., such as /photos/2006; DataSync reads no other",
    shown="self.subdirectory",
)
