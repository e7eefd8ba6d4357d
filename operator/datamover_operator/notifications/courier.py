"""Delivers the notifications that stand in objects' status, and records there what became of each try.

A notification that a crash leaves behind is found again when the objects are read at the next start: it is sent at
least once, always under one id. Receivers share the workers in turn, and none has more than a few of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

import structlog

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of, part_of, uid_of
from datamover_crds import Delivery, JsonObject, Receiver, SecretKeyRef, dump
from datamover_crds.notify import DEFAULT_TIMEOUT_SECONDS
from datamover_operator.controller.context import AnyKind, Context
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.kube.secrets import UnusableSecretError, get_secret
from datamover_operator.movers.kind import MOVER
from datamover_operator.notifications.origins import ORIGINS, Origin, account_of
from datamover_operator.notifications.plan.deliveries import Outcome, attempted, due_at, replaced
from datamover_operator.notifications.plan.events import UnusableKeyError, cloud_event, signed
from datamover_operator.notifications.plan.receivers import entry_at, read_place
from datamover_operator.notifications.sending import WebhookSender

_WORKERS = 128
_AT_ONE_RECEIVER = 4
_AGAIN = 1.0
_TRIES = 5
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A notification: the object whose status holds it, and its id."""

    kind: AnyKind
    uid: str
    id: str


