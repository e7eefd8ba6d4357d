"""What must hold between fields, each rule once: for the API server in CEL, for the models in Python.

Both sides say the same about every object; `tests/cluster/test_schema_agreement.py` holds them to it.

CEL of Kubernetes: https://kubernetes.io/docs/reference/using-api/cel/. A rule that comes from AWS names its API page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from datamover_crds.schedules import SCHEDULE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datamover_crds.locations import AccessRole, EfsLocation, Location
    from datamover_crds.mover import DataMover, DataMoverSpec
    from datamover_crds.options import Schedule, Tag, TaskOptions
    from datamover_crds.run import DataMoverRunSpec


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for every object of a model, named by its class.

    `field_path` leads from the object to the field to change, in wire names; it is empty for the object as a whole.
    `shown` is a CEL string that tells what was found there, for the API server's message.
    """

    model: str
    field_path: str
    cel: str
    holds: Callable[[Any], bool]
    message: str
    shown: str = ""


NAME_MAX = 63
INCLUDES_PATTERN = "^[^*|]*[*]?([|][^*|]*[*]?)*$"


def _has_one_kind(location: Location) -> bool:
    return (location.s3 is None) != (location.efs is None)


def _has_arn_or_name(role: AccessRole) -> bool:
    return (role.arn is None) != (role.name is None)


def _has_path_with_name(role: AccessRole) -> bool:
    return role.path is None or role.name is not None


def _has_tls_where_needed(efs: EfsLocation) -> bool:
    needed = efs.access_point_arn is not None or efs.file_system_access_role_arn is not None
    return not needed or efs.in_transit_encryption == "TLS1_2"


def _removes_only_what_it_compared(options: TaskOptions) -> bool:
    return not (options.preserve_deleted_files == "REMOVE" and options.transfer_mode == "ALL")


def _pairs_atime_with_mtime(spec: DataMoverSpec) -> bool:
    keeps_atime = spec.options.atime != "NONE"
    keeps_mtime = spec.options.mtime != "NONE"
    return spec.task_mode == "ENHANCED" or keeps_atime == keeps_mtime


def _ends_includes_only_with_stars(spec: DataMoverSpec | DataMoverRunSpec) -> bool:
    return all(re.fullmatch(INCLUDES_PATTERN, rule.value) for rule in spec.includes)


def _has_schedule_syntax(schedule: Schedule) -> bool:
    return re.fullmatch(SCHEDULE_PATTERN, schedule.schedule_expression) is not None


def _is_the_users_key(tag: Tag) -> bool:
    return not (tag.key.lower().startswith("aws:") or tag.key.startswith("datamover.io/"))


def _has_label_sized_name(mover: DataMover) -> bool:
    return len(mover.metadata.name) <= NAME_MAX


_INCLUDES_CEL = f"!has(self.includes) || self.includes.all(rule, rule.value.matches('{INCLUDES_PATTERN}'))"
_INCLUDES_SHOWN = (
    "size(self.includes[0].value) <= 80 ? self.includes[0].value : self.includes[0].value.substring(0, 80)"
)
_INCLUDES_MESSAGE = "must be patterns joined by |, with * only as the last character of a pattern"

