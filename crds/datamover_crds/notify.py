"""Notifications: webhooks that are called when something has happened, and what became of the calls."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Count, Items, Model, Text, Timestamp
from datamover_crds.rules import Rule
from datamover_crds.secrets import SecretKeyRef
from datamover_crds.words import Words

NotificationEvent = Literal["RunSucceeded", "RunFailed", "RunCancelled", "MoverStalled", "MoverReady", "ScheduleMissed"]
TableSyncEvent = Literal["TableSyncReady", "TableSyncStalled", "TableSyncFailed", "TableSyncCompleted"]
DEFAULT_TIMEOUT_SECONDS = 30
DEFAULT_RETRIES = 3
URL_PATTERN = "^https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%\\[\\]-]+$"
WebhookUrl = Annotated[
    str,
    Field(min_length=9, max_length=2048, pattern=URL_PATTERN),
    Words("must be an http or https URL, such as https://hooks.example.com/datamover"),
]


def _has_one_address(webhook: "Webhook") -> bool:
    return (webhook.url is None) != (webhook.url_secret_ref is None)


def _keeps_credentials_secret(webhook: "Webhook") -> bool:
    return webhook.url is None or "@" not in webhook.url.split("//", 1)[-1].split("/", 1)[0]


class Webhook(Model):
    """Where a notification is sent: a URL, or a Secret that holds it."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel="has(self.url) != has(self.urlSecretRef)",
            holds=_has_one_address,
            message="must set exactly one of url and urlSecretRef",
        ),
        Rule(
            field_path=".url",
            cel="!has(self.url) || !self.url.matches('^[^/]*//[^/]*@')",
            holds=_keeps_credentials_secret,
            message="must not hold a user or a password; put the whole URL into a Secret and name that in urlSecretRef",
        ),
    )

    url: WebhookUrl | None = None
    """The URL, such as `https://hooks.example.com/datamover`. The operator's setting `webhookHosts` says which hosts
    are allowed.
    """
    url_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the URL, where the URL itself is secret.

    The Secret is in the namespace of the object that names it; for an account, in the operator's namespace.
    """


class Receiver(Model):
    """Whom to notify, and how. Every call is an HTTP POST of a CloudEvents 1.0 event as JSON."""

    webhook: Webhook
    """Where the notification is sent. Redirects are not followed."""
    signing_secret_ref: SecretKeyRef | None = None
    """The key of a Secret that holds the signing key (`whsec_` and base64), by which the receiver knows the sender.

    Calls are signed as Standard Webhooks: headers webhook-id, webhook-timestamp, webhook-signature. If not set, calls
    are not signed. The Secret is in the namespace of the object; for an account, in the operator's namespace.
    """
    timeout_seconds: Annotated[int, Field(ge=1, le=300), WHOLE_FLOATS] | None = None
    """How long the receiver may take to answer, in seconds. If not set: 30."""
    retries: Annotated[int, Field(ge=0, le=20), WHOLE_FLOATS] | None = None
    """How often a call that failed is tried again, with growing delays from 5 s to 1 h. If not set: 3."""


class Notify(Receiver):
    """Whom to notify of which events."""

    events: Annotated[tuple[NotificationEvent, ...], Items(at_least=1, at_most=6)]
    """What to tell of, such as `[RunFailed, MoverStalled]`.

    RunFailed includes runs that were rejected and runs whose end is unknown.
    """


Notifies = Annotated[tuple[Notify, ...], Items(at_most=10)]


class TableSyncNotify(Receiver):
    """Whom to notify of which events of a table sync."""

    events: Annotated[tuple[TableSyncEvent, ...], Items(at_least=1, at_most=4)]
    """What to tell of, such as `[TableSyncFailed, TableSyncStalled]`.

    TableSyncFailed: replication has stopped for good, by its errors or for a lost slot. TableSyncStalled: something
    else has to be mended before it goes on. TableSyncCompleted: Once or promote has finished.
    """


class Delivery(Model):
    """One notification to one receiver."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    """The webhook-id and the id of the CloudEvent: the same one for every try."""
    event: Annotated[str, Field(min_length=1, max_length=64)]
    """What happened."""
    time: Timestamp
    """When it happened."""
    detail: Text | None = None
    """What happened, in a sentence."""
    receiver: Annotated[str, Field(min_length=1, max_length=512)]
    """Which entry of notify it is for, such as `spec.notify[0]`."""
    state: Literal["Pending", "Delivered", "Failed"]
    """Pending until the receiver has accepted it, or every try has failed."""
    attempts: Count = 0
    """How often it was sent."""
    next_attempt_time: Timestamp | None = None
    """When it is sent next."""
    message: Text | None = None
    """How the last try failed."""


Deliveries = Annotated[tuple[Delivery, ...], Items(at_most=40)]
