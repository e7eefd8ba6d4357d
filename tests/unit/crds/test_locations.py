"""Every type of location: its model beside botocore's, its LocationUri, what changes in place and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from datamover_crds import (
    LOCATIONS,
    DataMover,
    LocationType,
    Model,
    Realm,
    References,
    Replace,
    location_type_of,
    parse,
)
from datamover_crds.locations import agents_in
from datamover_crds.locations.marks import Member, members_of
from datamover_crds.locations.reference import PAGE, reference
from tests.support.location_cases import AGENTS, CASES, Edit, LocationCase
from tests.support.specs import OTHER_BUCKET, JsonDict, mover

EACH = pytest.mark.parametrize("case", CASES, ids=str)
REALM = Realm("aws", "111122223333")


def declared(case: LocationCase, **changes: object) -> LocationType:
    """The case's full declaration with some fields changed; one that is None is left out."""
    members = {name: value for name, value in (case.full | changes).items() if value is not None}
    return parse(DataMover, mover(source={case.name: members}, destination=OTHER_BUCKET)).spec.source.declared


def described(case: LocationCase) -> JsonDict:
    return case.described | {"locationUri": case.uri, "locationArn": "arn", "creationTime": "2026-01-31T12:00:00.000Z"}


def references(location: LocationType) -> References:
    return References(location.role_named.arn if location.role_named is not None else None, AGENTS)


def operation(verb: str, case: LocationCase) -> Any:  # noqa: ANN401 - botocore has no types
    model = botocore.session.get_session().get_service_model("datasync")
    return model.operation_model(f"{verb}Location{LOCATIONS[case.name].operation}")


def theirs(name: str) -> str:
    """DataSync's name of a member."""
    return name.upper() if name in {"nfs", "smb"} else name[:1].upper() + name[1:]


def sent(model: type[Model]) -> dict[str, Member]:
    """A model's members that are DataSync's, by their names there."""
    members = (each for each in members_of(model) if not each.is_operators and each.agent_names is None)
    return {theirs(member.name): member for member in members}


