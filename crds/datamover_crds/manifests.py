"""Which files a run transfers, one by one: a manifest (DataSync's ManifestConfig), or a selection that becomes one.

Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_ManifestConfig.html and the API pages beside it.
"""

from typing import Annotated, ClassVar, Final, Literal, Protocol

from pydantic import Field

from datamover_crds.common import Count, Model, RoleArn
from datamover_crds.locations.marks import ArnOf
from datamover_crds.options import Filters
from datamover_crds.patterns import PatternError, searcher
from datamover_crds.rules import Rule
from datamover_crds.words import NO_NUL, WITHOUT_NUL, Words

BucketArn = Annotated[str, Field(min_length=5, max_length=268, pattern="^arn:")]
"""The ARN of a bucket or an access point."""
VersionId = Annotated[
    str,
    Field(min_length=1, max_length=100, pattern="^[!-~]+$"),
    Words("must be the ID of a version of an object, such as 3HL4kqtJvjVBH40Nrjfkd: no spaces"),
]


class S3Manifest(Model):
    """An object in Amazon S3 that lists files (S3ManifestConfig)."""

    s3_bucket_arn: Annotated[BucketArn, ArnOf("bucket")]
    """The ARN of the bucket, such as `arn:aws:s3:::team-a-manifests`."""
    manifest_object_path: Annotated[str, Field(min_length=1, max_length=1024, pattern=NO_NUL), WITHOUT_NUL]
    """The key of the manifest, such as `nightly/files.csv`."""
    manifest_object_version_id: VersionId | None = None
    """The version of the manifest. If not set: the newest one."""
    bucket_access_role_arn: Annotated[RoleArn | None, ArnOf("role")] = None
    """The role with which DataSync reads the manifest, such as `arn:aws:iam::111122223333:role/manifests`.

    If not set: the role that the operator creates for the source or the destination, which gets the right to read it.
    """


class ManifestSource(Model):
    """Where a manifest is (SourceManifestConfig)."""

    s3: S3Manifest
    """An object in Amazon S3."""


class ManifestConfig(Model):
    """A manifest: the files to transfer, and no others.

    A CSV file with one path, relative to the source, in each line, and after a comma the version of the object if
    wanted: `2024/a.txt,3HL4kqtJvjVBH40Nrjfkd`. It is checked before each run.
    """

    action: Literal["TRANSFER"] = "TRANSFER"
    """What is done with the listed files; DataSync has only this."""
    format: Literal["CSV"] = "CSV"
    """The format of the manifest; DataSync has only this."""
    source: ManifestSource
    """Where the manifest is, such as `s3: {s3BucketArn: "arn:aws:s3:::lists", manifestObjectPath: files.csv}`."""


Moment = Annotated[
    str,
    Field(
        pattern="^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
        max_length=20,
    ),
    Words("must be a time in UTC to the second, such as 2024-12-31T23:59:59Z"),
]
"""A time in UTC to the second: two of them compare as texts do."""


def is_pattern(regex: str) -> bool:
    """Whether RE2 can read a regular expression."""
    try:
        searcher(regex)
    except PatternError:
        return False
    return True


def _selects_something(select: "Selection") -> bool:
    return any(getattr(select, name) is not None for name in Selection.model_fields)


def _has_a_readable_regex(select: "Selection") -> bool:
    return select.regex is None or is_pattern(select.regex)


def _has_sizes_in_order(select: "Selection") -> bool:
    return select.min_size is None or select.max_size is None or select.min_size <= select.max_size


def _has_times_in_order(select: "Selection") -> bool:
    after, before = select.modified_after, select.modified_before
    return after is None or before is None or after < before


