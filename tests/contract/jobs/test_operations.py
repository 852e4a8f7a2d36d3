"""google.longrunning.Operations over jobs, as its comments define it."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2 as lro

from tests.contract.jobs.bench import Bench, failed
from waypost.server.jobs.events import Reason
from waypost.server.jobs.states import JobState
from waypost.v1 import jobs_pb2 as pb

Code = grpc.StatusCode


async def get(bench: Bench, job_id: str) -> lro.Operation:
    operation: lro.Operation = await bench.operations.GetOperation(lro.GetOperationRequest(name=f"operations/{job_id}"))
    return operation


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED])
async def test_a_job_that_ends_well_gives_a_response(bench: Bench, state: JobState) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    assert not (await get(bench, job_id)).done
    bench.end(lease, state)
    operation = await get(bench, job_id)
    job = pb.Job()
    assert operation.done
    assert operation.response.Unpack(job)
    assert (job.name, job.state) == (f"jobs/{job_id}", state.value)
    assert not operation.HasField("error")


async def test_a_failed_job_gives_its_reason_as_the_error(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    bench.store.advance(lease, JobState.FAILED, reason=Reason(code="DISK_FULL", message="no room is left"))
    operation = await get(bench, job_id)
    assert operation.done
    assert (operation.error.code, operation.error.message) == (Code.RESOURCE_EXHAUSTED.value[0], "no room is left")
    job = await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    assert job.error == operation.error


async def test_cancelling_ends_with_code_1_once_work_has_stopped(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    request = lro.CancelOperationRequest(name=f"operations/{job_id}")
    for _ in range(2):
        await bench.operations.CancelOperation(request)
        assert not (await get(bench, job_id)).done
    bench.end(lease, JobState.CANCELLED)
    operation = await get(bench, job_id)
    assert (operation.done, operation.error.code) == (True, 1)
    await bench.operations.CancelOperation(request)
    assert await get(bench, job_id) == operation


async def test_deleting_forgets_the_operation_and_not_the_job(bench: Bench) -> None:
    job_id = await bench.create()
    request = lro.DeleteOperationRequest(name=f"operations/{job_id}")
    await bench.operations.DeleteOperation(request)
    assert (await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))).state == pb.Job.STATE_QUEUED
    named: dict[str, Any] = {"name": f"operations/{job_id}"}
    for call in (
        bench.operations.GetOperation(lro.GetOperationRequest(**named)),
        bench.operations.WaitOperation(lro.WaitOperationRequest(**named)),
        bench.operations.CancelOperation(lro.CancelOperationRequest(**named)),
        bench.operations.DeleteOperation(request),
    ):
        error = await failed(call)
        assert (error.code, error.reason) == (Code.NOT_FOUND, "OPERATION_NOT_FOUND")
    assert not (await bench.operations.ListOperations(lro.ListOperationsRequest(name="operations"))).operations


async def test_operations_are_listed_by_page_and_filter(bench: Bench) -> None:
    created = [await bench.create() for _ in range(3)]
    bench.store.delete_operation(created[1])
    request = lro.ListOperationsRequest(name="operations", page_size=1, filter="state = QUEUED")
    seen = []
    while True:
        page = await bench.operations.ListOperations(request)
        seen += [operation.name for operation in page.operations]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert seen == [f"operations/{created[2]}", f"operations/{created[0]}"]
    error = await failed(bench.operations.ListOperations(lro.ListOperationsRequest(name="jobs")))
    assert error.fields == ["name"]
    unsupported = lro.ListOperationsRequest(name="operations", return_partial_success=True)
    error = await failed(bench.operations.ListOperations(unsupported))
    assert (error.code, error.reason) == (Code.UNIMPLEMENTED, "NOT_SUPPORTED")
