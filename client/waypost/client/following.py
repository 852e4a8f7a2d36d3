"""A job followed to its end on the command line, and the exit code that its end means."""

from __future__ import annotations

import sys

from waypost.client.documents import document_of, print_document
from waypost.client.exits import Exit
from waypost.client.job_bar import JobBar
from waypost.client.job_wording import event_text
from waypost.client.jobs.handle import JobHandle
from waypost.client.jobs.standing import Standing
from waypost.v1.jobs_pb2 import Job

_EXITS = {
    Job.STATE_SUCCEEDED: Exit.FOUND,
    Job.STATE_PARTIALLY_SUCCEEDED: Exit.PARTIAL,
    Job.STATE_FAILED: Exit.JOB_FAILED,
    Job.STATE_CANCELLED: Exit.JOB_FAILED,
}


def follow(handle: JobHandle, bar: JobBar) -> Standing:
    """Show a job in the bar until it ends or stands still, and return where it stands then."""
    standing = Standing()
    for event in handle.watch():
        standing.take(event)
        bar.show_job(standing)
        if standing.stands_still:
            break
    return standing


def print_events(handle: JobHandle, after_sequence: int | None, *, as_json: bool) -> Standing:
    """Print each event as a line until the job ends or stands still, and return where it stands then."""
    standing = Standing()
    for event in handle.watch(after_sequence):
        standing.take(event)
        if as_json:
            print_document(document_of(event), indent=None)
        elif line := event_text(event):
            print(line)  # noqa: T201
        sys.stdout.flush()
        if standing.stands_still:
            break
    return standing


def exit_of_job(state: Job.State.ValueType) -> Exit:
    """Return the exit code for a job that has ended or stands still."""
    return _EXITS.get(state, Exit.JOB_PAUSED)
