"""docs/reference.md: every field of every resource, as the schemas have it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from datamover_crds import reference
from datamover_crds.common import Items, Model
from datamover_crds.definitions import DEFINITIONS, Column, Definition
from datamover_crds.meta import ObjectMeta


class Inner(Model):
    """What stands within."""

    names: Annotated[tuple[Annotated[str, Field(min_length=2, pattern="^(a|b)$")], ...], Items(at_most=1)] = ()
    """Names."""


class WidgetSpec(Model):
    """What a widget is."""

    size: Annotated[int, Field(ge=0, le=1000)] = 7
    """Its size."""
    colour: Literal["red", "blue"]
    """Its colour.

    Red is faster.
    """
    inner: Inner | None = None
    """More."""
    others: Annotated[tuple[Inner, ...], Items(at_most=2000)] = ()
    """Yet more."""


class WidgetStatus(Model):
    """How it goes."""

    inner: Inner | None = None
    """More."""


class Widget(Model):
    """A widget."""

    api_version: Literal["example.org/v1"] = "example.org/v1"
    """The version."""
    kind: Literal["Widget"] = "Widget"
    """The kind."""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    """The metadata."""
    spec: WidgetSpec
    """What it is."""
    status: WidgetStatus = Field(default_factory=WidgetStatus)
    """How it goes."""


COLUMN = Column("Size", "integer", ".spec.size", "The size.", wide=True)
DEFINITION = Definition(Widget, "Namespaced", "w", (COLUMN,), selectable=(".spec.colour",))


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--check"]) == 0, capsys.readouterr().err


def test_check_tells_of_a_page_that_is_stale_or_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "reference.md"
    assert reference.main(["--check", str(page)]) == 1
    assert f"{page} is not what the models say" in capsys.readouterr().err
    assert reference.main([str(page)]) == 0
    assert reference.main(["--check", str(page)]) == 0
    page.write_text("older")
    assert reference.main(["--check", str(page)]) == 1


def test_a_kind_is_told_with_its_types_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "DEFINITIONS", (DEFINITION,))
    page = reference.reference()
    for row in (
        "Scope: Namespaced. Short name: `w`. Field selector: `spec.colour`.",
        "| SIZE (`-o wide`) | The size. |",
        "| `size` | integer | `7` | 0 to 1,000 | Its size. |",
        "| `colour` | `red`, `blue` |  | required | Its colour.<br>Red is faster. |",
        "| `inner` | [Inner](#inner) |  |  | More. |",
        "| `others` | list of [Inner](#inner) |  | at most 2,000 items | Yet more. |",
        "| `names` | list: string |  | at most 1 item; each at least 2 characters; each matches `^(a\\|b)$` | Names. |",
    ):
        assert row in page.splitlines()
    assert page.count("### Inner\n") == 1


def test_what_can_not_be_changed_and_what_fields_owe_each_other_is_told() -> None:
    page = reference.reference()
    assert re.search(r"^\| `accountId` \| string \|  \| required; can't be changed;", page, re.MULTILINE)
    assert re.search(r"^- `preserveDeletedFiles`: must be PRESERVE where transferMode is ALL", page, re.MULTILINE)


def test_every_field_has_a_row_and_every_link_a_heading() -> None:
    page = reference.reference()
    headings = {line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\(#([^)]+)\)", page)) <= headings
    for definition in DEFINITIONS:
        for part in ("spec", "status"):
            model = definition.model.model_fields[part].annotation
            assert isinstance(model, type)
            for field in model.model_fields.values():
                assert f"| `{field.alias}` |" in page
