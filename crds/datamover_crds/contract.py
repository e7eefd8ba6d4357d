"""What everything that works on the resources agrees on: annotations, labels, AWS tags, phases, reasons, calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from datamover_crds.account import DataMoverAccount
from datamover_crds.common import API_VERSION, GROUP, from_timestamp
from datamover_crds.meta import Condition, ObjectMeta, OwnerReference
from datamover_crds.rest_access import LabelStudioAccess, SyncApiAccess

PREFIX: Final = f"{GROUP}/"
"""Annotations, labels and AWS tags whose keys begin so are ours alone."""

FINALIZER: Final = f"{PREFIX}cleanup"

TASK_ARN_ANNOTATION: Final = f"{PREFIX}task-arn"
"""On a mover: its task; unlike the status it is part of every backup."""
LAST_TRIGGER_ANNOTATION: Final = f"{PREFIX}last-trigger"
"""On a mover: the last trigger token that has been acted on."""
CLAIM_ANNOTATION: Final = f"{PREFIX}claim"
"""On a run: set before its start is sent; from then on it may have been started."""
EXECUTION_ANNOTATION: Final = f"{PREFIX}execution-arn"
"""On a run: the execution that it records, started elsewhere."""
ENDED_ANNOTATION: Final = f"{PREFIX}ended"
"""On a run that was rejected: why; unlike the status it is part of every backup, so that the run never starts later."""
REQUEST_ANNOTATION: Final = f"{PREFIX}request"
"""On a mover: a nonce of the REST request that made it, by which that knows it again."""
UNFINISHED_ANNOTATION: Final = f"{PREFIX}unfinished"
"""On a mover or a table sync that the REST service makes: the Secrets that it names are still to be created."""
UNFINISHED_FOR: Final = timedelta(minutes=5)
"""So long after its creation the operator leaves such an object alone; then somebody else has put the mark there."""
CANCEL_ANNOTATION: Final = f"{PREFIX}cancel"
"""On a run: the operator cancels it; says why as JSON {reason, message}."""
RETRIED_ANNOTATION: Final = f"{PREFIX}retried-by"
"""On a run: the run that repeats it; unlike the status it is part of every backup, so that it is repeated only once."""
COMPLETED_ANNOTATION: Final = f"{PREFIX}completed"
"""On a table sync: it has done all that it was to do; unlike the status it is part of every backup."""
DATABASES_ANNOTATION: Final = f"{PREFIX}databases"
"""On a table sync: the databases that it works in, and the former ones that are not cleaned yet, as JSON without
secrets; unlike the status it is part of every backup."""
MOVER_LABEL: Final = f"{PREFIX}mover"
"""On a run: its mover's name."""
ORIGIN_LABEL: Final = f"{PREFIX}origin"
"""On a mover or a run: who made it."""
REST_ORIGIN: Final = "rest"
"""The origin of what the REST service has made."""
LABEL_STUDIO_ORIGIN: Final = "label-studio"
"""The origin of what Label Studio's storage API has made."""
SYNC_ORIGIN: Final = "sync-api"
"""The origin of what the DataSync API v2.1 has made."""
LABEL_STUDIO_ID_LABEL: Final = f"{PREFIX}label-studio-id"
"""On a mover: the ID of the storage that it is."""
LABEL_STUDIO_PROJECT_LABEL: Final = f"{PREFIX}label-studio-project"
"""On a mover: the project that the storage belongs to."""
SYNC_OWNER_LABEL: Final = f"{PREFIX}sync-owner"
"""On a mover or a table sync: the name of the key that created it through the DataSync API v2.1."""
CLIENT_ANNOTATION: Final = f"{PREFIX}client"
"""On a mover or a table sync: what its REST client has set that is no part of the spec, as JSON without secrets."""
TRIGGER_ORIGIN: Final = "trigger"
"""The origin of a run that spec.trigger has made."""
INTERVAL_ORIGIN: Final = "interval"
"""The origin of a run that spec.trigger.interval has made."""
SCHEDULE_ORIGIN: Final = "schedule"
"""The origin of a run whose execution DataSync's schedule has started."""
RETRY_ORIGIN: Final = "retry"
"""The origin of a run that repeats another one, as spec.retry says."""
EXTERNAL_ORIGIN: Final = "external"
"""The origin of a run whose execution was started by somebody unknown, in AWS."""
USER_ORIGIN: Final = "kubectl"
"""The origin of a run that somebody has made who says nothing else: it is theirs to delete."""

