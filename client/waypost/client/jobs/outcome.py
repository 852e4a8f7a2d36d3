"""How a job ended, and what else can go wrong with one besides a failed call."""

from __future__ import annotations

from google.longrunning.operations_pb2 import Operation
from google.rpc.code_pb2 import Code

from waypost.client.errors import LookupFailed
from waypost.v1.jobs_pb2 import Job, JobMetadata

END_STATES = frozenset(
    {
        Job.STATE_SUCCEEDED,
        Job.STATE_PARTIALLY_SUCCEEDED,
        Job.STATE_FAILED,
        Job.STATE_CANCELLED,
    }
)


class JobFailed(Exception):
    """A job ended as FAILED or CANCELLED: `state` tells which, `reason` and `message` why, `job` its name."""

    def __init__(self, job: str, state: Job.State.ValueType, reason: str, message: str) -> None:
        super().__init__(f"{job} is {Job.State.Name(state).removeprefix('STATE_')}: {message}")
        self.job = job
        self.state = state
        self.reason = reason
        self.message = message


class DamagedFile(Exception):
    """Bytes that came are not those that the server promised, by their place, number or SHA-256."""


def outcome_of(operation: Operation) -> Job | None:
    """Return the job of an operation that is done, None of one that is not; JobFailed as the operation's error."""
    if not operation.done:
        return None
    if operation.WhichOneof("result") == "error":
        metadata = JobMetadata()
        operation.metadata.Unpack(metadata)
        cancelled = operation.error.code == Code.CANCELLED
        failure = LookupFailed.from_status(operation.error)
        raise JobFailed(
            metadata.job or operation.name.replace("operations/", "jobs/", 1),
            Job.STATE_CANCELLED if cancelled else Job.STATE_FAILED,
            failure.reason or metadata.state_reason,
            failure.message,
        )
    job = Job()
    operation.response.Unpack(job)
    return job
