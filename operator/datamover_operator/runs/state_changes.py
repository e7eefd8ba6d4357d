"""The fast path: hears of executions' state changes from a queue, and has them looked at, at once.

DataSync's own description stays the truth: a message that is lost, doubled or late costs a look or a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from datamover_common.fairness import Urgency
from datamover_common.turns import urgency
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws, QueueMessage
from datamover_operator.controller.context import Context
from datamover_operator.runs.plan.state_changes import StateChange, read_state_change

_LOOK = 1.0
_RETRY = 10.0
PROOF_LASTS = 3600.0
"""Seconds for which a queue counts as filled after it has told of a run."""
_REACH_LASTS = 60.0
_BATCHES = 4
"""So many answers of a queue are worked on at the same time, while the next is received."""
_log = structlog.get_logger(__name__)

Tell = Callable[[str, StateChange], Awaitable[bool]]
"""Has an execution of an account, by the account's name, looked at; returns whether a run stands for it."""


@dataclass(slots=True)
class _Ear:
    """What is known of one queue: when it last answered, and when it last told of a run, in monotonic seconds."""

    url: str
    task: asyncio.Task[None]
    answered_at: float = field(default=float("-inf"))
    told_at: float = field(default=float("-inf"))


class StateChanges:
    """Listens to the queue of each account that has one, until cancelled."""

    def __init__(self, context: Context, connections: Connections, tell: Tell) -> None:
        """Tell every state change by `tell`."""
        self._context = context
        self._connections = connections
        self._tell = tell
        self._ears: dict[str, _Ear] = {}

    def are_heard(self, account: str) -> bool:
        """Whether an account's state changes can be relied on to come soon."""
        ear, tick = self._ears.get(account), self._context.clock.tick()
        return ear is not None and tick - ear.answered_at < _REACH_LASTS and tick - ear.told_at < PROOF_LASTS

    async def run_forever(self) -> None:
        """Listen to each queue in a task of its own."""
        urgency.set(Urgency.RUN)
        async with asyncio.TaskGroup() as group:
            while True:
                wanted = dict(self._queues())
                for account, ear in list(self._ears.items()):
                    if wanted.get(account) != ear.url:
                        ear.task.cancel()
                        del self._ears[account]
                for account, url in wanted.items():
                    if account not in self._ears:
                        task = group.create_task(self._listen(account, url), name=f"events of {account}")
                        self._ears[account] = _Ear(url, task)
                await asyncio.sleep(_LOOK)

    def _queues(self) -> Iterable[tuple[str, str]]:
        for entry in self._context.caches[ACCOUNT]:
            events = entry.model.spec.events
            if events is not None and not entry.problem and self._connections.aws_for(entry.key[1]) is not None:
                yield entry.key[1], events.queue_url

    async def _listen(self, account: str, url: str) -> None:
        slots = asyncio.Semaphore(_BATCHES)
        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                aws = self._connections.aws_for(account)
                messages = await self._receive(account, url, aws) if aws is not None else None
                if aws is not None and messages:
                    work = group.create_task(self._hear(account, url, aws, messages), name=f"messages of {account}")
                    work.add_done_callback(lambda _: slots.release())
                    continue
                slots.release()
                if messages is None:
                    await asyncio.sleep(_LOOK if aws is None else _RETRY)

    async def _receive(self, account: str, url: str, aws: Aws) -> Sequence[QueueMessage] | None:
        """Wait for messages; None where the queue does not answer."""
        ear = self._ears.get(account)
        try:
            messages = await aws.queue.receive(url)
        except AwsError as error:
            _log.info("events could not be received; runs are polled", account=account, error=str(error))
            if ear is not None:
                ear.answered_at = float("-inf")
            return None
        if ear is not None:
            ear.answered_at = self._context.clock.tick()
        return messages

    async def _hear(self, account: str, url: str, aws: Aws, messages: Sequence[QueueMessage]) -> None:
        ear, tick = self._ears.get(account), self._context.clock.tick()
        changes = self._changes(account, messages)
        were_known = await asyncio.gather(*(self._tell(account, change) for change in changes))
        if any(were_known) and ear is not None:
            ear.told_at = tick
        try:
            await aws.queue.delete(url, [message.receipt for message in messages])
        except AwsError as error:
            _log.info("messages could not be deleted; they come again", account=account, error=str(error))

    def _changes(self, account: str, messages: Iterable[QueueMessage]) -> list[StateChange]:
        """The last state change of each execution."""
        entry = self._context.caches[ACCOUNT].named("", account)
        if entry is None:
            return []
        spec = entry.model.spec
        found = (read_state_change(message.body, spec.account_id, spec.region) for message in messages)
        changes: dict[str, StateChange] = {}
        for change in found:
            if change is not None:
                known = changes.get(change.execution_arn)
                is_end = change.is_end or (known is not None and known.is_end)
                changes[change.execution_arn] = StateChange(change.execution_arn, is_end=is_end)
        return list(changes.values())
