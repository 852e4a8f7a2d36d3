"""google.longrunning.Operations over the same jobs, all five methods as their comments define them."""

from __future__ import annotations

from google.longrunning import operations_pb2 as pb
from google.longrunning import operations_proto_pb2
from google.protobuf.empty_pb2 import Empty

from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.following import Following
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Job
from waypost.server.jobs.store import JobStore
from waypost.server.transport.call import Call
from waypost.server.transport.credits import Credits
from waypost.server.transport.wire import jobs as wire
from waypost.server.transport.wire import jobs_requests as requests

DESCRIPTOR = operations_proto_pb2.DESCRIPTOR.services_by_name["Operations"]

#: The longest wait. The method is best effort: whoever is told early asks again.
MAX_WAIT_S = 300.0
#: Before the caller's deadline, so that it gets an answer and no error: this share of what is left, at most so long.
_HEAD_START_SHARE = 0.1
_MAX_HEAD_START_S = 0.25


class Operations:
    """The methods of google.longrunning.Operations."""

    def __init__(self, store: JobStore, following: Following, threads: Threads, credits: Credits) -> None:
        self._store = store
        self._following = following
        self._threads = threads
        self._credits = credits

    async def ListOperations(self, request: pb.ListOperationsRequest, call: Call) -> pb.ListOperationsResponse:
        """A page of operations, newest first; the filter is that of ListJobs."""
        asked = requests.operation_list(call.method, request)
        page = await self._threads.run(
            self._store.list_jobs, limit=asked.size, position=asked.position, filter=asked.filter, operations=True
        )
        call.rows = len(page.items)
        found = [await self._told(job) for job in page.items]
        return pb.ListOperationsResponse(operations=found, next_page_token=asked.token(page.next_position))

    async def GetOperation(self, request: pb.GetOperationRequest, call: Call) -> pb.Operation:
        """The operation as it is now."""
        job_id = requests.one_job(request, collection="operations")
        return await self._told(await self._threads.run(self._store.operation, job_id))

    async def WaitOperation(self, request: pb.WaitOperationRequest, call: Call) -> pb.Operation:
        """The operation once it is done, or as it is when the time is over."""
        job_id, timeout_s = requests.waited(request, MAX_WAIT_S)
        left_s = call.time_left_s()
        if left_s is not None:
            timeout_s = min(timeout_s, left_s - min(_HEAD_START_SHARE * left_s, _MAX_HEAD_START_S))
        return await self._told(await self._following.end_of(job_id, timeout_s))

    async def CancelOperation(self, request: pb.CancelOperationRequest, call: Call) -> Empty:
        """Asks for the end of the work; of an operation that is done it changes nothing."""
        job_id = requests.one_job(request, collection="operations")
        await self._threads.run(self._store.operation, job_id)
        await self._threads.run(self._store.command, job_id, Command.CANCEL)
        return Empty()

    async def DeleteOperation(self, request: pb.DeleteOperationRequest, call: Call) -> Empty:
        """Forgets the operation; the job goes on and stays."""
        await self._threads.run(self._store.delete_operation, requests.one_job(request, collection="operations"))
        return Empty()

    async def _told(self, job: Job) -> pb.Operation:
        return wire.operation(job, await self._threads.run(self._credits.of, job))
