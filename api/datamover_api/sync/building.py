"""From a request to the mover or the table sync that does it, and from a change to its patch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from datamover_api.sync import webhooks
from datamover_api.sync.checking import check_hosts, check_servers, parsed
from datamover_api.sync.names import name_of
from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_api.sync.sides import POSTGRESQL, Side, read_database, read_location, type_of
from datamover_api.sync.webhooks import FILE_EVENTS, TABLE_EVENTS, Events
from datamover_api.sync.wire import ChangeSync, CreateSync, Interval, Webhook
from datamover_common.hosts import HostPolicy
from datamover_crds import (
    DataMover,
    DataMoverAccount,
    DataMoverSpec,
    JsonObject,
    ObjectMeta,
    Realm,
    TableSync,
    TableSyncSpec,
    dump,
    from_duration,
    read_json,
)
from datamover_crds.contract import CLIENT_ANNOTATION, ORIGIN_LABEL, SYNC_ORIGIN, SYNC_OWNER_LABEL

_DURATION: Final = re.compile("([0-9]{1,5}d)?([0-9]{1,7}h)?([0-9]{1,7}m)?([0-9]{1,7}s)?")
LEAST_INTERVAL: Final = timedelta(seconds=10)
_HISTORY: Final = 50


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for syncs that say nothing else: the configuration's `sync` section."""

    interval: str = "30s"
    max_retries: int = 3
    webhook_timeout_seconds: int = 30
    webhook_retries: int = 3


@dataclass(frozen=True, slots=True)
class Draft:
    """A sync that is to be created: its object, and the values for its Secret."""

    made: DataMover | TableSync
    secrets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a new sync is to be and for whom, what else holds for it, and the hosts of databases that it may name."""

    account: DataMoverAccount
    namespace: str
    owner: str
    defaults: Defaults
    databases: HostPolicy


def draft(sync_id: str, request: CreateSync, setting: Setting) -> Draft:
    """The object of a new sync. Raises InvalidRequestError."""
    source_type, destination_type = type_of("source", request.source), type_of("destination", request.destination)
    are_tables = source_type == POSTGRESQL
    if are_tables != (destination_type == POSTGRESQL):
        told = f"source {source_type} and destination {destination_type} don't go together: {POSTGRESQL} syncs with"
        raise InvalidRequestError(
            Fault("destination.type", f"{told} {POSTGRESQL}, and files and objects with each other")
        )
    build = _table_sync if are_tables else _mover
    name = name_of(sync_id) or ""
    source, destination, spec = build(name, request, setting)
    shown: JsonObject = {"source": source.shown, "destination": destination.shown}
    if request.sync_interval is not None or are_tables:
        shown["syncInterval"] = interval_of(request.sync_interval, setting.defaults)
    if request.tables is not None:
        shown["tables"] = [*request.tables]
    if request.webhook is not None:
        events = TABLE_EVENTS if are_tables else FILE_EVENTS
        spec["notify"] = notification(request.webhook, events, name, setting.defaults)
        shown["webhook"] = webhooks.shown(request.webhook, events)
    metadata = ObjectMeta(
        name=name,
        namespace=setting.namespace,
        labels={ORIGIN_LABEL: SYNC_ORIGIN, SYNC_OWNER_LABEL: setting.owner},
        annotations={CLIENT_ANNOTATION: json.dumps(shown)},
    )
    signed = webhooks.signing_key(request.webhook) if request.webhook is not None else {}
    secrets = {**source.secrets, **destination.secrets, **signed}
    given: JsonObject = {"source": request.source, "destination": request.destination}
    if are_tables:
        tables = parsed(TableSyncSpec, spec, given)
        check_hosts(tables, setting.databases)
        return Draft(TableSync(metadata=metadata, spec=tables), secrets)
    files = parsed(DataMoverSpec, spec, given)
    check_servers(spec, given)
    return Draft(DataMover(metadata=metadata, spec=files), secrets)


def _table_sync(name: str, request: CreateSync, setting: Setting) -> tuple[Side, Side, JsonObject]:
    defaults = setting.defaults
    if request.tables is None:
        raise InvalidRequestError(Fault("tables", f"a value is required for type {POSTGRESQL}"))
    source = read_database("source", request.source, name)
    destination = read_database("destination", request.destination, name)
    spec: JsonObject = {
        "source": source.spec,
        "destination": destination.spec,
        "tables": tables_of(request.tables),
        "mode": "Interval",
        "syncInterval": interval_of(request.sync_interval, defaults),
        "retry": {"limit": defaults.max_retries},
        "suspend": request.paused,
    }
    return source, destination, spec


def _mover(name: str, request: CreateSync, setting: Setting) -> tuple[Side, Side, JsonObject]:
    if request.tables is not None:
        raise InvalidRequestError(Fault("tables", f"only syncs of type {POSTGRESQL} have tables"))
    account = setting.account
    realm = Realm(_partition(account.spec.region), account.spec.account_id)
    source = read_location("source", request.source, realm, name)
    destination = read_location("destination", request.destination, realm, name)
    trigger: JsonObject = {"manual": name}
    if request.sync_interval is not None:
        trigger["interval"] = interval_of(request.sync_interval, setting.defaults)
    spec: JsonObject = {
        "accountRef": {"name": account.metadata.name},
        "source": source.spec,
        "destination": destination.spec,
        "allowOverlap": True,  # the documented API knows no such limit
        "trigger": trigger,
        "runHistory": {"limit": _HISTORY},
        "suspend": request.paused,
    }
    return source, destination, spec


def notification(webhook: Webhook, events: Events, secret: str, defaults: Defaults) -> list[JsonValue]:
    """A spec's `notify`. Raises InvalidRequestError."""
    return webhooks.notify_of(webhook, events, secret, defaults.webhook_timeout_seconds, defaults.webhook_retries)


