"""Nobody's text is matched by a pattern that tries again and again: that of users goes to RE2, ours nest no repeats."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from re import _compiler as compiler  # type: ignore[attr-defined]
from re import _constants as constants  # type: ignore[attr-defined] # how the standard library reads a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from datamover_dev.paths import CHECKOUT
from tests.support.sources import trees

BACKTRACKING = {"fnmatch", "glob", "regex", "sre_compile"}
"""Modules that match patterns by trying."""

MADE = {
    "form.pattern": "the forms of ARNs are in this module",
    "f\"^({'|'.join((POSTGRESQL, *TYPES.values()))})[.]?\"": "the names of our own members",
    "f'{re.escape(obj.metadata.name)}-[0-9a-f]{{8}}'": "what is escaped matches itself alone",
}
"""Patterns whose text is not known from their call, each with the reason why it is ours."""

NESTED = {
    "[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*": "a dot, which nothing else matches, parts them",
    "^kms://https?@([a-zA-Z0-9-]+[.])*[A-Za-z0-9-]+(;([a-zA-Z0-9-]+[.])*[A-Za-z0-9-]+)*:[0-9]{1,5}/kms$": (
        "dots and semicolons, which nothing else matches, part them"
    ),
    "^[^*|]*[*]?([|][^*|]*[*]?)*$": "a bar, which nothing else matches, parts them",
}
"""Patterns with a repeat in a repeat, each with the reason why there is one way only to match a text."""

QUADRATIC = {
    ".*-[0-9a-f]{10}": "it is matched from the start of a text alone",
    "[a-z0-9-]+://(arn:[^/]*:(outpost[/:][^/:]+[/:])?accesspoint[/:][^/:]+|[^/]+)": "the same",
    "([0-9]+)([dhms])": "it is looked for in durations alone, whose form and length the schema bounds",
}
"""Patterns for which a run of one character may be parted in many ways, each with the reason why none is tried."""

PLAIN = (ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.Name, ast.Load, ast.BinOp, ast.operator)
"""What a pattern is written with whose text is known."""


def patterns_in(path: Path, tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Each pattern that is given to `re`: how it is written, and its text where that is known from here."""
    given = [node.args[0] for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and is_of_re(node)]
    if given:
        known = vars(importlib.import_module(".".join(path.relative_to(CHECKOUT).with_suffix("").parts[1:])))
        for each in given:
            yield ast.unparse(each), text_of(each, known)


def is_of_re(call: ast.Call) -> bool:
    function = call.func
    is_of_module = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return is_of_module and ast.unparse(function).startswith("re.") and ast.unparse(function) != "re.escape"


def text_of(node: ast.expr, known: dict[str, Any]) -> str | None:
    """The text of a literal that holds nothing but constants of its module."""
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    if not all(isinstance(each, PLAIN) for each in ast.walk(node)):
        return None
    if not all(name.isupper() and isinstance(known.get(name), str | int) for name in names):
        return None
    value = eval(compile(ast.Expression(node), "pattern", "eval"), {}, dict(known))  # noqa: S307 - literals of ours
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def nests(items: Any, *, inside: bool = False) -> bool:  # noqa: ANN401 - what the parser returns has no types
    """Whether a repeat without a bound holds another one."""
    for operator, argument in items:
        if operator in {constants.MAX_REPEAT, constants.MIN_REPEAT}:
            _, most, body = argument
            is_open = most == constants.MAXREPEAT
            if (is_open and inside) or nests(body, inside=inside or is_open):
                return True
        elif operator is constants.BRANCH:
            if any(nests(each, inside=inside) for each in argument[1]):
                return True
        elif operator is constants.SUBPATTERN:
            if nests(argument[-1], inside=inside):
                return True
        elif operator in {constants.ASSERT, constants.ASSERT_NOT} and nests(argument[1], inside=inside):
            return True
    return False


REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT}
CHARACTERS = [chr(code) for code in (*range(9, 14), *range(32, 127), 0xE9)]


def flat(items: Any) -> list[Any]:  # noqa: ANN401 - what the parser returns has no types
    """The items of a pattern and of its groups in their order; what only looks around matches no text."""
    found: list[Any] = []
    for operator, argument in items:
        if operator is constants.SUBPATTERN:
            found += flat(argument[-1])
        elif operator not in {constants.ASSERT, constants.ASSERT_NOT, constants.AT}:
            found.append((operator, argument))
    return found


def matcher(state: Any, items: list[Any]) -> re.Pattern[str]:  # noqa: ANN401 - as above
    compiled: re.Pattern[str] = compiler.compile(parser.SubPattern(state, list(items)), re.DOTALL)
    return compiled


def is_quadratic(pattern: str) -> bool:
    """Whether two repeats without a bound share a run of one character, so that each way to part it is tried.

    The place where a match is looked for is such a repeat, too, if what follows the first one can fail there.
    """
    parsed = parser.parse(pattern)
    items, made = flat(parsed), partial(matcher, parsed.state)
    opened = [at for at, (operator, its) in enumerate(items) if operator in REPEATS and its[1] == constants.MAXREPEAT]
    bodies = {at: made(items[at][1][2]) for at in opened}
    for number, first in enumerate(opened):
        for second in opened[number + 1 :]:
            between = made(items[first + 1 : second])
            if any(
                bodies[first].fullmatch(each) and bodies[second].fullmatch(each) and is_run(between, each)
                for each in CHARACTERS
            ):
                return True
    if not opened or pattern.startswith("^"):
        return False
    body, before, after = bodies[opened[0]], made(items[: opened[0]]), made(items[opened[0] + 1 :])
    return any(
        body.fullmatch(each) and is_run(before, each) and not after.match("") and not after.match(each)
        for each in CHARACTERS
    )


def is_run(pattern: re.Pattern[str], character: str) -> bool:
    return any(pattern.fullmatch(character * times) for times in range(4))


def test_only_re2_matches_patterns_that_are_not_ours() -> None:
    strangers = [
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
        if name in BACKTRACKING
    ]
    assert strangers == [], "use datamover_crds.patterns"
    found = {written for path, tree in trees() for written, text in patterns_in(path, tree) if text is None}
    assert found == set(MADE), "a pattern that is not written where it is used: may it be a user's?"


def test_no_pattern_of_ours_can_match_a_text_in_many_ways() -> None:
    found = {text for path, tree in trees() for _, text in patterns_in(path, tree) if text is not None}
    assert len(found) > 50
    assert {text for text in found if nests(parser.parse(text))} == set(NESTED)


def test_no_pattern_of_ours_parts_a_run_of_one_character_in_many_ways() -> None:
    found = {text for path, tree in trees() for _, text in patterns_in(path, tree) if text is not None}
    assert {text for text in found if is_quadratic(text)} == set(QUADRATIC)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a*a*", True),
        ("^a*(b?)a*$", True),
        ("^(a|b)*c?a*$", True),
        (r"\s*,\s*", True),
        ("(a+)b", True),
        ("^a*b", False),
        ("^a*ba*$", False),
        ("a+", False),
        ("//[^/@]*@", False),
        ("[a-z]{0,31}://", False),
    ],
)
def test_runs_that_can_be_parted_are_seen(pattern: str, expected: bool) -> None:
    assert is_quadratic(pattern) is expected
    re.compile(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("(a+)+", True), ("(?:a|b*)*c", True), ("(a{1,3})+", False), ("a+b+", False), ("(x(?=y*))*", True)],
)
def test_nested_repeats_are_seen(pattern: str, expected: bool) -> None:
    assert nests(parser.parse(pattern)) is expected
    re.compile(pattern)
