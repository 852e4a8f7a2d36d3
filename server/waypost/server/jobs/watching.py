"""Watchers of jobs in one process: each change once from the store, once to bytes, then to everyone who watches.

A watcher pulls: it is handed the next message when it has taken the one before, so that of one that never reads
nothing waits but that message. Between two messages only its cursor is kept, and the events are shared.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from waypost.server.errors import NotFound, WaypostError
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.events import Event, Head, History, StateChanged
from waypost.server.jobs.model import JOB_TYPE, Job, Progress
from waypost.server.jobs.store import JobStore
from waypost.server.jobs.topics import Topic

_LOG = logging.getLogger("waypost.jobs")

#: A stream on which nothing happened for so long gets a bookmark; at most 30 s are promised.
BOOKMARK_S: Final = 20.0
#: Progress comes at most four times a second, and a process sends at most so many messages of it a second; 800 are
#: promised. At some 55 µs a message this leaves the greater part of a tenth of a core to changes.
PROGRESS_S: Final = 0.25
MAX_PROGRESS_PER_S: Final = 600.0
#: Watchers that are told of progress at once, so that a thousand of them do not hold up everything else.
_PROGRESS_AT_ONCE: Final = 25

#: A message and the sequence that it repeats or brings.
_Numbered = tuple[int, bytes]


class EventBytes(Protocol):
    """How the messages of a watch become bytes."""

    def change(self, event: Event) -> bytes:
        """Something durable that happened."""

    def snapshot(self, job: Job, *, reset: bool) -> bytes:
        """The job as a whole, as it is at its last event."""

    def progress(self, sequence: int, progress: Progress) -> bytes:
        """Newer counts, after the event of that sequence."""

    def bookmark(self, sequence: int) -> bytes:
        """A sign of life."""


class Watching:
    """Who watches what. Belongs to one event loop."""

    def __init__(
        self, store: JobStore, threads: Threads, messages: EventBytes, *, bookmark_s: float = BOOKMARK_S
    ) -> None:
        self._store = store
        self._threads = threads
        self._messages = messages
        self._bookmark_s = bookmark_s
        self._topics: dict[str, Topic] = {}
        self._dirty: set[Topic] = set()
        self._telling: asyncio.Task[None] | None = None
        self._told_s = 0.0
        self.draining = False

    def drain(self) -> None:
        """Lets whoever waits for a job go with what there is."""
        self.draining = True
        if self._telling is not None:
            self._telling.cancel()
        for topic in self._topics.values():
            topic.wake()

    @contextmanager
    def topic(self, job_id: str) -> Iterator[Topic]:
        """What is known of the job. From here on no change is missed: read the job after this, and `note` it."""
        topic = self._topics.get(job_id)
        if topic is None or topic.failed is not None:
            topic = self._topics[job_id] = self._new_topic(job_id)
        topic.users += 1
        try:
            yield topic
        finally:
            topic.users -= 1
            if topic.users == 0:
                self._forget(topic)

    def note(self, topic: Topic, job: Job) -> None:
        """Tells a topic what its job was read as."""
        topic.start(job.last_sequence, finished=job.state.finished)
        self._catch_up(topic)

    async def watch(self, job_id: str, after: int | None) -> AsyncIterator[bytes]:
        """The messages of a watch, see jobs.proto; `after` is the cursor. Raises NotFound, OutOfRange."""
        loop = asyncio.get_running_loop()
        with self.topic(job_id) as topic, topic.watched() as watcher:
            told_s = loop.time() - PROGRESS_S
            cursor, waiting = await self._from_store(topic, after)
            told_version = topic.progress_version
            while True:
                for sequence, message in waiting:
                    yield message
                    cursor = sequence
                shared = topic.events_after(cursor)
                if shared is None:
                    cursor, waiting = await self._from_store(topic, cursor)
                    continue
                waiting = list(enumerate(shared, cursor + 1))
                if waiting:
                    continue
                if topic.finished and cursor >= topic.last:
                    return
                news = watcher.turn > told_version and cursor >= topic.progress_after
                # One that was slow to take its last message comes to this one sooner than others.
                early_s = told_s + PROGRESS_S - loop.time() if news else 0.0
                if news and early_s <= 0:
                    told_version = topic.progress_version
                    yield self._progress(topic, cursor)
                    told_s = loop.time()
                elif not await topic.wait(early_s if news else self._bookmark_s, watcher) and not news:
                    yield self._messages.bookmark(cursor)

    async def _from_store(self, topic: Topic, after: int | None) -> tuple[int, list[_Numbered]]:
        """The cursor, and what comes next behind it."""
        job, cursor, waiting = await self._threads.run(self._read, topic.job_id, after)
        self.note(topic, job)
        return cursor, waiting

    def _read(self, job_id: str, after: int | None) -> tuple[Job, int, list[_Numbered]]:
        if after is None:
            job = self._store.job(job_id)
            return job, job.last_sequence, [(job.last_sequence, self._messages.snapshot(job, reset=False))]
        job, history = self._store.history(job_id, after)
        if not history.complete:
            return job, job.last_sequence, [(job.last_sequence, self._messages.snapshot(job, reset=True))]
        return job, after, [(event.sequence, self._messages.change(event)) for event in history.events]

    def _progress(self, topic: Topic, sequence: int) -> bytes:
        """The topic's progress for watchers at that sequence, serialised once for all that are there."""
        if topic.shared_progress[:2] != (topic.progress_version, sequence):
            message = self._messages.progress(sequence, topic.progress)
            topic.shared_progress = (topic.progress_version, sequence, message)
        return topic.shared_progress[2]

    def _new_topic(self, job_id: str) -> Topic:
        topic = Topic(job_id)
        loop = asyncio.get_running_loop()

        def heard(_: str, head: Head | None) -> None:
            loop.call_soon_threadsafe(self._heard, topic, head)

        topic.registration = self._store.changes.watch(job_id, heard)
        return topic

    def _forget(self, topic: Topic) -> None:
        if topic.registration is not None:
            topic.registration.close()
        if topic.refreshing is not None:
            topic.refreshing.cancel()
        self._dirty.discard(topic)
        if self._topics.get(topic.job_id) is topic:
            del self._topics[topic.job_id]

    def _heard(self, topic: Topic, head: Head | None) -> None:
        if head is None:
            topic.failed = NotFound(JOB_TYPE, f"jobs/{topic.job_id}")
            topic.wake()
            return
        topic.hear(head)
        self._catch_up(topic)
        if topic.watchers and topic.head.progress_version > topic.progress_version:
            self._dirty.add(topic)
            if self._telling is None:
                self._telling = asyncio.create_task(self._tell_progress())

    def _catch_up(self, topic: Topic) -> None:
        if topic.behind and topic.refreshing is None:
            topic.refreshing = asyncio.create_task(self._refresh(topic))
            topic.refreshing.add_done_callback(lambda task: self._refreshed(topic, task))

    async def _refresh(self, topic: Topic) -> None:
        while topic.behind:
            job, history, messages = await self._threads.run(self._read_changes, topic.job_id, topic.last)
            if history.complete:
                topic.extend(messages, finished=any(map(_is_end, history.events)))
            else:
                topic.restart(history.last_sequence, finished=job.state.finished)
            topic.wake()

    def _read_changes(self, job_id: str, after: int) -> tuple[Job, History, list[bytes]]:
        job, history = self._store.history(job_id, after)
        return job, history, [self._messages.change(event) for event in history.events] if history.complete else []

    def _refreshed(self, topic: Topic, task: asyncio.Task[None]) -> None:
        topic.refreshing = None
        if task.cancelled():
            return
        if task.exception() is not None:
            # Whoever watches is told, and comes back with its cursor once the store can be read again.
            topic.failed = task.exception()
            topic.wake()
        else:
            self._catch_up(topic)

    async def _tell_progress(self) -> None:
        """Reads progress that is new, and tells it, until there is none."""
        loop = asyncio.get_running_loop()
        try:
            while self._dirty:
                await asyncio.sleep(max(0.0, self._told_s + PROGRESS_S - loop.time()))
                self._told_s = loop.time()
                topics = {topic.job_id: topic for topic in self._dirty}
                self._dirty.clear()
                if not topics or self.draining:
                    break  # nobody watches any more
                found = await self._threads.run(self._store.latest_progress, list(topics))
                for job_id, (head, progress) in found.items():
                    topics[job_id].tell(head, progress)
                await _give_turns([topics[job_id] for job_id in found])
        except WaypostError:
            _LOG.warning("progress could not be read", exc_info=True)
        finally:
            self._telling = None


async def _give_turns(topics: Iterable[Topic]) -> None:
    """Lets all watchers tell of progress, at most MAX_PROGRESS_PER_S."""
    watchers = [(topic, watcher) for topic in topics for watcher in topic.watchers]
    for start in range(0, len(watchers), _PROGRESS_AT_ONCE):
        group = watchers[start : start + _PROGRESS_AT_ONCE]
        for topic, watcher in group:
            watcher.take_turn(topic.progress_version)
        await asyncio.sleep(len(group) / MAX_PROGRESS_PER_S)


def _is_end(event: Event) -> bool:
    return isinstance(event.change, StateChanged) and event.change.new_state.finished
