"""What every part of the store builds on: transactions that announce what they changed, and reading single jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from waypost.server.errors import FailedPrecondition, NotFound
from waypost.server.jobs import codec, lifecycle
from waypost.server.jobs.events import Change, Head, Reason, StateChanged
from waypost.server.jobs.lifecycle import Actor
from waypost.server.jobs.model import JOB_TYPE
from waypost.server.jobs.states import END_STATES, JobState
from waypost.server.jobs.store import outbox_rows, schema
from waypost.server.jobs.store.changes import Changes, later
from waypost.server.jobs.store.database import Database

#: A row of `jobs`; its columns are attributes.
JobRow = Row[Any]

#: Events of a job that are kept at least: those of 300 million rows. A watcher that is further behind begins anew.
EVENTS_KEPT: Final = 10_000
#: After so many more the oldest are forgotten, so that this costs next to nothing.
FORGET_EVERY: Final = 1_000

#: How long a job waits for ConfirmJob.
CONFIRMATION_S: Final = 30 * 86_400.0


@dataclass(slots=True)
class Writing:
    """A transaction that changes things. `heads` is what watchers are told once it has committed."""

    connection: Connection
    database: Database
    now_s: float
    heads: dict[str, Head | None] = field(default_factory=dict)

    def touch(self, job_id: str, *, last_sequence: int = 0, progress_version: int = 0, finished: bool = False) -> None:
        """Remembers that the job has come this far."""
        self.heads[job_id] = later(self.heads.get(job_id), Head(last_sequence, progress_version, finished))


class StoreCore:
    """The state that the parts of `JobStore` share."""

    def __init__(self, database: Database, clock: Callable[[], float], changes: Changes) -> None:
        self._database = database
        self._clock = clock
        self.changes = changes

    @contextmanager
    def _writing(self, *, durable: bool = True) -> Iterator[Writing]:
        with self._database.writing(durable=durable) as connection:
            transaction = Writing(connection, self._database, self._clock())
            yield transaction
            self._database.notify(connection, [Changes.word(*each) for each in transaction.heads.items()])
        self.changes.announce(transaction.heads)


def locked_job(transaction: Writing, job_id: str) -> JobRow:
    """The row of a job, which no other transaction can change until this one ends. Raises NotFound."""
    return one_job(transaction.connection, job_id, select(schema.jobs).with_for_update())


def one_job(connection: Connection, job_id: str, query: Select[Any]) -> JobRow:
    """The row that `query` finds for this job. Raises NotFound."""
    row = connection.execute(query.where(schema.jobs.c.job_id == job_id)).one_or_none()
    if row is None:
        raise NotFound(JOB_TYPE, f"jobs/{job_id}")
    return row


def wrong_state(job: JobRow, allowed: str) -> FailedPrecondition:
    """What is raised where a job is in a state that does not allow what its owner asks."""
    state, name = JobState(job.state).name, f"jobs/{job.job_id}"
    message = f"{name} is {state}; allowed: {allowed}"
    return FailedPrecondition(message, reason="WRONG_JOB_STATE", subject=name, state=state)


def append(transaction: Writing, job: JobRow, change: Change, **columns: object) -> int:
    """Writes the next event of the job with its notifications, and `columns` of the job. Returns its sequence.

    `job` must come from `locked_job` in this transaction, and only one event can be appended to it.
    """
    sequence: int = job.last_sequence + 1
    text = codec.CHANGE.dump(change)
    written = transaction.connection.execute(
        update(schema.jobs)
        .where(schema.jobs.c.job_id == job.job_id, schema.jobs.c.last_sequence == job.last_sequence)
        # A state changes from the state that was checked, or not at all; nor behind the back of a new owner.
        .where(schema.jobs.c.state == job.state, schema.jobs.c.lease_token == job.lease_token)
        .values(last_sequence=sequence, **columns)
    )
    if written.rowcount != 1:
        raise RuntimeError(f"job {job.job_id} changed although it was locked")
    transaction.connection.execute(
        insert(schema.events).values(job_id=job.job_id, sequence=sequence, time_s=transaction.now_s, change=text)
    )
    if sequence % FORGET_EVERY == 0:
        events = schema.events.c
        old = delete(schema.events).where(events.job_id == job.job_id, events.sequence <= sequence - EVENTS_KEPT)
        transaction.connection.execute(old)
    outbox_rows.write(transaction.connection, job, sequence, transaction.now_s, change, text)
    finished = columns.get("state", job.state) in END_STATES
    transaction.touch(job.job_id, last_sequence=sequence, finished=finished)
    return sequence


def move(transaction: Writing, job: JobRow, target: JobState, actor: Actor, reason: Reason, **columns: object) -> None:
    """Leads a locked job to `target`, which the lifecycle must allow to `actor`; a bug otherwise."""
    source = JobState(job.state)
    if not lifecycle.is_legal(source, target, actor):
        raise ValueError(f"{actor.value} cannot lead a job from {source.name} to {target.name}")
    now_s = transaction.now_s
    values: dict[str, object] = {
        "state": target,
        "reason_code": reason.code,
        "reason_message": reason.message,
        "update_time_s": now_s,
        "revision": job.revision + 1,
        "expire_time_s": None,
    }
    if target is JobState.PREPARING and job.start_time_s is None:
        values["start_time_s"] = now_s
    if target is JobState.AWAITING_CONFIRMATION:
        values["expire_time_s"] = now_s + CONFIRMATION_S
    if target.finished:
        values["end_time_s"] = now_s
        values["expire_time_s"] = now_s + codec.SPEC.load(job.spec).ttl_s
    if not target.at_work:
        values |= {"lease_owner": None, "lease_expire_time_s": None, "lease_length_s": None}
    append(transaction, job, StateChanged(old_state=source, new_state=target, reason=reason), **(values | columns))
