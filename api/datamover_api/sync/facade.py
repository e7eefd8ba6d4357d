"""The DataSync API v2.1 as a facade."""

from __future__ import annotations

from typing import Final

from datamover_api.auth.keys import KeyRing, NamedKey
from datamover_api.context import Context
from datamover_api.http.facade import Facade
from datamover_api.sync.admission import Admission
from datamover_api.sync.configuration import LiveConfiguration
from datamover_api.sync.history.recorder import History
from datamover_api.sync.history.store import HistoryStore
from datamover_api.sync.openapi import BEARER_SCHEME
from datamover_api.sync.problems import refuse
from datamover_api.sync.rates import Rates
from datamover_api.sync.routes import PREFIXES, sync_routes
from datamover_api.sync.service import Syncs
from datamover_api.sync.streams import Streams
from datamover_common.hosts import HostPolicy

_SCHEMES: Final = {BEARER_SCHEME: {"type": "http", "scheme": "bearer", "description": "The API key."}}


def sync_facade(context: Context, ring: KeyRing[NamedKey], configuration: LiveConfiguration) -> Facade:
    """The sync routes; `ring` holds the keys that open them."""
    settings = context.settings
    database = configuration.now.database
    history = History(HistoryStore(database.url, database.pool), context.mirror) if database.url else None
    databases = HostPolicy(settings.database_hosts)
    syncs = Syncs(context.mirror, context.writer, lambda: configuration.now.defaults, databases, history)
    administrators = frozenset(each.strip() for each in settings.sync_administrators.split(",") if each.strip())
    rates = Rates(
        settings.sync_requests_per_minute, settings.sync_rate_limit_storage, context.metrics.rate_storage_failed
    )
    return Facade(
        routes=sync_routes(syncs, Streams(context.ending), context.limits),
        prefixes=PREFIXES,
        public=frozenset(),
        admit=Admission(ring, administrators, rates, context.metrics),
        refuse=refuse,
        schemes=_SCHEMES,
        work={
            "sync keys": ring.keep_fresh,
            "sync configuration": configuration.keep_fresh,
            **({"sync history": history.record} if history is not None else {}),
        },
        degraded=lambda: history.problem if history is not None else "",
    )
