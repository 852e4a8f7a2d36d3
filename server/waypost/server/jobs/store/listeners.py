"""The thread that hears what other processes have changed: one a process, and only while somebody watches."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select

from waypost.server.jobs.events import Head
from waypost.server.jobs.states import END_STATES, UNFINISHED_STATES
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.database import Database

_log = logging.getLogger(__name__)

#: How often SQLite's file is asked whether it has changed, which is three microseconds of work: a change by another
#: process is to be told within 100 ms.
POLL_S: Final = 0.025
_RECONNECT_S: Final = 1.0

Heard = Callable[[str], None]
Announce = Callable[[Mapping[str, Head | None]], None]
Watched = Callable[[], tuple[frozenset[str], bool]]


class Listener(ABC):
    """Starts and ends the thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # The last one, and those before it that were asked to end and may still be about it.
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._unfinished: frozenset[str] = frozenset()

    def start(self, heard: Heard, announce: Announce, watched: Watched) -> None:
        """Runs the thread, if it does not run already. It first announces how far every watched job is."""
        if self._threads and not self._stopping.is_set():
            return
        self._stopping = threading.Event()
        arguments = (self._stopping, heard, announce, watched)
        thread = threading.Thread(target=self._run, args=arguments, name="waypost-changes", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def stop_soon(self) -> None:
        """Asks the thread to end."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread; it is gone when this returns, with its connection."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, stopping: threading.Event, heard: Heard, announce: Announce, watched: Watched) -> None:
        while not stopping.is_set():
            try:
                self._listen(stopping, heard, lambda: announce(self._heads(*watched())))
            except Exception:  # the boundary of this thread: whoever watches would hear nothing any more, for ever
                _log.warning("changes by other processes are not heard for now", exc_info=True)
                stopping.wait(_RECONNECT_S)

    @abstractmethod
    def _listen(self, stopping: threading.Event, heard: Heard, look: Callable[[], None]) -> None:
        """Hears until `stopping`; looks once when it can hear, since what came before was told to nobody."""

    def _heads(self, job_ids: frozenset[str], every: bool) -> dict[str, Head | None]:
        """How far these jobs are, None where they are gone; with `every`, all that are or were unfinished too."""
        asked = job_ids | self._unfinished if every else job_ids
        with self._database.reading() as connection:
            rows = connection.execute(heads_query(asked, every=every)).all()
        if every:
            self._unfinished = frozenset(row.job_id for row in rows if row.state not in END_STATES)
        found = {row.job_id: head_of(row) for row in rows}
        return dict.fromkeys(asked) | found


def head_of(row: Any) -> Head:
    """How far a job is, of a row of `heads_query`."""
    return Head(row.last_sequence, row.version or 0, row.state in END_STATES)


def heads_query(job_ids: frozenset[str], *, every: bool = False) -> Select[tuple[str, int, int, int]]:
    """Selects id, state, newest event and version of the progress of these jobs, with `every` of unfinished too."""
    jobs, progress = schema.jobs.c, schema.progress.c
    named = jobs.job_id.in_(job_ids)
    wanted = or_(named, jobs.state.in_(UNFINISHED_STATES)) if every else named
    joined = schema.jobs.outerjoin(schema.progress, and_(progress.job_id == jobs.job_id))
    return select(jobs.job_id, jobs.state, jobs.last_sequence, progress.version).select_from(joined).where(wanted)


class SqliteListener(Listener):
    """Asks the file for its `data_version`, which grows when another connection has committed."""

    def _listen(self, stopping: threading.Event, heard: Heard, look: Callable[[], None]) -> None:
        connection = self._database.engine.raw_connection()
        try:
            cursor, seen = connection.cursor(), None
            while not stopping.is_set():
                (version,) = cursor.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    look()
                    seen = version
                stopping.wait(POLL_S)
        finally:
            connection.close()


def listener_of(database: Database) -> Listener:
    """The one that fits the database."""
    if database.is_sqlite:
        return SqliteListener(database)
    from waypost.server.jobs.store.postgresql import PostgresqlListener  # not at the top: its driver is an extra

    return PostgresqlListener(database)