UID_TAG: Final = f"{PREFIX}uid"
OWNER_TAG: Final = f"{PREFIX}owner"
PART_TAG: Final = f"{PREFIX}part"
RETAINED: Final = "retained"
"""The value of PART_TAG on what a mover that was deleted with Retain has left: nobody misses its owner."""
NONCE_TAG: Final = f"{PREFIX}nonce"

FINAL_PHASES: Final = frozenset({"Succeeded", "Failed", "Cancelled", "Rejected", "Unknown"})
"""Phases that a run never leaves."""


class RunReason(StrEnum):
    """Why a run is not started, as far as a client has to tell these reasons apart."""

    ALREADY_RUNNING = "AlreadyRunning"
    WAITING_FOR_RUN = "WaitingForRun"
    REPLACED = "Replaced"
    TIMED_OUT = "TimedOut"
    SUPERSEDED = "Superseded"
    MOVER_DELETING = "MoverDeleting"
    MOVER_REPLACED = "MoverReplaced"
    MOVER_GONE = "MoverGone"
    ACCESS_DENIED = "AccessDenied"
    CONFLICT = "Conflict"
    LIMIT_EXCEEDED = "LimitExceeded"
    NOT_FOUND = "NotFound"
    REFUSED = "Refused"
    ROLE_NOT_ASSUMABLE = "RoleNotAssumable"
    BUCKET_NOT_ACCESSIBLE = "BucketNotAccessible"
    OTHER_REGION = "OtherRegion"
    THROTTLED = "Throttled"


UNWANTED: Final = frozenset({RunReason.SUPERSEDED, RunReason.MOVER_DELETING, RunReason.MOVER_REPLACED})
"""Reasons for which a run is Rejected that nobody wants any more: no start was refused."""


TASK_CALL: Final = "CreateTask"
"""In a mover's intent: its task may have been asked for."""


def is_unfinished(meta: ObjectMeta, now: datetime) -> bool:
    """Whether the REST service may still be finishing an object, and nobody has begun to work on it."""
    if UNFINISHED_ANNOTATION not in meta.annotations or meta.deletion_timestamp is not None:
        return False
    is_new = meta.creation_timestamp is not None and now - from_timestamp(meta.creation_timestamp) < UNFINISHED_FOR
    return is_new and not any(each.endswith(FINALIZER) for each in meta.finalizers)


def location_call(side: str) -> str:
    """In a mover's intent: the location of a side may have been asked for."""
    return f"CreateLocation {side}"


def run_owner(mover: str, uid: str) -> OwnerReference:
    """The owner reference by which a run is a mover's."""
    return OwnerReference(api_version=API_VERSION, kind="DataMover", name=mover, uid=uid, controller=True)


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    """Whether a condition stands."""
    return any(condition.type == kind and condition.status == "True" for condition in conditions)


def serving_account(accounts: Iterable[DataMoverAccount], account_id: str) -> DataMoverAccount | None:
    """The account object whose rest section is in force for an AWS account: the oldest that has one."""
    candidates = [each for each in accounts if each.spec.account_id == account_id and each.spec.rest is not None]
    return min(candidates, key=age_of, default=None)


def label_studio_home(accounts: Iterable[DataMoverAccount]) -> tuple[DataMoverAccount, str] | None:
    """The account that serves Label Studio's storage API, and the namespace of its storages."""
    account = min((each for each in accounts if each.spec.label_studio is not None), key=age_of, default=None)
    return _home(account, account.spec.label_studio) if account is not None else None


def sync_home(accounts: Iterable[DataMoverAccount]) -> tuple[DataMoverAccount, str] | None:
    """The account that serves the DataSync API v2.1, and the namespace of its syncs."""
    account = min((each for each in accounts if each.spec.sync_api is not None), key=age_of, default=None)
    return _home(account, account.spec.sync_api) if account is not None else None


def _home(
    account: DataMoverAccount, access: LabelStudioAccess | SyncApiAccess | None
) -> tuple[DataMoverAccount, str] | None:
    own = access.namespace if access is not None else None
    shared = account.spec.rest.namespace if account.spec.rest is not None else None
    namespace = own or shared
    return (account, namespace) if namespace is not None else None


def age_of(account: DataMoverAccount) -> tuple[str, str]:
    """What account objects are put in order by, the oldest first."""
    return account.metadata.creation_timestamp or "", account.metadata.name
