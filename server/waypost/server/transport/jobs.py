"""JobService: decode, ask, encode. Whatever touches the store or a file runs in a thread."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from typing import ParamSpec

from google.longrunning.operations_pb2 import Operation
from google.protobuf.empty_pb2 import Empty

from waypost.server.errors import FieldViolation
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs import model, results
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.draft import JobDraft
from waypost.server.jobs.following import Following
from waypost.server.jobs.intake import Intake
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.uploads import Uploads
from waypost.server.jobs.watching import Watching
from waypost.server.transport.call import Call
from waypost.server.transport.credits import Credits
from waypost.server.transport.uploading import receive_upload
from waypost.server.transport.wire import jobs as wire
from waypost.server.transport.wire import jobs_requests as requests
from waypost.server.transport.wire.pages import BY_NUMBER, BY_TIME_AND_ID, page_token, read_page
from waypost.v1 import jobs_pb2 as pb

DESCRIPTOR = pb.DESCRIPTOR.services_by_name["JobService"]
DEFAULT_FILES = 100
MAX_FILES = 1_000

_P = ParamSpec("_P")


class JobService:
    """The methods of waypost.v1.JobService; jobs.proto tells what each does."""

    def __init__(
        self,
        desk: JobDesk,
        intake: Intake,
        watching: Watching,
        following: Following,
        threads: Threads,
        credits: Credits,
        workers: int,
        redelivered: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._store = desk.store
        self._intake = intake
        self._uploads = Uploads(desk)
        self._watching = watching
        self._following = following
        self._threads = threads
        self._credits = credits
        self._workers = workers
        self._redelivered = redelivered

    async def CreateJob(self, request: pb.CreateJobRequest, call: Call) -> Operation:
        """A new job, as an operation; or what a look at its input finds."""
        draft, violations, key = requests.new_job(request)
        if request.validate_only:
            asked, found = await self._threads.run(self._intake.look, draft, violations, self._workers)
            return wire.looked_at(asked, found, ENGINE_VERSION)
        return await self._threads.run(self._created, draft, violations, key)

    async def GetJob(self, request: pb.GetJobRequest, call: Call) -> pb.Job:
        """The job of that name."""
        return await self._told(self._store.job, requests.one_job(request))

    async def ListJobs(self, request: pb.ListJobsRequest, call: Call) -> pb.ListJobsResponse:
        """A page of jobs."""
        asked = requests.job_list(call.method, request)
        page = await self._threads.run(
            self._store.list_jobs, limit=asked.size, position=asked.position, filter=asked.filter
        )
        call.rows = len(page.items)
        found = await self._threads.run(lambda: [wire.job(job, self._credits.of(job)) for job in page.items])
        return pb.ListJobsResponse(jobs=found, next_page_token=asked.token(page.next_position))

    async def UpdateJob(self, request: pb.UpdateJobRequest, call: Call) -> pb.Job:
        """The job with another priority and other labels."""
        asked = requests.update(request)
        return await self._told(
            self._store.update_job,
            asked.job_id,
            priority=asked.priority,
            labels=asked.labels,
            replace_labels=asked.replace_labels,
            etag=asked.etag,
            request=asked.key,
        )

    async def DeleteJob(self, request: pb.DeleteJobRequest, call: Call) -> Empty:
        """Deletes a finished job and its files."""
        job_id, key = requests.changed_job("DeleteJob", request)
        await self._threads.run(self._store.delete_job, job_id, etag=request.etag, request=key)
        # A request that is repeated, and one that comes after a crash, finds what is left.
        await self._threads.run(shutil.rmtree, self._desk.folders.job(job_id), ignore_errors=True)
        return Empty()

    async def PauseJob(self, request: pb.PauseJobRequest, call: Call) -> pb.Job:
        """Stops the work for a while."""
        job_id, key = requests.changed_job("PauseJob", request)
        return await self._told(self._store.command, job_id, Command.PAUSE, etag=request.etag, request=key)

    async def ResumeJob(self, request: pb.ResumeJobRequest, call: Call) -> pb.Job:
        """Puts a paused job back into the queue."""
        job_id, key = requests.changed_job("ResumeJob", request)
        return await self._told(self._store.command, job_id, Command.RESUME, etag=request.etag, request=key)

    async def ConfirmJob(self, request: pb.ConfirmJobRequest, call: Call) -> pb.Job:
        """Lets a job run that waits to be confirmed."""
        job_id, key = requests.changed_job("ConfirmJob", request)
        return await self._told(self._store.command, job_id, Command.CONFIRM, etag=request.etag, request=key)

    def WatchJob(self, request: pb.WatchJobRequest, call: Call) -> AsyncIterator[bytes]:
        """The events of a job as they happen."""
        return self._watching.watch(*requests.watched(request))

    async def CreateUpload(self, request: pb.CreateUploadRequest, call: Call) -> pb.Upload:
        """A place for a file."""
        size_bytes, key = requests.new_upload(request, self._desk.limits.max_upload_bytes)
        return wire.upload(await self._threads.run(self._uploads.create, size_bytes, key))

    async def GetUpload(self, request: pb.GetUploadRequest, call: Call) -> pb.Upload:
        """The upload of that name."""
        upload_id = requests.one_job(request, collection="uploads")
        return wire.upload(await self._threads.run(self._uploads.get, upload_id))

    async def DeleteUpload(self, request: pb.DeleteUploadRequest, call: Call) -> Empty:
        """Deletes an upload and its bytes."""
        upload_id, key = requests.changed_job("DeleteUpload", request, collection="uploads")
        await self._threads.run(self._uploads.delete, upload_id, key)
        return Empty()

    async def UploadInput(self, messages: AsyncIterator[pb.UploadInputRequest], call: Call) -> pb.Upload:
        """Bytes into an upload."""
        return wire.upload(await receive_upload(messages, self._uploads, self._threads))

    async def ReadResults(self, request: pb.ReadResultsRequest, call: Call) -> AsyncIterator[pb.ReadResultsResponse]:
        """Rows as they are committed."""
        job_id, after_row, arrow = requests.results(request)
        async for rows in self._following.rows(job_id, after_row, arrow=arrow, follow=request.follow):
            call.rows += rows.last_row - max(after_row, 0)
            after_row = rows.last_row
            yield wire.result_rows(rows, arrow=arrow)

    async def ListOutputFiles(self, request: pb.ListOutputFilesRequest, call: Call) -> pb.ListOutputFilesResponse:
        """The final files of a job."""
        job_id = requests.parent_job(request.parent)
        size, position = read_page(call.method, request, DEFAULT_FILES, MAX_FILES, BY_NUMBER, (job_id,))
        files = await self._threads.run(results.output_files, self._desk, job_id)
        start = int(position or 0)
        following = str(start + size) if start + size < len(files) else ""
        found = [wire.output_file(job_id, file) for file in files[start : start + size]]
        token = page_token(call.method, following, (job_id,))
        return pb.ListOutputFilesResponse(output_files=found, next_page_token=token)

    async def ReadOutputFile(
        self, request: pb.ReadOutputFileRequest, call: Call
    ) -> AsyncIterator[pb.ReadOutputFileResponse]:
        """The bytes of a final file."""
        pieces = results.read_file(self._desk, *requests.output_file(request))
        while (piece := await self._threads.run(next, pieces, None)) is not None:
            yield pb.ReadOutputFileResponse(offset=piece[0], data=piece[1])

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, call: Call) -> pb.ListDeliveriesResponse:
        """A page of a job's notifications."""
        job_id = requests.parent_job(request.parent)
        size, position = read_page(
            call.method, request, requests.DEFAULT_PAGE, requests.MAX_PAGE, BY_TIME_AND_ID, (job_id,)
        )
        job = await self._threads.run(self._store.job, job_id)
        page = await self._threads.run(self._store.list_deliveries, job_id, limit=size, position=position)
        found = [wire.delivery(each, job.spec.notifications) for each in page.items]
        token = page_token(call.method, page.next_position, (job_id,))
        return pb.ListDeliveriesResponse(deliveries=found, next_page_token=token)

    async def RedeliverNotification(self, request: pb.RedeliverNotificationRequest, call: Call) -> pb.Delivery:
        """Sends a notification again."""
        job_id, delivery_id, key = requests.delivery(request)
        found = await self._threads.run(self._store.redeliver, job_id, delivery_id, request=key)
        self._redelivered()
        job = await self._threads.run(self._store.job, job_id)
        return wire.delivery(found, job.spec.notifications)

    def _created(self, draft: JobDraft, violations: list[FieldViolation], key: model.RequestKey | None) -> Operation:
        job = self._intake.create(draft, violations, key)
        return wire.operation(job, self._credits.of(job))

    async def _told(self, ask: Callable[_P, model.Job], *args: _P.args, **kwargs: _P.kwargs) -> pb.Job:
        """The message of the job that `ask` gives."""

        def told() -> pb.Job:
            job = ask(*args, **kwargs)
            return wire.job(job, self._credits.of(job))

        return await self._threads.run(told)
