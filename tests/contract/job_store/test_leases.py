"""Owners: one at a time, taken over when they go away, and fenced off when they come back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.job_store.conftest import OpenStore
from tests.job_stores import LEASE_S, HandClock, claimed, new_shards, part, running, spec
from waypost.server.errors import FailedPrecondition, LeaseLost
from waypost.server.jobs.events import OwnerChanged, Reason, StateChanged
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Lease, Progress, ShardState
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore


def test_the_most_urgent_job_is_claimed_first(store: JobStore, clock: HandClock) -> None:
    made = {}
    for name, priority in (("old", 0), ("young", 0), ("urgent", 9), ("stopping", -9)):
        made[store.create_job(spec(), priority=priority).job_id] = name
        clock.advance(1)
    store.command(list(made)[-1], Command.CANCEL)
    order = [made[claimed(store)[0].job_id] for _ in made]
    assert order == ["stopping", "urgent", "old", "young"]
    assert store.claim_job("one", lease_s=LEASE_S) is None


def test_only_jobs_in_the_states_asked_for_are_claimed(store: JobStore) -> None:
    store.create_job(spec())
    assert store.claim_job("one", lease_s=LEASE_S, states=[JobState.RUNNING]) is None
    assert store.claim_job("one", lease_s=LEASE_S, states=[JobState.QUEUED]) is not None


def test_a_job_at_rest_needs_no_owner_and_is_not_claimed(store: JobStore) -> None:
    job = store.create_job(spec())
    store.command(job.job_id, Command.PAUSE)
    assert store.claim_job("one", lease_s=LEASE_S) is None
    store.command(job.job_id, Command.CANCEL)
    _, lease = claimed(store)
    store.advance(lease, JobState.CANCELLED)
    assert store.claim_job("one", lease_s=LEASE_S) is None


def test_a_renewed_lease_lasts_and_one_that_is_not_runs_out(open_store: OpenStore, clock: HandClock) -> None:
    one, two = open_store(), open_store()
    one.create_job(spec())
    _, lease = claimed(one)
    for _ in range(5):
        clock.advance(LEASE_S * 0.9)
        assert one.renew_leases([lease], lease_s=LEASE_S) == {lease}
        assert two.claim_job("two", lease_s=LEASE_S) is None
    clock.advance(LEASE_S)
    _, second = claimed(two, "two")
    assert second.token == lease.token + 1
    assert one.renew_leases([lease], lease_s=LEASE_S) == frozenset()


def test_the_next_owner_goes_on_where_the_first_one_was(open_store: OpenStore, clock: HandClock) -> None:
    one, two = open_store(), open_store()
    lease = running(one)
    one.lease_shards(lease, 2)
    one.commit_part(lease, 1, part())
    clock.advance(LEASE_S)
    job, second = claimed(two, "two")
    assert job.state is JobState.RUNNING
    states = {shard.first_row: (shard.state, shard.attempts) for shard in two.shards(job.job_id)}
    # The shard in hand waits again, and that try does not count: nothing is known against it.
    assert states == {1: (ShardState.DONE, 1), 11: (ShardState.PENDING, 0), 21: (ShardState.PENDING, 0)}
    _, history = two.history(job.job_id, lease.token + 3)
    assert OwnerChanged(owners=second.token) in [event.change for event in history.events]
    assert [shard.first_row for shard in two.lease_shards(second, 9)] == [11, 21]


def test_every_write_of_a_former_owner_is_refused(open_store: OpenStore, clock: HandClock) -> None:
    one, two = open_store(), open_store()
    lease = running(one)
    one.lease_shards(lease, 1)
    clock.advance(LEASE_S)
    _, second = claimed(two, "two")
    before = two.job(lease.job_id)
    writes: list[Callable[[], object]] = [
        lambda: one.advance(lease, JobState.SUCCEEDED),
        lambda: one.add_shards(lease, new_shards(1, 1)),
        lambda: one.drop_shards(lease),
        lambda: one.lease_shards(lease, 1),
        lambda: one.commit_part(lease, 1, part()),
        lambda: one.retry_shard(lease, 1, "WORKER_LOST"),
        lambda: one.reopen_shard(lease, 1, "PART_TORN"),
        lambda: one.restart_rows(lease, "e2"),
    ]
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
    assert one.write_progress({lease: Progress(committed_parts=9)}) == {lease}
    one.release_lease(lease)
    assert two.job(lease.job_id) == before
    assert two.renew_leases([second], lease_s=LEASE_S) == {second}
    # A guessed token or another's name does not help.
    for forged in (Lease(lease.job_id, "one", second.token), Lease(lease.job_id, "two", second.token + 1)):
        with pytest.raises(LeaseLost):
            one.advance(forged, JobState.SUCCEEDED)


def test_a_late_owner_that_nobody_has_replaced_may_go_on(store: JobStore, clock: HandClock) -> None:
    lease = running(store)
    clock.advance(100 * LEASE_S)
    assert len(store.lease_shards(lease, 9)) == 3
    assert store.renew_leases([lease], lease_s=LEASE_S) == {lease}


def test_a_clock_that_was_set_back_holds_no_job_for_ever(store: JobStore, clock: HandClock) -> None:
    store.create_job(spec())
    claimed(store)
    clock.advance(-3_600)
    job, lease = claimed(store, "two")
    assert (lease.token, job.last_sequence) == (2, 2)


def test_a_released_job_is_free_at_once_and_tells_of_no_other_owner(store: JobStore) -> None:
    lease = running(store)
    store.lease_shards(lease, 1)
    store.release_lease(lease)
    job, second = claimed(store, "two")
    assert (second.token, job.state) == (lease.token + 1, JobState.RUNNING)
    assert store.shard_counts(job.job_id)[ShardState.PENDING] == 3
    _, history = store.history(job.job_id, 0)
    assert all(isinstance(event.change, StateChanged) for event in history.events)


def test_a_caller_takes_the_lease_away_by_pausing_a_job_that_is_prepared(store: JobStore) -> None:
    job = store.create_job(spec())
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    assert store.command(job.job_id, Command.PAUSE).state is JobState.PAUSED
    with pytest.raises(LeaseLost):
        store.add_shards(lease, new_shards(1, 1))


def test_an_owner_that_a_caller_was_faster_than_keeps_its_lease(store: JobStore) -> None:
    lease = running(store, rows=0)
    store.command(lease.job_id, Command.PAUSE)
    with pytest.raises(FailedPrecondition) as refused:
        store.advance(lease, JobState.SUCCEEDED)
    assert refused.value.facts["state"] == "PAUSING"
    assert store.advance(lease, JobState.PAUSED).state is JobState.PAUSED
    with pytest.raises(LeaseLost):
        store.advance(lease, JobState.FAILED)


def test_the_end_comes_with_all_that_is_known(store: JobStore, clock: HandClock) -> None:
    lease = running(store)
    clock.advance(5)
    progress = Progress(total_rows=30, committed_parts=3)
    reason = Reason(code="DISK_FULL", message="no room for 12 bytes")
    failed = store.advance(lease, JobState.FAILED, reason=reason, progress=progress)
    assert (failed.reason, failed.progress) == (reason, progress)
    assert failed.expire_time_s == clock() + failed.spec.ttl_s
    assert store.job(lease.job_id) == failed


def test_the_first_start_is_kept_through_a_pause(store: JobStore, clock: HandClock) -> None:
    lease = running(store)
    started_s = store.job(lease.job_id).start_time_s
    clock.advance(60)
    store.command(lease.job_id, Command.PAUSE)
    store.advance(lease, JobState.PAUSED)
    store.command(lease.job_id, Command.RESUME)
    job, second = claimed(store)
    assert job.prepared
    assert store.advance(second, JobState.PREPARING).start_time_s == started_s == clock() - 60
