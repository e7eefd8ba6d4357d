"""A small evaluator of IAM and bucket policies: wildcards and the usual condition operators. Pure.

Source: IAM user guide, "Policy evaluation logic" and "Condition operators". A statement with an operator that is not
known here does not apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from datasync_emulator.messages import JsonObject

Document = JsonObject
Context = Mapping[str, str]
"""Condition keys of the request, in lower case, such as aws:sourceaccount."""


def parse(text: str) -> Document:
    """Read a policy document; what is no JSON object is an empty policy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def allows(documents: Iterable[Document], action: str, resource: str, context: Context) -> bool:
    """Whether identity policies allow an action: some statement allows it and none denies it."""
    effects = _effects(documents, action, resource, context)
    return "Allow" in effects and "Deny" not in effects


def grants(document: Document, role_arn: str, action: str, resource: str, context: Context) -> bool | None:
    """What a resource's own policy says of an action by a role: True allows it, False denies it, None is silent."""
    statements = [each for each in _statements([document]) if _names_role(each, role_arn)]
    effects = _effects([{"Statement": statements}], action, resource, context)
    if "Deny" in effects:
        return False
    return True if "Allow" in effects else None


def _effects(documents: Iterable[Document], action: str, resource: str, context: Context) -> set[object]:
    return {
        statement.get("Effect")
        for statement in _statements(documents)
        if _names_action(statement, action) and _names_resource(statement, resource) and _holds(statement, context)
    }


def trusts(document: Document, service: str, context: Context) -> bool:
    """Whether a role's trust policy, which names no resource, lets a service principal assume the role."""
    statements = [each | {"Resource": "*"} for each in _statements([document])]
    return lets([{"Statement": statements}], service, "sts:AssumeRole", "", context)


def lets(documents: Iterable[Document], service: str, action: str, resource: str, context: Context) -> bool:
    """Whether the policies of resources let a service principal do an action with one of them."""
    statements = [each for each in _statements(documents) if _names_service(each, service)]
    return allows([{"Statement": statements}], action, resource, context)


def _statements(documents: Iterable[Document]) -> Iterator[JsonObject]:
    for document in documents:
        for statement in _listed(document.get("Statement")):
            if isinstance(statement, dict):
                yield statement


def _names_action(statement: JsonObject, action: str) -> bool:
    if "NotAction" in statement:
        return not _any_like(statement["NotAction"], action.lower(), str.lower)
    return _any_like(statement.get("Action"), action.lower(), str.lower)


def _names_resource(statement: JsonObject, resource: str) -> bool:
    if "NotResource" in statement:
        return not _any_like(statement["NotResource"], resource)
    return _any_like(statement.get("Resource"), resource)


def _names_service(statement: JsonObject, service: str) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return service in _listed(principal.get("Service"))
    return principal == "*"


def _names_role(statement: JsonObject, role_arn: str) -> bool:
    if "NotPrincipal" in statement:
        return not _is_principal(statement["NotPrincipal"], role_arn)
    return _is_principal(statement.get("Principal"), role_arn)


def _is_principal(principal: object, role_arn: str) -> bool:
    """A role is meant by its own ARN, its account's number or root ARN, or `*`."""
    named = _listed(principal.get("AWS")) if isinstance(principal, dict) else _listed(principal)
    partition, account = role_arn.split(":")[1], role_arn.split(":")[4]
    return bool({"*", role_arn, account, f"arn:{partition}:iam::{account}:root"} & {str(each) for each in named})


def _any_like(patterns: object, value: str, fold: Callable[[str], str] = str) -> bool:
    return any(_like(fold(str(pattern)), value) for pattern in _listed(patterns))


def _like(pattern: str, value: str) -> bool:
    """`*` stands for any characters, `?` for one. Each part between two stars is taken at its first place.

    What comes after it has the most room then, so nothing has ever to be tried again.
    """
    first, *rest = _parts(pattern)
    if not rest:
        return first.fullmatch(value) is not None
    last, end = rest.pop(), len(value) - len(pattern.rpartition("*")[2])
    found = first.match(value)
    if found is None or end < found.end() or last.fullmatch(value, end) is None:
        return False
    for part in rest:
        found = part.search(value, found.end(), end)
        if found is None:
            return False
    return True


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[re.Pattern[str], ...]:
    texts = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    return tuple(re.compile(text, re.DOTALL) for text in texts)


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda wanted, value: wanted == value,
    "stringequalsignorecase": lambda wanted, value: wanted.lower() == value.lower(),
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "bool": lambda wanted, value: wanted.lower() == value.lower(),
}


def _holds(statement: JsonObject, context: Context) -> bool:
    conditions = statement.get("Condition") or {}
    return all(
        _condition(operator, key, _listed(wanted), context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition(operator: str, key: str, wanted: list[object], context: Context) -> bool:
    name = operator.lower().removesuffix("ifexists")
    value = context.get(key.lower())
    if name == "null":
        return str(wanted[0]).lower() == str(value is None).lower()
    negated = "not" in name
    test = _OPERATORS.get(name.replace("not", "", 1))
    if test is None:
        return False
    if value is None:
        return negated or operator.lower().endswith("ifexists")
    return any(test(str(each), value) for each in wanted) is not negated
