"""Notifications of a run's end: written together with it, so that no crash loses one."""

from __future__ import annotations

from datamover_crds import DataMoverRunStatus
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.controller.context import Context
from datamover_operator.notifications.plan.deliveries import announced
from datamover_operator.notifications.plan.receivers import subscriptions
from datamover_operator.runs.plan.notifying import run_news
from datamover_operator.runs.plan.observed import ObservedRun


def with_notifications(context: Context, o: ObservedRun, status: DataMoverRunStatus) -> DataMoverRunStatus:
    """The status that follows the stored one, with the notifications that it deserves."""
    news = run_news(o.run.status, status)
    if not news or o.mover is None:
        return status
    account = context.caches[ACCOUNT].named("", o.mover.spec.account_ref.name)
    whom = subscriptions(o.mover.spec.notify, account.model if account is not None else None)
    kept = announced(status.notifications, o.run.metadata.uid, news, whom, context.clock.now())
    return status.model_copy(update={"notifications": kept})
