"""What tests of JobService hold in hand: stubs, the store, and a job led on as the coordinator does."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any

import grpc
import grpc.aio
import pyarrow as pa
import pytest
from google.longrunning import operations_pb2_grpc
from google.longrunning.operations_pb2 import Operation

from tests.errors import Failure, failure_of
from tests.job_stores import LEASE_S
from waypost.server.jobs.asked import output_plan
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.model import Lease, NewShard, OutputFile, Part, Progress
from waypost.server.jobs.part import part_schema, writing_part
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import FileFormat
from waypost.server.jobs.states import JobState
from waypost.server.transport.interceptors import Boundary
from waypost.v1 import jobs_pb2 as pb
from waypost.v1.jobs_pb2_grpc import JobServiceStub

CITIES = b'id,query\n1,"Paris, France"\n2,"Berlin, Germany"\n3,Qqqqzzzz\n'


class Bench:
    """A server's stubs and the desk behind it."""

    def __init__(self, desk: JobDesk, channel: grpc.aio.Channel, boundary: Boundary, address: str) -> None:
        self.desk = desk
        self.store = desk.store
        self.channel = channel
        self.boundary = boundary
        self.address = address
        self.jobs: Any = JobServiceStub(channel)
        self.operations: Any = operations_pb2_grpc.OperationsStub(channel)  # type: ignore[no-untyped-call]

    async def create(self, **fields: Any) -> str:
        """The id of a new job."""
        operation: Operation = await self.jobs.CreateJob(pb.CreateJobRequest(job=new_job(**fields)))
        return operation.name.removeprefix("operations/")

    def begin(self, job_id: str, *, rows: int = 30, shard_rows: int = 10) -> Lease:
        """The lease of that job, the only one that waits, in RUNNING with its rows in shards."""
        taken = self.store.claim_job("tests", lease_s=LEASE_S)
        assert taken is not None
        job, lease = taken
        assert job.job_id == job_id
        self.store.advance(lease, JobState.PREPARING)
        shards = [
            NewShard(first_row=first, last_row=min(rows, first + shard_rows - 1), file="s.arrow")
            for first in range(1, rows + 1, shard_rows)
        ]
        self.store.add_shards(lease, shards)
        self.tell(lease, Progress(total_rows=rows))
        self.store.advance(lease, JobState.RUNNING)
        return lease

    def commit(self, lease: Lease, *, statuses: Sequence[str] = ("matched",), width: int = 0) -> None:
        """Answers the next shard: its rows have these statuses in turn, and texts of `width` characters."""
        (shard,) = self.store.lease_shards(lease, 1)
        numbers = range(shard.first_row, shard.last_row + 1)
        told = [statuses[number % len(statuses)] for number in numbers]
        folder = self.desk.folders.parts(lease.job_id)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{shard.first_row}.arrow"
        plan = output_plan(self.store.job(lease.job_id).spec.output, FileFormat.NDJSON)
        schema = part_schema([pa.field("query", pa.string())], plan.part_columns, plan.prefix)
        columns: dict[str, list[Any]] = {name: [None] * len(told) for name in schema.names}
        columns |= {"row": [*numbers], f"{plan.prefix}status": told}
        columns["query"] = [f"row {number} ".ljust(width, "x") for number in numbers]
        with writing_part(path, schema) as part:
            part.write(pa.RecordBatch.from_pydict(columns, schema=schema))
            size_bytes, sha256 = part.commit()
        counts = RowCounts(matched=told.count("matched"), unmatched=told.count("unmatched"))
        self.store.commit_part(
            lease,
            shard.first_row,
            Part(file=path.name, size_bytes=size_bytes, sha256=sha256, rows=counts, engine_version="e1"),
        )

    def tell(self, lease: Lease, progress: Progress) -> None:
        """Writes how far the job is."""
        self.store.write_progress({lease: progress})

    def end(self, lease: Lease, state: JobState = JobState.SUCCEEDED, files: Sequence[OutputFile] = ()) -> None:
        """Ends the job."""
        self.store.advance(lease, state, output_files=files)


def new_job(**fields: Any) -> pb.Job:
    given: dict[str, Any] = {
        "operation": pb.JobOperation(geocode=pb.GeocodeOptions()),
        "input": pb.JobInput(inline=CITIES),
    }
    return pb.Job(**(given | fields))


async def failed(call: Awaitable[object]) -> Failure:
    """The failure of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return failure_of(caught.value)


async def read_all(call: Any) -> list[Any]:
    found = []
    while (message := await call.read()) is not grpc.aio.EOF:
        found.append(message)
    return found
