"""The documents are true where a program can tell: links, invariants, packages, settings and their defaults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datamover_dev.paths import CHECKOUT
from datamover_operator.process.settings import Settings

DOCS = CHECKOUT / "docs"
PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *CHECKOUT.glob(".github/**/*.md"),
        CHECKOUT / "emulator" / "README.md",
    ]
)
ROOMS = (DOCS / "architecture.md").read_text()
TIMING = (DOCS / "timing.md").read_text()


def without_code(page: Path) -> str:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub("`[^`\n]*`", "", text)


def anchors(page: Path) -> set[str]:
    """The ids that GitHub gives to headings."""
    headings = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", without_code(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_every_invariant_that_code_cites_is_written_down() -> None:
    written = set(re.findall(r"^- \*\*(I\d+): ", ROOMS, re.MULTILINE))
    assert written == {f"I{number}" for number in range(1, 9)}
    for folder in ("operator", "api", "crds", "common", "tests"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            assert set(re.findall(r"\bI\d+\b", path.read_text())) <= written, path


def test_every_package_has_its_place() -> None:
    rooms = ROOMS.partition("## Rooms")[2]
    for program in ("operator/datamover_operator", "api/datamover_api"):
        for package in (CHECKOUT / program).iterdir():
            if (package / "__init__.py").exists():
                assert re.search(rf"`(… )?{package.name}/?`", rooms), package


def test_every_decision_is_listed_and_has_the_usual_parts() -> None:
    listed = (DOCS / "adr" / "README.md").read_text()
    for page in (DOCS / "adr").glob("0*.md"):
        assert f"({page.name})" in listed
        headings = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], page
        assert re.search(r"^Status: ", page.read_text(), re.MULTILINE), page


def test_times_name_settings_with_their_defaults() -> None:
    told = re.findall(r"`([a-z]+(?:[A-Z][a-z]+)+)` \((\d+)\)", TIMING)
    assert told
    for name, seconds in told:
        field = re.sub("([A-Z])", r"_\1", name).lower()
        assert Settings.model_fields[field].default == float(seconds), name


def test_the_glossary_is_in_order() -> None:
    words = re.findall(r"^\| ([a-zA-Z][^|]*?) \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert words[0] == "word"
    assert words[1:] == sorted(words[1:], key=str.lower)
    assert len(words) == len(set(words))
