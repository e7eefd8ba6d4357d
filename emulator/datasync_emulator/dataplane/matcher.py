r"""Filters: which paths a task includes and excludes.

Syntax from the DataSync user guide, "Transferring specific files, objects, and folders by using filters": patterns
joined by "|", case-sensitive, relative to the location. "*" stands for any characters, slashes too. A backslash makes
a following "*", "|" or backslash literal and is ignored before anything else. A leading "/" anchors a pattern directly
under the location; without one it matches at any depth. A pattern that matches a folder covers all that lies in it.
"""

from __future__ import annotations

from dataclasses import dataclass

_ALWAYS_LEFT_OUT = ("/.aws-datasync/", "/.awssync/", "/.zfs/")
_SNAPSHOT = ".snapshot/"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Literal texts with a "*" between each two of them. At least one; the first is anchored at the start."""

    texts: tuple[str, ...]

    def matches(self, subject: str) -> bool:
        """Whether the pattern matches the whole of `subject`, a path with a leading slash."""
        if len(self.texts) == 1:
            return subject == self.texts[0]
        first, *middle, last = self.texts
        if not subject.startswith(first) or len(subject) < len(first) + len(last) or not subject.endswith(last):
            return False
        position, end = len(first), len(subject) - len(last)
        for text in middle:
            # The leftmost find is enough: it leaves the most room for the texts that follow.
            found = subject.find(text, position, end)
            if found < 0:
                return False
            position = found + len(text)
        return True


def parse(value: str) -> tuple[Pattern, ...]:
    """The patterns of a filter's value; empty ones are dropped."""
    return tuple(_anchored(texts) for texts in _split(value))


def has_inner_wildcard(value: str) -> bool:
    """Whether a pattern has a "*" elsewhere than at its end, which an include filter must not have."""
    with_wildcard = (texts for texts in _split(value) if len(texts) > 1)
    return any(texts[1:] != [""] for texts in with_wildcard)


def _split(value: str) -> list[list[str]]:
    """Each pattern as the texts between its wildcards."""
    patterns: list[list[str]] = [[""]]
    characters = iter(value)
    for character in characters:
        if character == "|":
            patterns.append([""])
        elif character == "*":
            patterns[-1].append("")
        else:
            patterns[-1][-1] += next(characters, "") if character == "\\" else character
    return [texts for texts in patterns if texts != [""]]


def _anchored(texts: list[str]) -> Pattern:
    """Drop the slash at the end, and let a pattern without one at the start match at any depth."""
    first, *others = [*texts[:-1], texts[-1].removesuffix("/")]
    if first.startswith("/") or first == "":
        return Pattern((first, *others))
    return Pattern(("", f"/{first}", *others))


def covers(patterns: tuple[Pattern, ...], path: str) -> bool:
    """Whether a pattern matches the path or a folder above it. The path has no leading slash."""
    subject = f"/{path}"
    while subject:
        if any(pattern.matches(subject) for pattern in patterns):
            return True
        subject = subject.rpartition("/")[0]
    return any(pattern.matches("") for pattern in patterns)


def always_left_out(path: str) -> bool:
    """Whether DataSync never touches the path, whatever the filters say."""
    subject = f"/{path}/"
    return _SNAPSHOT in subject or subject.startswith(_ALWAYS_LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Filters:
    """A run's filters. No include pattern means that everything is included."""

    includes: tuple[Pattern, ...] = ()
    excludes: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, includes: str | None, excludes: str | None) -> Filters:
        """Parse the values of an include and an exclude rule; None is no rule."""
        return cls(parse(includes or ""), parse(excludes or ""))

    def included(self, path: str) -> bool:
        """Whether the include filter lists the path."""
        return not self.includes or covers(self.includes, path)

    def excluded(self, path: str) -> bool:
        """Whether the exclude filter takes the path out."""
        return bool(self.excludes) and covers(self.excludes, path)
