"""One run from end to end."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from datasync_emulator.dataplane.account import Account
from datasync_emulator.dataplane.bandwidth import Bandwidth
from datasync_emulator.dataplane.entry import Entry, Kind
from datasync_emulator.dataplane.listing import ignore, list_location, list_paths
from datasync_emulator.dataplane.matcher import Filters
from datasync_emulator.dataplane.model import CopyCancelled, CopyFailed, FolderEndpoint, Phase, no_limit
from datasync_emulator.dataplane.outcome import Failure
from datasync_emulator.dataplane.plan import Listing, Plan, make_plan
from datasync_emulator.dataplane.progress import Count
from datasync_emulator.dataplane.rules import Verify, devices_of, rules_of, verify_of
from datasync_emulator.dataplane.stores.opening import open_store
from datasync_emulator.dataplane.transfer import Transfer
from datasync_emulator.dataplane.verify import Verification

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from datasync_emulator.dataplane.model import CopyJob, Endpoint
    from datasync_emulator.dataplane.progress import Progress
    from datasync_emulator.dataplane.stores.port import Problem, Store

# Sentences as seen in AWS; the codes that go with them are not published.
_SKIPPED: Final = (
    "{done} completed. Selected files transferred except for files skipped due to errors. If no skipped files are "
    "listed in Cloud Watch Logs, please contact AWS Support for further assistance."
)
_MISMATCHES: Final = (
    "Transfer and verification completed. Verification detected mismatches. Files with mismatches are listed in "
    "Cloud Watch Logs"
)


def run(job: CopyJob, progress: Progress, cancel: threading.Event) -> None:
    """Copy what the job says, counting in `progress`.

    Raises:
        CopyFailed: the run ended in ERROR.
        CopyCancelled: `cancel` was set.
    """
    devices = devices_of(job)
    with _opened(job.source, devices) as source, _opened(job.destination, devices) as destination:
        try:
            _Run(job, source, destination, progress, cancel).through()
        finally:
            progress.leave()


@contextmanager
def _opened(endpoint: Endpoint, devices: bool) -> Iterator[Store]:  # noqa: FBT001 - passed on
    try:
        store = open_store(endpoint, devices=devices)
    except OSError as error:
        raise _inaccessible(endpoint, error) from error
    try:
        yield store
    finally:
        store.close()


def _inaccessible(endpoint: Endpoint, error: OSError, phase: Phase | None = None) -> CopyFailed:
    code = "SyncTaskErrorLocationNotAdded" if isinstance(endpoint, FolderEndpoint) else "FsS3HeadBucketFailed"
    return CopyFailed(code, f"Task failed to access location {endpoint.location}: x40016: {error.strerror}", phase)


class _Run:
    """The steps of a run, and what they share."""

    def __init__(
        self, job: CopyJob, source: Store, destination: Store, progress: Progress, cancel: threading.Event
    ) -> None:
        self._job = job
        self._source = source
        self._destination = destination
        self._progress = progress
        self._cancel = cancel
        self._filters = Filters.of(job.includes, job.excludes)
        self._rules = rules_of(job, destination)
        self._verify = verify_of(job)
        # DataSync limits the bandwidth of Basic mode alone (user guide, "Understanding task mode differences").
        limit = no_limit if job.task_mode == "ENHANCED" else job.bytes_per_second
        self._bandwidth = Bandwidth(limit, self._pause, time.monotonic)
        self._account = Account(progress, job.observe, destination)

    def through(self) -> None:
        """All the steps."""
        # TransferMode ALL compares nothing, so DataSync shows no preparation.
        if not self._rules.everything:
            self._progress.enter(Phase.PREPARING)
        plan = self._prepare()
        self._progress.enter(Phase.TRANSFERRING)
        transfer = Transfer(self._source, self._destination, self._account, self._bandwidth, self._check)
        transfer.carry_out(plan)
        if self._verify is not Verify.NONE:
            self._progress.enter(Phase.VERIFYING)
            self._compare(plan, transfer)
        self._conclude()

    def _prepare(self) -> Plan:
        source = self._list_source(self._count(Count.LISTED_AT_SOURCE), self._problem_at_source)
        destination = self._list_destination()
        self._report_missing(source)
        plan = make_plan(source, destination, self._rules)
        if self._progress.folders(Count.FAILED_LIST):
            # What could not be seen at the source must not count as gone from it.
            plan.deletions.clear()
        self._announce(plan)
        self._account.prepared(source, destination, plan)
        return plan

    def _report_missing(self, source: Listing) -> None:
        """What a manifest names and the source does not have."""
        for path, version in (self._job.manifest or {}).items():
            if path not in source.entries:
                of_version = f" (versionId: {version})" if version else ""
                reason = f"The file{of_version} that the manifest names does not exist at the source"
                self._account.unprepared(Entry(path, Kind.FILE), Failure.NOT_IN_SOURCE, reason)

    def _list_source(self, seen: Callable[[Entry], None], problem: Problem) -> Listing:
        """The source as the destination can hold it."""
        source = self._list(self._source, seen, problem)
        if not self._rules.folders:
            source.entries = {name: entry for name, entry in source.entries.items() if entry.kind is not Kind.FOLDER}
        return source

    def _list_destination(self) -> Listing:
        if self._rules.everything and self._rules.overwrite:
            return Listing()
        # The counter is about what may have to be deleted.
        seen = self._count(Count.LISTED_AT_DESTINATION) if self._rules.remove else ignore
        return self._list(self._destination, seen, self._problem_at_destination)

    def _list(self, store: Store, seen: Callable[[Entry], None], problem: Problem) -> Listing:
        manifest = self._job.manifest
        try:
            if manifest is None:
                return list_location(store, self._filters, problem, seen, self._check)
            versions = manifest if store is self._source else dict.fromkeys(manifest)
            return list_paths(store, versions, seen, self._check)
        except OSError as error:
            endpoint = self._job.source if store is self._source else self._job.destination
            raise _inaccessible(endpoint, error, self._progress.phase) from error

    def _count(self, count: Count) -> Callable[[Entry], None]:
        return lambda entry: self._progress.add(count, entry.kind)

    def _problem_at_source(self, kind: Kind, path: str, reason: str) -> None:
        self._account.unprepared(Entry(path.removesuffix("/"), kind), Failure.READ, reason)

    def _problem_at_destination(self, kind: Kind, path: str, reason: str) -> None:
        """A key there that cannot be transferred is nobody's concern."""
        if kind is Kind.FOLDER:
            self._progress.fail(Count.FAILED_LIST, kind, path, reason)

    def _announce(self, plan: Plan) -> None:
        to_transfer = [*(move.target for move in plan.moves), *plan.folders, *plan.touches]
        self._progress.add_all(Count.ESTIMATED, to_transfer)
        if not self._rules.everything:
            self._progress.add_all(Count.PREPARED, to_transfer)
        self._progress.add_all(Count.ESTIMATED_TO_DELETE, plan.deletions)
        self._progress.estimate_bytes(sum(move.source.size for move in plan.moves))

    def _compare(self, plan: Plan, transfer: Transfer) -> None:
        verification = Verification(self._source, self._destination, self._rules, self._account, self._check)
        if self._verify is Verify.TRANSFERRED:
            verification.of_transferred(transfer.arrived)
            return
        source, destination = self._list_source(ignore, ignore), self._list(self._destination, ignore, ignore)
        left = [*plan.skipped, *plan.ignored, *(entry for entry, _ in plan.refused)]
        verification.of_everything(source, destination, left)
        verification.of_vanished(transfer.arrived, source)

    def _conclude(self) -> None:
        count = Count.FAILED_VERIFY
        if self._progress.files(count) + self._progress.folders(count):
            raise CopyFailed("VerificationMismatch", _MISMATCHES, Phase.VERIFYING)
        if self._progress.failures:
            done = "Transfer" if self._verify is Verify.NONE else "Transfer and verification"
            raise CopyFailed("FilesSkipped", _SKIPPED.format(done=done), Phase.TRANSFERRING)

    def _check(self) -> None:
        if self._cancel.is_set():
            raise CopyCancelled

    def _pause(self, seconds: float) -> None:
        if self._cancel.wait(seconds):
            raise CopyCancelled
