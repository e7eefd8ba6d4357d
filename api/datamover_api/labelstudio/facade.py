"""Label Studio's storage API as a facade."""

from __future__ import annotations

from typing import Final

from datamover_api.auth.keys import KeyRing, NamedKey
from datamover_api.context import Context
from datamover_api.http.facade import Facade
from datamover_api.labelstudio.admission import Admission
from datamover_api.labelstudio.ids import Ids
from datamover_api.labelstudio.openapi import BEARER_SCHEME, TOKEN_SCHEME
from datamover_api.labelstudio.refusals import refuse
from datamover_api.labelstudio.routes import PREFIXES, PUBLIC, storage_routes
from datamover_api.labelstudio.service import Storages

_SCHEMES: Final = {
    TOKEN_SCHEME: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token` and the key.",
    },
    BEARER_SCHEME: {"type": "http", "scheme": "bearer", "description": "The key, or an access token made for it."},
}


def label_studio_facade(context: Context, ring: KeyRing[NamedKey]) -> Facade:
    """The storage routes; `ring` holds the keys that open them."""
    patience = context.settings.label_studio_check_seconds
    storages = Storages(context.mirror, context.writer, Ids(context.client), patience)
    return Facade(
        routes=storage_routes(storages, context.limits, ring),
        prefixes=PREFIXES,
        public=PUBLIC,
        admit=Admission(ring, PUBLIC, context.metrics),
        refuse=refuse,
        schemes=_SCHEMES,
        work={"label studio keys": ring.keep_fresh},
    )