def tables_of(names: list[str]) -> list[JsonValue]:
    """Tables as a spec has them."""
    return [{"name": each} for each in names]


def interval_of(given: Interval | None, defaults: Defaults) -> str:
    """An interval as a duration. Raises InvalidRequestError."""
    text = f"{given}s" if isinstance(given, int) else (given or defaults.interval)
    if not text or not _DURATION.fullmatch(text):
        raise InvalidRequestError(Fault("syncInterval", "must be a duration such as 30s, 5m or 1h30m, or seconds"))
    if from_duration(text) < LEAST_INTERVAL:
        raise InvalidRequestError(Fault("syncInterval", f"{text}: must be at least 10s"))
    return text


def change_of(
    kept: JsonObject, request: ChangeSync, obj: DataMover | TableSync, defaults: Defaults, secret: str
) -> JsonObject:
    """The merge patch for a spec; `kept` is what the annotation holds, and is brought up to date.

    `secret` is the name of the Secret for a new webhook's signing key.

    Raises:
        InvalidRequestError: a value can't be.
    """
    spec: JsonObject = {}
    if "webhook" in request.model_fields_set and request.webhook is None:
        spec["notify"] = kept["webhook"] = None
    if request.webhook is not None:
        events = TABLE_EVENTS if isinstance(obj, TableSync) else FILE_EVENTS
        spec["notify"] = notification(request.webhook, events, secret, defaults)
        kept["webhook"] = webhooks.shown(request.webhook, events)
    if request.tables is not None:
        spec["tables"] = tables_of(request.tables)
        kept["tables"] = [*request.tables]
    if request.paused is not None:
        spec["suspend"] = request.paused
    if request.sync_interval is not None:
        interval = kept["syncInterval"] = interval_of(request.sync_interval, defaults)
        spec |= {"syncInterval": interval} if isinstance(obj, TableSync) else {"trigger": {"interval": interval}}
    parsed(type(obj.spec), _changed(dump(obj.spec), spec), kept)
    return spec


def _changed(spec: JsonObject, patch: JsonObject) -> JsonObject:
    """A spec with a patch that is at most two levels deep."""

    def merged(old: JsonValue, new: JsonValue) -> JsonValue:
        return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new

    return {**spec, **{name: merged(spec.get(name), value) for name, value in patch.items()}}


def kept_by(obj: DataMover | TableSync) -> JsonObject:
    """What the annotation of a sync's object holds."""
    try:
        kept = read_json(obj.metadata.annotations.get(CLIENT_ANNOTATION, "{}"))
    except ValueError:  # somebody has edited it
        return {}
    return kept if isinstance(kept, dict) else {}


def _partition(region: str) -> str:
    return next((f"aws-{start}" for start in ("cn", "us-gov") if region.startswith(f"{start}-")), "aws")
