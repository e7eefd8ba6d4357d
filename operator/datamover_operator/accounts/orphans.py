"""Resources that carry our tags and that no object owns any more: somebody has taken a finalizer off by hand, say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from datamover_operator.process.metrics import Metrics


class Orphans:
    """What was found last in each account: the owner that is gone (namespace/name) by the resource's ARN."""

    def __init__(self, metrics: Metrics, changed: Callable[[str], None]) -> None:
        """Count in `metrics`; `changed` hears of an account, by its name, for which something else was found."""
        self._metrics = metrics
        self._changed = changed
        self._found: dict[str, Mapping[str, str]] = {}

    def found(self, account: str, orphans: Mapping[str, str]) -> None:
        """An account has been read: it holds these alone."""
        if orphans == self._found.get(account, {}):
            return
        self._found[account] = orphans
        self._metrics.orphans(account, len(orphans))
        self._changed(account)

    def of(self, account: str) -> Mapping[str, str]:
        """The account's orphans."""
        return self._found.get(account, {})

    def forget(self, account: str) -> None:
        """The account is gone."""
        if self._found.pop(account, None) is not None:
            self._metrics.forget_orphans(account)
