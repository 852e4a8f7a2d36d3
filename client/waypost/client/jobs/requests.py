"""Python arguments into the messages of jobs, the same for both clients. Nothing is checked that the server checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TypedDict, Unpack
from uuid import uuid4

from google.longrunning.operations_pb2 import WaitOperationRequest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from waypost.v1.jobs_pb2 import (
    ConfirmJobRequest,
    CreateJobRequest,
    CreateUploadRequest,
    DeleteJobRequest,
    DeleteUploadRequest,
    EngineChange,
    FailurePolicy,
    GeocodeOptions,
    Job,
    JobInput,
    JobOperation,
    JobOutput,
    ListJobsRequest,
    Notification,
    PauseJobRequest,
    ResumeJobRequest,
    UpdateJobRequest,
    Upload,
    WatchJobRequest,
)


class JobOptions(TypedDict, total=False):
    """What may be said about a job besides its input; each is as in `Job`."""

    operation: JobOperation | None
    output: JobOutput | None
    priority: int
    labels: Mapping[str, str]
    notifications: Iterable[Notification]
    snapshot: str
    failure_policy: FailurePolicy | None
    engine_change: EngineChange.ValueType
    confirmation_required: bool
    ttl: Duration | None


def new_request_id() -> str:
    """Return a fresh UUID4: with one, a call that changes something may be repeated."""
    return str(uuid4())


def job(source: JobInput, **options: Unpack[JobOptions]) -> Job:
    """Return the job over that input; without an `operation` its rows are geocoded."""
    message = Job(input=source, **options)
    if not message.HasField("operation"):
        message.operation.CopyFrom(JobOperation(geocode=GeocodeOptions()))
    return message


def job_id(name: str) -> str:
    """Return the id in "jobs/{job}", "operations/{job}" or "{job}"."""
    return name.removeprefix("jobs/").removeprefix("operations/")


def job_name(name: str) -> str:
    """Return "jobs/{job}" for a job or its operation, with or without what stands before the id."""
    return f"jobs/{job_id(name)}"


def operation_name(name: str) -> str:
    """Return "operations/{job}" for a job or its operation, with or without what stands before the id."""
    return f"operations/{job_id(name)}"


def upload_name(name: str) -> str:
    """Return "uploads/{upload}" for an id with or without "uploads/" before it."""
    return f"uploads/{name.removeprefix('uploads/')}"


def create_job(message: Job, *, validate_only: bool = False, request_id: str = "") -> CreateJobRequest:
    """Return the request for a new job, with a request id of its own unless one is given."""
    return CreateJobRequest(job=message, validate_only=validate_only, request_id=request_id or new_request_id())


def list_jobs(*, filter: str = "", page_size: int = 0, page_token: str = "") -> ListJobsRequest:
    """Return the request for a page of jobs."""
    return ListJobsRequest(filter=filter, page_size=page_size, page_token=page_token)


def update_job(
    name: str,
    *,
    priority: int | None = None,
    labels: Mapping[str, str] | None = None,
    etag: str = "",
    request_id: str = "",
) -> UpdateJobRequest:
    """Return the request that changes what is not None; `labels` replaces all of them."""
    message = Job(name=job_name(name), priority=priority or 0, labels=labels or {}, etag=etag)
    given = {"priority": priority, "labels": labels}
    mask = FieldMask(paths=[path for path, value in given.items() if value is not None])
    return UpdateJobRequest(job=message, update_mask=mask, request_id=request_id or new_request_id())


def delete_job(name: str, *, etag: str = "", request_id: str = "") -> DeleteJobRequest:
    """Return the request that deletes a finished job."""
    return DeleteJobRequest(name=job_name(name), etag=etag, request_id=request_id or new_request_id())


def pause_job(name: str, *, etag: str = "", request_id: str = "") -> PauseJobRequest:
    """Return the request that stops a job, which keeps what is done."""
    return PauseJobRequest(name=job_name(name), etag=etag, request_id=request_id or new_request_id())


def resume_job(name: str, *, etag: str = "", request_id: str = "") -> ResumeJobRequest:
    """Return the request that puts a paused job back in the queue."""
    return ResumeJobRequest(name=job_name(name), etag=etag, request_id=request_id or new_request_id())


def confirm_job(name: str, *, etag: str = "", request_id: str = "") -> ConfirmJobRequest:
    """Return the request that lets a job run that awaited confirmation."""
    return ConfirmJobRequest(name=job_name(name), etag=etag, request_id=request_id or new_request_id())


def create_upload(*, size_bytes: int = 0, request_id: str = "") -> CreateUploadRequest:
    """Return the request for a place for a file; 0 bytes: the size is not known."""
    return CreateUploadRequest(upload=Upload(size_bytes=size_bytes), request_id=request_id or new_request_id())


def delete_upload(name: str, *, request_id: str = "") -> DeleteUploadRequest:
    """Return the request that deletes an upload and its bytes."""
    return DeleteUploadRequest(name=upload_name(name), request_id=request_id or new_request_id())


def watch_job(name: str, after_sequence: int | None = None) -> WatchJobRequest:
    """Return the request for the events of a job after a cursor; None: from a snapshot of the present on."""
    return WatchJobRequest(name=job_name(name), after_sequence=after_sequence)


def wait_operation(name: str, wait_s: float) -> WaitOperationRequest:
    """Return the request for the operation once it is done, or as it is after so many seconds."""
    timeout = Duration()
    timeout.FromTimedelta(timedelta(seconds=wait_s))
    return WaitOperationRequest(name=operation_name(name), timeout=timeout)
