"""Every message that tells the reader to delete something is followed by a test: what it leads to is what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from datamover_dev.paths import CHECKOUT
from tests.support.sources import trees

VERBS = re.compile(
    r"(?:^|[;:,(] ?|\b(?:or|and|then|first|to|by hand,?) )(?:delete|remove|replace|untag|detach|recreate|drop) "
    r"|\b(?:DROP|TRUNCATE|DISABLE|pg_drop_replication_slot)\b|deletionPolicy|spec\.adopt \(|^at the former "
)
"""Where a sentence asks for something to be done away with."""
LEAST_WORDS = 5

ADVICE = "tests/cluster/test_advice.py::test_"
PRECONDITIONS = "tests/tables/test_preconditions.py::test_"
WAY_OUT = (
    "tests/tables/test_deletion.py::test_retain_is_the_way_out_of_a_deletion_that_is_blocked_and_what_is_left_is_typed"
)
ACCOUNT_GONE = f"{ADVICE}a_mover_whose_account_is_gone_is_let_go_and_its_task_is_adopted_as_the_messages_say"
MENDED = f"{PRECONDITIONS}what_is_wrong_is_told_and_mended_as_it_says"

FOLLOWED = {
    "to take it over, delete that mover with spec.deletionPolicy Retain": (
        f"{ADVICE}a_task_that_another_mover_manages_can_be_taken_over_as_the_message_says"
    ),
    "create another DataMover for the other account, and delete this one": (
        f"{ADVICE}another_mover_takes_the_place_of_one_that_can_not_be_changed"
    ),
    "create another DataMover with the other mode, and delete this one": (
        f"{ADVICE}another_mover_takes_the_place_of_one_that_can_not_be_changed"
    ),
    "that use this account to be deleted; that deletes what they own": ACCOUNT_GONE,
    "to delete the object at once and keep everything in AWS, set spec.deletionPolicy to Retain": ACCOUNT_GONE,
    "apply a DataMover of the same namespace and name with spec.adopt": ACCOUNT_GONE,
    "if an operator is gone for good, remove its finalizer by hand": ACCOUNT_GONE,
    "remove some from task": f"{ADVICE}a_task_whose_tags_do_not_fit_is_replaced_after_each_of_the_ways_out",
    "delete it: the operator makes a new one": (
        f"{ADVICE}the_key_for_hashes_of_secrets_is_made_anew_once_the_unusable_one_is_deleted"
    ),
    "to let the object go, set spec.deletionPolicy to Retain": WAY_OUT,
    "SET (slot_name = NONE); DROP SUBSCRIPTION": WAY_OUT,
    "SELECT pg_drop_replication_slot(slot_name)": WAY_OUT,
    "uses it any more, DROP": f"{PRECONDITIONS}what_bears_our_name_and_another_owner_can_be_dropped_as_it_says",
    "the destination has rows already": MENDED,
    "DROP NOT NULL, or give it a default": MENDED,
    "DISABLE ROW LEVEL SECURITY": (
        f"{PRECONDITIONS}a_role_that_lacks_all_rights_at_the_destination_is_given_them_statement_by_statement"
    ),
    "at the former …": (
        "tests/tables/test_changes.py::test_"
        "what_is_left_in_a_former_database_is_removed_by_the_statements_that_are_told"
    ),
    "create another sync, and delete this one": "tests/cluster/test_sync_api.py::test_a_sync_s_whole_life",
}
"""What a message says, and the test that follows it."""

NO_ADVICE = {
    "others create and delete movers of this name all the time": "what has happened",
    "DROP PUBLICATION IF EXISTS {}": "a statement of the operator's own",
}
"""What only sounds like it."""


def messages() -> Iterator[str]:
    """Each text of the product that is a sentence, docstrings apart; `…` stands for what is filled in."""
    for _, tree in trees():
        bare = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        inner = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
        for each in ast.walk(tree):
            if id(each) not in bare | inner and len((text := text_of(each)).split()) >= LEAST_WORDS:
                yield text


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_each_advice_to_delete_something_is_followed() -> None:
    known = {**FOLLOWED, **NO_ADVICE}
    advising = [text for text in messages() if VERBS.search(text)]
    assert [text for text in advising if not any(part in text for part in known)] == [], "follow it in a test, name it"
    assert [part for part in known if not any(part in text for text in advising)] == []


@pytest.mark.parametrize("test", sorted(set(FOLLOWED.values())))
def test_what_is_said_to_follow_it_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (CHECKOUT / file).read_text()
