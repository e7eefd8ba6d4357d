"""Publishes state changes to EventBridge, as DataSync does (user guide, "Monitoring with EventBridge")."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from contextlib import suppress
from datetime import datetime
from typing import cast

from jsonpath_ng.ext.parser import parse as json_path
from moto.events.models import events_backends
from moto.events.utils import EventMessageType, EventTemplateParser
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from datasync_emulator.clock import Clock
from datasync_emulator.messages import Caller, JsonObject

_log = logging.getLogger(__name__)
_SOURCE = "aws.datasync"


class EventPublisher:
    """Puts events on the default bus. moto is called in the event loop, for it is not made for several threads.

    Rules are moto's, but not their delivery: moto knows no InputPath and leaves the account out.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        """Publish in this loop."""
        self._loop = loop
        self._clock = clock

    def __call__(self, caller: Caller, subject: str, arn: str, state: str) -> None:
        """Publish that a resource is in a state now; `subject` is Task, Task Execution and the like."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": f"DataSync {subject} State Change",
            "source": _SOURCE,
            "account": caller.account,
            "time": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": caller.region,
            "resources": [arn],
            "detail": {"State": state},
        }
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(_put, event, "default", caller.account, caller.region)


def _put(event: JsonObject, bus: str, account: str, region: str) -> None:
    try:
        rules = list(events_backends[account][region].describe_event_bus(bus).rules.values())
    except Exception:  # noqa: BLE001 - a Region without EventBridge, a bus that is gone; moto raises anything
        _log.debug("there is no event bus %s in %s", bus, region)
        return
    for rule in rules:
        if rule.state == "ENABLED" and rule.event_pattern.matches_event(cast("EventMessageType", event)):
            for target in list(rule.targets):
                _deliver(event, target)


def _deliver(event: JsonObject, target: JsonObject) -> None:
    try:
        _, _, service, region, account, resource = target["Arn"].split(":", 5)
        match service:
            case "sqs":
                group = target.get("SqsParameters", {}).get("MessageGroupId")
                queues = sqs_backends[account][region]
                queues.send_message(resource, _payload(event, target), group_id=group, deduplication_id=event["id"])
            case "logs":
                _log_event(account, region, resource.removeprefix("log-group:"), event, _payload(event, target))
            case "events":
                _put(event, resource.removeprefix("event-bus/"), account, region)
            case _:
                _log.debug("events are not delivered to %s", target["Arn"])
    except Exception:  # noqa: BLE001 - best effort, as with AWS; moto raises anything
        _log.warning("could not deliver that %s is %s", event["resources"], event["detail"], exc_info=True)


def _payload(event: JsonObject, target: JsonObject) -> str:
    """What a target gets: the event, or what its Input, InputPath or InputTransformer makes of it."""
    match target:
        case {"Input": str(constant)}:
            return constant
        case {"InputPath": str(path)}:
            found = json_path(path).find(event)
            return json.dumps(found[0].value if found else None)
        case {"InputTransformer": {"InputTemplate": template, **more}}:
            paths = cast("JsonObject", more).get("InputPathsMap", {})
            message = cast("EventMessageType", event | {"ingestion-time": event["time"]})
            return json.dumps(EventTemplateParser.parse(str(template), paths, message))
    return json.dumps(event)


def _log_event(account: str, region: str, group: str, event: JsonObject, text: str) -> None:
    backend, stream = logs_backends[account][region], event["id"]
    milliseconds = int(datetime.fromisoformat(event["time"]).timestamp() * 1000)
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, [{"timestamp": milliseconds, "message": text}])
