"""Expressions from outside end where they seem to end."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.tablesyncs.plan.expressions import (
    UnusableExpressionError,
    check_default,
    check_filter,
    check_type,
)

GOOD_FILTERS = (
    "id > 10",
    "region = 'eu' AND (price >= 1.5e3 OR price IS NULL)",
    "name ~ '^a\\d+;--/*$'",
    '"Odd ""name"" ; --" = \'it\'\'s\'',
    "created_at >= timestamp '2024-01-01 00:00:00'",
    "tags @> ARRAY['a', 'b']",
    "(body ->> 'x')::int % 2 = 0",
    "1 - -1 > 0",
    "straße = 'ä'",
)
BAD_FILTERS = (
    ("", "it is empty"),
    ("   ", "it is empty"),
    ("true) , TABLE secrets WHERE (true", "a ')' closes nothing"),
    ("(true", "a '(' is not closed"),
    ("a[1)", "a ')' closes nothing"),
    ("true; DROP TABLE a", "';' is not accepted"),
    ("true -- comment", "comments are not accepted"),
    ("true /* comment */", "comments are not accepted"),
    ("'open", "''' is not accepted"),
    ('"open', "'\"' is not accepted"),
    ("$$text$$ = 'a'", "'$' is not accepted"),
    ("E'\\'' ) --'", "texts that begin with E' are not accepted"),
    ("e 'x'", "texts that begin with e' are not accepted"),
    ("a = \\x", "'\\' is not accepted"),
    ("a\0b", "is not accepted at character 2"),
)


@pytest.mark.parametrize("text", GOOD_FILTERS)
def test_takes_a_filter(text: str) -> None:
    check_filter(text)


@pytest.mark.parametrize(("text", "says"), BAD_FILTERS)
def test_refuses_what_is_more_than_a_filter(text: str, says: str) -> None:
    with pytest.raises(UnusableExpressionError) as refused:
        check_filter(text)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "'x'::character varying(10)",
        "nextval('public.s'::regclass)",
        "now()",
        "(now() + '1 day'::interval)",
        "timezone('utc'::text, now())",
        "CURRENT_TIMESTAMP",
        "gen_random_uuid()",
        "'{}'::text[]",
        "ARRAY['a'::text]",
        "(price * (2)::numeric)",
        "'2024-01-01'::date",
        "'f'::\"char\"",
    ],
)
def test_takes_a_default_that_harms_nobody(text: str) -> None:
    check_default(text)


@pytest.mark.parametrize(
    "text",
    [
        "pg_read_file('/etc/passwd'::text)",
        "public.now()",
        "\"now\" ( ) , lo_import('/etc/passwd')",
        "lower(pg_ls_dir('.'))",
        "(1 OPERATOR(public.+) 2)",
        "1); DROP TABLE a; --",
        "query_to_xml('select 1', true, true, '')",
    ],
)
def test_refuses_a_default_that_calls_what_is_not_known(text: str) -> None:
    with pytest.raises(UnusableExpressionError):
        check_default(text)


@pytest.mark.parametrize(
    "text", ["numeric(10,2)", "timestamp(3) with time zone", "public.mood", '"Odd ""x"""[]', "bit(3)"]
)
def test_takes_a_type(text: str) -> None:
    check_type(text)


@pytest.mark.parametrize("text", ["int DEFAULT 'x'", "int; x", "int) , (x int", "int + 1", "int -- x"])
def test_refuses_what_is_no_type(text: str) -> None:
    with pytest.raises(UnusableExpressionError):
        check_type(text)


@given(st.text())
def test_what_is_taken_leaves_no_bracket_text_or_comment_open(text: str) -> None:
    """Read by a second, simpler reader: outside of texts and quoted names, brackets match and nothing ends it."""
    with contextlib.suppress(UnusableExpressionError):
        check_filter(text)
        plain, quote, depth = "", "", 0
        for character in text:
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            else:
                depth += (character in "([") - (character in ")]")
                plain += character
                assert depth >= 0
        assert (quote, depth) == ("", 0)
        assert not any(each in plain for each in (";", "--", "/*", "$", "\\"))
