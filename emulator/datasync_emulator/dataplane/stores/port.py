"""What the data plane needs of a location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from datasync_emulator.dataplane.entry import Entry, Kind

    # Told of what cannot be listed or copied: its kind, its path or key, and why.
    Problem: TypeAlias = Callable[[Kind, str, str], None]


class ArchivedError(PermissionError):
    """An object is in an archive, from which it has not been restored."""


class Reader(Protocol):
    """An entry's content as it was when it was opened."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Writer(Protocol):
    """An entry in the making; nobody sees it before `commit`."""

    def write(self, data: bytes, /) -> None:
        """Append."""
        ...

    def commit(self) -> None:
        """Put it in place, whole, instead of what stands there."""
        ...

    def discard(self) -> None:
        """Forget it, if it has not been committed; else do nothing."""
        ...


class Store(Protocol):
    """A location. Safe for use by several threads. What fails raises OSError with a text for people."""

    @property
    def keeps_owners(self) -> bool:
        """Whether entries can be given to other users, links apart."""
        ...

    @property
    def keeps_owners_of_links(self) -> bool:
        """Whether links can."""
        ...

    def walk(self, problem: Problem) -> Iterator[Entry]:
        """All entries below the location, in no particular order. OSError: nothing can be listed at all."""
        ...

    def find(self, path: str, version: str | None = None) -> Entry | None:
        """What stands at a path, of whatever kind; None if nothing does. Only S3 has versions."""
        ...

    def version_of(self, entry: Entry) -> str | None:
        """The version of the object that stands at the entry's name; None where there are no versions."""
        ...

    def stat(self, entry: Entry) -> Entry | None:
        """What stands at the entry's name now; None if nothing of its kind does."""
        ...

    def open(self, entry: Entry) -> Reader:
        """The content of a file, an object, or (its target) of a link."""
        ...

    def open_to_verify(self, entry: Entry) -> Reader:
        """The content once more, for its checksum: of an archived object too, whose checksum S3 keeps at hand."""
        ...

    def create(self, target: Entry) -> Writer:
        """Begin a file, object or link."""
        ...

    def make_folder(self, target: Entry) -> None:
        """Make a folder; one that exists is fine."""
        ...

    def touch(self, target: Entry) -> None:
        """Give what exists the target's attributes."""
        ...

    def delete(self, entry: Entry) -> bool:
        """Remove it; False if a folder holds things that the run does not see, and stays."""
        ...

    def close(self) -> None:
        """Let go of the location, and remove what was not committed."""
        ...
