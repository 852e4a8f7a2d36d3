"""Jobs as callers see them: taken in, read, listed, changed, and every wrong field told."""

from __future__ import annotations

import uuid
from pathlib import Path

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.longrunning.operations_pb2 import Operation
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.rpc import error_details_pb2 as details

from tests.contract.jobs.bench import Bench, failed, new_job
from waypost.server.jobs.desk import JobLimits
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.readers.blocks import MAX_COLUMNS
from waypost.server.jobs.spec import UriSource, WebhookTarget
from waypost.server.jobs.states import JobState
from waypost.v1 import geocoding_pb2
from waypost.v1 import jobs_pb2 as pb

Code = grpc.StatusCode
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def response(operation: Operation) -> pb.Job:
    job = pb.Job()
    assert operation.response.Unpack(job)
    return job


async def test_a_new_job_is_an_operation_and_can_be_read(bench: Bench) -> None:
    operation = await bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(labels={"team": "maps"}, priority=7)))
    metadata = pb.JobMetadata()
    assert operation.metadata.Unpack(metadata)
    assert not operation.done
    assert metadata.state == pb.Job.STATE_QUEUED
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=metadata.job))
    assert operation.name == job.name.replace("jobs/", "operations/")
    assert (job.labels, job.priority, job.last_sequence) == ({"team": "maps"}, 7, 1)
    assert job.snapshot.startswith("snapshots/")
    assert job.engine_version
    assert not job.input.WhichOneof("source"), "inline rows are never returned"
    assert job.failure_policy.max_invalid_failed_share == 0.5
    assert job.etag


async def test_every_wrong_field_is_named_at_once(bench: Bench) -> None:
    job = pb.Job(
        operation=pb.JobOperation(reverse_geocode=pb.ReverseGeocodeOptions(radius_m=-1)),
        input=pb.JobInput(
            uri="file:///etc/passwd",
            format=pb.FILE_FORMAT_GEOPARQUET,
            csv=pb.CsvDialect(encoding="klingon"),
        ),
        output=pb.JobOutput(uri="file:///etc", columns=["colour"], column_prefix="a b"),
        priority=2_000,
        labels={"Team": "x", "ok": "y" * 64},
        failure_policy=pb.FailurePolicy(max_unmatched_share=2, min_rows=0),
        notifications=[pb.Notification()],
        snapshot="places/1",
        ttl=Duration(seconds=1),
    )
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=job, request_id="one")))
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(error.fields) == {
        "request_id",
        "job.operation.reverse_geocode.radius_m",
        "job.input.uri",
        "job.input.format",
        "job.input.csv.encoding",
        "job.output.uri",
        "job.output.columns[0]",
        "job.output.column_prefix",
        "job.priority",
        "job.labels.Team",
        "job.labels.ok",
        "job.failure_policy.max_unmatched_share",
        "job.failure_policy.min_rows",
        "job.notifications[0]",
        "job.snapshot",
        "job.ttl",
    }
    assert bench.store.list_jobs(limit=1).items == ()


@pytest.mark.parametrize(
    ("job", "fields", "reason"),
    [
        (pb.Job(), ["job.operation", "job.input"], "INVALID_FIELD"),
        (new_job(input=pb.JobInput(inline=b"x" * 1_048_577)), ["job.input.inline"], "INVALID_FIELD"),
        (new_job(input=pb.JobInput(inline=b"query\n" + b"x\n" * 1_001)), ["job.input.inline"], "INVALID_FIELD"),
        (new_job(input=pb.JobInput(inline=b"a,b\n1,2\n")), ["job.input.columns"], "INVALID_FIELD"),
        (
            new_job(input=pb.JobInput(inline=b"\x1f\x8bbroken", compression=pb.COMPRESSION_GZIP)),
            ["job.input.inline"],
            "INPUT_UNREADABLE",
        ),
        (
            new_job(
                input=pb.JobInput(
                    inline=b"a,b\n1,2\n",
                    columns=pb.InputColumns(address=geocoding_pb2.AddressColumns(locality="town")),
                )
            ),
            ["job.input.columns.address.locality"],
            "INVALID_FIELD",
        ),
        (
            new_job(
                input=pb.JobInput(inline=b"query,waypost_status\nParis,1\n"),
            ),
            ["job.output.column_prefix"],
            "INVALID_FIELD",
        ),
    ],
)
async def test_an_input_that_no_job_could_read_is_refused(
    bench: Bench, job: pb.Job, fields: list[str], reason: str
) -> None:
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=job)))
    assert (error.code, error.fields, error.reason) == (Code.INVALID_ARGUMENT, fields, reason)


