"""Waiting for a job: for its end, and for rows that are not committed yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.model import Job
from waypost.server.jobs.results import ResultReader, ResultRows, ensure_row
from waypost.server.jobs.watching import Watching


class Following:
    """Waits for jobs of a desk; belongs to one event loop."""

    def __init__(self, desk: JobDesk, watching: Watching, threads: Threads) -> None:
        self._desk = desk
        self._watching = watching
        self._threads = threads

    async def end_of(self, job_id: str, timeout_s: float) -> Job:
        """The job whose operation was asked for, at its end, or as it is after that time or at a drain.

        Raises NotFound where there is no such operation.
        """
        store = self._desk.store
        with self._watching.topic(job_id) as topic:
            job = await self._threads.run(store.operation, job_id)
            self._watching.note(topic, job)
            if job.state.finished:
                return job
            try:
                async with asyncio.timeout(timeout_s):
                    while not topic.finished and not self._watching.draining:
                        await topic.wait(None)
            except TimeoutError:
                pass
            return await self._threads.run(store.operation, job_id)

    async def rows(self, job_id: str, after_row: int, *, arrow: bool, follow: bool) -> AsyncIterator[ResultRows]:
        """The committed rows behind `after_row`; with `follow` also those to come, until the job has ended.

        Raises NotFound, OutOfRange, DataLost, ResponseTooLarge.
        """
        with self._watching.topic(job_id) as topic:
            job = await self._threads.run(self._desk.store.job, job_id)
            ensure_row(job, after_row)
            self._watching.note(topic, job)
            reader = ResultReader(self._desk, job, after_row, arrow=arrow)
            while True:
                # Before reading: what is committed in the meantime is news.
                seen, finished = topic.last, topic.finished
                while (rows := await self._threads.run(reader.next)) is not None:
                    yield rows
                if not follow or finished:
                    break
                while topic.last == seen and not topic.finished:
                    await topic.wait(None)
            if follow:
                ensure_row(await self._threads.run(self._desk.store.job, job_id), after_row)
