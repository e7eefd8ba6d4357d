"""Nobody's text is matched by a pattern that tries again and again: those of users go to RE2, ours have one way."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datamover_dev.paths import CHECKOUT
from tests.support.ambiguity import CHARACTERS, START, Automaton, is_costly
from tests.support.sources import trees

BACKTRACKING = {"fnmatch", "glob", "regex", "sre_compile"}
"""Modules that match patterns by trying."""

MADE = {
    "form.pattern": "the forms of ARNs are in this module",
    "f\"^({'|'.join((POSTGRESQL, *TYPES.values()))})[.]?\"": "the names of our own members",
    "f'{re.escape(obj.metadata.name)}-[0-9a-f]{{8}}'": "what is escaped matches itself alone",
}
"""Patterns whose text is not known from their call, each with the reason why it is ours."""

METHODS = {"fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer"}
FROM_THE_START = {"fullmatch", "match"}
PLAIN = (ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.Name, ast.Load, ast.BinOp, ast.operator)
"""What a pattern is written with whose text is known."""


class Use(NamedTuple):
    """One pattern that is given to `re`: how it is written, its text where that is known, and how it is matched."""

    written: str
    text: str | None
    flags: int
    methods: frozenset[str]


@cache
def uses() -> tuple[Use, ...]:
    return tuple(each for path, tree in trees() for each in uses_in(path, tree))


def uses_in(path: Path, tree: ast.Module) -> Iterator[Use]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and is_of_re(node)]
    if not calls:
        return
    known = vars(importlib.import_module(".".join(path.relative_to(CHECKOUT).with_suffix("").parts[1:])))
    names = {id(node.value): target_of(node) for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign)}
    for call in calls:
        pattern, method = call.args[0], ast.unparse(call.func).removeprefix("re.")
        methods = methods_of(tree, names.get(id(call))) if method == "compile" else frozenset({method})
        yield Use(ast.unparse(pattern), text_of(pattern, known), flags_of(call), methods)


def is_of_re(call: ast.Call) -> bool:
    return re.fullmatch("re[.](compile|" + "|".join(METHODS) + ")", ast.unparse(call.func)) is not None


def target_of(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def methods_of(tree: ast.Module, name: str | None) -> frozenset[str]:
    """How a compiled pattern is matched in its module; all of it, where that is not to be seen."""
    owners = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == name]
    loads = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    read = [node for node in loads if isinstance(node.ctx, ast.Load)]
    found = frozenset(node.attr for node in owners)
    return found if found and found <= METHODS and len(read) == len(owners) else frozenset(METHODS)


def flags_of(call: ast.Call) -> int:
    return int(eval(ast.unparse(call.args[1]), {"re": re})) if is_compiled_with_flags(call) else 0  # noqa: S307 - ours


def is_compiled_with_flags(call: ast.Call) -> bool:
    assert not [each for each in call.keywords if each.arg == "flags"], "give flags by their place"
    return len(call.args) > 1 and ast.unparse(call.func) == "re.compile"


def text_of(node: ast.expr, known: dict[str, Any]) -> str | None:
    """The text of a literal that holds nothing but constants of its module."""
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    if not all(isinstance(each, PLAIN) for each in ast.walk(node)):
        return None
    if not all(name.isupper() and isinstance(known.get(name), str | int) for name in names):
        return None
    value = eval(compile(ast.Expression(node), "pattern", "eval"), {}, dict(known))  # noqa: S307 - literals of ours
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


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
    found = {use.written for use in uses() if use.text is None}
    assert found == set(MADE), "a pattern that is not written where it is used: may it be a user's?"


def test_no_pattern_of_ours_has_many_ways_to_match_a_text() -> None:
    known = [use for use in uses() if use.text is not None]
    assert len(known) > 50
    costly = [
        (use.text, each)
        for use in known
        for each in use.methods
        if is_costly(str(use.text), use.flags, anywhere=each not in FROM_THE_START, whole=each == "fullmatch")
    ]
    assert costly == []


def patterns_of_schemas(node: Any) -> Iterator[str]:  # noqa: ANN401 - YAML
    """The patterns of fields, and those in rules."""
    if isinstance(node, list):
        for each in node:
            yield from patterns_of_schemas(each)
    elif isinstance(node, dict):
        if isinstance(pattern := node.get("pattern"), str):
            yield pattern
        for rule in node.get("x-kubernetes-validations", ()):
            yield from re.findall(r"""matches\(["'](.*?)["']\)""", rule["rule"])
        for each in node.values():
            yield from patterns_of_schemas(each)


def test_no_pattern_of_a_schema_has_many_ways_to_match_a_text() -> None:
    """The API server's RE2 and pydantic's engine are linear; other readers of the schemas may not be."""
    schemas = [yaml.safe_load(path.read_text()) for path in sorted((CHECKOUT / "crds").glob("*.yaml"))]
    found = {each for schema in schemas for each in patterns_of_schemas(schema)}
    assert len(found) > 20
    assert {each for each in found if is_costly(each)} == set()


@pytest.mark.parametrize(
    ("pattern", "costly"),
    [
        ("a*a*", True),
        ("a*.*", True),
        ("(x)*.*", True),
        ("(ab)*.*", True),
        ("(ab)*(?:aba)*", True),
        ("(ab|c)*x?(abc)*", True),
        ("^a*(b?)a*$", True),
        ("^(a|b)*c?a*$", True),
        (r"\s*,\s*", True),
        ("(a+)b", True),
        ("(a+)+", True),
        ("(?:a|b*)*c", True),
        ("(a?)*", True),
        ("(?:a|a)*", True),
        ("(?:ab|a|b)*", True),
        ("^(?:a|ab|b)*$", True),
        ("^(?:a{1,2})*$", True),
        ("x(?=.*y)", True),
        ("x(?!.*y)", True),
        ("^(?:x(?=.*y))*$", True),
        ("^x(?=y*z)", False),
        ("x(?=y*z)", False),
        ("^a{0,200}a{0,200}$", True),
        ("^a*b", False),
        ("^a*ba*$", False),
        ("^(a|b)*$", False),
        ("^(?:ab|ac)*$", False),
        ("^a?a?a?a*$", False),
        ("//[^/@]*@", False),
        ("[a-z]{0,31}://", False),
        ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", False),
    ],
)
def test_what_has_many_ways_is_seen(pattern: str, costly: bool) -> None:
    assert is_costly(pattern) is costly
    re.compile(pattern)


@pytest.mark.parametrize(
    ("pattern", "method", "costly"),
    [
        ("a+", "search", False),
        ("a+b", "search", True),
        ("a+b", "match", False),
        ("a*a*", "match", False),
        ("(?:(?:a|a)*b)*", "match", True),
        ("(?:a*a*b)?", "match", True),
        ("a*.*", "fullmatch", True),
    ],
)
def test_how_it_is_matched_matters(pattern: str, method: str, costly: bool) -> None:
    assert is_costly(pattern, anywhere=method not in FROM_THE_START, whole=method == "fullmatch") is costly


@cache
def steps(pattern: str, text: str) -> int:
    """In how many ways the states of a pattern can be gone through by all beginnings of a text."""
    made = Automaton(pattern, 0, anywhere=False, whole=True)
    ways, total = {START: 1}, 0
    for character in text:
        place = CHARACTERS.index(character)
        after: dict[int, int] = {}
        for state, number in ways.items():
            for following, more in made.follow[state].items():
                if made.takes[following] >> place & 1:
                    after[following] = after.get(following, 0) + number * more
        ways = after
        total += sum(ways.values())
    return total


ATOMS = st.sampled_from(
    ["a", "b", "[ab]", "(?:ab)", "(?:a|b)", "(?:ba)?", "a*", "(?:ab)*", "[ab]*", "b{0,2}", "(?:a*b)*"]
)


@given(st.lists(ATOMS, min_size=1, max_size=5).map("".join), st.text("ab", min_size=1, max_size=6))
def test_what_counts_as_linear_is(pattern: str, pumped: str) -> None:
    """Sixteen times the text, and no more than so many times the ways: what is quadratic has 256 times as many."""
    if not is_costly(pattern, anywhere=False):
        assert steps(pattern, pumped * 64) <= 40 * max(steps(pattern, pumped * 4), 1)