async def test_validate_only_tells_columns_and_a_match_rate_and_stores_nothing(bench: Bench) -> None:
    operation = await bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(), validate_only=True))
    assert operation.done
    assert not operation.name
    found = response(operation).preflight
    assert [(each.column, each.role, each.guessed) for each in found.columns] == [
        ("id", "", False),
        ("query", "query", True),
    ]
    assert (found.sample_rows, found.total_rows, found.total_rows_estimated) == (3, 3, False)
    assert found.matched_share == pytest.approx(2 / 3)
    assert found.estimated_time.ToNanoseconds() > 0
    assert (found.format, found.csv.delimiter, found.csv.header) == (pb.FILE_FORMAT_CSV, ",", True)
    assert bench.store.list_jobs(limit=1).items == ()


async def test_a_preflight_tells_the_fields_of_an_address_by_their_paths(bench: Bench) -> None:
    job = new_job(input=pb.JobInput(inline=b"city,country,note\nParis,FR,x\n"))
    found = response(await bench.jobs.CreateJob(pb.CreateJobRequest(job=job, validate_only=True))).preflight
    assert [each.role for each in found.columns] == ["address.locality", "address.region_code", ""]


async def test_a_preflight_estimates_a_large_file_from_its_head(bench: Bench, tmp_path: Path) -> None:
    rows = 600_000
    path = tmp_path / "in" / "many.csv"
    path.write_text("query\n" + '"Paris, France"\n' * rows)
    job = new_job(input=pb.JobInput(uri=f"file://{path}"))
    found = response(await bench.jobs.CreateJob(pb.CreateJobRequest(job=job, validate_only=True))).preflight
    assert found.total_rows_estimated
    assert found.total_rows == pytest.approx(rows, rel=0.02)
    assert found.sample_rows == 1_000


async def test_a_preflight_of_rows_too_large_for_one_shard_answers_as_many_as_fit(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "in" / "wide.csv"
    # Of so many columns even empty cells fill a shard; and behind so long a header four megabytes are read at once.
    header = ["query", *(f"column {number} ".ljust(30, "x") for number in range(MAX_COLUMNS - 1))]
    path.write_text(",".join(header) + "\n" + f'"Paris, France"{"," * (MAX_COLUMNS - 1)}\n' * 450)
    job = new_job(input=pb.JobInput(uri=f"file://{path}"))
    found = response(await bench.jobs.CreateJob(pb.CreateJobRequest(job=job, validate_only=True))).preflight
    assert 0 < found.sample_rows < 450
    assert found.matched_share == 1.0


async def test_a_preflight_of_wide_rows_of_parquet_estimates_how_many_there_are(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "in" / "wide.parquet"
    # Two kilobytes in the file, and twenty megabytes once they are read.
    pq.write_table(pa.table({"query": ["Paris, France"] * 1_000, "note": ["x" * 20_000] * 1_000}), path)
    job = new_job(input=pb.JobInput(uri=f"file://{path}"))
    found = response(await bench.jobs.CreateJob(pb.CreateJobRequest(job=job, validate_only=True))).preflight
    assert 0 < found.sample_rows < 1_000
    assert found.matched_share == 1.0
    assert found.total_rows == pytest.approx(1_000, rel=0.02)


async def test_a_file_is_pinned_as_it_was(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "in" / "cities.csv"
    path.write_text("query\nParis\n")
    job_id = await bench.create(input=pb.JobInput(uri=f"file://{path}"))
    source = bench.store.job(job_id).spec.input.source
    assert isinstance(source, UriSource)
    assert (source.size_bytes, source.modified_ns) == (path.stat().st_size, path.stat().st_mtime_ns)


async def test_a_folder_that_another_unfinished_job_writes_to_is_refused_by_any_of_its_names(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "out" / "link").symlink_to(tmp_path / "out" / "x")
    job_id = await bench.create(output=pb.JobOutput(uri=f"file://{tmp_path}/out/x"))
    for name in ("x", "x/", "%78", "link"):
        request = pb.CreateJobRequest(job=new_job(output=pb.JobOutput(uri=f"file://{tmp_path}/out/{name}")))
        error = await failed(bench.jobs.CreateJob(request))
        assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "OUTPUT_IN_USE")
        (violation,) = error.detail(details.PreconditionFailure).violations
        assert violation.subject == f"jobs/{job_id}"
    await bench.create(output=pb.JobOutput(uri=f"file://{tmp_path}/out/x/below"))


async def test_an_output_folder_that_nobody_can_look_at_is_refused(bench: Bench, tmp_path: Path) -> None:
    output = pb.JobOutput(uri=f"file://{tmp_path}/out/{'x' * 256}")  # longer than the name of a file may be
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(output=output))))
    assert (error.code, error.fields) == (Code.INVALID_ARGUMENT, ["job.output.uri"])


