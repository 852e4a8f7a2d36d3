"""Who is to be woken when a job has changed: callbacks in this process, one listener for all other processes.

A callback gets the job's `Head`: whoever has seen as much already has nothing to read. Between processes
PostgreSQL tells by LISTEN and NOTIFY; of SQLite one thread asks every 25 ms whether the file has changed, and does so
only while somebody watches. See docs/decisions/watching-sqlite.md.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from waypost.server.jobs.events import Head
from waypost.server.jobs.store.listeners import Listener

_log = logging.getLogger(__name__)

#: Gets the job's id and how far it is, None where it was deleted. Called from any thread: it must be quick, must not
#: raise, and must not call the store; `loop.call_soon_threadsafe` is what it is for.
Callback = Callable[[str, Head | None], None]

_GONE: Final = "gone"
_END: Final = "end"
#: Jobs that have ended of which is remembered how far they are: news of an end comes from two sides at about one time.
_ENDED_KEPT: Final = 1_000


class Watch:
    """A registration; ends with `close`, or as a context manager."""

    def __init__(self, changes: Changes, job_id: str | None, callback: Callback) -> None:
        self._changes = changes
        self.job_id = job_id
        self.callback = callback

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Calls that are under way may still come."""
        self._changes._end(self)


class Changes:
    """The changes of one store. Thread-safe."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()
        self._watches: dict[str | None, list[Watch]] = {}
        self._heads: dict[str, Head | None] = {}
        #: Those of them that nothing more will be heard of, and that nobody watches by their name; the oldest first.
        self._ended: dict[str, None] = {}
        self._closed = False

    def watch(self, job_id: str | None, callback: Callback) -> Watch:
        """Calls `callback` after each change of that job, of any job with None, until the watch is closed.

        Subscribe first and read then, so that no change falls between.
        """
        watch = Watch(self, job_id, callback)
        with self._lock:
            self._watches.setdefault(job_id, []).append(watch)
            self._run_listener()
        return watch

    def announce(self, heads: Mapping[str, Head | None]) -> None:
        """Tells watchers how far these jobs are. What is no news wakes nobody."""
        due: list[tuple[Callback, str, Head | None]] = []
        with self._lock:
            for job_id, head in heads.items():
                watches = [*self._watches.get(job_id, ()), *self._watches.get(None, ())]
                if not watches:
                    continue
                news = _newer(self._heads.get(job_id), head)
                if job_id in self._heads and news == self._heads[job_id]:
                    continue
                self._heads[job_id] = news
                due += [(watch.callback, job_id, news) for watch in watches]
                self._forget_ended(job_id)
        for callback, job_id, news in due:
            callback(job_id, news)

    def close(self) -> None:
        """Stops listening; no callback comes any more from other processes."""
        with self._lock:
            self._closed = True
            self._watches.clear()
            self._heads.clear()
        self._listener.stop()

    @staticmethod
    def word(job_id: str, head: Head | None) -> str:
        """What is told to other processes of one job: no blanks, ASCII."""
        if head is None:
            return f"{job_id}:{_GONE}"
        return f"{job_id}:{head.last_sequence}:{head.progress_version}" + (f":{_END}" if head.finished else "")

    def _heard(self, payload: str) -> None:
        """What another process told, words of `word` with blanks between."""
        heads: dict[str, Head | None] = {}
        for word in payload.split():
            job_id, *rest = word.split(":")
            numbers, marks = rest[:2], rest[2:]
            if rest == [_GONE]:
                heads[job_id] = None
            elif len(numbers) == 2 and all(map(str.isdecimal, numbers)) and marks in ([], [_END]):
                heads[job_id] = Head(int(numbers[0]), int(numbers[1]), bool(marks))
            else:
                _log.warning("a notification of the job store was not understood", extra={"payload": payload[:100]})
        self.announce(heads)

    def _watched(self) -> tuple[frozenset[str], bool]:
        """The jobs that somebody watches, and whether somebody watches all of them."""
        with self._lock:
            return frozenset(job_id for job_id in self._watches if job_id is not None), None in self._watches

    def _end(self, watch: Watch) -> None:
        with self._lock:
            watches = self._watches.get(watch.job_id, [])
            if watch in watches:
                watches.remove(watch)
            if not watches:
                self._watches.pop(watch.job_id, None)
            if None not in self._watches:
                self._ended.clear()
                for job_id in self._heads.keys() - self._watches.keys():
                    del self._heads[job_id]
            elif watch.job_id in self._heads:
                self._forget_ended(watch.job_id)
            self._run_listener()

    def _forget_ended(self, job_id: str) -> None:
        """Notes that a job has ended, if it has and nobody watches it by its name; forgets one that did long ago."""
        head = self._heads[job_id]
        if job_id in self._watches or not (head is None or head.finished):
            return
        self._ended[job_id] = None
        if len(self._ended) > _ENDED_KEPT:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            if oldest not in self._watches:
                self._heads.pop(oldest, None)

    def _run_listener(self) -> None:
        if self._watches and not self._closed:
            self._listener.start(self._heard, self.announce, self._watched)
        else:
            self._listener.stop_soon()


def _newer(known: Head | None, head: Head | None) -> Head | None:
    return None if head is None else later(known, head)


def later(known: Head | None, head: Head) -> Head:
    """What is known now. Both numbers only grow; news of them may come late or from two sides."""
    if known is None:
        return head
    return Head(
        max(known.last_sequence, head.last_sequence),
        max(known.progress_version, head.progress_version),
        known.finished or head.finished,
    )
