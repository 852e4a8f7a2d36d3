"""Connections and transactions, and the few things in which SQLite and PostgreSQL differ.

On SQLite a writer takes the write lock of the file when it begins; writers of one process queue at a lock of ours
first, which is fair and wakes at once, while SQLite's own waiting polls.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as AllConnectionsBusy

from waypost.server.errors import ConfigError, ResourceExhausted, Unavailable

#: How long a writer waits for those of other processes; a transaction of ours takes milliseconds.
_LOCK_TIMEOUT_S: Final = 30.0
#: Readers and writers at once; more wait. Each costs a few file handles, or a server process of PostgreSQL.
_CONNECTIONS: Final = 16
#: The first one with RETURNING.
_OLDEST_SQLITE: Final = (3, 35, 0)
#: A process that was stopped in the middle of a transaction keeps nobody waiting for longer; it finds its work undone.
_IDLE_IN_TRANSACTION_S: Final = 10.0
#: Any number that means "the migrations of waypost" among PostgreSQL's advisory locks.
_MIGRATION_LOCK: Final = 0x7761_7970_6F73_74
#: The channel of NOTIFY.
CHANNEL: Final = "waypost_jobs"
#: PostgreSQL refuses payloads of 8,000 bytes.
_MAX_PAYLOAD_CHARS: Final = 7_900

#: A quota shows itself to SQLite as an error of writing. EIO, of a disk that is broken, is not among them: SQLite calls
#: that a broken file.
_FULL: Final = frozenset({
    "SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_SHMSIZE",
})  # fmt: skip
_WRITING, _DURABLE = "waypost_writing", "waypost_durable"


class Database:
    """One database, by an SQLAlchemy URL: `sqlite:///path` or `postgresql://…`. Thread-safe.

    Raises ConfigError for a URL that cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._url = _usable(url)
        self.is_sqlite: Final = self._url.get_backend_name() == "sqlite"
        self._writers: Final = threading.Lock() if self.is_sqlite else nullcontext()
        self.engine: Final = _sqlite_engine(self._url) if self.is_sqlite else _postgresql_engine(self._url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and writes nothing."""
        with _told_apart(), self.engine.connect() as connection:
            if not self.is_sqlite:
                # Or each statement would see a newer state than the one before. SQLite's readers stay where they began.
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """A transaction that commits at its end, or not at all.

        Not `durable`: it survives the death of any process, but a loss of power may undo the last seconds.
        """
        with _told_apart(), self._writers, self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITING: True, _DURABLE: durable})
            with connection.begin():
                if not self.is_sqlite and not durable:
                    connection.execute(text("SET LOCAL synchronous_commit TO off"))
                yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A writing transaction that no other process is in at the same time."""
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            yield connection

    def insert_unless_there(self, connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
        """Whether the row was inserted; False where its key is there. Waits for a transaction that is inserting it."""
        # Not at the top: the one that is not used takes a twentieth of a start.
        insert = import_module(f"sqlalchemy.dialects.{self._url.get_backend_name()}").insert
        statement = insert(table).values(**values).on_conflict_do_nothing().returning(*table.primary_key)
        return connection.execute(statement).one_or_none() is not None

    def notify(self, connection: Connection, words: list[str]) -> None:
        """Tells other processes `words`, once the transaction has committed. SQLite needs no telling; see changes."""
        if self.is_sqlite:
            return
        payload = ""
        for word in [*words, ""]:
            if payload and (not word or len(payload) + len(word) >= _MAX_PAYLOAD_CHARS):
                connection.execute(
                    text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload}
                )
                payload = ""
            payload += f"{word} "

    def close(self) -> None:
        """Closes every connection that is not in use."""
        self.engine.dispose()


def _usable(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed.set(drivername="sqlite+pysqlite")
    # The URL itself may hold a password.
    raise ConfigError("the URL of the job store cannot be used; allowed: sqlite:///PATH or postgresql://…")


def _sqlite_engine(url: URL) -> Engine:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        wanted = ".".join(map(str, _OLDEST_SQLITE))
        raise ConfigError(f"SQLite is {sqlite3.sqlite_version}; allowed: {wanted} or newer, or PostgreSQL")
    path = Path(str(url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Rows that came in a request are in it. What SQLite puts beside it gets the same rights; it also tells better
        # what is wrong with a folder.
        with suppress(OSError):
            path.touch(0o600)
    engine = create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_LOCK_TIMEOUT_S,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": _LOCK_TIMEOUT_S},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: readers and the writer do not wait for each other. The log is cut back to 64 MiB after a burst.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "journal_size_limit=67108864"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(_WRITING):
        connection.exec_driver_sql("BEGIN")
        return
    # FULL syncs the log at each commit, NORMAL only when it is merged into the file.
    level = "FULL" if options.get(_DURABLE) else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    # A transaction that began by reading could not become a writer behind another one.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql_engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            url, pool_size=_CONNECTIONS, max_overflow=0, pool_timeout=_LOCK_TIMEOUT_S, pool_pre_ping=True
        )
    except ModuleNotFoundError as error:
        raise ConfigError(f"PostgreSQL needs the package {error.name}: install waypost[postgres]") from None
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _: object) -> None:
    # A statement, since as an option of the connection it would replace those that the operator's URL has.
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_IN_TRANSACTION_S:g}s'")
    connection.commit()


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turns what passes with time into errors that say so; anything else is a fault of ours and stays as it is."""
    try:
        yield
    except AllConnectionsBusy as error:
        message = f"the job store was busy for {_LOCK_TIMEOUT_S:g} s"
        raise ResourceExhausted(message, subject="job store", retry_after_s=1.0) from error
    except DBAPIError as error:
        cause = error.orig
        code = str(cause.sqlite_errorname if isinstance(cause, sqlite3.Error) else getattr(cause, "sqlstate", ""))
        if code == "53100" or code in _FULL:
            message = "the disk of the job store is full"
            raise ResourceExhausted(message, subject="disk", retry_after_s=30.0, reason="DISK_FULL") from error
        if code == "53300" or code.startswith("SQLITE_BUSY"):
            message = f"the job store was busy for {_LOCK_TIMEOUT_S:g} s"
            raise ResourceExhausted(message, subject="job store", retry_after_s=1.0) from error
        if isinstance(cause, sqlite3.Error):
            unreachable = code.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR"))
        else:
            # Among PostgreSQL's internal errors: a session that it ended for its idleness, a write to a standby; but
            # those of class XX are faults of its own, such as pages that are broken.
            outward = isinstance(error, OperationalError | InterfaceError | InternalError)
            unreachable = outward and not code.startswith("XX")
        if not unreachable:
            raise
        message = "the database of the job store cannot be reached"
        raise Unavailable(message, reason="STORE_UNREACHABLE", retry_after_s=1.0) from error
