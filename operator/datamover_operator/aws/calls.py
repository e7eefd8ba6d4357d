"""One AWS call: paced, in a thread, bounded in time, counted, repeated only where that can't make two of a thing."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog
from botocore import xform_name
from botocore.response import StreamingBody

from datamover_operator.aws.error_codes import STALE_CREDENTIALS
from datamover_operator.aws.errors import classify, is_creating, lost
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import send_before
from datamover_operator.aws.translate import SecretRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient

    from datamover_common.threads import DaemonPool
    from datamover_operator.aws.admission import Door
    from datamover_operator.aws.clients import Clients, Service
    from datamover_operator.aws.pacing import Limits
    from datamover_operator.process.metrics import Metrics

Reply = dict[str, object]
"""A reply as botocore gives it."""

_REPETITIONS: Final = 2
_REPEATABLE: Final = frozenset({FailureKind.THROTTLED, FailureKind.UNAVAILABLE})
_READINGS: Final = ("Describe", "Get", "List", "ReceiveMessage", "DeleteMessage")
"""How the names of operations begin that change nothing."""
_COMMON: Final = _REPEATABLE | {FailureKind.NOT_FOUND}
"""Answers to a reading that nobody has to do anything about."""

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class NotSentError(Exception):
    """The request was stopped before it went out: its caller has gone, or its time was over."""


class Ticket:
    """Settles between a call's thread and its caller whether the request still goes out."""

    def __init__(self, deadline: float) -> None:
        """Allow one departure until `deadline`, in seconds of `time.monotonic`."""
        self._deadline = deadline
        self._lock = threading.Lock()
        self._void = False
        self.sent = False

    def depart(self) -> None:
        """Say that the request goes out now.

        Raises:
            NotSentError: it must not: the caller counts it as never sent.
        """
        with self._lock:
            if self._void or time.monotonic() > self._deadline:
                message = "the call was given up before it was sent"
                raise NotSentError(message)
            self.sent = True

    def abandon(self) -> bool:
        """Keep the request from going out; return whether it has gone already."""
        with self._lock:
            self._void = True
            return self.sent


_in_thread = threading.local()


def departure(request: AWSPreparedRequest, **_: object) -> None:  # noqa: ARG001 - botocore passes it by name
    """Stop a request whose caller has gone: the hook of every client, right before it sends."""
    ticket: Ticket = _in_thread.ticket
    ticket.depart()


