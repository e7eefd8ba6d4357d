"""CREATE TABLE and what goes with it, composed from definitions."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from datamover_operator.postgres.definitions import TableDefinition
from datamover_operator.postgres.source import expression
from datamover_operator.postgres.state import Column, Key, TableKey


def creation(definition: TableDefinition) -> Iterator[sql.Composed]:
    """The statements that create a table, its schema and the sequences of its columns."""
    sequences = {each.name: each.sequence for each in definition.columns if each.sequence and not each.identity}
    for schema in dict.fromkeys([definition.key[0], *(schema for schema, _ in sequences.values())]):
        yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema))
    for sequence in sequences.values():
        yield sql.SQL("CREATE SEQUENCE IF NOT EXISTS {}").format(sql.Identifier(*sequence))
    parts = [*map(_column, definition.columns), *map(_key, definition.keys)]
    table = sql.Identifier(*definition.key)
    yield sql.SQL("CREATE TABLE {} ({})").format(table, sql.SQL(", ").join(parts))
    for column, sequence in sequences.items():
        owner = sql.Identifier(*definition.key, column)
        yield sql.SQL("ALTER SEQUENCE {} OWNED BY {}").format(sql.Identifier(*sequence), owner)


def _column(column: Column) -> sql.Composable:
    parts: list[sql.Composable] = [sql.Identifier(column.name), expression(column.type)]
    if column.collation is not None:
        parts.append(sql.SQL("COLLATE {}").format(sql.Identifier(*column.collation)))
    if column.generated and column.default is not None:
        parts.append(sql.SQL("GENERATED ALWAYS AS ({}) STORED").format(expression(column.default)))
    elif column.identity:
        when = sql.SQL("ALWAYS") if column.identity == "a" else sql.SQL("BY DEFAULT")
        parts.append(sql.SQL("GENERATED {} AS IDENTITY").format(when))
    elif column.sequence is not None:
        parts.append(sql.SQL("DEFAULT nextval({}::regclass)").format(sql.Literal(_quoted(column.sequence))))
    elif column.default is not None:
        parts.append(sql.SQL("DEFAULT ({})").format(expression(column.default)))
    if column.required:
        parts.append(sql.SQL("NOT NULL"))
    return sql.SQL(" ").join(parts)


def _key(key: Key) -> sql.Composable:
    name = sql.SQL("CONSTRAINT {} ").format(sql.Identifier(key.name)) if key.name else sql.SQL("")
    kind = sql.SQL("PRIMARY KEY") if key.kind == "p" else sql.SQL("UNIQUE")
    columns = sql.SQL(", ").join(map(sql.Identifier, key.columns))
    when = sql.SQL(" DEFERRABLE") if key.deferrable else sql.SQL("")
    return sql.SQL("{}{} ({}){}").format(name, kind, columns, when)


def _quoted(key: TableKey) -> str:
    """A qualified name as regclass reads it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in key)
