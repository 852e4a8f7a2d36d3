"""The client of google-api-core, which knows nothing of jobs, drives one to its end by its operation alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.api_core import operation
from google.api_core.exceptions import GoogleAPICallError
from google.api_core.operations_v1 import OperationsClient

from tests.server_process import Server
from waypost.v1 import jobs_pb2 as pb
from waypost.v1.jobs_pb2_grpc import JobServiceStub

ROWS = b'query\n"Paris, France"\n"Berlin, Germany"\nQqqqzzzz\n'


@pytest.fixture
def channel(start_server: Callable[..., Server], tmp_path: Path) -> grpc.Channel:
    server = start_server("--jobs-dir", str(tmp_path / "jobs"), "--jobs-workers", "1")
    server.wait_until_serving()
    return grpc.insecure_channel(server.address)


def job_of(channel: grpc.Channel, **fields: object) -> operation.Operation:
    asked = pb.Job(
        operation=pb.JobOperation(geocode=pb.GeocodeOptions()),
        input=pb.JobInput(inline=ROWS),
        **fields,  # type: ignore[arg-type]
    )
    taken = JobServiceStub(channel).CreateJob(pb.CreateJobRequest(job=asked))
    return operation.from_gapic(taken, OperationsClient(channel), pb.Job, metadata_type=pb.JobMetadata)


def test_a_job_is_driven_to_its_end(channel: grpc.Channel) -> None:
    driven = job_of(channel)
    assert driven.metadata.job.startswith("jobs/")
    job = driven.result(timeout=60)
    assert job.state == pb.Job.STATE_SUCCEEDED
    assert (job.progress.matched_rows, job.progress.unmatched_rows) == (2, 1)
    assert driven.done()
    assert driven.metadata.state == pb.Job.STATE_SUCCEEDED


def test_a_job_is_cancelled_by_its_operation(channel: grpc.Channel) -> None:
    driven = job_of(channel, confirmation_required=True)
    assert driven.cancel()
    with pytest.raises(GoogleAPICallError):
        driven.result(timeout=60)
    assert driven.operation.error.code == grpc.StatusCode.CANCELLED.value[0]
