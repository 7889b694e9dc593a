"""One transaction on nbgrader's gradebook: all or nothing, and patient with other programs."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError

PATIENCE = 120.0  # seconds to wait for another program that writes to the gradebook
_LONGEST_PAUSE = 2.0  # seconds between two tries

# Each try gives up within a second, so that Ctrl-C works and the limit above holds. SQLite is
# asked for the right to write before anything is read: what was read is then still true.
_BEGIN = {
    "sqlite": ("PRAGMA busy_timeout = 1000", "BEGIN IMMEDIATE"),
    "postgresql": ("SET LOCAL lock_timeout = '1s'",),
}
_POSTGRESQL_BUSY = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
    "23505",  # unique_violation: another program has just written the same row
}

T = TypeVar("T")


def open_gradebook(db_url: str) -> Engine:
    """The gradebook behind nbgrader's `db_url`.

    Raises ValueError for a database that is neither SQLite nor PostgreSQL, or has no driver here.
    """
    url = make_url(db_url)
    if url.get_backend_name() not in _BEGIN:
        raise ValueError(
            f"CourseDirectory.db_url names {url.get_backend_name()}; "
            "a gradebook is sqlite:///… or postgresql+psycopg2://…"
        )
    try:
        # No connection stays open between transactions: nothing for a forked process to share.
        return create_engine(url, isolation_level="SERIALIZABLE", poolclass=NullPool)
    except ModuleNotFoundError as problem:
        raise ValueError(
            f"CourseDirectory.db_url begins with {url.drivername}://, for which the package "
            f"{problem.name!r} is missing; write postgresql+psycopg2://…"
        ) from None


def transact(engine: Engine, work: Callable[[Connection], T], patience: float = PATIENCE) -> T:
    """Run `work(connection)` in one transaction; again, from its start, while others write.

    Raises TimeoutError when the gradebook stays locked for `patience` seconds, and OSError when it
    cannot be read or written; then nothing of the work was stored.
    """
    end, pause = time.monotonic() + patience, 0.05
    name = engine.url.render_as_string(hide_password=True)
    while True:
        try:
            with engine.begin() as connection:
                for statement in _BEGIN[engine.dialect.name]:
                    connection.exec_driver_sql(statement)
                return work(connection)
        except DBAPIError as problem:
            told = str(problem.orig).strip()
            if not _is_busy(problem):
                raise OSError(f"the gradebook {name} cannot be used: {told}") from problem
            if time.monotonic() + pause > end:
                raise TimeoutError(
                    f"another program kept the gradebook {name} locked for {patience:g} seconds "
                    f"({told}); nothing of this batch was written. Close the other program, or "
                    "wait for it, and run the same command again"
                ) from problem
        time.sleep(pause * random.uniform(0.5, 1.0))  # two that wait should not meet again
        pause = min(2 * pause, _LONGEST_PAUSE)


def _is_busy(problem: DBAPIError) -> bool:
    """Whether a later try may succeed."""
    sqlite_code = getattr(problem.orig, "sqlite_errorcode", 0)
    return (
        sqlite_code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        or getattr(problem.orig, "pgcode", None) in _POSTGRESQL_BUSY
        or problem.connection_invalidated  # the server ended the connection
    )
