"""Shards from the first row to the last, in pieces that fail, are split, and are committed once."""

from __future__ import annotations

import pytest

from tests.job_stores import LEASE_S, HandClock, claimed, new_shards, part, running, spec
from waypost.server.errors import FailedPrecondition
from waypost.server.jobs.events import PartCommitted, RowsRestarted, ShardRetried
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import NewShard, ShardState
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore


def test_shards_follow_each_other_without_a_gap(store: JobStore) -> None:
    store.create_job(spec())
    _, lease = claimed(store)
    with pytest.raises(FailedPrecondition):
        store.add_shards(lease, new_shards(10, 5))
    store.advance(lease, JobState.PREPARING)
    store.add_shards(lease, new_shards(10, 5))
    for first_row, last_row in ((1, 3), (12, 13), (11, 10)):
        gap = NewShard(first_row=first_row, last_row=last_row, file="f")
        with pytest.raises(ValueError, match="do not follow row 10"):
            store.add_shards(lease, [gap])
    store.add_shards(lease, [NewShard(first_row=11, last_row=12, file="g")])
    assert [(shard.first_row, shard.last_row, shard.file) for shard in store.shards(lease.job_id)] == [
        (1, 5, "rows.arrow"),
        (6, 10, "rows.arrow"),
        (11, 12, "g"),
    ]


def test_an_input_that_is_read_again_begins_with_no_shards(store: JobStore) -> None:
    store.create_job(spec())
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    store.add_shards(lease, new_shards(10, 5))
    store.drop_shards(lease)
    store.add_shards(lease, new_shards(4, 2))
    store.advance(lease, JobState.RUNNING)
    with pytest.raises(ValueError, match="prepared"):
        store.drop_shards(lease)
    assert len(store.shards(lease.job_id)) == 2


def test_workers_get_the_lowest_rows_first_and_each_shard_once(store: JobStore) -> None:
    lease = running(store)
    assert [shard.first_row for shard in store.lease_shards(lease, 2)] == [1, 11]
    assert [shard.first_row for shard in store.lease_shards(lease, 2)] == [21]
    assert store.lease_shards(lease, 2) == ()


def test_a_part_is_committed_once_with_its_event(store: JobStore) -> None:
    lease = running(store)
    assert not store.commit_part(lease, 1, part())
    store.lease_shards(lease, 1)
    whole = part(matched=5, unmatched=3, invalid=1, failed=1)
    assert store.commit_part(lease, 1, whole)
    assert not store.commit_part(lease, 1, part())
    (shard,) = store.shards(lease.job_id, states=[ShardState.DONE])
    assert (shard.part, shard.attempts) == (whole, 1)
    job, history = store.history(lease.job_id, 3)
    assert [event.change for event in history.events] == [
        PartCommitted(first_row=1, last_row=10, rows=whole.rows, engine_version="e1")
    ]
    assert job.engine_version == "e1"
    assert store.row_counts(lease.job_id) == whole.rows


def test_rows_can_be_read_up_to_the_first_gap(store: JobStore) -> None:
    lease = running(store, rows=25)
    assert store.committed_through(lease.job_id) == 0
    store.lease_shards(lease, 9)
    store.commit_part(lease, 11, part())
    assert store.committed_through(lease.job_id) == 0
    store.commit_part(lease, 1, part())
    assert store.committed_through(lease.job_id) == 20
    store.commit_part(lease, 21, part(matched=5))
    assert store.committed_through(lease.job_id) == 25
    assert store.row_counts(lease.job_id) == RowCounts(matched=25)
    assert [shard.first_row for shard in store.shards(lease.job_id, after_row=10)] == [11, 21]
    assert [shard.first_row for shard in store.shards(lease.job_id, after_row=11, limit=1)] == [11]


def test_nothing_is_handed_out_once_a_caller_wants_it_to_stop(store: JobStore) -> None:
    lease = running(store)
    store.lease_shards(lease, 1)
    store.command(lease.job_id, Command.PAUSE)
    assert store.lease_shards(lease, 1) == ()
    assert store.commit_part(lease, 1, part())
    store.command(lease.job_id, Command.CANCEL)
    assert store.lease_shards(lease, 1) == ()
    store.advance(lease, JobState.CANCELLED)
    assert store.committed_through(lease.job_id) == 10


def test_a_shard_given_back_is_as_if_never_tried_and_a_lost_worker_counts(store: JobStore) -> None:
    lease = running(store, rows=10)
    store.lease_shards(lease, 1)
    store.release_lease(lease)
    _, lease = claimed(store)
    for attempt in (1, 2):
        (shard,) = store.lease_shards(lease, 1)
        assert shard.attempts == attempt
        assert store.retry_shard(lease, 1, "WORKER_LOST")
        assert not store.retry_shard(lease, 1, "WORKER_LOST")
    _, history = store.history(lease.job_id, 3)
    assert [event.change for event in history.events] == [
        ShardRetried(first_row=1, last_row=10, attempts=attempt, reason="WORKER_LOST") for attempt in (1, 2)
    ]


def test_what_is_known_of_a_shard_that_kills_outlives_its_owner_but_not_its_engine(
    store: JobStore, clock: HandClock
) -> None:
    lease = running(store, rows=10)
    store.lease_shards(lease, 1)
    pieces = ((0, 5, 2, "open"), (5, 10, 0, "done"))
    store.retry_shard(lease, 1, "WORKER_LOST", pieces)
    clock.advance(LEASE_S)
    _, lease = claimed(store, "two")
    (shard,) = store.lease_shards(lease, 1)
    assert (shard.pieces, shard.reason) == (pieces, "WORKER_LOST")
    store.restart_rows(lease, "e2")
    (shard,) = store.lease_shards(lease, 1)
    assert shard.pieces == ()


def test_a_part_that_is_gone_is_answered_again(store: JobStore) -> None:
    lease = running(store, rows=20)
    store.lease_shards(lease, 2)
    assert not store.reopen_shard(lease, 1, "PART_TORN")
    store.commit_part(lease, 1, part())
    assert store.reopen_shard(lease, 1, "PART_TORN")
    assert store.row_counts(lease.job_id) == RowCounts()
    _, history = store.history(lease.job_id, 4)
    assert [event.change for event in history.events] == [
        ShardRetried(first_row=1, last_row=10, attempts=1, reason="PART_TORN")
    ]
    assert [shard.first_row for shard in store.lease_shards(lease, 9)] == [1]
    assert store.commit_part(lease, 1, part())


def test_another_engine_begins_anew_and_tells_which_files_are_void(store: JobStore) -> None:
    lease = running(store, rows=20)
    store.lease_shards(lease, 2)
    store.commit_part(lease, 1, part())
    assert store.restart_rows(lease, "e2") == ("part.arrow",)
    assert store.row_counts(lease.job_id) == RowCounts()
    assert [(shard.state, shard.attempts) for shard in store.shards(lease.job_id)] == [(ShardState.PENDING, 0)] * 2
    job, history = store.history(lease.job_id, 4)
    assert [event.change for event in history.events] == [
        RowsRestarted(old_engine_version="e1", new_engine_version="e2")
    ]
    assert job.engine_version == "e2"


def test_the_shards_of_one_job_are_not_those_of_another(store: JobStore) -> None:
    first, second = running(store), running(store)
    store.lease_shards(first, 9)
    store.commit_part(first, 1, part())
    assert store.shard_counts(second.job_id)[ShardState.PENDING] == 3
    assert not store.commit_part(second, 1, part())
    assert store.committed_through(second.job_id) == 0
