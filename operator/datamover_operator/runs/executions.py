"""The executions that are under way, as DataSync last described them."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from datamover_crds import JsonObject
from datamover_operator.runs.plan.after import with_limit
from datamover_operator.runs.plan.executions import has_ended
from datamover_operator.runs.plan.progress import SAMPLES, Sample, sample_of


class ExecutionCache:
    """The last description of each active execution, by ARN; None where DataSync no longer knows it."""

    def __init__(self) -> None:
        """Nothing has been described yet."""
        self._described: dict[str, JsonObject | None] = {}
        self._samples: dict[str, deque[Sample]] = {}
        self._asked: dict[str, float] = {}

    def put(self, arn: str, described: JsonObject | None, at: datetime, asked: float) -> bool:
        """Keep the description of a moment that was asked for at this tick; return whether it says anything new.

        One that has been overtaken, by another that was asked for later or by a change, says nothing.
        """
        if asked < self._asked.get(arn, asked):
            return False
        self._asked[arn] = asked
        if described is not None:
            self._samples.setdefault(arn, deque(maxlen=SAMPLES)).append(sample_of(described, at))
        is_news = arn not in self._described or self._described[arn] != described
        self._described[arn] = described
        return is_news

    def limited(self, arn: str, bytes_per_second: int, tick: float) -> None:
        """Since this tick the limit holds: a description that was asked for before does not know of it."""
        self._asked[arn] = tick
        if (known := self._described.get(arn)) is not None:
            self._described[arn] = with_limit(known, bytes_per_second)

    def has(self, arn: str | None) -> bool:
        """Whether the execution has been asked about."""
        return arn in self._described

    def get(self, arn: str | None) -> JsonObject | None:
        """The last description."""
        return self._described.get(arn or "")

    def is_over(self, arn: str) -> bool:
        """Whether the last description says that it has ended, or that DataSync no longer knows it."""
        described = self._described.get(arn)
        return arn in self._described and (described is None or has_ended(described))

    def samples(self, arn: str | None) -> tuple[Sample, ...]:
        """What the last descriptions said of its progress, the oldest first."""
        return tuple(self._samples.get(arn or "", ()))

    def keep_only(self, arns: set[str]) -> None:
        """Forget all others."""
        for arn in self._asked.keys() - arns:
            del self._asked[arn]
            self._described.pop(arn, None)
            self._samples.pop(arn, None)
