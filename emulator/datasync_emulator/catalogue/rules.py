"""Checks what chooses a task's files: filter rules, a manifest. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from datasync_emulator.dataplane.matcher import has_inner_wildcard
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject


def includes(rules: list[JsonObject]) -> tuple[JsonObject, ...]:
    """Accept a task's Includes.

    Raises:
        ApiError: InvalidRequestException where a `*` that is not escaped stands elsewhere than at a pattern's end.
    """
    for rule in _complete("Includes", rules):
        if has_inner_wildcard(rule["Value"]):
            raise invalid_request(
                f"Includes: '{rule['Value']}' is not valid: in a pattern, '*' may only be the last character "
                r"(write \* for a literal star)."
            )
    return tuple(rules)


def excludes(rules: list[JsonObject]) -> tuple[JsonObject, ...]:
    """Accept a task's Excludes, in which `*` may stand anywhere."""
    return tuple(_complete("Excludes", rules))


def value(rules: tuple[JsonObject, ...]) -> str | None:
    """The one rule's patterns, if there is one."""
    return rules[0]["Value"] if rules else None


def check_manifest(
    manifest: JsonObject | None,
    includes: tuple[JsonObject, ...],
    excludes: tuple[JsonObject, ...],
    options: Mapping[str, object],
) -> None:
    """Refuse what does not go with a manifest (user guide, "Using a manifest", limitations).

    Raises:
        ApiError: InvalidRequestException naming it.
    """
    if not manifest:
        return
    for name, rules in (("Includes", includes), ("Excludes", excludes)):
        if rules:
            raise invalid_request(f"ManifestConfig can't be used together with {name}. Give one of them.")
    if options["PreserveDeletedFiles"] == "REMOVE":
        raise invalid_request(
            "Invalid SyncOption value. Option: PreserveDeletedFiles, Value: REMOVE. With a manifest nothing is deleted "
            "at the destination: use PRESERVE."
        )


def _complete(name: str, rules: list[JsonObject]) -> list[JsonObject]:
    for rule in rules:
        for member in ("FilterType", "Value"):
            if not rule.get(member):
                raise invalid_request(f"{name}: the rule needs {member}; FilterType is SIMPLE_PATTERN.")
    return rules
