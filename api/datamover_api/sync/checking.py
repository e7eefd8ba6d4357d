"""What a new spec must not be, under the names by which the client knows the fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeVar

from pydantic import JsonValue

from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_api.sync.sides import POSTGRESQL, TYPES
from datamover_common.hosts import ForbiddenHostError, HostPolicy, reserved_network
from datamover_crds import InvalidObject, JsonObject, Model, Problem, TableSyncSpec, parse

M = TypeVar("M", bound=Model)
_SERVERS: Final = frozenset({"serverHostname", "hostname"})
_TABLE_NAME: Final = re.compile(r"^(tables\[[0-9]+\])\.name$")


def check_hosts(spec: TableSyncSpec, allowed: HostPolicy) -> None:
    """See that databases are on hosts that may be connected to. Raises InvalidRequestError."""
    faults = []
    for side, found in (("source", spec.source.postgresql), ("destination", spec.destination.postgresql)):
        try:
            allowed.check_name(found.host if found is not None else "")
        except ForbiddenHostError as error:
            faults.append(Fault(f"{side}.url", str(error)))
    if faults:
        raise InvalidRequestError(*faults)


def check_servers(spec: JsonObject, given: JsonObject) -> None:
    """See that no server of a spec that its model takes is at a reserved address. Raises InvalidRequestError."""
    told = "must not be a link-local, metadata or reserved address"
    problems = [
        Problem(path, host, f"'{host}' {told}")
        for side in ("source", "destination")
        for path, host in _servers(side, spec[side])
        if reserved_network(host) is not None
    ]
    if problems:
        raise InvalidRequestError(*(_fault(each, given) for each in problems))


def _servers(path: str, value: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name in _SERVERS and isinstance(each, str):
                yield f"{path}.{name}", each
            yield from _servers(f"{path}.{name}", each)
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _servers(f"{path}[{number}]", each)


def parsed(model: type[M], spec: JsonObject, given: JsonObject) -> M:
    """A spec as its model reads it; `given` has the sides as the client names their members.

    Raises:
        InvalidRequestError: the model refuses it.
    """
    try:
        return parse(model, spec)
    except InvalidObject as error:
        paths = [each.path for each in error.problems]
        told = [each for each in error.problems if not any(path.startswith(f"{each.path}[") for path in paths)]
        raise InvalidRequestError(*dict.fromkeys(_fault(each, given) for each in told)) from None


def _fault(problem: Problem, sides: JsonObject) -> Fault:
    """A problem with the spec, under the name by which the client knows the field."""
    side, _, rest = problem.path.partition(".")
    if side not in {"source", "destination"}:
        own = _TABLE_NAME.sub(r"\1", problem.path)
        return Fault("syncInterval" if own == "trigger.interval" else own, problem.accepted)
    leaf = re.sub(f"^({'|'.join((POSTGRESQL, *TYPES.values()))})[.]?", "", rest)
    given = sides.get(side)
    members = given.keys() if isinstance(given, dict) else ()
    member = leaf.partition(".")[0] if leaf.partition(".")[0] in members else "url" if "url" in members else leaf
    told = problem.accepted if member != "url" else f"{leaf}: {problem.accepted}" if leaf else problem.accepted
    return Fault(f"{side}.{member or 'type'}", told)
