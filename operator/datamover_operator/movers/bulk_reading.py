"""Reads what an account holds in pages, and has only those movers looked at for which something has changed.

Locations come from ListLocations, tags from the tagging API. That one lags: what it does not show proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from datamover_common.fairness import Urgency
from datamover_common.slices import in_slices
from datamover_common.turns import urgency
from datamover_crds.contract import UID_TAG
from datamover_operator.accounts.connections import Connections
from datamover_operator.aws.failure import AwsError
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import keep_only, run_periodically
from datamover_operator.movers.kind import MOVER, by_account, named_arns
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.orphan_search import OrphanSearch
from datamover_operator.movers.plan.bulk import Shown, has_drifted, part_of
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.plan.observed import is_ready

_log = structlog.get_logger(__name__)


class BulkReading:
    """Reads without an end."""

    def __init__(self, context: Context, connections: Connections, memories: Memories, search: OrphanSearch) -> None:
        """Read every account that is open in `connections`; `search` looks for what nobody owns."""
        self._context = context
        self._connections = connections
        self._memories = memories
        self._search = search
        self._seen: dict[str, dict[str, int]] = {}

    async def run_forever(self) -> None:
        """Read every `bulk_interval_seconds`."""
        urgency.set(Urgency.CHECK)
        interval = self._context.settings.bulk_interval_seconds
        await run_periodically(interval, self._open, self._read)

    def _open(self) -> tuple[str, ...]:
        accounts = self._connections.open_accounts
        keep_only(accounts, self._seen)
        self._search.keep_only(accounts)
        return accounts

    async def _read(self, name: str) -> None:
        aws, caches = self._connections.aws_for(name), self._context.caches
        if aws is None:
            return
        # What is made while the listing is under way may be missing in it.
        known = {
            arn: entry.uid
            for entry in caches[MOVER].entries(by_account(name))
            for what in ("task", "location")
            for arn in named_arns(entry.digest, what)
        }
        try:
            tagged = await aws.tagging.find_all(UID_TAG)
            uris = {str(each["locationArn"]): str(each["locationUri"]) for each in await aws.datasync.list_locations()}
            await self._search.look(name, aws, tagged, known)
        except AwsError as error:
            _log.info("an account could not be read in bulk", account=name, error=str(error))
            return
        await self._compare(name, known, tagged, uris)

    async def _compare(
        self, name: str, known: Mapping[str, str], tagged: Mapping[str, Mapping[str, str]], uris: Mapping[str, str]
    ) -> None:
        before, after = self._seen.get(name, {}), dict[str, int]()
        async for arn, uid in in_slices(known.items()):
            if ":location/" in arn and arn not in uris:
                self._look(uid)
                continue
            shown = Shown(tagged.get(arn), uris.get(arn))
            after[arn] = shown.fingerprint
            if before.get(arn) != after[arn]:
                self._look_if_drifted(uid, arn, shown)
        async for arn, tags in in_slices(tagged.items()):
            if arn not in known and arn not in before:
                self._look_at_stray(tags[UID_TAG], arn)
                after[arn] = 0
        self._seen[name] = after

    def _look_if_drifted(self, uid: str, arn: str, shown: Shown) -> None:
        entry = self._context.caches[MOVER].get(uid)
        if entry is None:
            return
        identity = Identity(uid, self._context.cluster_id, entry.namespace, entry.name)
        if is_ready(entry.model) and has_drifted(entry.model, identity, arn, shown):
            self._look(uid)

    def _look_at_stray(self, uid: str, arn: str) -> None:
        """Something carries a living mover's uid that its status does not name."""
        entry = self._context.caches[MOVER].get(uid)
        if entry is not None and is_ready(entry.model) and part_of(entry.model, arn) is None:
            self._look(uid)

    def _look(self, uid: str) -> None:
        self._memories.of(uid).everything.request()
        self._context.queue.add((MOVER, uid))
