"""One method for each RPC of jobs and operations. Names may lack what stands before the id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc

from waypost.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT_S, Option
from waypost.client.connection import Connection
from waypost.client.jobs import requests
from waypost.v1.jobs_pb2 import (
    Delivery,
    GetJobRequest,
    GetUploadRequest,
    Job,
    JobEvent,
    ListDeliveriesRequest,
    ListDeliveriesResponse,
    ListJobsResponse,
    ListOutputFilesRequest,
    ListOutputFilesResponse,
    ReadOutputFileRequest,
    ReadOutputFileResponse,
    ReadResultsRequest,
    ReadResultsResponse,
    RedeliverNotificationRequest,
    RowEncoding,
    Upload,
    UploadInputRequest,
)
from waypost.v1.jobs_pb2_grpc import JobServiceStub


class JobCalls(Connection):
    """The RPCs of `JobService` and `google.longrunning.Operations`, with their names in Python.

    What changes something is sent with a fresh request id unless `request_id` is given, so that it may be repeated
    while the server is UNAVAILABLE; streams are as gRPC gives them, and break when the connection does.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        options: Sequence[Option] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        super().__init__(address, credentials=credentials, options=options, timeout_s=timeout_s)
        self._jobs = JobServiceStub(self._channel)
        self._operations = operations_pb2_grpc.OperationsStub(self._channel)  # type: ignore[no-untyped-call]

    def create_job(
        self, job: Job, *, validate_only: bool = False, request_id: str = "", timeout_s: float | None = None
    ) -> operations_pb2.Operation:
        """Return the operation of a new job; with `validate_only` a done one, whose response has `preflight`."""
        request = requests.create_job(job, validate_only=validate_only, request_id=request_id)
        return self._call(self._jobs.CreateJob, request, timeout_s)

    def get_job(self, name: str, *, timeout_s: float | None = None) -> Job:
        """Return a job as it is now."""
        request = GetJobRequest(name=requests.job_name(name))
        return self._call(self._jobs.GetJob, request, timeout_s)

    def list_jobs(
        self, *, filter: str = "", page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> ListJobsResponse:
        """Return a page of jobs, newest first; `filter` as in ListJobsRequest: "state = RUNNING"."""
        request = requests.list_jobs(filter=filter, page_size=page_size, page_token=page_token)
        return self._call(self._jobs.ListJobs, request, timeout_s)

    def update_job(
        self,
        name: str,
        *,
        priority: int | None = None,
        labels: Mapping[str, str] | None = None,
        etag: str = "",
        request_id: str = "",
        timeout_s: float | None = None,
    ) -> Job:
        """Return the job with another priority or other labels; None leaves them."""
        request = requests.update_job(name, priority=priority, labels=labels, etag=etag, request_id=request_id)
        return self._call(self._jobs.UpdateJob, request, timeout_s)

    def delete_job(self, name: str, *, etag: str = "", request_id: str = "", timeout_s: float | None = None) -> None:
        """Delete a finished job with its results and its operation."""
        request = requests.delete_job(name, etag=etag, request_id=request_id)
        self._call(self._jobs.DeleteJob, request, timeout_s)

    def pause_job(self, name: str, *, etag: str = "", request_id: str = "", timeout_s: float | None = None) -> Job:
        """Return the job, which stops within a second and keeps what is done."""
        request = requests.pause_job(name, etag=etag, request_id=request_id)
        return self._call(self._jobs.PauseJob, request, timeout_s)

    def resume_job(self, name: str, *, etag: str = "", request_id: str = "", timeout_s: float | None = None) -> Job:
        """Return the paused job, back in the queue."""
        request = requests.resume_job(name, etag=etag, request_id=request_id)
        return self._call(self._jobs.ResumeJob, request, timeout_s)

    def confirm_job(self, name: str, *, etag: str = "", request_id: str = "", timeout_s: float | None = None) -> Job:
        """Return the job that awaited confirmation, running."""
        request = requests.confirm_job(name, etag=etag, request_id=request_id)
        return self._call(self._jobs.ConfirmJob, request, timeout_s)

    def watch_job(
        self, name: str, *, after_sequence: int | None = None, timeout_s: float | None = None
    ) -> Iterator[JobEvent]:
        """Yield the events of a job as WatchJobRequest tells; `JobHandle.watch` also survives a break."""
        request = requests.watch_job(name, after_sequence)
        return self._read(self._jobs.WatchJob, request, timeout_s)

    def create_upload(self, *, size_bytes: int = 0, request_id: str = "", timeout_s: float | None = None) -> Upload:
        """Return a place for a file; 0 bytes: the size is not known yet."""
        request = requests.create_upload(size_bytes=size_bytes, request_id=request_id)
        return self._call(self._jobs.CreateUpload, request, timeout_s)

    def get_upload(self, name: str, *, timeout_s: float | None = None) -> Upload:
        """Return an upload; after a break go on from its `committed_bytes`."""
        request = GetUploadRequest(name=requests.upload_name(name))
        return self._call(self._jobs.GetUpload, request, timeout_s)

    def delete_upload(self, name: str, *, request_id: str = "", timeout_s: float | None = None) -> None:
        """Delete an upload and its bytes."""
        request = requests.delete_upload(name, request_id=request_id)
        self._call(self._jobs.DeleteUpload, request, timeout_s)

    def upload_input(self, messages: Iterable[UploadInputRequest], *, timeout_s: float | None = None) -> Upload:
        """Send bytes into an upload and return it; `upload` does so from a file, and goes on after a break."""
        return self._write(self._jobs.UploadInput, messages, timeout_s)

    def read_results(
        self,
        name: str,
        *,
        after_row: int = 0,
        follow: bool = False,
        encoding: RowEncoding.ValueType = RowEncoding.ROW_ENCODING_NDJSON,
        timeout_s: float | None = None,
    ) -> Iterator[ReadResultsResponse]:
        """Yield rows after a row as they are committed; `JobHandle.rows` also survives a break."""
        request = ReadResultsRequest(
            name=requests.job_name(name), after_row=after_row, follow=follow, encoding=encoding
        )
        return self._read(self._jobs.ReadResults, request, timeout_s)

    def list_output_files(
        self, name: str, *, page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> ListOutputFilesResponse:
        """Return a page of the final files of a job, the report first."""
        request = ListOutputFilesRequest(parent=requests.job_name(name), page_size=page_size, page_token=page_token)
        return self._call(self._jobs.ListOutputFiles, request, timeout_s)

    def read_output_file(
        self, name: str, *, read_offset: int = 0, timeout_s: float | None = None
    ) -> Iterator[ReadOutputFileResponse]:
        """Yield the bytes of the file "jobs/{job}/files/{file}"; `JobHandle.download` also survives a break."""
        request = ReadOutputFileRequest(name=name, read_offset=read_offset)
        return self._read(self._jobs.ReadOutputFile, request, timeout_s)

    def list_deliveries(
        self, name: str, *, page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> ListDeliveriesResponse:
        """Return a page of the notifications of a job, newest first."""
        request = ListDeliveriesRequest(parent=requests.job_name(name), page_size=page_size, page_token=page_token)
        return self._call(self._jobs.ListDeliveries, request, timeout_s)

    def redeliver_notification(self, name: str, *, request_id: str = "", timeout_s: float | None = None) -> Delivery:
        """Return the delivery "jobs/{job}/deliveries/{delivery}", which is sent again now."""
        request = RedeliverNotificationRequest(name=name, request_id=request_id or requests.new_request_id())
        return self._call(self._jobs.RedeliverNotification, request, timeout_s)

    def get_operation(self, name: str, *, timeout_s: float | None = None) -> operations_pb2.Operation:
        """Return the operation of a job as it is now."""
        request = operations_pb2.GetOperationRequest(name=requests.operation_name(name))
        answer: operations_pb2.Operation = self._call(self._operations.GetOperation, request, timeout_s)
        return answer

    def list_operations(
        self, *, filter: str = "", page_size: int = 0, page_token: str = "", timeout_s: float | None = None
    ) -> operations_pb2.ListOperationsResponse:
        """Return a page of operations."""
        request = operations_pb2.ListOperationsRequest(
            name="operations", filter=filter, page_size=page_size, page_token=page_token
        )
        answer: operations_pb2.ListOperationsResponse = self._call(self._operations.ListOperations, request, timeout_s)
        return answer

    def wait_operation(self, name: str, *, wait_s: float, timeout_s: float | None = None) -> operations_pb2.Operation:
        """Return the operation once it is done, or as it is after `wait_s` seconds."""
        request = requests.wait_operation(name, wait_s)
        answer: operations_pb2.Operation = self._call(
            self._operations.WaitOperation, request, wait_s + self._timeout_s if timeout_s is None else timeout_s
        )
        return answer

    def cancel_operation(self, name: str, *, timeout_s: float | None = None) -> None:
        """Ask to stop the job of an operation; it ends as CANCELLED once work has stopped."""
        request = operations_pb2.CancelOperationRequest(name=requests.operation_name(name))
        self._call(self._operations.CancelOperation, request, timeout_s)

    def delete_operation(self, name: str, *, timeout_s: float | None = None) -> None:
        """Forget the operation only; the job stays."""
        request = operations_pb2.DeleteOperationRequest(name=requests.operation_name(name))
        self._call(self._operations.DeleteOperation, request, timeout_s)
