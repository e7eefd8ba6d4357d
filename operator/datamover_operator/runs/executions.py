"""The executions that are under way, as DataSync last described them."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from datamover_crds import JsonObject
from datamover_operator.runs.plan.progress import SAMPLES, Sample, sample_of


class ExecutionCache:
    """The last description of each active execution, by ARN; None where DataSync no longer knows it."""

    def __init__(self) -> None:
        """Nothing has been described yet."""
        self._described: dict[str, JsonObject | None] = {}
        self._samples: dict[str, deque[Sample]] = {}

    def put(self, arn: str, described: JsonObject | None, at: datetime) -> bool:
        """Keep the description of a moment; return whether it says anything new."""
        if described is not None:
            self._samples.setdefault(arn, deque(maxlen=SAMPLES)).append(sample_of(described, at))
        is_news = arn not in self._described or self._described[arn] != described
        self._described[arn] = described
        return is_news

    def has(self, arn: str | None) -> bool:
        """Whether the execution has been asked about."""
        return arn in self._described

    def get(self, arn: str | None) -> JsonObject | None:
        """The last description."""
        return self._described.get(arn or "")

    def samples(self, arn: str | None) -> tuple[Sample, ...]:
        """What the last descriptions said of its progress, the oldest first."""
        return tuple(self._samples.get(arn or "", ()))

    def keep_only(self, arns: set[str]) -> None:
        """Forget all others."""
        for arn in self._described.keys() - arns:
            del self._described[arn]
            self._samples.pop(arn, None)