async def test_an_output_folder_that_holds_such_files_is_refused(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "out" / "results.csv").write_text("mine")
    output = pb.JobOutput(uri=f"file://{tmp_path}/out/x/../")
    assert (await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(output=output))))).fields == [
        "job.output.uri"
    ]
    (tmp_path / "out" / "x").mkdir()
    (tmp_path / "out" / "x" / "results.csv").write_text("mine")
    output = pb.JobOutput(uri=f"file://{tmp_path}/out/x/")
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(output=output))))
    assert error.fields == ["job.output.uri"]
    assert "results.csv" in error.status.message


async def test_a_secret_is_stored_sealed_and_never_returned(bench: Bench, secrets: Secrets) -> None:
    webhook = pb.Webhook(uri="https://example.org/hook", secrets=[SECRET])
    job_id = await bench.create(notifications=[pb.Notification(webhook=webhook)])
    (stored,) = bench.store.job(job_id).spec.notifications
    assert isinstance(stored.target, WebhookTarget)
    assert [secrets.open(sealed) for sealed in stored.target.sealed_secrets] == [SECRET]
    assert SECRET not in repr(stored)
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    assert job.notifications[0].webhook == pb.Webhook(uri=webhook.uri)
    assert pb.Job.STATE_SUCCEEDED in job.notifications[0].states


async def test_an_unknown_snapshot_upload_or_job_is_not_found(bench: Bench) -> None:
    unknown = new_job(snapshot="snapshots/none")
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=unknown)))
    assert (error.code, error.reason) == (Code.NOT_FOUND, "SNAPSHOT_NOT_FOUND")
    unknown = new_job(input=pb.JobInput(upload="uploads/none"))
    error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=unknown)))
    assert (error.code, error.reason) == (Code.NOT_FOUND, "UPLOAD_NOT_FOUND")
    error = await failed(bench.jobs.GetJob(pb.GetJobRequest(name="jobs/none")))
    assert (error.code, error.reason) == (Code.NOT_FOUND, "JOB_NOT_FOUND")
    assert error.detail(details.ResourceInfo).resource_name == "jobs/none"


async def test_asking_twice_is_asking_once(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "in" / "cities.csv"
    path.write_text("query\nParis\n")
    request = pb.CreateJobRequest(job=new_job(input=pb.JobInput(uri=f"file://{path}")), request_id=str(uuid.uuid4()))
    first = await bench.jobs.CreateJob(request)
    path.unlink()  # a repeat asks nothing of the input any more
    assert (await bench.jobs.CreateJob(request)).name == first.name
    request.job.priority = 1
    error = await failed(bench.jobs.CreateJob(request))
    assert (error.reason, error.fields) == ("REQUEST_ID_REUSED", ["request_id"])


async def test_pages_of_jobs_are_whole_and_tokens_are_bound_to_the_filter(bench: Bench) -> None:
    created = [await bench.create(labels={"n": str(number % 2)}) for number in range(5)]
    request = pb.ListJobsRequest(page_size=2)
    seen = []
    while True:
        page = await bench.jobs.ListJobs(request)
        seen += [job.name for job in page.jobs]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [f"jobs/{job_id}" for job_id in reversed(created)]
    odd = await bench.jobs.ListJobs(pb.ListJobsRequest(filter='labels.n = "1" state = QUEUED'))
    assert len(odd.jobs) == 2
    request.filter = "state = QUEUED"
    error = await failed(bench.jobs.ListJobs(request))
    assert (error.reason, error.fields) == ("BAD_PAGE_TOKEN", ["page_token"])
    error = await failed(bench.jobs.ListJobs(pb.ListJobsRequest(filter="state ~ 1", page_size=-1)))
    assert set(error.fields) == {"filter", "page_size"}
    assert (await failed(bench.jobs.ListJobs(pb.ListJobsRequest(filter="(")))).reason == "BAD_FILTER"


async def test_an_update_changes_what_its_mask_names(bench: Bench) -> None:
    name = f"jobs/{await bench.create(labels={'a': '1', 'b': '2'})}"
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=name))
    changed = await bench.jobs.UpdateJob(
        pb.UpdateJobRequest(
            job=pb.Job(name=name, labels={"c": "3"}, priority=9, etag=job.etag),
            update_mask=FieldMask(paths=["labels.c", "labels.a"]),
        )
    )
    assert (changed.labels, changed.priority) == ({"b": "2", "c": "3"}, 0)
    error = await failed(bench.jobs.UpdateJob(pb.UpdateJobRequest(job=pb.Job(name=name, priority=1, etag=job.etag))))
    assert (error.code, error.reason) == (Code.ABORTED, "ETAG_MISMATCH")
    changed = await bench.jobs.UpdateJob(pb.UpdateJobRequest(job=pb.Job(name=name, priority=1)))
    assert (changed.labels, changed.priority) == ({"b": "2", "c": "3"}, 1)
    changed = await bench.jobs.UpdateJob(
        pb.UpdateJobRequest(job=pb.Job(name=name), update_mask=FieldMask(paths=["labels"]))
    )
    assert changed.labels == {}
    error = await failed(
        bench.jobs.UpdateJob(pb.UpdateJobRequest(job=pb.Job(name=name), update_mask=FieldMask(paths=["state"])))
    )
    assert error.fields == ["update_mask"]


