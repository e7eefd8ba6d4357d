"""`python -m datamover_crds.locations.reference [--check]`: docs/locations.md, from the registry of location types."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from datamover_crds import LOCATIONS, LocationType
from datamover_crds.locations.marks import Member, members_of
from datamover_crds.locations.reading import places_of
from datamover_crds.page import write_or_check

PAGE: Final = Path(__file__).parents[3] / "docs" / "locations.md"

_HEAD: Final = """# Types of locations

Generated from the registry in [crds/datamover_crds/locations](../crds/datamover_crds/locations) by `make crds`; do not
edit.

A source or a destination is exactly one of these. Fields are DataSync's own, in camelCase, so the AWS documentation of
an operation explains them; `kubectl explain datamover.spec.source` shows them on the cluster.

The operator compares the fields that are declared with what AWS describes. A difference in a field that AWS can change
is updated in place; any other takes a new location, and a new task that uses it. A field that leaves the spec goes back
to the default that AWS documents, where there is one.

Secrets are never written in a spec: a field names a key of a Secret in the mover's namespace, and the chart's value
`secretNamespaces` lets the operator read it. A changed Secret is applied within a minute; the status holds a
keyed hash alone. A password that AWS Secrets Manager keeps is named by `customSecretConfig` instead.

Agents are named by ARN, or by the name that the account's `agents` give them; grants allow them by `agentArns`.

`existingLocationArn`, in place of a type, names a location that somebody else looks after. It is used as it is: never
changed, tagged or deleted. What its LocationUri names has to be granted to the namespace. Where the mover made the
location itself for an earlier spec, it lets go of it: the operator's tags are removed, and the location is yours to
delete. It stays when the mover is deleted or names another location, whatever the account's `orphans` says. The role
that it uses stays when the mover is deleted.

The location has to be in the account's AWS account and Region. AWS lets a task use an S3 location in another Region;
the operator does not, since it reads locations in the account's Region alone, and a grant can't be checked against a
location that is not read.

A transfer has at least one end in AWS. Tasks in Enhanced mode move data between `s3` and what the table says.

| type | LocationUri begins with | operations | in AWS | Enhanced | agents | permissions | secrets | roles to grant |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
_ATTRIBUTES: Final = {"posix": "POSIX", "windows": "Windows", "object": "none"}
_TAIL: Final = """
## Adding a type

| where | what |
| --- | --- |
| `crds/datamover_crds/locations/<type>.py` | the model: fields with marks, rules, URI; its field in `Location` |
| `emulator/datasync_emulator/catalogue/` | one module that serves the type's operations |
| `tests/support/location_cases/` | one row: what is declared, how DataSync describes it, what changes in place |
| `config/samples/` | one manifest |

Nothing else names a type: the operator, the import, the REST API and this page work from the registry, which
`tests/unit/movers/test_new_location_type.py` shows with a type that exists in memory alone. `make crds` writes the CRDs
and this page.
"""


def reference() -> str:
    """The page."""
    summary = "".join(_summary(name, each) for name, each in LOCATIONS.items())
    return _HEAD + summary + "".join(_section(name, each) for name, each in LOCATIONS.items()) + _TAIL


def _summary(name: str, location_type: type[LocationType]) -> str:
    schemes = ", ".join(f"`{scheme}://`" for scheme in location_type.schemes)
    operations = ", ".join(f"`{verb}Location{location_type.operation}`" for verb in ("Create", "Describe", "Update"))
    attributes = dict.fromkeys(location_type.attributes_at(f"{scheme}://") for scheme in location_type.schemes)
    columns = (
        f"`{name}`",
        schemes,
        operations,
        "yes" if location_type.is_in_aws else "no",
        location_type.enhanced,
        _places(places_of(location_type, arn="agent")),
        ", ".join(_ATTRIBUTES[each] for each in attributes),
        _places(places_of(location_type, secret=True)),
        _places(places_of(location_type, arn="role")),
    )
    return f"| {' | '.join(columns)} |\n"


def _places(places: Iterable[tuple[str, ...]]) -> str:
    return ", ".join(f"`{'.'.join(place)}`" for place in places) or "none"


def _section(name: str, location_type: type[LocationType]) -> str:
    lines = [f"\n## {name}\n", "\n", f"{_first_line(location_type.__doc__)}\n", "\n"]
    if location_type.access_role_field is not None:
        role = location_type.access_role_field
        lines += [f"The operator makes the role that DataSync uses, unless `{role}` names one.\n", "\n"]
    if location_type.access_point_field is not None:
        lines += [f"With `{location_type.access_point_field}` a grant has to match that point, or the whole store.\n\n"]
    lines += ["| field | what it is | when it changes | when it leaves the spec |\n", "| --- | --- | --- | --- |\n"]
    return "".join([*lines, *_fields(location_type)])


def _fields(location_type: type[LocationType]) -> Iterator[str]:
    for member in members_of(location_type):
        field = location_type.model_fields[member.attribute]
        text = " ".join((field.description or "").split())
        name = f"`{member.name}`" + (", required" if field.is_required() else "")
        yield f"| {name} | {text} | {_on_change(member)} | {_on_removal(location_type, member)} |\n"


def _on_change(member: Member) -> str:
    if member.is_operators:
        return "the operator changes what it stands for"
    if member.agent_names is not None:
        return f"as `{member.agent_names.arns}`"
    return "updated in place" if member.updatable is not None else "**new location**"


def _on_removal(location_type: type[LocationType], member: Member) -> str:
    if location_type.model_fields[member.attribute].is_required():
        return "required"
    if member.updatable is None or member.updatable.default is None:
        return "as if never given" if member.is_operators or member.name == "subdirectory" else _inner_defaults(member)
    return f"`{json.dumps(member.updatable.default)}`" if member.updatable.default else "taken away"


def _inner_defaults(member: Member) -> str:
    """The defaults within a field that is an object."""
    defaults = {each.name: each.updatable.default for each in _inner(member) if each.updatable is not None}
    told = ", ".join(f"{name} `{json.dumps(value)}`" for name, value in defaults.items() if value)
    return told or ("taken away" if "" in defaults.values() else "no change")


def _inner(member: Member) -> tuple[Member, ...]:
    return members_of(member.model) if member.model is not None and member.secret is None else ()


def _first_line(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, reference(), None))
