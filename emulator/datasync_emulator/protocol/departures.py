"""Where DataSync's servers depart from what the service model says, and what they ask of ARNs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from datasync_emulator.errors import ApiError, invalid_request
from datasync_emulator.messages import Caller, JsonObject

_DATASYNC_ARN: Final = re.compile(r"arn:[\w-]+:datasync:[^:]*:(\d*):.*", re.DOTALL)
_LOCATIONS: Final = frozenset({"DestinationLocationArn", "SourceLocationArn"})
_ARNS: Final = frozenset({*_LOCATIONS, "AgentArn", "LocationArn", "ResourceArn", "TaskArn", "TaskExecutionArn"})

Handler = Callable[[Caller, JsonObject], Mapping[str, object]]


def depart(_caller: Caller, operation: str, params: JsonObject) -> JsonObject:
    """Give the parameters that are to be held against the model.

    UpdateTask takes an empty CloudWatchLogGroupArn, which removes the log group.

    Raises:
        ApiError: InvalidRequestException, not ValidationException, for a location in CreateTask that is none.
    """
    if operation == "CreateTask":
        for name in _LOCATIONS & params.keys():
            if isinstance(params[name], str) and not _DATASYNC_ARN.fullmatch(params[name]):
                raise _wrong_account("")
    if operation == "UpdateTask" and params.get("CloudWatchLogGroupArn") == "":
        return {name: value for name, value in params.items() if name != "CloudWatchLogGroupArn"}
    return params


def of_own_account(handler: Handler) -> Handler:
    """Make an operation refuse ARNs of other accounts as such.

    "Not found" would make clients forget a resource when only their credentials are wrong.
    """

    def checked(caller: Caller, params: JsonObject) -> Mapping[str, object]:
        for name in _ARNS & params.keys():
            found = _DATASYNC_ARN.fullmatch(params[name])
            if found and found[1] != caller.account:
                raise _wrong_account(found[1])
        return handler(caller, params)

    return checked


def _wrong_account(account: str) -> ApiError:
    return invalid_request(f"Invalid parameter: ARN account ({account}) must match authenticated user.")
