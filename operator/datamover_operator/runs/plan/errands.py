"""What a run has done in S3 beside its execution: work that takes longer than a step may, as data, and what came of it.

Before the start a manifest is checked, or made of a selection; after the end the report is read, both sides are
compared, and the manifest is removed.
"""

from __future__ import annotations

from dataclasses import dataclass

from datamover_crds import RunComparison, RunReport, RunSelection, Selection
from datamover_operator.aws.failure import Failure


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket, by its name or the ARN of an access point, and a prefix of keys in it: "", or with a / at its end."""

    bucket: str
    prefix: str = ""

    def uri(self, key: str = "") -> str:
        """The address of an object."""
        return f"s3://{self.bucket}/{self.prefix}{key}"


@dataclass(frozen=True, slots=True)
class CheckManifest:
    """Read a manifest of the user's, and look whether DataSync will understand it."""

    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Select:
    """List a source, and write a manifest of what is selected."""

    source: Place
    selection: Selection
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class ReadReport:
    """Read the task report of an execution."""

    destination: Place
    task_id: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class Compare:
    """List both sides, and tell what differs of what the run was to transfer; `manifest` is the user's, read anew."""

    source: Place
    destination: Place
    selection: Selection | None
    includes: str
    excludes: str
    manifest: CheckManifest | None = None


@dataclass(frozen=True, slots=True)
class RemoveManifest:
    """Delete the manifest that a selection has made."""

    bucket: str
    key: str


Errand = CheckManifest | Select | ReadReport | Compare | RemoveManifest


@dataclass(frozen=True, slots=True)
class ManifestChecked:
    """What is wrong with a manifest; "" = nothing, as far as the operator may read it."""

    problem: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The manifest is gone."""


@dataclass(frozen=True, slots=True)
class ErrandFailed:
    """AWS has refused a part of it, or given no answer for long."""

    failure: Failure


Outcome = ManifestChecked | RunSelection | RunReport | RunComparison | Removed | ErrandFailed
