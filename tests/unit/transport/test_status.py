"""What the operation of a job that ended without results tells."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from tests.errors import detail
from waypost.server.jobs.events import Reason
from waypost.server.jobs.states import JobState
from waypost.server.transport.status import code_of, job_status

Code = grpc.StatusCode


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("SNAPSHOT_MISSING", Code.NOT_FOUND),
        ("DISK_FULL", Code.RESOURCE_EXHAUSTED),
        ("CONFIRMATION_EXPIRED", Code.DEADLINE_EXCEEDED),
        ("INTERNAL", Code.INTERNAL),
        ("INPUT_CHANGED", Code.FAILED_PRECONDITION),
    ],
)
def test_a_failed_job_gives_its_operation_the_code_of_its_reason(reason: str, code: grpc.StatusCode) -> None:
    status = job_status(JobState.FAILED, Reason(code=reason, message="told"), "jobs/a")
    assert (code_of(status), status.message) == (code, "told")
    assert detail(status, details.ErrorInfo).reason == reason


def test_a_cancelled_job_gives_its_operation_code_1() -> None:
    status = job_status(JobState.CANCELLED, Reason(), "jobs/a")
    assert status.code == 1
    assert detail(status, details.ErrorInfo).reason == "CANCELLED"
