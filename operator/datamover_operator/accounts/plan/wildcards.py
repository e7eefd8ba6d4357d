"""Patterns in which `*` stands for any characters, matched in linear time whatever pattern and text hold."""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern stands for the whole text.

    Each part between two stars is taken at its first place: what comes after it has the most room then, so nothing has
    ever to be tried again.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    last = rest.pop()
    end = len(text) - len(last)
    if end < len(first) or not (text.startswith(first) and text.endswith(last)):
        return False
    place = len(first)
    for part in rest:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
