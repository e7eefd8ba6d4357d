"""Names the operation of a request to one of moto's services, for the journal and for faults.

IAM and STS speak AWS Query (Action in the form), SQS and EventBridge AWS JSON (X-Amz-Target), S3 REST: its
operations are told apart by botocore's model (method, whether there is a key, query members, headers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from datasync_emulator.errors import ApiError
from datasync_emulator.messages import HttpRequest, JsonObject
from datasync_emulator.protocol.formats import JSON, parse
from datasync_emulator.protocol.service import load_model


def name_call(service: str, request: HttpRequest) -> tuple[str, JsonObject]:
    """Give the operation and its parameters; for S3 these are the bucket, the key and the query."""
    if service == "s3":
        return _name_s3(request)
    if service == "s3control":
        return _name_s3_control(request)
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2], _json(request)
    form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
    form |= dict(parse_qsl(request.query, keep_blank_values=True))
    form.pop("Version", None)
    return form.pop("Action", ""), dict(form)


def _json(request: HttpRequest) -> JsonObject:
    try:
        return parse(JSON, request.body)
    except ApiError:
        return {}


@dataclass(frozen=True, slots=True)
class _Rule:
    operation: str
    method: str
    has_key: bool
    has_bucket: bool
    query: frozenset[str]
    headers: frozenset[str]


def _name_s3(request: HttpRequest) -> tuple[str, JsonObject]:
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    best = ""
    best_weight = -1
    for rule in _s3_rules():
        weight = len(rule.query) + len(rule.headers)
        if (
            weight > best_weight
            and (rule.method, rule.has_bucket, rule.has_key) == (request.method, bool(bucket), bool(key))
            and rule.query <= {f"{name}={value}" if value else name for name, value in query.items()} | query.keys()
            and all(header in request.headers for header in rule.headers)
        ):
            best, best_weight = rule.operation, weight
    places = {"Bucket": bucket, "Key": key}
    return best, {name: value for name, value in places.items() if value} | query


def _name_s3_control(request: HttpRequest) -> tuple[str, JsonObject]:
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    for operation, method, path in _s3_control_rules():
        found = path.fullmatch(request.path)
        if found and request.method == method:
            return operation, {name: unquote(value) for name, value in found.groupdict().items()} | query
    return "", query


@lru_cache(maxsize=1)
def _s3_control_rules() -> list[tuple[str, str, re.Pattern[str]]]:
    model = load_model("s3control")
    rules = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(http["requestUri"].partition("?")[0]))
        rules.append((name, http["method"], re.compile(path)))
    return rules


@lru_cache(maxsize=1)
def _s3_rules() -> list[_Rule]:
    model = load_model("s3")
    rules = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, _, literal = operation.http["requestUri"].partition("?")
        required = _required(operation.input_shape) if operation.input_shape else {}
        rules.append(
            _Rule(
                operation=name,
                method=operation.http["method"],
                has_bucket="{Bucket}" in path,
                has_key="{Key" in path,
                query=frozenset(required.get("querystring", ())) | frozenset(filter(None, literal.split("&"))),
                headers=frozenset(required.get("header", ())),
            )
        )
    return rules


def _required(shape: Any) -> dict[str, list[str]]:  # noqa: ANN401 - botocore's StructureShape
    found: dict[str, list[str]] = {}
    for name in shape.required_members:
        where = shape.members[name].serialization
        if "location" in where:
            found.setdefault(where["location"], []).append(where["name"])
    return found