class Courier:
    """Sends what it is shown, until cancelled."""

    def __init__(self, context: Context, client: KubeClient, sender: WebhookSender) -> None:
        """Read Secrets through `client`."""
        self._context = context
        self._client = client
        self._sender = sender
        self._lanes: dict[Key, str] = {}
        self._busy: Counter[str] = Counter()
        self._queue: WorkQueue[Key] = WorkQueue(_WORKERS, self._lane)

    def look_at(self, kind: AnyKind, raw: JsonObject) -> None:
        """Send what is pending in an object's status. Does not block."""
        listed = part_of(raw, "status").get("notifications")
        for each in listed if isinstance(listed, list) else []:
            if isinstance(each, dict) and each.get("state") == "Pending":
                key = Key(kind, uid_of(raw), str(each.get("id")))
                self._lanes[key] = _lane_name(kind, raw, str(each.get("receiver")))
                self._queue.add(key)

    async def run_forever(self) -> None:
        """Deliver until cancelled; what is under way then is sent again after the next start."""
        try:
            async with self._sender, asyncio.TaskGroup() as group:
                for number in range(_WORKERS):
                    group.create_task(self._work(), name=f"courier-{number}")
        finally:
            self._queue.close()

    async def _work(self) -> None:
        while True:
            key, lane = await self._queue.take()
            receiver = str(lane.share)
            is_full = self._busy[receiver] >= _AT_ONE_RECEIVER
            self._busy[receiver] += not is_full
            try:
                if is_full:
                    self._queue.add_after(key, _AGAIN)
                else:
                    await self._handle(key)
            except Exception:  # noqa: BLE001 - a mistake of ours must not end the worker
                _log.exception("a notification could not be handled")
                self._queue.retry(key)
            finally:
                self._busy[receiver] -= not is_full
                if not self._busy[receiver]:
                    del self._busy[receiver]
                self._queue.done(key)

    async def _handle(self, key: Key) -> None:
        delivery = self._find(key)
        due = due_at(delivery) if delivery is not None else None
        if delivery is None or due is None:
            self._lanes.pop(key, None)
            self._queue.forget(key)
            return
        wait = (due - self._context.clock.now()).total_seconds()
        if wait > 0:
            self._queue.add_after(key, wait)
            return
        origin = self._origin(key, delivery)
        receiver = self._receiver(origin, delivery)
        outcome = await self._attempt(origin, receiver, delivery)
        after = attempted(delivery, receiver, outcome, self._context.clock.now())
        if outcome.problem is not None:
            _log.info("a notification was not delivered", id=delivery.id, receiver=delivery.receiver, why=after.message)
        try:
            await self._record(key, after)
        except KubeError as error:
            _log.info("what became of a notification could not be recorded", id=delivery.id, error=str(error))
            self._queue.retry(key)
            return
        if after.state != "Pending":  # the object may have been kept for this alone
            self._context.queue.add((key.kind, key.uid))
            if origin.mover_uid is not None:
                self._context.queue.add((MOVER, origin.mover_uid))

    async def _attempt(self, origin: Origin, receiver: Receiver | None, delivery: Delivery) -> Outcome:
        if receiver is None:
            return Outcome(f"{delivery.receiver} no longer exists", is_final=True)
        place = read_place(delivery.receiver)
        is_accounts = place is not None and place.account is not None
        namespace = self._context.settings.operator_namespace if is_accounts else origin.namespace
        try:
            url, key = receiver.webhook.url, None
            if receiver.webhook.url_secret_ref is not None:
                url = await self._secret(namespace, receiver.webhook.url_secret_ref, is_accounts=is_accounts)
            if receiver.signing_secret_ref is not None:
                key = await self._secret(namespace, receiver.signing_secret_ref, is_accounts=is_accounts)
            message = cloud_event(delivery, origin.source, origin.subject, origin.data)
            message = signed(message, delivery.id, self._context.clock.now(), key)
        except (UnusableSecretError, UnusableKeyError) as error:
            return Outcome(str(error))
        except KubeError as error:
            return Outcome(f"the Secret could not be read: {error.reason or error.status}")
        seconds = receiver.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
        return await self._sender.post(url or "", message.body, message.headers, seconds)

    async def _secret(self, namespace: str, ref: SecretKeyRef, *, is_accounts: bool) -> str:
        """Raises KubeError, UnusableSecretError."""
        value = "operator.secretNames" if is_accounts else "secretNamespaces"
        what = ref.name if is_accounts else namespace
        try:
            secret = await get_secret(self._client, namespace, ref.name, f"add '{what}' to the chart's value {value}")
        except KubeError as error:
            if error.is_not_found:
                raise UnusableSecretError(f"Secret '{namespace}/{ref.name}' does not exist") from None
            raise
        if not secret.data.get(ref.key):
            raise UnusableSecretError(f"Secret '{namespace}/{ref.name}' has no value for key '{ref.key}'")
        return secret.data[ref.key]

    async def _record(self, key: Key, delivery: Delivery) -> None:
        """Put the notification back into its status, on the newest version of that. Raises KubeError."""
        for _ in range(_TRIES):
            entry = self._context.caches[key.kind].get(key.uid)
            if entry is None:
                return
            status = entry.model.status
            kept = replaced(status.notifications, [delivery])
            changed = status.model_copy(update={"notifications": kept})
            try:
                self._context.caches[key.kind].put(
                    await self._context.writer.status(key.kind, entry.raw, dump(changed))
                )
            except KubeError as error:
                if not (error.is_conflict or error.is_not_found):
                    raise
                await self._context.writer.read(key.kind, *entry.key)
            else:
                return
        raise KubeError(409, "Conflict", "the object is written by others all the time")

    def _find(self, key: Key) -> Delivery | None:
        entry = self._context.caches[key.kind].get(key.uid)
        found = entry.model.status.notifications if entry is not None else ()
        return next((each for each in found if each.id == key.id), None)

    def _origin(self, key: Key, delivery: Delivery) -> Origin:
        entry = self._context.caches[key.kind].get(key.uid)
        assert entry is not None  # noqa: S101 - the notification has just been found in it
        return ORIGINS[key.kind](self._context.caches, entry.model, delivery)

    def _receiver(self, origin: Origin, delivery: Delivery) -> Receiver | None:
        place = read_place(delivery.receiver)
        if place is None:
            return None
        if place.account is None:
            return entry_at(origin.own, place)
        account = account_of(self._context.caches, place.account)
        return entry_at(account.spec.notify, place) if account is not None else None

    def _lane(self, key: Key) -> Lane:
        return Lane(Urgency.CHANGE, self._lanes.get(key, ""))


def _lane_name(kind: AnyKind, raw: JsonObject, receiver: str) -> str:
    """One for each receiver: an account's for all objects; a mover's for its runs, too."""
    place = read_place(receiver)
    if place is not None and place.account is not None:
        return receiver
    mover = part_of(part_of(raw, "spec"), "moverRef").get("name")
    owner = f"{MOVER.name} {mover}" if mover else f"{kind.name} {metadata_of(raw).get('name')}"
    return f"{metadata_of(raw).get('namespace')}/{owner}: {receiver}"
