"""The durable core of jobs: one class over one database, SQLite or PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from waypost.server.jobs.store.changes import Changes
from waypost.server.jobs.store.database import Database
from waypost.server.jobs.store.events import Events
from waypost.server.jobs.store.expiry import Expiry
from waypost.server.jobs.store.jobs import Jobs
from waypost.server.jobs.store.leases import Leases
from waypost.server.jobs.store.listeners import listener_of
from waypost.server.jobs.store.migrate import migrate
from waypost.server.jobs.store.outbox import Outbox
from waypost.server.jobs.store.shards import Shards
from waypost.server.jobs.store.uploads import Uploads

__all__ = ["JobStore"]


class JobStore(Jobs, Events, Leases, Shards, Uploads, Outbox, Expiry):
    """All that must outlive a process. Each part of it is a module of this package.

    Jobs       taking in, reading, listing, changing; what callers command
    Events     what has happened since a cursor
    Leases     who works on a job, and how its owner leads it from state to state
    Shards     the rows of a job in pieces, and their committed parts
    Uploads    how much of a caller's file is here
    Outbox     notifications to be sent
    Expiry     what has had its time

    Every method is one transaction, blocks, and is to be run in an executor thread. Any number of threads may use a
    store, and any number of processes one database. Errors that are no fault of ours: the ones that a method names;
    ResourceExhausted where the disk is full or the database busy; Unavailable where it cannot be reached.

    `changes` tells what was changed, here or in any other process. `clock` gives seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float], changes: Changes) -> None:
        super().__init__(database, clock, changes)

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], float] = time.time) -> JobStore:
        """The store at an SQLAlchemy URL, `sqlite:///path` or `postgresql://…`, made or migrated where needed.

        Raises ConfigError for a URL that cannot be used, or a store that a newer server has migrated.
        """
        database = Database(url)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database, clock, Changes(listener_of(database)))

    def close(self) -> None:
        """Ends the listener and closes the connections. Everything is on disk already."""
        self.changes.close()
        self._database.close()

    def __enter__(self) -> JobStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
