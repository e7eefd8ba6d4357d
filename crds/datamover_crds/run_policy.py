"""What a mover says about its runs beside what they transfer: retries, time limits, and runs that come at one time."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from datamover_crds.common import WHOLE_FLOATS, Duration, Items, Model
from datamover_crds.rules import Rule

RetryCause = Literal["Failed", "VerificationMismatch", "TimedOut", "Unknown"]
ConcurrencyPolicy = Literal["Forbid", "Queue", "Replace"]
UNDER_10_SECONDS = "^(0+d)?(0+h)?(0+m)?(0*[0-9]s)?$"
"""Durations too short for what is started or checked again and again."""


def at_least_10_seconds(field: str, attribute: str) -> Rule:
    """The rule on a duration, by its name on the wire and in Python."""

    def holds(model: Any) -> bool:  # noqa: ANN401 - any model with the attribute
        value = getattr(model, attribute)
        return value is None or re.fullmatch(UNDER_10_SECONDS, value) is None

    return Rule(
        field_path=f".{field}",
        cel=f"!has(self.{field}) || !self.{field}.matches('{UNDER_10_SECONDS}')",
        holds=holds,
        message="must be at least 10s",
        shown=f"self.{field}",
    )


class Backoff(Model):
    """How long a retry waits after the run that it repeats has ended: `initial`, and `factor` times more each time."""

    initial: Duration = "1m"
    """How long the first retry waits, such as `30s`."""
    factor: Annotated[int, Field(ge=1, le=10), WHOLE_FLOATS] = 2
    """How many times longer each further retry waits; 1 keeps the delay constant."""
    max: Duration = "1h"
    """The longest delay, such as `1h`."""


class Retry(Model):
    """Repeats runs that ended badly, as new runs with the same overrides and filters.

    A retry is a run of its own, whose spec.retryOf names the run that it repeats. No retry is made once a later run
    of the mover has succeeded, of a run that you cancelled, or of one that was started outside of the operator (in
    the AWS console, for example).
    """

    limit: Annotated[int, Field(ge=0, le=20), WHOLE_FLOATS] = 3
    """How many retries a run gets at most."""
    backoff: Backoff = Backoff()
    """How long a retry waits."""
    on: Annotated[tuple[RetryCause, ...], Items(at_most=4, at_least=1)] = ("Failed", "VerificationMismatch", "TimedOut")
    """Which runs are retried, for example `[Failed, TimedOut]`.

    Failed: DataSync reported an error. VerificationMismatch: everything was transferred, but verification found
    differences. TimedOut: spec.timeouts cancelled the run. Unknown: nobody can tell how the run ended.
    """


class Timeouts(Model):
    """How long the parts of a run may take. A run that exceeds one gets the condition Overdue and an Event."""

    rules: ClassVar = (
        at_least_10_seconds("launching", "launching"),
        at_least_10_seconds("noProgress", "no_progress"),
        at_least_10_seconds("total", "total"),
    )

    launching: Duration | None = None
    """How long DataSync may take to launch the execution, such as `30m`.

    If not set, there is no limit. At least 10s.
    """
    no_progress: Duration | None = None
    """How long a launched execution may go on without a change of its phase or its counters, such as `2h`.

    If not set, there is no limit. At least 10s.
    """
    total: Duration | None = None
    """How long the execution may take altogether, waiting in DataSync's queue included, such as `12h`.

    If not set, there is no limit. At least 10s.
    """
    action: Literal["Report", "Cancel"] = "Report"
    """Report: the run goes on. Cancel: it is cancelled, with the reason TimedOut."""


def _starts_something(trigger: "Trigger") -> bool:
    return trigger.manual is not None or trigger.interval is not None


class Trigger(Model):
    """Starts runs on request, or again and again."""

    rules: ClassVar = (
        Rule(
            field_path="",
            cel="has(self.manual) || has(self.interval)",
            holds=_starts_something,
            message="must set manual, interval or both",
        ),
        at_least_10_seconds("interval", "interval"),
    )

    manual: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Any token, such as `2026-01-31`. A new one starts a run; the same one again does not.

    If a run is active, the new one waits for its end, unless concurrencyPolicy says otherwise. Of several tokens that
    are set meanwhile, the last one counts.
    """
    interval: Duration | None = None
    """Starts a run whenever the mover's last one began so long ago, such as `30s`, and none is active. At least 10s.

    The operator starts these runs, which allows shorter intervals than a schedule: DataSync's minimum is one hour.
    """


class RunHistory(Model):
    """Which ended runs are kept.

    Runs that you create yourself are kept until you delete them or the mover: if they were deleted and applied again,
    as GitOps tools do, they would transfer again. The label `datamover.io/origin`, with any value but `kubectl`, makes
    a run part of the history.
    """

    limit: Annotated[int, Field(ge=0, le=500), WHOLE_FLOATS] = 10
    """How many ended runs are kept; the oldest are deleted first."""
    succeeded_limit: Annotated[int, Field(ge=0, le=500), WHOLE_FLOATS] | None = None
    """How many runs of these that succeeded are kept at most, such as 3. If not set, only limit counts."""
    failed_limit: Annotated[int, Field(ge=0, le=500), WHOLE_FLOATS] | None = None
    """How many of these runs that ended in any other way are kept at most, such as 5. If not set, only limit counts."""
    max_age: Duration | None = None
    """How long an ended run is kept, such as `720h` or `30d`. If not set, as long as limit allows."""
