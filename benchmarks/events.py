"""From an execution's end to its run's last phase: by polling alone, and with a queue of DataSync's state changes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import ACCOUNT, Arena, arena
from benchmarks.figures import Figures, percentiles
from benchmarks.operated import Operated, operated
from benchmarks.run_recorded import recording_delays
from datamover_dev.stack.environment import ACCOUNT_ID, REGION

_ACCOUNT = f"/apis/datamover.io/v1alpha1/datamoveraccounts/{ACCOUNT}"
_QUEUE = "datamover"
_PATTERN = {"source": ["aws.datasync"], "detail-type": ["DataSync Task Execution State Change"]}
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class EventsRecorded(Figures):
    """Seconds from EndTime, as AWS gives it, to the last phase in Kubernetes, over `runs` runs each."""

    runs: int
    events_p50_s: float
    events_p99_s: float
    polling_p50_s: float
    polling_p99_s: float

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, with events, by polling."""
        return [
            ("", "events", "polling"),
            ("a run's end to recorded, p50", f"{self.events_p50_s:.2f} s", f"{self.polling_p50_s:.2f} s"),
            ("a run's end to recorded, p99", f"{self.events_p99_s:.2f} s", f"{self.polling_p99_s:.2f} s"),
        ]


def measure(runs: int, folder: Path) -> EventsRecorded:
    """Start a run of each of so many movers, without the queue and then with it. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, runs))


async def _measure(arena: Arena, runs: int) -> EventsRecorded:
    names = [f"m-{number}" for number in range(runs)]
    async with operated(arena, {}) as at_work:
        await at_work.make_ready(names, _PATIENCE_S)
        polling = await at_work.while_alive(recording_delays(arena, at_work, names, "polled"))
        await _listen(arena, at_work)
        await at_work.while_alive(recording_delays(arena, at_work, names[:1], "first"))  # polling slows down after it
        events = await at_work.while_alive(recording_delays(arena, at_work, names, "told"))
    return EventsRecorded(runs, *percentiles(events), *percentiles(polling))


async def _listen(arena: Arena, operated: Operated) -> None:
    """Have EventBridge fill a queue, as docs/events.md says, and tell the operator of it."""
    url = arena.client("sqs").create_queue(QueueName=_QUEUE)["QueueUrl"]
    events = arena.client("events")
    events.put_rule(Name=_QUEUE, EventPattern=json.dumps(_PATTERN))
    target = {"Id": _QUEUE, "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{_QUEUE}"}
    events.put_targets(Rule=_QUEUE, Targets=[target])
    await operated.cluster.patch(_ACCOUNT, {"spec": {"events": {"queueUrl": url}}})
    await operated.until_quiet()
