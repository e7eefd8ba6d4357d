"""Tells EventBridge of executions' states, as DataSync does (user guide, "Monitoring with EventBridge")."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress

from moto.events.models import events_backends

from datasync_emulator.clock import Clock
from datasync_emulator.executions.record import Execution

_log = logging.getLogger(__name__)
_DETAIL_TYPE = "DataSync Task Execution State Change"


class EventPublisher:
    """Implements executions.runner.Watcher. moto is called in the event loop, for it is not made for threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        """Announce in this loop."""
        self._loop = loop
        self._clock = clock

    def __call__(self, execution: Execution) -> None:
        """Announce the state that an execution is in now."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(self._put, execution, execution.status)

    def _put(self, execution: Execution, status: str) -> None:
        event = {
            "Source": "aws.datasync",
            "DetailType": _DETAIL_TYPE,
            "Detail": json.dumps({"State": status}),
            "Resources": [execution.arn],
            "Time": self._clock().timestamp(),
        }
        try:
            events_backends[execution.caller.account][execution.caller.region].put_events([event])
        except KeyError:
            _log.debug("no EventBridge in %s", execution.caller.region)
        except Exception:  # noqa: BLE001 - best effort, as with AWS; moto raises anything
            _log.warning("could not announce that %s is %s", execution.arn, status, exc_info=True)
