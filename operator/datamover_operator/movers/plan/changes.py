"""What a pass has changed in AWS, as the mover's Events tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from datamover_crds import JsonObject
from datamover_operator.controller.plan.notes import Note
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.steps import AwsStep, ChangeTags, Delete, Update, UpdateLocation, UpdateTask


def change_notes(before: Observed, after: Observed, steps: Sequence[AwsStep]) -> tuple[Note, ...]:
    """The Events on the steps that AWS has carried out between `before` and `after`."""
    gone = _arns(before) - _arns(after)
    deleted = [Note("Deleted", f"{step.kind} {step.arn}") for step in steps if isinstance(step, Delete)]
    notes = [note for note in deleted if note.message.partition(" ")[2] in gone]
    fields = sorted({field for step in steps for field in _changed_fields(before, after, step)})
    if fields:
        is_drift = before.is_ready
        reason, what = (
            ("DriftRepaired", "somebody else had changed") if is_drift else ("SpecApplied", "changed in AWS:")
        )
        notes.append(Note(reason, f"{what} {', '.join(fields)}", warning=is_drift))
    return tuple(notes)


def _changed_fields(before: Observed, after: Observed, step: AwsStep) -> Iterator[str]:
    if isinstance(step, Update):
        is_accepted = step in after.accepted and step not in before.accepted
        yield from _update_fields(before, step) if is_accepted else ()
    elif isinstance(step, ChangeTags) and step.part == "task" and not before.is_being_deleted:
        tags = [o.task.tags if o.task is not None else None for o in (before, after)]
        yield from ("spec.tags",) if tags[0] != tags[1] else ()


def _update_fields(before: Observed, step: Update) -> Iterator[str]:
    match step:
        case UpdateLocation():
            known = before.locations.get(step.side)
            described = known.described if known is not None else None
            yield from (f"{step.path}.{key}" for key in _different(described or {}, step.described))
        case UpdateTask():
            described = (before.task.described if before.task is not None else None) or {}
            for key, value in step.changes.items():
                if key == "options" and isinstance(value, dict):
                    options = described.get("options")
                    changed = _different(options if isinstance(options, dict) else {}, value)
                    yield from (f"spec.options.{each}" for each in changed)
                else:
                    yield f"spec.{key}"


def _different(before: Mapping[str, object], after: JsonObject) -> Iterator[str]:
    yield from (key for key, value in after.items() if before.get(key) != value)


def _arns(o: Observed) -> set[str]:
    task = {o.task.arn} if o.task is not None else set()
    parts = {each.arn for each in o.locations.values()} | {each.arn for each in o.roles.values()}
    return task | parts | {item.arn for item in o.retired}
