"""Watchers are woken by changes of their own process and of others; stores of their own stand for other processes."""

from __future__ import annotations

import queue
import threading

import pytest

from tests.contract.job_store.conftest import OpenStore
from tests.contract.job_store.test_jobs import cancel
from tests.job_stores import running, spec
from waypost.server.jobs.events import Head
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Progress
from waypost.server.jobs.store import JobStore

#: A change is to be heard within 100 ms; a test machine may be busy.
PATIENCE_S = 20


class Ear:
    """Remembers what it was called with."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[str, Head | None]] = queue.SimpleQueue()

    def __call__(self, job_id: str, head: Head | None) -> None:
        self._calls.put((job_id, head))

    def hears(self, job_id: str, head: Head | None) -> None:
        """Waits for that call; others may come before."""
        while self._calls.get(timeout=PATIENCE_S) != (job_id, head):
            pass

    @property
    def count(self) -> int:
        return self._calls.qsize()


def test_a_watcher_hears_its_own_process_before_the_change_returns(store: JobStore) -> None:
    mine, other = store.create_job(spec()), store.create_job(spec())
    ear = Ear()
    with store.changes.watch(mine.job_id, ear):
        store.command(other.job_id, Command.PAUSE)
        store.command(mine.job_id, Command.PAUSE)
        ear.hears(mine.job_id, Head(2, 0))
    count = ear.count
    store.command(mine.job_id, Command.RESUME)
    assert ear.count == count


def test_a_watcher_hears_other_processes(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    lease = running(there)
    ear = Ear()
    with here.changes.watch(lease.job_id, ear):
        there.write_progress({lease: Progress(rows_per_second=1.0)})
        ear.hears(lease.job_id, Head(3, 1))
        there.command(lease.job_id, Command.PAUSE)
        ear.hears(lease.job_id, Head(4, 1))


def test_a_watcher_hears_of_what_came_while_the_listener_started(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    job = there.create_job(spec())
    ear = Ear()
    with here.changes.watch(job.job_id, ear):
        # Nothing changes from here on: only the first look can tell.
        ear.hears(job.job_id, Head(1, 0))


def test_listening_begins_again_after_the_last_watcher_has_gone(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    job = there.create_job(spec())
    for sequence, command in ((2, Command.PAUSE), (3, Command.RESUME), (4, Command.PAUSE)):
        ear = Ear()
        with here.changes.watch(job.job_id, ear):
            there.command(job.job_id, command)
            ear.hears(job.job_id, Head(sequence, 0))


def test_whoever_watches_all_jobs_hears_of_new_ones_and_of_ends(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    ear = Ear()
    with here.changes.watch(None, ear):
        job = there.create_job(spec())
        ear.hears(job.job_id, Head(1, 0))
        cancel(there, job.job_id)
        ear.hears(job.job_id, Head(3, 0, finished=True))


def test_of_jobs_that_have_ended_not_all_are_remembered_for_ever(store: JobStore) -> None:
    watched, running = store.create_job(spec()), store.create_job(spec())
    ear = Ear()
    with store.changes.watch(None, ear), store.changes.watch(watched.job_id, ear):
        store.changes.announce({watched.job_id: Head(7, 0, finished=True), running.job_id: Head(7, 0)})
        for number in range(3_000):
            store.changes.announce({f"job-{number}": Head(1, 0)})
            store.changes.announce({f"job-{number}": Head(3, 0, finished=True) if number % 2 else None})
        ear.hears("job-2999", Head(3, 0, finished=True))
        assert len(store.changes._heads) < 1_100
        assert {watched.job_id, running.job_id} <= store.changes._heads.keys()


def test_the_end_of_a_job_is_told_once(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    ear, last = Ear(), Ear()
    with here.changes.watch(None, ear), here.changes.watch(None, last):
        job = here.create_job(spec())
        cancel(here, job.job_id)
        last.hears(job.job_id, Head(3, 0, finished=True))
        told = ear.count
        other = there.create_job(spec())  # heard of only behind what this process's own listener heard of the first
        last.hears(other.job_id, Head(1, 0))
        assert ear.count == told + 1


def test_a_deleted_job_is_told_as_gone(open_store: OpenStore) -> None:
    here, there = open_store(), open_store()
    for deleting in (here, there):
        job = there.create_job(spec())
        cancel(there, job.job_id)
        ear = Ear()
        with here.changes.watch(job.job_id, ear):
            deleting.delete_job(job.job_id)
            ear.hears(job.job_id, None)


def test_a_closed_store_listens_no_more(open_store: OpenStore) -> None:
    before = threading.enumerate()
    store = open_store()
    job = store.create_job(spec())
    ear = Ear()
    with store.changes.watch(job.job_id, ear):
        ear.hears(job.job_id, Head(1, 0))  # so its thread listens, and takes a moment to end
    with store.changes.watch(job.job_id, ear):
        pass
    store.close()
    assert [thread.name for thread in threading.enumerate() if thread not in before] == []


def test_what_is_no_news_wakes_nobody(store: JobStore) -> None:
    job = store.create_job(spec())
    ear = Ear()
    with store.changes.watch(job.job_id, ear):
        ear.hears(job.job_id, Head(1, 0))
        store.changes.announce({job.job_id: Head(1, 0)})
        store.changes.announce({job.job_id: Head(0, 0)})
        assert ear.count == 0
        store.changes.announce({job.job_id: Head(0, 1)})
        ear.hears(job.job_id, Head(1, 1))


def test_a_change_that_fails_is_not_told(store: JobStore) -> None:
    job = store.create_job(spec())
    ear = Ear()
    with store.changes.watch(job.job_id, ear):
        ear.hears(job.job_id, Head(1, 0))
        with pytest.raises(Exception, match="allowed"):
            store.command(job.job_id, Command.RESUME)
        assert ear.count == 0


def test_nobody_listens_while_nobody_watches_and_after_the_end(open_store: OpenStore) -> None:
    store = open_store()
    before = {thread.name for thread in threading.enumerate()}
    assert "waypost-changes" not in before
    with store.changes.watch("any", Ear()):
        listening = [thread for thread in threading.enumerate() if thread.name == "waypost-changes"]
        assert len(listening) == 1
        store.close()
    assert not listening[0].is_alive()
