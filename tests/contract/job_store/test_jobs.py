"""Taking jobs in, reading, listing and changing them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.job_stores import START_S, HandClock, claimed, part, running, spec
from waypost.server.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound, ResourceExhausted
from waypost.server.jobs.events import JobUpdated, StateChanged
from waypost.server.jobs.filter import parse_filter
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Job, Lease, OutputFile, OutputFileKind, Progress, RequestKey
from waypost.server.jobs.spec import (
    CsvDialect,
    FailureAction,
    FailurePolicy,
    FileFormat,
    GeocodeOperation,
    InputColumns,
    JobInput,
    Notification,
    ReverseGeocodeOperation,
    UploadSource,
    UriSource,
    WebhookTarget,
)
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore
from waypost.server.model import Box, GeocodeFilter, PlaceType, Point

WHOLE = spec(
    operation=GeocodeOperation(
        filter=GeocodeFilter(
            region_codes=("DE",),
            bounds=Box(south=-1.5, west=170, north=2, east=-170),
            focus=Point(latitude=0.0, longitude=-0.0),
            place_types=frozenset({PlaceType.LOCALITY, PlaceType.POI}),
        )
    ),
    input=JobInput(
        source=UriSource(uri="file:///ä b.csv", size_bytes=2**40, modified_ns=2**62, etag='"x"'),
        format=FileFormat.CSV,
        csv=CsvDialect(delimiter="\t", header=False),
        columns=InputColumns(address={"locality": "Ort"}),
    ),
    failure_policy=FailurePolicy(max_unmatched_share=0.25, min_rows=1, action=FailureAction.FAIL),
    notifications=(Notification(target=WebhookTarget(uri="https://x", sealed_secrets=("s",)), committed_parts=True),),
)


def test_a_job_is_read_as_it_was_taken(store: JobStore) -> None:
    taken = store.create_job(WHOLE, priority=7, labels={"team": "maps", "ort": "Köln"}, engine_version="e1")
    assert store.job(taken.job_id) == taken
    assert (taken.spec, taken.state, taken.priority) == (WHOLE, JobState.QUEUED, 7)
    assert (taken.labels, taken.engine_version) == ({"team": "maps", "ort": "Köln"}, "e1")
    assert (taken.create_time_s, taken.start_time_s, taken.end_time_s) == (START_S, None, None)
    assert (taken.last_sequence, taken.prepared) == (1, False)


def test_an_operation_of_another_kind_is_told_apart(store: JobStore) -> None:
    operation = ReverseGeocodeOperation(radius_m=5.0)
    assert store.create_job(spec(operation=operation)).spec.operation == operation


def test_an_unknown_job_is_not_found(store: JobStore) -> None:
    for call in (store.job, store.operation, store.delete_job, store.delete_operation, store.output_files):
        with pytest.raises(NotFound):
            call("none")
    with pytest.raises(NotFound):
        store.command("none", Command.PAUSE)


def test_inline_rows_are_kept_byte_for_byte(store: JobStore) -> None:
    content = bytes(range(256))
    job = store.create_job(spec(), inline=content)
    assert store.inline_input(job.job_id) == content
    with pytest.raises(NotFound):
        store.inline_input("none")


def test_a_full_queue_takes_no_job_until_one_has_finished(store: JobStore) -> None:
    job = store.create_job(spec(), max_unfinished=1)
    with pytest.raises(ResourceExhausted) as refused:
        store.create_job(spec(), max_unfinished=1)
    assert refused.value.reason == "QUEUE_FULL"
    cancel(store, job.job_id)
    store.create_job(spec(), max_unfinished=1)


def test_an_upload_must_be_there_and_complete(store: JobStore) -> None:
    def read_upload(upload_id: str) -> None:
        store.create_job(spec(input=JobInput(source=UploadSource(upload_id=upload_id))))

    with pytest.raises(NotFound):
        read_upload("none")
    upload = store.create_upload(ttl_s=60)
    with pytest.raises(FailedPrecondition) as refused:
        read_upload(upload.upload_id)
    assert refused.value.reason == "UPLOAD_INCOMPLETE"
    store.complete_upload(upload.upload_id, sha256="0" * 64, ttl_s=60)
    read_upload(upload.upload_id)


def test_an_update_changes_the_etag_and_tells(store: JobStore) -> None:
    job = store.create_job(spec(), labels={"a": "1", "b": "2"})
    changed = store.update_job(job.job_id, priority=5, labels={"a": None, "c": "3"}, etag=job.etag)
    assert (changed.priority, changed.labels) == (5, {"b": "2", "c": "3"})
    assert changed.etag != job.etag
    _, history = store.history(job.job_id, 1)
    assert [event.change for event in history.events] == [JobUpdated(priority=5, labels={"b": "2", "c": "3"})]
    replaced = store.update_job(job.job_id, labels={"d": "4"}, replace_labels=True)
    assert (replaced.priority, replaced.labels) == (5, {"d": "4"})
    with pytest.raises(Aborted) as refused:
        store.update_job(job.job_id, priority=1, etag=job.etag)
    assert refused.value.reason == "ETAG_MISMATCH"


def test_an_update_that_changes_nothing_is_no_event(store: JobStore) -> None:
    job = store.create_job(spec(), priority=3, labels={"a": "1"})
    assert store.update_job(job.job_id, priority=3, labels={"a": "1"}) == job


def test_parts_and_progress_leave_the_etag(store: JobStore) -> None:
    lease = running(store)
    before = store.job(lease.job_id)
    store.lease_shards(lease, 1)
    store.commit_part(lease, 1, part())
    store.write_progress({lease: Progress(committed_parts=1, rows_per_second=2.5)})
    after = store.job(lease.job_id)
    assert after.etag == before.etag
    assert after.progress == Progress(committed_parts=1, rows_per_second=2.5)
    assert after.last_sequence == before.last_sequence + 1


def test_jobs_are_listed_newest_first_in_pages(store: JobStore, clock: HandClock) -> None:
    made = []
    for at in range(7):
        made.append(store.create_job(spec(), labels={"n": str(at)}).job_id)
        clock.advance(0.1 if at % 2 else 0.0)
    seen: list[Job] = []
    position = ""
    while True:
        page = store.list_jobs(limit=2, position=position)
        seen += page.items
        if not page.next_position:
            break
        position = page.next_position
    assert {job.job_id for job in seen} == set(made)
    assert len(seen) == 7
    assert [job.create_time_s for job in seen] == sorted((job.create_time_s for job in seen), reverse=True)
    assert all(job.labels == {"n": str(made.index(job.job_id))} for job in seen)


def test_a_page_goes_on_behind_its_last_job_while_others_come(store: JobStore, clock: HandClock) -> None:
    for _ in range(4):
        store.create_job(spec())
        clock.advance(1)
    first = store.list_jobs(limit=2)
    store.create_job(spec())
    second = store.list_jobs(limit=2, position=first.next_position)
    assert not {job.job_id for job in first.items} & {job.job_id for job in second.items}
    assert len(second.items) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "abc"),
        ("state = QUEUED", "bc"),
        ("state != STATE_QUEUED", "a"),
        ('labels.team = "maps"', "ab"),
        ("labels.team != maps", "c"),
        ("labels:urgent", "b"),
        ("-labels:urgent", "ac"),
        ("labels.urgent:*", "b"),
        ("labels.team = maps AND labels.urgent = yes", "b"),
        ("labels.team = maps labels.urgent = yes", "b"),
        ("labels.team = maps AND state = QUEUED OR state = PAUSED", "ab"),
        ("NOT (labels.team = maps AND state = QUEUED)", "ac"),
        (f'create_time > "{"2027-01-15T08:00:00Z"}"', "bc"),
        (f'create_time <= "{"2027-01-15T09:00:00+01:00"}"', "a"),
        (f'create_time != "{"2027-01-15T08:00:00Z"}"', "bc"),
    ],
)
def test_a_filter_lets_through_what_it_says(store: JobStore, clock: HandClock, text: str, found: str) -> None:
    assert START_S == 1_800_000_000.0  # 2027-01-15T08:00:00Z
    names = {}
    for name, labels in (("a", {"team": "maps"}), ("b", {"team": "maps", "urgent": "yes"}), ("c", {"x": "y"})):
        names[store.create_job(spec(), labels=labels).job_id] = name
        clock.advance(60)
    store.command(next(iter(names)), Command.PAUSE)
    page = store.list_jobs(limit=10, filter=parse_filter(text))
    assert "".join(sorted(names[job.job_id] for job in page.items)) == found


def test_a_command_moves_the_job_or_finds_it_done(store: JobStore) -> None:
    job = store.create_job(spec())
    paused = store.command(job.job_id, Command.PAUSE, etag=job.etag)
    assert paused.state is JobState.PAUSED
    assert store.command(job.job_id, Command.PAUSE) == paused
    with pytest.raises(Aborted):
        store.command(job.job_id, Command.RESUME, etag=job.etag)
    assert store.command(job.job_id, Command.RESUME).state is JobState.QUEUED
    with pytest.raises(FailedPrecondition) as refused:
        store.command(job.job_id, Command.CONFIRM)
    assert refused.value.reason == "WRONG_JOB_STATE"
    _, history = store.history(job.job_id, 0)
    assert [event.sequence for event in history.events] == [1, 2, 3]
    changes = [event.change for event in history.events]
    assert changes == [
        StateChanged(old_state=None, new_state=JobState.QUEUED),
        StateChanged(old_state=JobState.QUEUED, new_state=JobState.PAUSED),
        StateChanged(old_state=JobState.PAUSED, new_state=JobState.QUEUED),
    ]


def test_confirming_is_remembered_through_a_pause(store: JobStore) -> None:
    job = store.create_job(spec(confirmation_required=True))
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    waiting = store.advance(lease, JobState.AWAITING_CONFIRMATION)
    assert (waiting.prepared, waiting.confirmed) == (True, False)
    assert waiting.expire_time_s == START_S + 30 * 86_400
    confirmed = store.command(job.job_id, Command.CONFIRM)
    assert (confirmed.state, confirmed.confirmed, confirmed.expire_time_s) == (JobState.RUNNING, True, None)
    store.command(job.job_id, Command.PAUSE)
    assert store.job(job.job_id).confirmed


def test_only_a_finished_job_is_deleted_and_with_all_that_it_has(store: JobStore) -> None:
    lease = running(store, notifications=WHOLE.notifications)
    with pytest.raises(FailedPrecondition) as refused:
        store.delete_job(lease.job_id)
    assert refused.value.reason == "JOB_UNFINISHED"
    cancel(store, lease.job_id, lease.owner)
    job = store.job(lease.job_id)
    with pytest.raises(Aborted):
        store.delete_job(lease.job_id, etag='"0"')
    store.delete_job(lease.job_id, etag=job.etag)
    with pytest.raises(NotFound):
        store.job(lease.job_id)
    assert store.shards(lease.job_id) == ()
    assert store.claim_deliveries(limit=10, hold_s=1) == ()
    assert store.latest_progress([lease.job_id]) == {}


def test_deleting_an_operation_leaves_its_job(store: JobStore) -> None:
    job = store.create_job(spec())
    assert store.operation(job.job_id) == job
    store.delete_operation(job.job_id)
    assert store.job(job.job_id).operation_deleted
    assert len(store.list_jobs(limit=9).items) == 1
    assert store.list_jobs(limit=9, operations=True).items == ()
    for call in (store.operation, store.delete_operation):
        with pytest.raises(NotFound) as refused:
            call(job.job_id)
        assert refused.value.reason == "OPERATION_NOT_FOUND"


def test_output_files_come_with_the_end(store: JobStore) -> None:
    lease = running(store, rows=0)
    files = [
        OutputFile(file="report.json", kind=OutputFileKind.REPORT, uri="", size_bytes=9, sha256="a" * 64, row_count=0),
        OutputFile(file="out.csv", kind=OutputFileKind.RESULTS, uri="", size_bytes=8, sha256="b" * 64, row_count=7),
    ]
    assert store.output_files(lease.job_id) == ()
    done = store.advance(lease, JobState.SUCCEEDED, output_files=files)
    assert store.output_files(lease.job_id) == tuple(files)
    assert (done.end_time_s, done.expire_time_s) == (START_S, START_S + 3_600)


def test_a_request_repeated_gives_the_same_job_as_it_is_now_after_a_restart_too(
    store: JobStore, open_store: Callable[[], JobStore]
) -> None:
    key = RequestKey("CreateJob", "id-1", "digest")
    job = store.create_job(spec(), request=key)
    pause = RequestKey("PauseJob", "id-1", "digest")
    store.command(job.job_id, Command.PAUSE, request=pause)
    store.command(job.job_id, Command.RESUME)
    # The pause is not done again, and both repeats show the job as it is.
    assert store.command(job.job_id, Command.PAUSE, request=pause).state is JobState.QUEUED
    assert store.create_job(spec(), request=key) == store.job(job.job_id)
    store.close()
    again = open_store()
    assert again.create_job(spec(), request=key) == again.job(job.job_id)
    assert len(again.list_jobs(limit=9).items) == 1
    with pytest.raises(InvalidArgument) as refused:
        again.create_job(spec(), request=RequestKey("CreateJob", "id-1", "other"))
    assert refused.value.reason == "REQUEST_ID_REUSED"


def test_a_repeat_does_not_mind_an_etag_that_it_changed_itself(store: JobStore) -> None:
    job = store.create_job(spec())
    key = RequestKey("UpdateJob", "id-2", "digest")
    changed = store.update_job(job.job_id, priority=9, etag=job.etag, request=key)
    assert store.update_job(job.job_id, priority=9, etag=job.etag, request=key) == changed


def test_a_request_that_failed_is_not_remembered(store: JobStore) -> None:
    key = RequestKey("CreateJob", "id-3", "digest")
    with pytest.raises(ResourceExhausted):
        store.create_job(spec(), max_unfinished=0, request=key)
    assert store.create_job(spec(), request=key).state is JobState.QUEUED


def test_deleting_twice_under_one_request_is_deleting_once(store: JobStore) -> None:
    job = store.create_job(spec())
    cancel(store, job.job_id)
    key = RequestKey("DeleteJob", "id-4", "digest")
    store.delete_job(job.job_id, request=key)
    store.delete_job(job.job_id, request=key)
    with pytest.raises(NotFound):
        store.delete_job(job.job_id)


def cancel(store: JobStore, job_id: str, owner: str = "") -> None:
    """Cancels a job to its end, as its owner would."""
    job = store.command(job_id, Command.CANCEL)
    if owner:
        lease = Lease(job_id, owner, job.lease_token)
    else:
        taken = store.claim_job("cancelling", lease_s=10, states=[JobState.CANCELLING])
        assert taken is not None
        lease = taken[1]
        assert lease.job_id == job_id
    store.advance(lease, JobState.CANCELLED)


def test_a_folder_has_one_unfinished_job_that_writes_there(store: JobStore) -> None:
    first = store.create_job(spec(), output_folder="file:///out/mine")
    store.create_job(spec(), output_folder="file:///out/other")
    for _ in range(2):
        store.create_job(spec())
    with pytest.raises(FailedPrecondition) as refused:
        store.create_job(spec(), output_folder="file:///out/mine")
    assert (refused.value.reason, refused.value.subject) == ("OUTPUT_IN_USE", first.name)
    cancel(store, first.job_id)
    store.create_job(spec(), output_folder="file:///out/mine")
