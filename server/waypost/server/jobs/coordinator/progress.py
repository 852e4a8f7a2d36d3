"""How far jobs are: measured by those that work on them, written for all of them together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from waypost.server.jobs.coordinator.office import Office
from waypost.server.jobs.model import Lease, Progress
from waypost.server.jobs.rows import RowCounts

#: Progress of a job is written at most so often.
INTERVAL_S: Final = 0.25
#: A rate is measured over so many seconds.
_WINDOW_S: Final = 10.0


class ProgressBoard:
    """Collects the latest progress of each job and writes what is new, four times a second at most."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._latest: dict[Lease, Progress] = {}
        self._news = asyncio.Event()

    def put(self, lease: Lease, progress: Progress) -> None:
        """Replaces what waits to be written of this job."""
        self._latest[lease] = progress
        self._news.set()

    def forget(self, lease: Lease) -> None:
        """Drops what waits, for a job that has been left."""
        self._latest.pop(lease, None)

    async def run(self) -> None:
        """Writes, until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            taken, self._latest = self._latest, {}
            if taken:
                writing = self._office.ask(self._office.store.write_progress, taken)
                await self._office.loops.turn("progress", writing, otherwise=frozenset())
            await asyncio.sleep(INTERVAL_S)


class Meter:
    """The counts of one job and how fast they grow. `monotonic` is a stopwatch, `clock` tells the time of day."""

    def __init__(self, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._seen: deque[tuple[float, int]] = deque([(monotonic(), 0)])
        self._since = 0
        self.rows = RowCounts()
        self.total_rows: int | None = None
        self.read_bytes = 0
        self.total_bytes: int | None = None
        self.committed_parts = 0
        self.total_parts = 0

    def add(self, rows: RowCounts) -> None:
        """Another part is committed."""
        self.rows += rows
        self.committed_parts += 1
        self._since += rows.done
        now_s = self._monotonic()
        self._seen.append((now_s, self._since))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()

    @property
    def progress(self) -> Progress:
        """How far the job is now."""
        (first_s, before), (last_s, now) = self._seen[0], self._seen[-1]
        rate = (now - before) / (last_s - first_s) if last_s > first_s else 0.0
        left = None if self.total_rows is None else self.total_rows - self.rows.done
        return Progress(
            rows=self.rows,
            total_rows=self.total_rows,
            read_bytes=self.read_bytes,
            total_bytes=self.total_bytes,
            rows_per_second=rate,
            time_left_s=left / rate if rate and left is not None else None,
            committed_parts=self.committed_parts,
            total_parts=self.total_parts,
            update_time_s=self._clock(),
        )
