"""Where a job stands, as far as its events have told. Nothing is asked here."""

from __future__ import annotations

from waypost.client.jobs.outcome import END_STATES
from waypost.v1.jobs_pb2 import Job, JobEvent, Progress


class Standing:
    """Takes a job's events in order; `state`, `reason`, `message` and `progress` are the newest of each."""

    def __init__(self) -> None:
        self.state: Job.State.ValueType = Job.STATE_UNSPECIFIED
        self.reason = ""
        self.message = ""
        self.progress = Progress()

    def take(self, event: JobEvent) -> None:
        """Take one event."""
        match event.WhichOneof("event"):
            case "snapshot":
                job = event.snapshot.job
                self._enter(job.state, job.state_reason, job.state_message)
                self.progress = job.progress
            case "progress":
                self.progress = event.progress
            case "change" if event.change.HasField("state_changed"):
                changed = event.change.state_changed
                self._enter(changed.new_state, changed.reason, changed.message)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in END_STATES

    @property
    def stands_still(self) -> bool:
        """Whether it waits for somebody's decision, and not because somebody has just asked it to."""
        awaits = self.state == Job.STATE_AWAITING_CONFIRMATION
        return awaits or (self.state == Job.STATE_PAUSED and bool(self.reason))

    @property
    def done_rows(self) -> int:
        """How many rows have been answered, one way or the other."""
        return done_rows(self.progress)

    def _enter(self, state: Job.State.ValueType, reason: str, message: str) -> None:
        self.state, self.reason, self.message = state, reason, message


def done_rows(progress: Progress) -> int:
    """Return how many rows have been answered, one way or the other."""
    return progress.matched_rows + progress.unmatched_rows + progress.invalid_rows + progress.failed_rows
