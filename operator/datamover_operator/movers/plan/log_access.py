"""Whether DataSync may write to a mover's log group: CloudWatch Logs asks a resource policy, and loses the rest.

Source: "Monitoring data transfers with Amazon CloudWatch Logs" in the DataSync user guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from datamover_crds import JsonObject, read_json
from datamover_crds.patterns import literal, searcher
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.roles import partition_of

_SERVICE: Final = "datasync.amazonaws.com"
_ACTIONS: Final = ("logs:PutLogEvents", "logs:CreateLogStream")
_SIGN: Final = "has no resource policy that lets DataSync write to it"


def log_advice(o: Observed, described: JsonObject | None) -> str | None:
    """What to do so that the logs are written; None: nothing.

    Where the policies have not been read in this pass, what was told before still holds.
    """
    group = o.mover.spec.cloud_watch_log_group_arn
    if group is None or not _is_written(described):
        return None
    if o.log_policies is None:
        before = next((each.message or "" for each in o.mover.status.conditions if each.type == "Ready"), "")
        return _advice(o, group) if f"'{group}' {_SIGN}" in before else None
    return None if may_write(o.log_policies, group, _facts(o)) else _advice(o, group)


def wants_policies(o: Observed) -> bool:
    """Whether the policies matter: in Enhanced mode DataSync writes by a role of its own."""
    described = o.task.described if o.task is not None else None
    return o.mover.spec.cloud_watch_log_group_arn is not None and _is_written(described)


def may_write(documents: Sequence[str], group: str, facts: Mapping[str, str]) -> bool:
    """Whether some policy lets DataSync write to the group, on behalf of what `facts` say by condition keys.

    A condition that is not known here is taken as met: advice that is wrong would be worse than none.
    """
    stream = f"{_plain(group)}:log-stream:task"
    statements = [each for text in documents for each in _statements(text)]
    return all(any(_allows(each, action, stream, facts) for each in statements) for action in _ACTIONS)


def policy_for(o: Observed, group: str) -> JsonObject:
    """The policy that does."""
    facts = _facts(o)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DataSyncLogsToCloudWatchLogs",
                "Effect": "Allow",
                "Principal": {"Service": _SERVICE},
                "Action": list(_ACTIONS),
                "Resource": f"{_plain(group)}:*",
                "Condition": {
                    "ArnLike": {"aws:SourceArn": f"{facts['aws:sourcearn'].rpartition('/')[0]}/*"},
                    "StringEquals": {"aws:SourceAccount": facts["aws:sourceaccount"]},
                },
            }
        ],
    }


def _advice(o: Observed, group: str) -> str:
    document = json.dumps(policy_for(o, group))
    return (
        f"nothing is logged to spec.cloudWatchLogGroupArn, because '{group}' {_SIGN}; run: aws logs "
        f"put-resource-policy --policy-name DataSync --policy-document '{document}'"
    )


def _facts(o: Observed) -> dict[str, str]:
    """What the policy's conditions are asked of."""
    assert o.account is not None  # noqa: S101 - preconditions come first
    spec = o.account.spec
    task = o.task.arn if o.task is not None else ""
    prefix = f"arn:{partition_of(spec.region)}:datasync:{spec.region}:{spec.account_id}:task/"
    return {"aws:sourceaccount": spec.account_id, "aws:sourcearn": task or prefix}


def _is_written(described: JsonObject | None) -> bool:
    """Whether DataSync writes logs for which it needs the policy."""
    options = (described or {}).get("options")
    level = options.get("logLevel") if isinstance(options, dict) else None
    return level not in {None, "OFF"} and (described or {}).get("taskMode") != "ENHANCED"


def _statements(text: str) -> list[JsonObject]:
    try:
        document = read_json(text)
    except ValueError:
        return []
    found = document.get("Statement") if isinstance(document, dict) else None
    return [each for each in _listed(found) if isinstance(each, dict)]


def _allows(statement: JsonObject, action: str, resource: str, facts: Mapping[str, str]) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else _listed(principal)
    return (
        statement.get("Effect") == "Allow"
        and any(each in {_SERVICE, "*"} for each in services)
        and any(_like(str(each).lower(), action.lower()) for each in _listed(statement.get("Action")))
        and any(_like(str(each), resource) for each in _listed(statement.get("Resource")))
        and _is_met(statement.get("Condition"), facts)
    )


def _is_met(condition: JsonValue, facts: Mapping[str, str]) -> bool:
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            fact = facts.get(key.lower())
            is_known = operator in {"StringEquals", "StringLike", "ArnEquals", "ArnLike"} and fact is not None
            if is_known and fact is not None and not any(_like(str(each), fact) for each in _listed(values)):
                return False
    return True


def _listed(value: JsonValue) -> list[JsonValue]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    """`*` and `?` as IAM reads them; brackets mean themselves."""
    regex = "".join({"*": ".*", "?": "."}.get(each) or literal(each) for each in pattern)
    return searcher(rf"(?s)\A{regex}\z")(text)


def _plain(group: str) -> str:
    return group.removesuffix(":*")
