"""What a process knows of each job that somebody watches or waits for: its newest events, and who is to be woken.

Lives on the event loop; not thread-safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from waypost.server.jobs.events import Head
from waypost.server.jobs.model import Progress
from waypost.server.jobs.store.changes import Watch

#: Events that are kept in memory for watchers that fall behind; what is older they read from the store.
KEPT_EVENTS: Final = 1_000


class Watcher:
    """One who is told of progress when its turn comes, so that not all are told at once."""

    def __init__(self) -> None:
        #: The version of the progress that it may tell.
        self.turn = 0
        self.waiter: asyncio.Future[bool] | None = None

    def take_turn(self, progress_version: int) -> None:
        """May tell progress of that version, and wakes for it."""
        self.turn = progress_version
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(True)


class Topic:
    """One job. `events` are the bytes of those after `base`, up to `last`, without a gap."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.users = 0
        self.watchers: dict[Watcher, None] = {}
        self.started = False
        self.finished = False
        self.base = 0
        self.last = 0
        self.head = Head(0, 0)
        self.progress = Progress()
        self.progress_after = 0
        self.progress_version = 0
        #: Version, sequence and bytes of the progress that was sent last.
        self.shared_progress: tuple[int, int, bytes] = (0, 0, b"")
        self.failed: BaseException | None = None
        self.refreshing: asyncio.Task[None] | None = None
        self.registration: Watch | None = None
        self._events: list[bytes] = []
        self._waiters: set[asyncio.Future[bool]] = set()

    @property
    def behind(self) -> bool:
        """Whether events are there that were not read yet."""
        return self.started and self.head.last_sequence > self.last

    def start(self, last: int, *, finished: bool) -> None:
        """Takes note that the job was read at that sequence: what follows it is read when it comes."""
        if not self.started:
            self.started, self.base, self.last, self.finished = True, last, last, finished
        self.hear(Head(last, 0))

    def hear(self, head: Head) -> None:
        """Takes note of how far the job is; news may come late, and both numbers only grow."""
        known = self.head
        self.head = Head(
            max(known.last_sequence, head.last_sequence), max(known.progress_version, head.progress_version)
        )

    def tell(self, head: Head, progress: Progress) -> None:
        """Has newer counts to tell, which hold after the event of that head."""
        if head.progress_version > self.progress_version:
            self.progress, self.progress_after = progress, head.last_sequence
            self.progress_version = head.progress_version

    def restart(self, last: int, *, finished: bool) -> None:
        """Forgets the events: those after the last one are no longer kept by the store."""
        self._events.clear()
        self.base = self.last = last
        self.finished = finished

    def extend(self, events: Sequence[bytes], *, finished: bool) -> None:
        """Adds the events that follow the last one."""
        self._events += events
        self.last += len(events)
        self.finished = self.finished or finished
        if len(self._events) > 2 * KEPT_EVENTS:
            self.base += len(self._events) - KEPT_EVENTS
            del self._events[:-KEPT_EVENTS]

    def events_after(self, cursor: int) -> list[bytes] | None:
        """The events behind the cursor, up to the last one; None where some of them are not here."""
        return None if cursor < self.base else self._events[cursor - self.base :]

    @contextmanager
    def watched(self) -> Iterator[Watcher]:
        """One more who is told of progress."""
        watcher = Watcher()
        self.watchers[watcher] = None
        try:
            yield watcher
        finally:
            del self.watchers[watcher]

    def wake(self) -> None:
        """Wakes all that wait."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(True)

    async def wait(self, timeout_s: float | None, watcher: Watcher | None = None) -> bool:
        """Whether something happened within that time, the watcher's turn among it.

        Raises what ended the reading of the job.
        """
        if self.failed is not None:
            raise self.failed
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        # asyncio.timeout() would be a tenth of what a message to a watcher costs.
        timer = None if timeout_s is None else loop.call_later(timeout_s, _give_up, waiter)
        self._waiters.add(waiter)
        if watcher is not None:
            watcher.waiter = waiter
        try:
            happened: bool = await waiter
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()
        if self.failed is not None:
            raise self.failed
        return happened


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
