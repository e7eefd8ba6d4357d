"""Tables that the destination lacks, as definitions made from what the source's catalogue says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamover_crds import SyncedTable
from datamover_operator.postgres.definitions import TableDefinition
from datamover_operator.postgres.state import Column, Key, Table
from datamover_operator.tablesyncs.plan.expressions import UnusableExpressionError, check_default, check_type
from datamover_operator.tablesyncs.plan.observed import Catalogue, Finding, Observed, shown


def missing_tables(o: Observed, catalogue: Catalogue) -> tuple[TableDefinition, ...]:
    """The tables to create, as far as they can be."""
    return tuple(
        _definition(wanted, source)
        for wanted in o.sync.spec.tables
        if wanted.key not in catalogue.destination
        and (source := catalogue.source.get(wanted.key)) is not None
        and not list(_unusable("", wanted, source))
    )


def missing_findings(o: Observed, catalogue: Catalogue) -> Iterator[Finding]:
    """Which missing tables can't be created, and why."""
    for place, wanted in enumerate(o.sync.spec.tables):
        source, path = catalogue.source.get(wanted.key), f"spec.tables[{place}]"
        if wanted.key in catalogue.destination or source is None:
            continue
        if not o.sync.spec.create_tables:
            yield Finding(
                "TableNotFound",
                f"{path}: table {shown(wanted.key)} does not exist in the destination; create it there, or set "
                "spec.createTables to true",
            )
            continue
        yield from _unusable(path, wanted, source)
        for failure in catalogue.failures:
            if failure.action == creation_of(wanted.key):
                yield Finding(
                    "TableNotCreated",
                    f"{path}: table {shown(wanted.key)} can't be created in the destination: {failure.message}; create "
                    "it there by hand",
                )


def creation_of(key: tuple[str, str]) -> str:
    """How failures call the creation of a table."""
    return f"create table {shown(key)}"


def _definition(wanted: SyncedTable, source: Table) -> TableDefinition:
    columns = tuple(each for each in source.columns if not wanted.columns or each.name in wanted.columns)
    names = {each.name for each in columns}
    keys = tuple(key for key in source.keys if names.issuperset(key.columns))
    if not any(key.kind == "p" for key in keys) and source.identity is not None and names.issuperset(source.identity):
        keys = (Key("", "p", source.identity), *keys)
    return TableDefinition(wanted.key, tuple(map(_own_sequence, columns)), keys)


def _own_sequence(column: Column) -> Column:
    """A default that takes its value from the column's own sequence is made again with the sequence."""
    return replace(column, default=None) if column.sequence is not None and not column.identity else column


def _unusable(path: str, wanted: SyncedTable, source: Table) -> Iterator[Finding]:
    for column in source.columns:
        if wanted.columns and column.name not in wanted.columns:
            continue
        try:
            check_type(column.type)
            if column.default is not None and column.sequence is None:
                check_default(column.default)
        except UnusableExpressionError as error:
            what = f"GENERATED ALWAYS AS ({column.default})" if column.generated else f"DEFAULT {column.default}"
            yield Finding(
                "TableNotCreated",
                f"{path}: table {shown(wanted.key)} can't be created in the destination with column {column.name} "
                f"{column.type} {what}: {error}; create the table there by hand",
            )
