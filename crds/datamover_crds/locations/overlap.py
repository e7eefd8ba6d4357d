"""Whether a source and a destination are the same place, or one lies within the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from datamover_crds.arns import ArnKind
from datamover_crds.locations.base import LocationType
from datamover_crds.locations.existing import FIELD
from datamover_crds.locations.marks import members_of
from datamover_crds.rules import Rule

if TYPE_CHECKING:
    from datamover_crds.locations import Location

OVERLAP: Final = (
    "source and destination must not be the same place, nor one a folder in the other: name another one, or set "
    "spec.allowOverlap to true if it is meant"
)
_STORES: Final[frozenset[ArnKind]] = frozenset({"bucket", "file_system", "fsx_file_system", "storage_virtual_machine"})
_ALLOWED: Final = "has(self.allowOverlap) && self.allowOverlap"


class _Transfer(Protocol):
    """A mover's spec."""

    source: Location
    destination: Location
    allow_overlap: bool


def are_nested(one: str, other: str) -> bool:
    """Whether two folders, each between slashes, are the same, or one lies in the other."""
    return one.startswith(other) or other.startswith(one)


def overlap_rules(types: Mapping[str, type[LocationType]]) -> Iterator[Rule]:
    """A rule for each type that both ends of a transfer can have; what an existing location is of, AWS alone can tell.

    Behind different access points folders can't be compared.
    """
    yield from (_rule(name, each) for name, each in types.items() if each.is_in_aws)
    yield Rule(
        field_path=f".destination.{FIELD}",
        cel=(
            f"{_ALLOWED} || !has(self.source.{FIELD}) || !has(self.destination.{FIELD})"
            f" || self.source.{FIELD} != self.destination.{FIELD}"
        ),
        holds=_names_two_locations,
        message=OVERLAP,
        shown=f"self.destination.{FIELD}",
    )


def _names_two_locations(spec: _Transfer) -> bool:
    arn = spec.source.existing_location_arn
    return spec.allow_overlap or arn is None or arn != spec.destination.existing_location_arn


def _rule(name: str, kind: type[LocationType]) -> Rule:
    source, destination = f"self.source.{name}", f"self.destination.{name}"
    store = next(member.name for member in members_of(kind) if member.arn in _STORES)
    differing = [f"{source}.{store} != {destination}.{store}"]
    if kind.access_point_field is not None:
        point = kind.access_point_field
        differing.append(f"{_text(source, point)} != {_text(destination, point)}")
    outer, inner = _folder(source), _folder(destination)
    return Rule(
        field_path=f".destination.{name}",
        cel=(
            f"{_ALLOWED} || !has({source}) || !has({destination}) || {' || '.join(differing)}"
            f" || !{outer}.startsWith({inner}) && !{inner}.startsWith({outer})"
        ),
        holds=lambda spec: spec.allow_overlap or not _overlap(kind, spec),
        message=OVERLAP,
        shown=f"'from ' + {outer} + ' to ' + {inner} + ' of ' + {source}.{store}",
    )


def _overlap(kind: type[LocationType], spec: _Transfer) -> bool:
    source, destination = spec.source.declared, spec.destination.declared
    if not (isinstance(source, kind) and isinstance(destination, kind)):
        return False
    (store,) = (member.attribute for member in members_of(kind) if member.arn in _STORES)
    is_same = getattr(source, store) == getattr(destination, store) and source.point() == destination.point()
    return is_same and are_nested(_between_slashes(source), _between_slashes(destination))


def _between_slashes(location: LocationType) -> str:
    """The folder, exactly as `_folder` computes it."""
    return f"/{getattr(location, 'subdirectory', None) or ''}/".replace("//", "/").replace("//", "/")


def _folder(location: str) -> str:
    """The folder of a location in CEL, between slashes; names between slashes are not empty."""
    return f"('/' + {_text(location, 'subdirectory')} + '/').replace('//', '/').replace('//', '/')"


def _text(location: str, member: str) -> str:
    return f"(has({location}.{member}) ? {location}.{member} : '')"
