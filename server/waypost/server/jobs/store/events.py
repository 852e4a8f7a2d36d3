"""Events and progress, for watchers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from waypost.server.errors import OutOfRange
from waypost.server.jobs import codec
from waypost.server.jobs.events import Head, History
from waypost.server.jobs.model import Job, Progress
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import StoreCore, one_job
from waypost.server.jobs.store.listeners import head_of, heads_query
from waypost.server.jobs.store.records import read_event, read_job

_EVENTS: Final = schema.events.c


class Events(StoreCore):
    """The part of `JobStore` that tells what has happened."""

    def history(self, job_id: str, after_sequence: int, *, limit: int = 1_000) -> tuple[Job, History]:
        """The job and its events after the cursor, oldest first, at most `limit`, all as of one moment.

        `History.complete` is False where events after the cursor are no longer kept. Raises NotFound, OutOfRange
        for a cursor beyond the newest event.
        """
        with self._database.reading() as connection:
            job = read_job(connection, one_job(connection, job_id, select(schema.jobs)))
            if after_sequence > job.last_sequence:
                raise OutOfRange(
                    f"after_sequence is {after_sequence}; the newest event of {job.name} is {job.last_sequence}",
                    reason="SEQUENCE_BEYOND_END",
                    last_sequence=str(job.last_sequence),
                )
            query = select(schema.events).where(_EVENTS.job_id == job_id, _EVENTS.sequence > after_sequence)
            events = tuple(map(read_event, connection.execute(query.order_by(_EVENTS.sequence).limit(limit))))
        begins_at = events[0].sequence if events else job.last_sequence + 1
        return job, History(events, job.last_sequence, complete=begins_at == after_sequence + 1)

    def latest_progress(self, job_ids: Iterable[str]) -> dict[str, tuple[Head, Progress]]:
        """How far these jobs are, and their progress, in one query: for whoever watches many of them."""
        with self._database.reading() as connection:
            rows = connection.execute(heads_query(frozenset(job_ids)).add_columns(schema.progress.c.progress)).all()
        return {
            row.job_id: (
                head_of(row),
                Progress() if row.progress is None else codec.PROGRESS.load(row.progress),
            )
            for row in rows
        }