RULES: tuple[Rule, ...] = (
    Rule(
        model="DataMover",
        field_path=".metadata.name",
        cel=f"size(self.metadata.name) <= {NAME_MAX}",
        holds=_has_label_sized_name,
        message=f"must have at most {NAME_MAX} characters, because runs carry the name as a label",
        shown="self.metadata.name",
    ),
    Rule(
        model="Location",
        field_path="",
        cel="has(self.s3) != has(self.efs)",
        holds=_has_one_kind,
        message="must set exactly one type of location: s3 or efs",
    ),
    Rule(
        model="AccessRole",
        field_path="",
        cel="has(self.arn) != has(self.name)",
        holds=_has_arn_or_name,
        message="must set either arn, an existing role, or name, the role to create",
    ),
    Rule(
        model="AccessRole",
        field_path=".path",
        cel="!has(self.path) || has(self.name)",
        holds=_has_path_with_name,
        message="can be set only with name: the arn of an existing role includes its path",
        shown="self.path",
    ),
    Rule(  # API_CreateLocationEfs: AccessPointArn, FileSystemAccessRoleArn
        model="EfsLocation",
        field_path=".inTransitEncryption",
        cel=(
            "!has(self.accessPointArn) && !has(self.fileSystemAccessRoleArn)"
            " || has(self.inTransitEncryption) && self.inTransitEncryption == 'TLS1_2'"
        ),
        holds=_has_tls_where_needed,
        message="must be TLS1_2 where accessPointArn or fileSystemAccessRoleArn is set",
        shown="has(self.inTransitEncryption) ? self.inTransitEncryption : 'not set'",
    ),
    Rule(  # API_Options: PreserveDeletedFiles
        model="TaskOptions",
        field_path=".preserveDeletedFiles",
        cel=(
            "!has(self.preserveDeletedFiles) || !has(self.transferMode)"
            " || self.preserveDeletedFiles != 'REMOVE' || self.transferMode != 'ALL'"
        ),
        holds=_removes_only_what_it_compared,
        message="must be PRESERVE where transferMode is ALL; REMOVE needs transferMode CHANGED",
        shown="self.preserveDeletedFiles",
    ),
    Rule(  # API_Options: Atime, Mtime, whose defaults are BEST_EFFORT and PRESERVE
        model="DataMoverSpec",
        field_path=".options",
        cel=(
            "has(self.taskMode) && self.taskMode == 'ENHANCED' || !has(self.options)"
            " || (has(self.options.atime) && self.options.atime == 'NONE')"
            " == (has(self.options.mtime) && self.options.mtime == 'NONE')"
        ),
        holds=_pairs_atime_with_mtime,
        message=(
            "atime and mtime must go together unless taskMode is ENHANCED: atime BEST_EFFORT (or not set) with mtime "
            "PRESERVE (or not set), or atime NONE with mtime NONE"
        ),
        shown=(
            "'atime ' + (has(self.options.atime) ? self.options.atime : 'not set')"
            " + ' with mtime ' + (has(self.options.mtime) ? self.options.mtime : 'not set')"
        ),
    ),
    Rule(  # API_FilterRule
        model="DataMoverSpec",
        field_path=".includes",
        cel=_INCLUDES_CEL,
        holds=_ends_includes_only_with_stars,
        message=_INCLUDES_MESSAGE,
        shown=_INCLUDES_SHOWN,
    ),
    Rule(
        model="DataMoverRunSpec",
        field_path=".includes",
        cel=_INCLUDES_CEL,
        holds=_ends_includes_only_with_stars,
        message=_INCLUDES_MESSAGE,
        shown=_INCLUDES_SHOWN,
    ),
    Rule(  # API_TaskSchedule
        model="Schedule",
        field_path=".scheduleExpression",
        cel=f"self.scheduleExpression.matches('{SCHEDULE_PATTERN}')",
        holds=_has_schedule_syntax,
        message=(
            "must be cron(minute hour day-of-month month day-of-week year), with one number as minute and ? as one of "
            "the days, or rate(number unit) with the unit minutes, hours or days; starts are at least 1 hour apart"
        ),
        shown="self.scheduleExpression",
    ),
    Rule(
        model="Tag",
        field_path=".key",
        cel="!self.key.lowerAscii().startsWith('aws:') && !self.key.startsWith('datamover.io/')",
        holds=_is_the_users_key,
        message="must start neither with aws:, which AWS reserves, nor with datamover.io/, which the operator reserves",
        shown="self.key",
    ),
)


def rules_of(model: str) -> Sequence[Rule]:
    """Return the rules of the model with this class name."""
    return _BY_MODEL.get(model, ())


def _by_model() -> dict[str, tuple[Rule, ...]]:
    models = dict.fromkeys(rule.model for rule in RULES)
    return {model: tuple(rule for rule in RULES if rule.model == model) for model in models}


_BY_MODEL = _by_model()