def differences(model: type[Model], shape: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - as above
    """What a model and a shape do not have in common; `!` where only one of them requires it."""
    members = sent(model)
    yield from (f"{path}{name}" for name in members.keys() ^ shape.members.keys())
    for name in members.keys() & shape.members.keys():
        is_required = model.model_fields[members[name].attribute].is_required()
        if is_required < (name in shape.required_members):
            yield f"{path}{name}!"
        inner = members[name].model
        if inner is not None and members[name].secret is None:
            yield from differences(inner, shape.members[name], f"{path}{name}.")


def test_there_is_a_case_for_each_type_that_there_is() -> None:
    assert list(dict.fromkeys(case.name for case in CASES)) == list(LOCATIONS)
    assert [each.type_name() for each in LOCATIONS.values()] == list(LOCATIONS)


def test_a_scheme_tells_one_type() -> None:
    schemes = [scheme for each in LOCATIONS.values() for scheme in each.schemes]
    assert len(schemes) == len(set(schemes))


@EACH
def test_the_fields_are_those_of_the_create_operation(case: LocationCase) -> None:
    role = {theirs(name) for name in LOCATIONS[case.name].role_member("arn:aws:iam::111122223333:role/r")}
    expected = {"Tags", *role, *case.left_out, *(f"{name}!" for name in case.by_name)}
    assert set(differences(LOCATIONS[case.name], operation("Create", case).input_shape)) == expected


@EACH
def test_what_the_update_operation_takes_is_updated_in_place(case: LocationCase) -> None:
    members = sent(LOCATIONS[case.name])
    updatable = {name for name, member in members.items() if member.updatable is not None}
    assert updatable == (operation("Update", case).input_shape.members.keys() & members.keys()) - case.fixed


@EACH
def test_what_describe_does_not_show_is_in_the_uri_or_secret(case: LocationCase) -> None:
    shown = operation("Describe", case).output_shape.members
    told = {theirs(name) for name in LOCATIONS[case.name].located_at(case.uri, REALM)}
    hidden = {name for name, member in sent(LOCATIONS[case.name]).items() if member.secret}
    nested = {"SasConfiguration"}  # nothing but a secret
    assert sent(LOCATIONS[case.name]).keys() - hidden - nested <= shown.keys() | told


@EACH
def test_the_uri_tells_the_type_and_where_the_data_is(case: LocationCase) -> None:
    assert declared(case).uri == case.uri
    assert declared(case).is_at(described(case))
    assert location_type_of(described(case)) is LOCATIONS[case.name]


@EACH
def test_a_location_as_declared_needs_no_change(case: LocationCase) -> None:
    location = declared(case)
    assert location.change(described(case), (), references(location)) is None
    assert location.attributes_at(location.uri) == case.attributes


@pytest.mark.parametrize(("case", "edit"), [(case, edit) for case in CASES for edit in case.edits], ids=str)
def test_what_can_be_changed_in_place_is(case: LocationCase, edit: Edit) -> None:
    location = declared(case, **edit.declared)
    change = location.change(described(case), (), references(location))
    assert change == edit.request
    assert isinstance(change, dict)
    assert location.change(location.changed(described(case), change), (), references(location)) is None


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
    assert location.change(described(case), removed, references(location)) == {name: default}


@pytest.mark.parametrize(("case", "change"), [(case, each) for case in CASES for each in case.replacing], ids=str)
def test_what_can_not_be_changed_takes_a_new_location(case: LocationCase, change: JsonDict) -> None:
    found = declared(case, **change).change(described(case), (), References())
    assert isinstance(found, Replace)
    assert found.field in {case.name, f"{case.name}.{next(iter(change))}"}


@pytest.mark.parametrize("other", CASES, ids=str)
@EACH
def test_another_type_takes_a_new_location(case: LocationCase, other: LocationCase) -> None:
    found = declared(case).change(described(other), (), References())
    assert (found == Replace(case.name)) is (case.name != other.name)


@EACH
def test_a_described_location_can_be_declared_as_it_is(case: LocationCase) -> None:
    """But for its secrets, which nobody can read."""
    members = LOCATIONS[case.name].declaration(described(case), REALM)
    secret = {place.split(".")[0] for place in case.secrets}
    again = declared(case, **{name: None for name in case.full if name not in secret} | members | _secrets(case))
    assert again.uri == case.uri
    assert again.change(described(case), (), References()) is None
    assert dict(again.kept_roles(described(case))) == {}


def _secrets(case: LocationCase) -> JsonDict:
    return {place: case.full[place] for place in case.secrets if "." not in place} | {
        name: case.full[name] for name in {place.split(".")[0] for place in case.secrets if "." in place}
    }


@pytest.mark.parametrize(
    ("case", "field", "change"), [(case, field, change) for case in CASES for field, change in case.mistakes], ids=str
)
def test_a_mistake_is_told_with_its_field(case: LocationCase, field: str, change: JsonDict) -> None:
    assert declared(case).mistake("spec.source") is None
    assert str(declared(case, **change).mistake("spec.source")).startswith(f"spec.source.{field}: ")


@pytest.mark.parametrize(
    ("case", "field", "change"), [(case, field, change) for case in CASES for field, change in case.needed], ids=str
)
def test_what_a_new_location_needs_is_told_with_its_field(case: LocationCase, field: str, change: JsonDict) -> None:
    assert declared(case).needed() is None
    needed = declared(case, **change).needed()
    assert needed is not None
    assert needed[0] == field


@EACH
def test_what_needs_a_grant_or_a_secret_is_known(case: LocationCase) -> None:
    location = declared(case)
    assert [field for field, _ in location.roles()] == list(case.roles)
    assert [field for field, _ in location.agents_by_arn()] == list(case.agents)
    assert {field: ref.key for field, _, ref in location.secrets()} == case.secrets
    assert len(agents_in(described(case))) == len(case.agents)


@EACH
def test_requests_and_descriptions_show_no_secret(case: LocationCase) -> None:
    location = declared(case)
    assert "creds" not in str(location.create_request(references(location)))
    shown = described(case)
    for place in case.secrets:
        *outer, last = place.split(".")
        holder = shown
        for name in outer:
            holder[name] = holder = dict(holder.get(name, {}))
        holder[last] = "hunter2"
    assert "hunter2" not in str(LOCATIONS[case.name].without_secrets(shown))


def test_an_agent_by_name_is_sent_by_its_arn() -> None:
    for case in CASES:
        sample = mover(source={case.name: case.least}, destination=OTHER_BUCKET)
        location = parse(DataMover, sample).spec.source.declared
        by_name = [AGENTS[name] for _, name in location.agents_by_name()]
        assert all(arn in str(location.create_request(references(location))) for arn in by_name)
        assert "office" not in str(location.create_request(references(location)))


def test_the_reference_is_what_the_registry_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run make crds"
