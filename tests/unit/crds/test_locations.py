"""Every type of location: its model beside botocore's, its LocationUri, what changes in place and what does not."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from datamover_crds import LOCATIONS, DataMover, LocationType, Realm, Replace, location_type_of, parse
from datamover_crds.locations.members import Member, members_of
from datamover_crds.locations.reference import PAGE, reference
from tests.support.location_cases import CASES, LocationCase
from tests.support.specs import JsonDict, mover

EACH = pytest.mark.parametrize("case", CASES, ids=str)
REALM = Realm("aws", "111122223333")


def declared(case: LocationCase, **changes: object) -> LocationType:
    """The case's full declaration with some fields changed; one that is None is left out."""
    members = {name: value for name, value in (case.full | changes).items() if value is not None}
    return parse(DataMover, mover(source={case.name: members})).spec.source.declared


def described(case: LocationCase) -> JsonDict:
    return case.described | {"locationUri": case.uri, "locationArn": "arn", "creationTime": "2026-01-31T12:00:00.000Z"}


def role_of(location: LocationType) -> str | None:
    return location.role_named.arn if location.role_named is not None else None


def operation(verb: str, case: LocationCase) -> Any:  # noqa: ANN401 - botocore has no types
    model = botocore.session.get_session().get_service_model("datasync")
    return model.operation_model(f"{verb}Location{LOCATIONS[case.name].operation}")


def sent(case: LocationCase) -> dict[str, Member]:
    """The type's members that are DataSync's, by their names there."""
    members = (member for member in members_of(LOCATIONS[case.name]) if not member.is_operators)
    return {f"{member.name[:1].upper()}{member.name[1:]}": member for member in members}


def test_there_is_a_case_for_each_type_that_there_is() -> None:
    assert [case.name for case in CASES] == list(LOCATIONS)
    assert [each.type_name() for each in LOCATIONS.values()] == list(LOCATIONS)


def test_a_scheme_tells_one_type() -> None:
    schemes = [scheme for each in LOCATIONS.values() for scheme in each.schemes]
    assert len(schemes) == len(set(schemes))


@EACH
def test_the_fields_are_those_of_the_create_operation(case: LocationCase) -> None:
    shape = operation("Create", case).input_shape
    role = LOCATIONS[case.name].role_member("arn:aws:iam::111122223333:role/r")
    theirs = shape.members.keys() - {"Tags"} - {f"{name[:1].upper()}{name[1:]}" for name in role}
    assert sent(case).keys() == theirs - case.left_out
    fields = LOCATIONS[case.name].model_fields
    required = {name for name, member in sent(case).items() if fields[member.attribute].is_required()}
    assert required == set(shape.required_members) & sent(case).keys()


@EACH
def test_what_the_update_operation_takes_is_updated_in_place(case: LocationCase) -> None:
    updatable = {name for name, member in sent(case).items() if member.updatable is not None}
    assert updatable == operation("Update", case).input_shape.members.keys() & sent(case).keys()


@EACH
def test_what_describe_does_not_show_is_in_the_uri_or_told_by_a_mark(case: LocationCase) -> None:
    shown = operation("Describe", case).output_shape.members
    told = {f"{name[:1].upper()}{name[1:]}" for name in LOCATIONS[case.name].located_at(case.uri, REALM)}
    assert sent(case).keys() <= shown.keys() | told


@EACH
def test_the_uri_tells_the_type_and_where_the_data_is(case: LocationCase) -> None:
    assert declared(case).uri == case.uri
    assert location_type_of(described(case)) is LOCATIONS[case.name]


@EACH
def test_a_location_as_declared_needs_no_change(case: LocationCase) -> None:
    location = declared(case)
    assert location.change(described(case), (), role_of(location)) is None
    assert location.is_posix is case.posix


@pytest.mark.parametrize(("case", "edit"), [(case, edit) for case in CASES for edit in case.edits], ids=str)
def test_what_can_be_changed_in_place_is(case: LocationCase, edit: Any) -> None:  # noqa: ANN401 - an Edit
    location = declared(case, **edit.declared)
    change = location.change(described(case), (), role_of(location))
    assert change == edit.request
    assert isinstance(change, dict)
    assert location.change(location.changed(described(case), change), (), role_of(location)) is None


@pytest.mark.parametrize(
    ("case", "name", "default"),
    [(case, name, default) for case in CASES for name, default in case.defaults.items()],
    ids=str,
)
def test_what_leaves_the_spec_goes_back_to_its_default(case: LocationCase, name: str, default: object) -> None:
    location = declared(case, **{name: None})
    is_in_uri = name in LOCATIONS[case.name].located_at(case.uri, REALM)
    removed = set(declared(case).optional_fields()) - set(location.optional_fields())
    assert bool(removed) is not is_in_uri
    assert location.change(described(case), removed, role_of(location)) == {name: default}


@pytest.mark.parametrize(("case", "change"), [(case, each) for case in CASES for each in case.replacing], ids=str)
def test_what_can_not_be_changed_takes_a_new_location(case: LocationCase, change: JsonDict) -> None:
    found = declared(case, **change).change(described(case), (), None)
    assert found == Replace(f"{case.name}.{next(iter(change))}")


@pytest.mark.parametrize("other", CASES, ids=str)
@EACH
def test_another_type_takes_a_new_location(case: LocationCase, other: LocationCase) -> None:
    found = declared(case).change(described(other), (), None)
    assert (found == Replace(case.name)) is (case is not other)


@EACH
def test_a_described_location_can_be_declared_as_it_is(case: LocationCase) -> None:
    members = LOCATIONS[case.name].declaration(described(case), REALM)
    again = parse(DataMover, mover(source={case.name: members})).spec.source.declared
    assert again.uri == case.uri
    assert again.change(described(case), (), None) is None
    assert {f"{case.name}.{name}": value for name, value in again.kept_roles(described(case))} == {}


@pytest.mark.parametrize(
    ("case", "field", "change"), [(case, field, change) for case in CASES for field, change in case.mistakes], ids=str
)
def test_a_mistake_is_told_with_its_field(case: LocationCase, field: str, change: JsonDict) -> None:
    assert declared(case).mistake("spec.source") is None
    assert str(declared(case, **change).mistake("spec.source")).startswith(f"spec.source.{field}: ")


@EACH
def test_roles_that_need_a_grant_are_known(case: LocationCase) -> None:
    assert [field for field, _ in declared(case).roles()] == list(case.roles)


def test_the_reference_is_what_the_registry_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run make crds"
