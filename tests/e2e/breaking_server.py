"""A gRPC server that keeps jobs in memory and breaks streams where a test wants it: the far side of a bad network."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.empty_pb2 import Empty

from waypost.client.jobs.outcome import END_STATES
from waypost.v1 import jobs_pb2 as pb
from waypost.v1.jobs_pb2_grpc import JobServiceServicer, add_JobServiceServicer_to_server

JOB = "jobs/one"
RESULTS = f"{JOB}/files/results.csv"
CHUNK_BYTES = 100_000


class BreakingServer(JobServiceServicer, operations_pb2_grpc.OperationsServicer):
    """One job, any number of uploads; a watch of it waits for ever unless it has ended.

    `breaks` has, for each method, after how many messages its next calls break."""

    def __init__(self) -> None:
        self.breaks: dict[str, list[int]] = {}
        self.calls: Counter[str] = Counter()
        self._called = threading.Condition()
        self.requests: dict[str, list[Any]] = {}
        self.uploads: dict[str, bytearray] = {}
        self.complete: dict[str, str] = {}
        self.received_bytes = 0
        self.job = pb.Job(name=JOB, state=pb.Job.STATE_SUCCEEDED)
        self.events: list[pb.JobEvent] = []
        self.rows: list[str] = []
        self.results = b""
        self.promised_sha256 = ""
        self.error_code = 0

    # What breaks, and when.

    def note(self, method: str, request: Any, context: grpc.ServicerContext) -> Callable[[int], None]:
        """Counts a call; the function returned breaks it once so many messages have passed."""
        with self._called:
            self.calls[method] += 1
            self._called.notify_all()
        self.requests.setdefault(method, []).append(request)
        waiting = self.breaks.get(method, [])
        after = waiting.pop(0) if waiting else None

        def check(messages: int) -> None:
            if after is not None and messages >= after:
                break_off(context)

        return check

    def wait_for_call(self, method: str, count: int) -> None:
        """Returns once a method was called so often."""
        with self._called:
            assert self._called.wait_for(lambda: self.calls[method] >= count, timeout=30)

    # Uploads.

    def CreateUpload(self, request: pb.CreateUploadRequest, context: grpc.ServicerContext) -> pb.Upload:
        name = f"uploads/{request.request_id}"
        self.uploads.setdefault(name, bytearray())
        self.note("CreateUpload", request, context)(0)
        return self._upload(name)

    def GetUpload(self, request: pb.GetUploadRequest, context: grpc.ServicerContext) -> pb.Upload:
        self.note("GetUpload", request, context)(0)
        return self._upload(request.name)

    def DeleteUpload(self, request: pb.DeleteUploadRequest, context: grpc.ServicerContext) -> Empty:
        self.note("DeleteUpload", request, context)(0)
        return Empty()

    def UploadInput(
        self, request_iterator: Iterator[pb.UploadInputRequest], context: grpc.ServicerContext
    ) -> pb.Upload:
        check = self.note("UploadInput", None, context)
        name = ""
        for number, message in enumerate(request_iterator):
            check(number)
            assert (message.upload == "") == (number > 0)
            name = name or message.upload
            content = self.uploads[name]
            self.received_bytes += len(message.data)
            if message.offset > len(content):
                context.abort(grpc.StatusCode.OUT_OF_RANGE, "a gap")
            content += message.data[len(content) - message.offset :]
            if message.finish:
                if message.sha256 != hashlib.sha256(content).hexdigest():
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "another SHA-256")
                self.complete[name] = message.sha256
        check(1 << 30)
        return self._upload(name)

    def _upload(self, name: str) -> pb.Upload:
        size, sha256 = len(self.uploads[name]), self.complete.get(name, "")
        state = pb.Upload.STATE_COMPLETE if sha256 else pb.Upload.STATE_OPEN
        whole = size if sha256 else 0
        return pb.Upload(name=name, committed_bytes=size, size_bytes=whole, sha256=sha256, state=state)

    # The job.

    def CreateJob(self, request: pb.CreateJobRequest, context: grpc.ServicerContext) -> operations_pb2.Operation:
        self.note("CreateJob", request, context)(0)
        return self._operation()

    def GetJob(self, request: pb.GetJobRequest, context: grpc.ServicerContext) -> pb.Job:
        self.note("GetJob", request, context)(0)
        return self.job

    def PauseJob(self, request: pb.PauseJobRequest, context: grpc.ServicerContext) -> pb.Job:
        self.note("PauseJob", request, context)(0)
        return self.job

    def ResumeJob(self, request: pb.ResumeJobRequest, context: grpc.ServicerContext) -> pb.Job:
        self.note("ResumeJob", request, context)(0)
        return self.job

    def DeleteJob(self, request: pb.DeleteJobRequest, context: grpc.ServicerContext) -> Empty:
        self.note("DeleteJob", request, context)(0)
        return Empty()

    def ListJobs(self, request: pb.ListJobsRequest, context: grpc.ServicerContext) -> pb.ListJobsResponse:
        self.note("ListJobs", request, context)(0)
        return pb.ListJobsResponse(jobs=[self.job])

    def WatchJob(self, request: pb.WatchJobRequest, context: grpc.ServicerContext) -> Iterator[pb.JobEvent]:
        check = self.note("WatchJob", request, context)
        after = request.after_sequence if request.HasField("after_sequence") else 0
        for number, event in enumerate(e for e in self.events if e.sequence > after):
            check(number)
            yield event
        check(1 << 30)
        if self.job.state not in END_STATES:
            left = threading.Event()
            if context.add_callback(left.set):
                left.wait()

    def ReadResults(
        self, request: pb.ReadResultsRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ReadResultsResponse]:
        check = self.note("ReadResults", request, context)
        for number, line in enumerate(self.rows[request.after_row :]):
            check(number)
            yield pb.ReadResultsResponse(last_row=request.after_row + number + 1, ndjson=line)

    def ListOutputFiles(
        self, request: pb.ListOutputFilesRequest, context: grpc.ServicerContext
    ) -> pb.ListOutputFilesResponse:
        self.note("ListOutputFiles", request, context)(0)
        sha256 = self.promised_sha256 or hashlib.sha256(self.results).hexdigest()
        report = pb.OutputFile(name=f"{JOB}/files/report.json", kind=pb.OUTPUT_FILE_KIND_REPORT)
        results = pb.OutputFile(
            name=RESULTS, kind=pb.OUTPUT_FILE_KIND_RESULTS, size_bytes=len(self.results), sha256=sha256
        )
        return pb.ListOutputFilesResponse(output_files=[report, results])

    def ReadOutputFile(
        self, request: pb.ReadOutputFileRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ReadOutputFileResponse]:
        check = self.note("ReadOutputFile", request, context)
        for number, offset in enumerate(range(request.read_offset, len(self.results), CHUNK_BYTES)):
            check(number)
            yield pb.ReadOutputFileResponse(offset=offset, data=self.results[offset : offset + CHUNK_BYTES])

    # Its operation.

    def WaitOperation(
        self, request: operations_pb2.WaitOperationRequest, context: grpc.ServicerContext
    ) -> operations_pb2.Operation:
        self.note("WaitOperation", request, context)(0)
        return self._operation()

    def CancelOperation(self, request: operations_pb2.CancelOperationRequest, context: grpc.ServicerContext) -> Empty:
        self.note("CancelOperation", request, context)(0)
        return Empty()

    def _operation(self) -> operations_pb2.Operation:
        operation = operations_pb2.Operation(name="operations/one")
        operation.metadata.Pack(pb.JobMetadata(job=JOB, state=self.job.state))
        if self.error_code:
            operation.done = True
            operation.error.code = self.error_code
            operation.error.message = "on purpose"
        elif self.job.state in (pb.Job.STATE_SUCCEEDED, pb.Job.STATE_PARTIALLY_SUCCEEDED):
            operation.done = True
            operation.response.Pack(self.job)
        return operation


def break_off(context: grpc.ServicerContext) -> NoReturn:
    """What a client sees when the connection is gone. grpc.ServicerContext.abort never returns."""
    context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
    raise AssertionError


@contextmanager
def serving(servicer: BreakingServer) -> Iterator[str]:
    """Yields the address."""
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    add_JobServiceServicer_to_server(servicer, server)
    operations_pb2_grpc.add_OperationsServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()