class Channel:
    """The way to one account: its clients and its door, over the threads that all accounts share."""

    def __init__(self, clients: Clients, door: Door, *, limits: Limits, pool: DaemonPool, metrics: Metrics) -> None:
        """Make the channel; nothing is called."""
        self._clients = clients
        self._door = door
        self._limits = limits
        self._pool = pool
        self._metrics = metrics

    async def call(self, service: Service, operation: str, request: Mapping[str, object]) -> Reply:
        """Send one request and return botocore's reply.

        Calls that are throttled, or find AWS unavailable, are sent up to three times; Create* and Start* once.

        Raises:
            AwsError: the call failed.
        """
        last_start = time.monotonic() + self._limits.call_timeout
        for repetition in range(0 if is_creating(operation) else _REPETITIONS):
            pause = self._limits.retry_delay * 2**repetition * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
            try:
                return await self._once(service, operation, request)
            except AwsError as error:
                pause = max(pause, error.failure.retry_after)
                if error.failure.kind not in _REPEATABLE or time.monotonic() + pause > last_start:
                    raise
            await asyncio.sleep(pause)
        return await self._once(service, operation, request)

    async def _once(self, service: Service, operation: str, request: Mapping[str, object]) -> Reply:
        leave = await self._door.enter()
        with self._watched(service, operation):
            return await self._in_thread(service, operation, request, leave)

    @contextmanager
    def _watched(self, service: Service, operation: str) -> Iterator[None]:
        """Count the call, log its failure, and slow down where AWS asks for it."""
        started = time.monotonic()
        result = "ok"
        try:
            yield
        except AwsError as error:
            failure = error.failure
            result = failure.kind.value
            if failure.kind is FailureKind.THROTTLED:
                self._door.pace.throttled(time.monotonic())
            self._door.pace.hold(time.monotonic() + failure.retry_after)
            is_common = operation.startswith(_READINGS) and failure.kind in _COMMON
            log.log(
                logging.DEBUG if is_common else logging.INFO,
                "AWS call failed",
                service=service,
                operation=operation,
                code=failure.code,
                message=failure.message,
                aws_request_id=failure.request_id,
            )
            raise
        except BaseException:
            result = "Abandoned"
            raise
        finally:
            self._metrics.aws_call(self._clients.account_id, service, operation, result, time.monotonic() - started)

    async def _in_thread(
        self, service: Service, operation: str, request: Mapping[str, object], leave: Callable[[], None]
    ) -> Reply:
        ticket = Ticket(self._departs_before(operation))
        try:
            pending = self._pool.submit(lambda: self._send(ticket, service, operation, request))
        except BaseException:
            leave()
            raise
        try:
            async with asyncio.timeout(self._limits.call_timeout):
                reply = await _outcome(pending, leave)
        except TimeoutError:
            sent = _abandon(ticket, pending, operation)
            message = f"no answer within {self._limits.call_timeout:g} s"
            raise AwsError(lost(operation, sent=sent, code="Timeout", message=message)) from None
        except asyncio.CancelledError:
            _abandon(ticket, pending, operation)
            raise
        level = logging.DEBUG if operation.startswith(_READINGS) else logging.INFO
        log.log(level, "AWS call", service=service, operation=operation, aws_request_id=_request_id(reply))
        return reply

    def _departs_before(self, operation: str) -> float:
        """Until when a request may go out: a creating one no later than its caller's intent allows."""
        deadline = time.monotonic() + self._limits.call_timeout
        return min(deadline, send_before.get()) if is_creating(operation) else deadline

    def _send(self, ticket: Ticket, service: Service, operation: str, request: Mapping[str, object]) -> Reply:
        client: BaseClient | None = None
        _in_thread.ticket = ticket
        try:
            client = self._clients.get(service)
            method: Callable[..., Reply] = getattr(client, xform_name(operation))
            return _read(method(**request))
        except NotSentError as error:
            raise AwsError(lost(operation, sent=False, code="NotSent", message=str(error))) from None
        except Exception as error:
            failure = classify(error, operation, sent=ticket.sent)
            if failure is None:
                raise
            if failure.code in STALE_CREDENTIALS and client is not None:
                self._clients.renew(client)
            if isinstance(request, SecretRequest):  # botocore's error, the cause, holds them, too
                raise AwsError(replace(failure, message=request.hide(failure.message))) from None
            raise AwsError(failure) from error


def _read(reply: Reply) -> Reply:
    """Read a body here, in the thread: whoever asks for one asks for a piece that fits in memory."""
    body = reply.get("Body")
    return reply | {"Body": body.read()} if isinstance(body, StreamingBody) else reply


def _outcome(pending: Future[Reply], leave: Callable[[], None]) -> asyncio.Future[Reply]:
    """Return what comes of a call, for its caller in the event loop.

    The place is left when the thread is free, which an endpoint may hold for long after the caller has given up. One
    wake-up of the loop does both.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Reply] = loop.create_future()

    def end() -> None:
        leave()
        if outcome.done():  # given up
            return
        if (error := pending.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(pending.result())

    def wake(_: Future[Reply]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(end)

    def give_up(given: asyncio.Future[Reply]) -> None:
        if given.cancelled():
            pending.cancel()

    outcome.add_done_callback(give_up)
    pending.add_done_callback(wake)
    return outcome


def _abandon(ticket: Ticket, pending: Future[Reply], operation: str) -> bool:
    """Abandon a call; return whether its request went out. What a creating one still makes is logged."""
    sent = ticket.abandon()
    if sent and is_creating(operation):
        about = contextvars.copy_context()  # the answer comes in a thread that knows no object
        pending.add_done_callback(lambda done: about.run(_report, done, operation))
    return sent


def _report(done: Future[Reply], operation: str) -> None:
    error = done.exception()
    if error is not None:
        log.warning("abandoned AWS call failed", operation=operation, error=str(error))
        return
    reply = done.result()
    made = {name: value for name, value in reply.items() if name != "ResponseMetadata"}
    log.warning("abandoned AWS call succeeded", operation=operation, made=made, aws_request_id=_request_id(reply))


def _request_id(reply: Reply) -> str:
    metadata = reply.get("ResponseMetadata")
    return str(metadata.get("RequestId", "")) if isinstance(metadata, dict) else ""