async def test_commands_lead_where_the_lifecycle_allows(bench: Bench) -> None:
    name = f"jobs/{await bench.create()}"
    assert (await bench.jobs.PauseJob(pb.PauseJobRequest(name=name))).state == pb.Job.STATE_PAUSED
    assert (await bench.jobs.PauseJob(pb.PauseJobRequest(name=name))).state == pb.Job.STATE_PAUSED
    assert (await bench.jobs.ResumeJob(pb.ResumeJobRequest(name=name))).state == pb.Job.STATE_QUEUED
    error = await failed(bench.jobs.ConfirmJob(pb.ConfirmJobRequest(name=name)))
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "WRONG_JOB_STATE")
    assert error.detail(details.PreconditionFailure).violations[0].subject == name
    error = await failed(bench.jobs.DeleteJob(pb.DeleteJobRequest(name=name)))
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "JOB_UNFINISHED")


async def test_a_deleted_job_leaves_no_files_and_deleting_again_is_fine(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id, rows=10)
    bench.commit(lease)
    bench.end(lease)
    assert bench.desk.folders.job(job_id).exists()
    request = pb.DeleteJobRequest(name=f"jobs/{job_id}", request_id=str(uuid.uuid4()))
    for _ in range(2):
        await bench.jobs.DeleteJob(request)
    assert not bench.desk.folders.job(job_id).exists()
    assert (await failed(bench.jobs.GetJob(pb.GetJobRequest(name=request.name)))).reason == "JOB_NOT_FOUND"


async def test_a_finished_job_shows_its_credits_and_a_failed_one_its_error(bench: Bench) -> None:
    job_id = await bench.create()
    bench.end(bench.begin(job_id))
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    assert job.attributions
    assert not job.HasField("error")
    job_id = await bench.create()
    bench.end(bench.begin(job_id), JobState.FAILED)
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    assert job.error.code == Code.INTERNAL.value[0]
    assert not job.attributions


class TestBounds:
    @pytest.fixture
    def limits(self) -> JobLimits:
        return JobLimits(min_free_bytes=0, max_unfinished=1)

    async def test_a_full_queue_tells_when_to_come_back(self, bench: Bench) -> None:
        await bench.create()
        error = await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job())))
        assert (error.code, error.reason) == (Code.RESOURCE_EXHAUSTED, "QUEUE_FULL")
        assert error.detail(details.RetryInfo).retry_delay.seconds == 5
        assert error.detail(details.QuotaFailure).violations


class TestFullDisk:
    @pytest.fixture
    def limits(self) -> JobLimits:
        return JobLimits(min_free_bytes=1 << 62)

    async def test_a_full_disk_takes_neither_jobs_nor_uploads(self, bench: Bench) -> None:
        for call in (
            bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job())),
            bench.jobs.CreateUpload(pb.CreateUploadRequest()),
        ):
            error = await failed(call)
            assert (error.code, error.reason) == (Code.RESOURCE_EXHAUSTED, "DISK_FULL")
            assert error.detail(details.RetryInfo).retry_delay.seconds > 0
