"""What has had its time, and what has not."""

from __future__ import annotations

import pytest

from tests.contract.job_store.test_jobs import cancel
from tests.job_stores import LEASE_S, HandClock, claimed, spec
from waypost.server.errors import FailedPrecondition
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import RequestKey
from waypost.server.jobs.states import WORK_STATES, JobState
from waypost.server.jobs.store import JobStore

DAY_S = 86_400


def test_a_finished_job_expires_after_its_time_and_an_unfinished_one_never(store: JobStore, clock: HandClock) -> None:
    ended, _ = store.create_job(spec(ttl_s=60.0)), store.create_job(spec(ttl_s=60.0))
    cancel(store, ended.job_id)
    clock.advance(59)
    assert store.expired_jobs(limit=9) == ()
    clock.advance(1)
    assert store.expired_jobs(limit=9) == (ended.job_id,)
    assert store.expired_jobs(limit=0) == ()


def test_an_open_upload_expires_too(store: JobStore, clock: HandClock) -> None:
    upload_id = store.create_upload(ttl_s=60).upload_id
    assert store.expired_uploads(limit=9) == ()
    clock.advance(60)
    assert store.expired_uploads(limit=9) == (upload_id,)


def test_a_job_that_nobody_confirms_gets_an_owner_after_thirty_days_who_fails_it(
    store: JobStore, clock: HandClock
) -> None:
    job = store.create_job(spec())
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    store.advance(lease, JobState.AWAITING_CONFIRMATION)
    clock.advance(30 * DAY_S - 1)
    assert store.claim_job("two", lease_s=LEASE_S) is None
    clock.advance(1)
    more_urgent = store.create_job(spec(), priority=9)
    assert store.claim_job("two", lease_s=LEASE_S, states=WORK_STATES - {JobState.QUEUED}) is None
    overdue, lease = claimed(store, "two")
    assert (overdue.job_id, overdue.state) == (job.job_id, JobState.AWAITING_CONFIRMATION)
    assert claimed(store, "three")[0].job_id == more_urgent.job_id
    assert store.advance(lease, JobState.FAILED).state is JobState.FAILED
    assert store.claim_job("two", lease_s=LEASE_S) is None


def test_a_job_that_is_confirmed_before_its_owner_could_fail_it_goes_on(store: JobStore, clock: HandClock) -> None:
    job = store.create_job(spec())
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    store.advance(lease, JobState.AWAITING_CONFIRMATION)
    clock.advance(30 * DAY_S)
    _, lease = claimed(store)
    store.command(job.job_id, Command.CONFIRM)
    with pytest.raises(FailedPrecondition):
        store.advance(lease, JobState.FAILED, source=JobState.AWAITING_CONFIRMATION)
    assert store.job(job.job_id).state is JobState.RUNNING
    assert store.renew_leases([lease], lease_s=LEASE_S) == {lease}
    assert store.advance(lease, JobState.SUCCEEDED).state is JobState.SUCCEEDED


def test_a_request_is_remembered_for_a_day_and_as_long_as_its_job(store: JobStore, clock: HandClock) -> None:
    key = RequestKey("CreateJob", "id", "digest")
    job = store.create_job(spec(), request=key)
    clock.advance(10 * DAY_S)
    assert store.forget_requests() == 0
    assert store.create_job(spec(), request=key) == job
    cancel(store, job.job_id)
    deleting = RequestKey("DeleteJob", "id", "digest")
    store.delete_job(job.job_id, request=deleting)
    assert store.forget_requests() == 1
    store.delete_job(job.job_id, request=deleting)
    clock.advance(DAY_S)
    assert store.forget_requests() == 1
    assert store.create_job(spec(), request=key).job_id != job.job_id


def test_snapshots_of_unfinished_jobs_are_pinned(store: JobStore) -> None:
    ended = store.create_job(spec(snapshot_id="old"))
    store.create_job(spec(snapshot_id="new"))
    store.create_job(spec(snapshot_id="new"))
    assert store.pinned_snapshots() == {"old", "new"}
    cancel(store, ended.job_id)
    assert store.pinned_snapshots() == {"new"}


def test_what_was_deleted_is_left_over_until_it_is_seen_gone(store: JobStore) -> None:
    job, upload = store.create_job(spec()), store.create_upload(ttl_s=60)
    cancel(store, job.job_id)
    assert store.leftovers(limit=9) == ()
    key = RequestKey("DeleteJob", "id", "digest")
    for _ in range(2):
        store.delete_job(job.job_id, request=key)
    store.delete_upload(upload.upload_id)
    assert store.leftovers(limit=9) == (job.name, upload.name)
    store.forget_leftovers([job.name])
    assert store.leftovers(limit=9) == (upload.name,)
