"""What watchers are told, as bytes: each event is serialised once, whoever watches."""

from __future__ import annotations

import time
from collections.abc import Callable

from waypost.server.jobs import events, model
from waypost.server.transport.wire import jobs
from waypost.server.transport.wire.times import timestamp
from waypost.v1 import jobs_pb2 as pb


class EventMessages:
    """Makes the bytes of JobEvents; `job` gives the message of a job, `clock` seconds since the epoch."""

    def __init__(self, job: Callable[[model.Job], pb.Job], clock: Callable[[], float] = time.time) -> None:
        self._job = job
        self._clock = clock

    def change(self, event: events.Event) -> bytes:
        """Something durable that happened."""
        message = pb.JobEvent(sequence=event.sequence, event_time=timestamp(event.time_s), change=_change(event.change))
        return message.SerializeToString()

    def snapshot(self, job: model.Job, *, reset: bool) -> bytes:
        """The job as a whole, as it is at its last event."""
        message = pb.JobEvent(sequence=job.last_sequence, event_time=timestamp(self._clock()))
        message.snapshot.CopyFrom(pb.JobSnapshot(job=self._job(job), reset=reset))
        return message.SerializeToString()

    def progress(self, sequence: int, progress: model.Progress) -> bytes:
        """Newer counts, after the event of that sequence."""
        moment = timestamp(progress.update_time_s or self._clock())
        message = pb.JobEvent(sequence=sequence, event_time=moment, progress=jobs.progress(progress))
        return message.SerializeToString()

    def bookmark(self, sequence: int) -> bytes:
        """A sign of life."""
        moment = timestamp(self._clock())
        return pb.JobEvent(sequence=sequence, event_time=moment, bookmark=pb.JobBookmark()).SerializeToString()


def _change(change: events.Change) -> pb.JobChange:
    match change:
        case events.StateChanged():
            return pb.JobChange(
                state_changed=pb.StateChanged(
                    old_state=change.old_state.value if change.old_state else 0,  # type: ignore[arg-type]
                    new_state=change.new_state.value,  # type: ignore[arg-type]
                    reason=change.reason.code,
                    message=change.reason.message,
                )
            )
        case events.PartCommitted():
            return pb.JobChange(
                part_committed=pb.PartCommitted(
                    first_row=change.first_row,
                    last_row=change.last_row,
                    matched_rows=change.rows.matched,
                    unmatched_rows=change.rows.unmatched,
                    invalid_rows=change.rows.invalid,
                    failed_rows=change.rows.failed,
                    engine_version=change.engine_version,
                )
            )
        case events.JobUpdated():
            return pb.JobChange(job_updated=pb.JobUpdated(priority=change.priority, labels=change.labels))
        case events.RowsRestarted():
            return pb.JobChange(
                rows_restarted=pb.RowsRestarted(
                    old_engine_version=change.old_engine_version, new_engine_version=change.new_engine_version
                )
            )
        case events.OwnerChanged():
            return pb.JobChange(owner_changed=pb.OwnerChanged(owners=change.owners))
        case events.ShardRetried():
            return pb.JobChange(
                shard_retried=pb.ShardRetried(
                    first_row=change.first_row,
                    last_row=change.last_row,
                    attempts=change.attempts,
                    reason=change.reason,
                )
            )
