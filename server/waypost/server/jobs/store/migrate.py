"""Brings the tables of a job store to what this version of the server knows, when the store is opened."""

from __future__ import annotations

from sqlalchemy import Connection, column, inspect, select, table

from waypost.server.jobs.store import schema
from waypost.server.jobs.store.database import Database

#: Where Alembic keeps which step came last.
_TAKEN = table("alembic_version", column("version_num"))


def migrate(database: Database) -> None:
    """Takes the steps that are missing, in one transaction; of several processes one does it.

    Raises ConfigError where a newer version of the server has been here.
    """
    with database.migrating() as connection:
        if _version(connection) != schema.VERSION:
            # Not at the top: it imports Alembic, a fifth of a second that only the first start of a version needs.
            from waypost.server.jobs.store.steps import take_steps

            take_steps(connection)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_TAKEN.name):
        return None
    version: str | None = connection.scalar(select(_TAKEN.c.version_num))
    return version
