"""Appends to CloudWatch Logs, as far as the account lets DataSync do so."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from moto.logs.models import logs_backends

from datasync_emulator.access.policy import lets, parse
from datasync_emulator.catalogue.options import ENHANCED
from datasync_emulator.executions.record import Execution

_log = logging.getLogger(__name__)
_SERVICE = "datasync.amazonaws.com"
_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


class LogWriter:
    """Writes to moto's log groups, in the event loop, for moto is not made for several threads.

    A Basic task needs a resource policy that lets DataSync write; an Enhanced one writes by a role of the service's
    own, which makes the group too. What can't be written is lost, as it is with AWS.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write in this loop."""
        self._loop = loop

    def __call__(self, execution: Execution, group_arn: str, events: list[tuple[int, str]]) -> None:
        """Append events, each a time in milliseconds and a message, to the execution's stream in a group."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to read it
            self._loop.call_soon_threadsafe(_append, execution, group_arn, events)


def _append(execution: Execution, group_arn: str, events: list[tuple[int, str]]) -> None:
    try:
        _, _, _, region, account, _, group = group_arn.removesuffix(":*").split(":", 6)
        backend = logs_backends[account][region]
        if execution.task.mode == ENHANCED:
            backend.ensure_log_group(group)
        elif group not in backend.groups or not _allowed(execution, group_arn):
            _log.warning("%s does not exist, or no resource policy lets DataSync write to it", group_arn)
            return
        stream = f"{execution.task.id}-{execution.id}"
        if stream not in backend.groups[group].streams:
            backend.create_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": moment, "message": text} for moment, text in events])
    except Exception:  # noqa: BLE001 - a Region without logs, a subscription that fails; moto raises anything
        _log.warning("could not write the log of %s to %s", execution.arn, group_arn, exc_info=True)


def _allowed(execution: Execution, group_arn: str) -> bool:
    _, _, _, region, account, _ = group_arn.split(":", 5)
    policies = logs_backends[account][region].describe_resource_policies()
    documents = [parse(policy.policy_document) for policy in policies]
    resource = f"{group_arn.removesuffix(':*')}:log-stream:{execution.task.id}-{execution.id}"
    context = {"aws:sourceaccount": execution.caller.account, "aws:sourcearn": execution.task.arn}
    return all(lets(documents, _SERVICE, action, resource, context) for action in _ACTIONS)
