"""The executions that are under way, as DataSync last described them."""

from __future__ import annotations

from datamover_crds import JsonObject


class ExecutionCache:
    """The last description of each active execution, by ARN; None where DataSync no longer knows it."""

    def __init__(self) -> None:
        """Nothing has been described yet."""
        self._described: dict[str, JsonObject | None] = {}

    def put(self, arn: str, described: JsonObject | None) -> bool:
        """Keep a description; return whether it says anything new."""
        is_news = arn not in self._described or self._described[arn] != described
        self._described[arn] = described
        return is_news

    def has(self, arn: str | None) -> bool:
        """Whether the execution has been asked about."""
        return arn in self._described

    def get(self, arn: str | None) -> JsonObject | None:
        """The last description."""
        return self._described.get(arn or "")

    def keep_only(self, arns: set[str]) -> None:
        """Forget all others."""
        for arn in self._described.keys() - arns:
            del self._described[arn]
