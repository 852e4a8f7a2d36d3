"""Uploads: bytes that are committed once, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.job_store.test_jobs import cancel
from tests.job_stores import HandClock, spec
from waypost.server.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, OutOfRange
from waypost.server.jobs.model import RequestKey, UploadState
from waypost.server.jobs.spec import JobInput, UploadSource
from waypost.server.jobs.store import JobStore

DIGEST = "ab" * 32


def test_an_upload_grows_until_it_is_complete(store: JobStore, clock: HandClock) -> None:
    upload = store.create_upload(size_bytes=30, ttl_s=60)
    assert (upload.state, upload.committed_bytes, upload.expire_time_s) == (UploadState.OPEN, 0, clock() + 60)
    clock.advance(30)
    grown = store.commit_bytes(upload.upload_id, start=0, end=30, ttl_s=60)
    assert (grown.committed_bytes, grown.expire_time_s) == (30, clock() + 60)
    whole = store.complete_upload(upload.upload_id, sha256=DIGEST, ttl_s=600)
    assert (whole.state, whole.size_bytes, whole.sha256) == (UploadState.COMPLETE, 30, DIGEST)
    assert whole.expire_time_s == clock() + 600
    assert store.upload(upload.upload_id) == whole
    assert store.complete_upload(upload.upload_id, sha256=DIGEST, ttl_s=1) == whole


def test_a_gap_and_a_race_are_told_apart_and_name_the_offset(store: JobStore) -> None:
    upload_id = store.create_upload(ttl_s=60).upload_id
    store.commit_bytes(upload_id, start=0, end=10, ttl_s=60)
    with pytest.raises(OutOfRange) as gap:
        store.commit_bytes(upload_id, start=11, end=12, ttl_s=60)
    assert (gap.value.reason, gap.value.facts["expected_offset"]) == ("UPLOAD_GAP", "10")
    with pytest.raises(Aborted) as race:
        store.commit_bytes(upload_id, start=0, end=20, ttl_s=60)
    assert race.value.reason == "UPLOAD_RACE"
    assert store.upload(upload_id).committed_bytes == 10


def test_a_complete_upload_takes_nothing_more(store: JobStore) -> None:
    upload_id = store.create_upload(ttl_s=60).upload_id
    store.complete_upload(upload_id, sha256=DIGEST, ttl_s=60)
    calls: list[Callable[[], object]] = [
        lambda: store.commit_bytes(upload_id, start=0, end=1, ttl_s=60),
        lambda: store.complete_upload(upload_id, sha256="cd" * 32, ttl_s=60),
    ]
    for call in calls:
        with pytest.raises(FailedPrecondition) as refused:
            call()
        assert refused.value.reason == "UPLOAD_COMPLETE"


def test_an_upload_must_end_at_the_size_that_it_was_opened_with(store: JobStore) -> None:
    upload_id = store.create_upload(size_bytes=5, ttl_s=60).upload_id
    store.commit_bytes(upload_id, start=0, end=4, ttl_s=60)
    with pytest.raises(InvalidArgument) as refused:
        store.complete_upload(upload_id, sha256=DIGEST, ttl_s=60)
    assert refused.value.reason == "UPLOAD_SIZE_MISMATCH"
    store.commit_bytes(upload_id, start=4, end=5, ttl_s=60)
    assert store.complete_upload(upload_id, sha256=DIGEST, ttl_s=60).state is UploadState.COMPLETE


def test_an_upload_stays_while_an_unfinished_job_reads_it(store: JobStore, clock: HandClock) -> None:
    upload_id = store.create_upload(ttl_s=60).upload_id
    store.complete_upload(upload_id, sha256=DIGEST, ttl_s=60)
    job = store.create_job(spec(input=JobInput(source=UploadSource(upload_id=upload_id))))
    clock.advance(60)
    with pytest.raises(FailedPrecondition) as refused:
        store.delete_upload(upload_id)
    assert refused.value.reason == "UPLOAD_IN_USE"
    assert store.expired_uploads(limit=9) == ()
    cancel(store, job.job_id)
    assert store.expired_uploads(limit=9) == (upload_id,)
    store.delete_upload(upload_id)
    with pytest.raises(NotFound) as unknown:
        store.upload(upload_id)
    assert unknown.value.reason == "UPLOAD_NOT_FOUND"


def test_asking_twice_opens_or_deletes_once(store: JobStore) -> None:
    key = RequestKey("CreateUpload", "id", "digest")
    upload = store.create_upload(ttl_s=60, request=key)
    store.commit_bytes(upload.upload_id, start=0, end=3, ttl_s=60)
    assert store.create_upload(ttl_s=60, request=key).committed_bytes == 3
    delete = RequestKey("DeleteUpload", "id", "digest")
    store.delete_upload(upload.upload_id, request=delete)
    store.delete_upload(upload.upload_id, request=delete)
    with pytest.raises(NotFound):
        store.delete_upload(upload.upload_id)
