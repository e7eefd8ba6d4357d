"""Resources that carry our tags and that no object owns any more: somebody has taken a finalizer off by hand, say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from datamover_operator.process.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Found:
    """What an account holds: the owner that is gone (namespace/name) by the resource's ARN.

    `denied` is the action that the operator lacks to find roles, such as `iam:ListRoles`.
    """

    owners: Mapping[str, str] = field(default_factory=dict)
    denied: str = ""


class Orphans:
    """What was found last in each account."""

    def __init__(self, metrics: Metrics, changed: Callable[[str], None]) -> None:
        """Count in `metrics`; `changed` hears of an account, by its name, for which something else was found."""
        self._metrics = metrics
        self._changed = changed
        self._found: dict[str, Found] = {}

    def found(self, account: str, found: Found) -> None:
        """An account has been read: it holds these alone."""
        if found == self.of(account):
            return
        self._found[account] = found
        self._metrics.orphans(account, len(found.owners))
        self._changed(account)

    def of(self, account: str) -> Found:
        """The account's orphans."""
        return self._found.get(account, Found())

    def forget(self, account: str) -> None:
        """The account is gone."""
        if self._found.pop(account, None) is not None:
            self._metrics.forget_orphans(account)