class Selection(Model):
    """Which objects of a source in Amazon S3 are transferred: those that meet every condition.

    Before each run the operator lists the source and writes a manifest to the bucket that the DataMoverAccount names.
    """

    rules: ClassVar = (
        Rule(
            field_path="",
            cel=(
                "has(self.regex) || has(self.glob) || has(self.minSize) || has(self.maxSize)"
                " || has(self.modifiedAfter) || has(self.modifiedBefore)"
            ),
            holds=_selects_something,
            message="must set at least one of regex, glob, minSize, maxSize, modifiedAfter and modifiedBefore",
        ),
        Rule(
            field_path=".regex",
            cel="!has(self.regex) || ''.matches(self.regex) in [true, false]",
            holds=_has_a_readable_regex,
            message="must be a regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax)",
        ),
        Rule(
            field_path=".minSize",
            cel="!has(self.minSize) || !has(self.maxSize) || self.minSize <= self.maxSize",
            holds=_has_sizes_in_order,
            message="must not be more than maxSize",
        ),
        Rule(
            field_path=".modifiedAfter",
            cel="!has(self.modifiedAfter) || !has(self.modifiedBefore) || self.modifiedAfter < self.modifiedBefore",
            holds=_has_times_in_order,
            message="must be earlier than modifiedBefore",
            shown="self.modifiedAfter",
        ),
    )

    regex: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    r"""A regular expression (RE2) to be found in the path below the source's subdirectory, such as `\.(csv|json)$`."""
    glob: Annotated[str, Field(min_length=1, max_length=512, pattern=NO_NUL), WITHOUT_NUL] | None = None
    """A pattern for the whole path below the source's subdirectory, such as `2024/**/*.csv`.

    `*` and `?` match within a folder, `**` across folders, `[a-z]` one of these characters, `[!a-z]` any other; a
    backslash makes the next character literal.
    """
    min_size: Count | None = None
    """The least size in bytes, such as `1`."""
    max_size: Count | None = None
    """The largest size in bytes, such as `1073741824`."""
    modified_after: Moment | None = None
    """Only objects that were last modified after this time, such as `2024-12-31T23:59:59Z`."""
    modified_before: Moment | None = None
    """Only objects that were last modified before this time, such as `2025-07-01T00:00:00Z`."""


class _Listing(Protocol):
    """A mover's or a run's spec."""

    select: Selection | None
    manifest_config: ManifestConfig | None
    includes: Filters | None
    excludes: Filters | None


def lists_files(spec: _Listing) -> bool:
    """Whether it says one by one what is transferred."""
    return spec.select is not None or spec.manifest_config is not None


def _lists_files_in_one_way(spec: _Listing) -> bool:
    return spec.select is None or spec.manifest_config is None


def _has_no_includes_with_a_list(spec: _Listing) -> bool:
    return not (lists_files(spec) and spec.includes)


def _has_no_excludes_with_a_list(spec: _Listing) -> bool:
    return not (lists_files(spec) and spec.excludes)


_NO_LIST = "!has(self.select) && !has(self.manifestConfig)"
_FILTERED: Final = "can't be combined with select or manifestConfig, which say what is transferred"

MANIFEST_RULES: Final = (
    Rule(
        field_path=".select",
        cel="!has(self.select) || !has(self.manifestConfig)",
        holds=_lists_files_in_one_way,
        message="can't be combined with manifestConfig: set one of them",
    ),
    Rule(  # DataSync user guide, "Transferring specific files or objects by using a manifest"
        field_path=".includes",
        cel=f"{_NO_LIST} || !has(self.includes) || size(self.includes) == 0",
        holds=_has_no_includes_with_a_list,
        message=_FILTERED,
    ),
    Rule(
        field_path=".excludes",
        cel=f"{_NO_LIST} || !has(self.excludes) || size(self.excludes) == 0",
        holds=_has_no_excludes_with_a_list,
        message=_FILTERED,
    ),
)
"""For every model with `select`, `manifestConfig`, `includes` and `excludes`."""


def removing_rule(options: str) -> Rule:
    """What a selection leaves out must not be deleted at the destination; `options` is the field of the options."""
    attribute = {"options": "options", "overrideOptions": "override_options"}[options]

    def keeps_what_is_left_out(spec: _Listing) -> bool:
        chosen = getattr(spec, attribute)
        return not (lists_files(spec) and chosen is not None and chosen.preserve_deleted_files == "REMOVE")

    return Rule(
        field_path=f".{options}.preserveDeletedFiles",
        cel=(
            f"{_NO_LIST} || !has(self.{options}) || !has(self.{options}.preserveDeletedFiles)"
            f" || self.{options}.preserveDeletedFiles != 'REMOVE'"
        ),
        holds=keeps_what_is_left_out,
        message="must be PRESERVE with select or manifestConfig: REMOVE would delete what they leave out",
        shown=f"self.{options}.preserveDeletedFiles",
    )
