"""The controller of DataMoverAccounts: what the machine has to know of them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject
from datamover_crds.contract import is_true
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.reconciler import AccountReconciler, AccountServices
from datamover_operator.controller.context import Context
from datamover_operator.controller.registry import Change, Controller, Wake
from datamover_operator.movers.kind import MOVER, by_account


def account_controller(context: Context, services: AccountServices) -> Controller:
    """Reconcile DataMoverAccounts."""

    def wakes(change: Change) -> Iterator[Wake]:
        """Wake the movers of an account whose spec is another."""
        if _generation(change.before) != _generation(change.after):
            name = str(metadata_of(change.known).get("name", ""))
            yield from (Wake(MOVER, uid) for uid in context.caches[MOVER].uids(by_account(name)))

    def shows(change: Change) -> None:
        """Show whether the account is Ready; none where it is gone and no other has its name by now."""
        name = str(metadata_of(change.known).get("name", ""))
        entry = context.caches[ACCOUNT].named("", name)
        if entry is None:
            context.metrics.forget_account(name)
            services.orphans.forget(name)
        else:
            is_ready = is_true(entry.model.status.conditions, "Ready")
            context.metrics.account(name, entry.model.spec.account_id, is_ready=is_ready)

    reconciler = AccountReconciler(context, services)

    def lane(uid: str) -> Lane:
        """Let an account wait by itself, before all movers: none of them does anything without it."""
        entry = context.caches[ACCOUNT].get(uid)
        return Lane(Urgency.RUN, entry.key[1] if entry is not None else "")

    return Controller(ACCOUNT, reconciler.reconcile, lane=lane, wakes=wakes, shows=shows)


def _generation(raw: JsonObject | None) -> JsonValue:
    return metadata_of(raw).get("generation") if raw is not None else None
