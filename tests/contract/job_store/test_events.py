"""Events since a cursor."""

from __future__ import annotations

import pytest

from tests.job_stores import HandClock, running, spec
from waypost.server.errors import NotFound, OutOfRange
from waypost.server.jobs.events import Head
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Progress
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore, core


def test_events_are_numbered_from_one_without_gaps_and_carry_their_time(store: JobStore, clock: HandClock) -> None:
    start_s = clock()
    job = store.create_job(spec())
    for command in (Command.PAUSE, Command.RESUME, Command.CANCEL):
        clock.advance(1)
        store.command(job.job_id, command)
    present, history = store.history(job.job_id, 0)
    assert [(event.sequence, event.time_s - start_s) for event in history.events] == [(1, 0), (2, 1), (3, 2), (4, 3)]
    assert present.last_sequence == history.last_sequence == 4
    assert history.complete


def test_a_cursor_gives_what_came_after_it(store: JobStore) -> None:
    job = store.create_job(spec())
    store.command(job.job_id, Command.PAUSE)
    store.command(job.job_id, Command.RESUME)
    assert [event.sequence for event in store.history(job.job_id, 1)[1].events] == [2, 3]
    assert [event.sequence for event in store.history(job.job_id, 0, limit=2)[1].events] == [1, 2]
    at_end = store.history(job.job_id, 3)[1]
    assert (at_end.events, at_end.last_sequence, at_end.complete) == ((), 3, True)


def test_a_cursor_beyond_the_end_is_refused(store: JobStore) -> None:
    job = store.create_job(spec())
    with pytest.raises(OutOfRange) as refused:
        store.history(job.job_id, 2)
    assert (refused.value.reason, refused.value.facts["last_sequence"]) == ("SEQUENCE_BEYOND_END", "1")
    with pytest.raises(NotFound):
        store.history("none", 0)


def test_the_oldest_of_very_many_events_are_forgotten_and_the_history_says_so(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "EVENTS_KEPT", 3)
    monkeypatch.setattr(core, "FORGET_EVERY", 2)
    job, other = store.create_job(spec()), store.create_job(spec())
    for sequence, command in enumerate((Command.PAUSE, Command.RESUME) * 4, 2):
        store.command(job.job_id, command)
        events = store.history(job.job_id, max(0, sequence - 3))[1].events
        assert [event.sequence for event in events] == list(range(max(1, sequence - 2), sequence + 1))
    assert not store.history(job.job_id, 0)[1].complete
    assert not store.history(job.job_id, 4)[1].complete
    assert store.history(job.job_id, 5)[1].complete
    assert store.history(other.job_id, 0)[1].complete


def test_a_head_tells_of_events_of_progress_and_of_the_end(store: JobStore) -> None:
    lease = running(store)
    other = store.create_job(spec()).job_id
    asked = [lease.job_id, other, "none"]
    assert store.latest_progress(asked) == {
        lease.job_id: (Head(3, 0), Progress()), other: (Head(1, 0), Progress()),
    }  # fmt: skip
    for rows_per_second in (1.0, 2.0):
        assert not store.write_progress({lease: Progress(rows_per_second=rows_per_second)})
    assert store.latest_progress(asked)[lease.job_id] == (Head(3, 2), Progress(rows_per_second=2.0))
    store.advance(lease, JobState.FAILED, progress=Progress())
    assert store.latest_progress(asked)[lease.job_id] == (Head(4, 3, finished=True), Progress())
