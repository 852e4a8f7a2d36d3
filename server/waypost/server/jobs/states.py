"""The states of a job; which may follow which is in lifecycle.py."""

from __future__ import annotations

from enum import IntEnum


class JobState(IntEnum):
    """Where a job stands; the numbers are those of the API."""

    QUEUED = 1
    PREPARING = 2
    AWAITING_CONFIRMATION = 3
    RUNNING = 4
    PAUSING = 5
    PAUSED = 6
    CANCELLING = 7
    SUCCEEDED = 8
    PARTIALLY_SUCCEEDED = 9
    FAILED = 10
    CANCELLED = 11

    @property
    def finished(self) -> bool:
        """Whether the job has ended, for good: the operation is done."""
        return self in END_STATES

    @property
    def at_work(self) -> bool:
        """Whether a server must hold the job's lease and work on it; a job in such a state is taken over."""
        return self in WORK_STATES


END_STATES = frozenset({JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
WORK_STATES = frozenset({JobState.QUEUED, JobState.PREPARING, JobState.RUNNING, JobState.PAUSING, JobState.CANCELLING})
UNFINISHED_STATES = frozenset(JobState) - END_STATES
