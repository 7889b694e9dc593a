"""Rows of one table of nbgrader's gradebook: read at once, changed in memory, written at once."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Base, new_uuid
from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects import postgresql, sqlite

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Rows:
    """The rows that fulfil all of `where`, each found by its values in the columns `by`."""

    def __init__(
        self,
        connection: Connection,
        model: type[Base],
        by: tuple[str, ...],
        *where: ColumnElement[bool],
    ) -> None:
        self._connection = connection
        self._table = model.__table__
        self._by = by
        names = self._table.columns.keys()
        found = connection.execute(select(self._table).where(*where))
        rows = [dict(zip(names, row, strict=True)) for row in found]
        self._rows = {tuple(row[column] for column in by): row for row in rows}
        self._changed: dict[str, dict[str, Any]] = {}  # by id
        self._default = {
            column.name: column.default.arg if column.default and column.default.is_scalar else None
            for column in self._table.columns
        }

    def ensure(self, *key: str) -> dict[str, Any]:
        """One row, to be read; a new one holds nbgrader's defaults."""
        row = self._rows.get(key)
        if row is None:
            row = {**self._default, "id": new_uuid(), **dict(zip(self._by, key, strict=True))}
            self._rows[key] = self._changed[row["id"]] = row
        return row

    def change(self, *key: str, **values: Any) -> None:
        """Set some columns of one row."""
        row = self.ensure(*key)
        if any(row[column] != value for column, value in values.items()):
            row.update(values)
            self._changed[row["id"]] = row

    def save(self, *columns: str) -> None:
        """Insert the new rows, and bring `columns` of the changed ones up to date."""
        if not self._changed:
            return
        insert = _INSERT[self._connection.dialect.name](self._table)
        if columns:
            values = {column: insert.excluded[column] for column in columns}
            insert = insert.on_conflict_do_update(index_elements=[self._table.c.id], set_=values)
        if self._connection.dialect.name == "postgresql":
            # Asked for something back, SQLAlchemy sends many rows in one statement.
            insert = insert.returning(self._table.c.id)
        self._connection.execute(insert, list(self._changed.values()))
        self._changed = {}
