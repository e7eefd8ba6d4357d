"""The older service as a facade."""

from __future__ import annotations

from typing import Final

from datamover_api.actions.rollback import Rollback
from datamover_api.auth.keys import KeyRing
from datamover_api.auth.tokens import Verifier
from datamover_api.context import Context
from datamover_api.http.facade import Facade
from datamover_api.legacy.admission import TOKEN_HEADER, Admission, refuse
from datamover_api.legacy.flywheel import FailedCreations
from datamover_api.legacy.openapi import TOKEN_SCHEME
from datamover_api.legacy.routes import PREFIXES, PUBLIC, legacy_routes
from datamover_api.legacy.service import Service

_SCHEME: Final = {
    "type": "apiKey",
    "in": "header",
    "name": TOKEN_HEADER,
    "description": "A bcrypt hash of the pre-shared key, made by the client.",
}


def legacy_facade(context: Context, ring: KeyRing[bytes]) -> Facade:
    """The older service's routes; `ring` holds the keys that open them."""
    failed = FailedCreations()
    rollback = Rollback(context.writer, failed.note)
    context.mirror.listen(rollback.look)
    verifier = Verifier(ring, context.settings.highest_bcrypt_cost)
    service = Service(context.mirror, context.movers, context.runs, failed)
    return Facade(
        routes=legacy_routes(service, context.limits, context.metrics, context.version),
        prefixes=PREFIXES,
        public=PUBLIC,
        admit=Admission(verifier, PUBLIC, context.metrics),
        refuse=refuse,
        schemes={TOKEN_SCHEME: _SCHEME},
        work={"tokens": verifier.hash_tokens, "keys": ring.keep_fresh, "rollback": rollback.take_back},
    )
