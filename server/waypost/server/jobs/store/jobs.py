"""Jobs: taking them in, reading, listing and changing them, and what callers command."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final

from sqlalchemy import delete, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from waypost.server.errors import Aborted, FailedPrecondition, NotFound, ResourceExhausted
from waypost.server.jobs import codec, lifecycle
from waypost.server.jobs.events import JobUpdated, Reason, StateChanged
from waypost.server.jobs.filter import Filter
from waypost.server.jobs.lifecycle import Actor, Command
from waypost.server.jobs.model import (
    JOB_TYPE,
    OPERATION_TYPE,
    UPLOAD_TYPE,
    Job,
    OutputFile,
    Page,
    RequestKey,
    UploadState,
)
from waypost.server.jobs.spec import JobSpec, UploadSource
from waypost.server.jobs.states import UNFINISHED_STATES, JobState
from waypost.server.jobs.store import positions, schema
from waypost.server.jobs.store.core import JobRow, StoreCore, Writing, append, locked_job, move, one_job
from waypost.server.jobs.store.filters import condition
from waypost.server.jobs.store.records import etag_of, read_job, read_jobs, read_output_file
from waypost.server.jobs.store.requests import known_resource, remembered

_JOBS: Final = schema.jobs.c


class Jobs(StoreCore):
    """The part of `JobStore` that callers of the API see of jobs."""

    def create_job(
        self,
        spec: JobSpec,
        *,
        priority: int = 0,
        labels: Mapping[str, str] | None = None,
        engine_version: str = "",
        inline: bytes | None = None,
        output_folder: str = "",
        max_unfinished: int | None = None,
        request: RequestKey | None = None,
    ) -> Job:
        """A new job in QUEUED with its first event, or the one that an earlier equal request made, as it is now.

        `inline` is the content of an InlineSource. `output_folder` is where it writes beside others, in the one way
        that names this place; until it ends nobody else does. Raises ResourceExhausted where `max_unfinished` jobs are
        there already (of several servers at once some may pass), NotFound or FailedPrecondition for an upload that is
        not there or not complete, FailedPrecondition where an unfinished job writes to that folder, InvalidArgument
        where the request id was used otherwise.
        """
        place = hashlib.sha256(output_folder.encode()).hexdigest() if output_folder else None
        arguments = (spec, priority, labels or {}, engine_version, inline, place, max_unfinished, request)
        try:
            return self._create_job(*arguments)
        except IntegrityError:
            if place is None:
                raise
            self._refuse_taken(place)
        return self._create_job(*arguments)  # whoever wrote there has just ended

    def _create_job(
        self,
        spec: JobSpec,
        priority: int,
        labels: Mapping[str, str],
        engine_version: str,
        inline: bytes | None,
        place: str | None,
        max_unfinished: int | None,
        request: RequestKey | None,
    ) -> Job:
        job_id = secrets.token_hex(10)
        with self._writing() as transaction:
            known = remembered(transaction, request, job_id)
            if known is not None:
                return read_job(transaction.connection, one_job(transaction.connection, known, select(schema.jobs)))
            if max_unfinished is not None:
                _check_queue(transaction, max_unfinished)
            upload_id = spec.input.source.upload_id if isinstance(spec.input.source, UploadSource) else None
            if upload_id is not None:
                _check_upload(transaction, upload_id)
            _insert_job(transaction, job_id, spec, upload_id, place, priority, engine_version)
            _write_labels(transaction, job_id, labels)
            if inline is not None:
                values = insert(schema.inline_inputs).values(job_id=job_id, content=inline)
                transaction.connection.execute(values)
            return read_job(transaction.connection, locked_job(transaction, job_id))

    def _refuse_taken(self, place: str) -> None:
        """Raises FailedPrecondition naming the unfinished job that writes to this place, if there is one."""
        with self._database.reading() as connection:
            query = select(_JOBS.job_id).where(_JOBS.output_folder == place, _JOBS.state.in_(UNFINISHED_STATES))
            writer = connection.execute(query).scalar_one_or_none()
        if writer is not None:
            raise FailedPrecondition(
                f"jobs/{writer} is unfinished and writes to the folder output.uri; allowed: a folder for each job",
                reason="OUTPUT_IN_USE",
                subject=f"jobs/{writer}",
            )

    def created_earlier(self, request: RequestKey) -> Job | None:
        """The job that an earlier equal request made, as it is now. Raises InvalidArgument as `create_job`.

        NotFound where it was deleted since.
        """
        with self._database.reading() as connection:
            known = known_resource(connection, request)
            if known is None:
                return None
            return read_job(connection, one_job(connection, known, select(schema.jobs)))

    def job(self, job_id: str) -> Job:
        """The job as it is now. Raises NotFound."""
        with self._database.reading() as connection:
            return read_job(connection, one_job(connection, job_id, select(schema.jobs)))

    def operation(self, job_id: str) -> Job:
        """The job, unless its operation was deleted. Raises NotFound."""
        query = select(schema.jobs).where(_JOBS.job_id == job_id, _JOBS.operation_deleted.is_(False))
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                raise NotFound(OPERATION_TYPE, f"operations/{job_id}")
            return read_job(connection, row)

    def list_jobs(
        self, *, limit: int, position: str = "", filter: Filter | None = None, operations: bool = False
    ) -> Page[Job]:
        """At most `limit` jobs behind `position`, newest first; with `operations`, those whose operation is there."""
        query = select(schema.jobs).order_by(_JOBS.create_time_s.desc(), _JOBS.job_id.desc()).limit(limit + 1)
        if position:
            query = query.where(tuple_(_JOBS.create_time_s, _JOBS.job_id) < tuple_(*positions.time_and_id(position)))
        if filter is not None:
            query = query.where(condition(filter))
        if operations:
            query = query.where(_JOBS.operation_deleted.is_(False))
        with self._database.reading() as connection:
            rows = list(connection.execute(query))
            found = read_jobs(connection, rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return Page(found, positions.of_time_and_id(last.create_time_s, last.job_id) if last else "")

    def update_job(
        self,
        job_id: str,
        *,
        priority: int | None = None,
        labels: Mapping[str, str | None] | None = None,
        replace_labels: bool = False,
        etag: str = "",
        request: RequestKey | None = None,
    ) -> Job:
        """The job with another priority, and with these labels set; None as a value removes one.

        With `replace_labels` all others go. Raises NotFound, Aborted for an old etag.
        """
        with self._writing() as transaction:
            if remembered(transaction, request, job_id) is None:
                job = locked_job(transaction, job_id)
                _check_etag(job, etag)
                before = read_job(transaction.connection, job)
                wanted = {**({} if replace_labels else before.labels), **(labels or {})}
                merged = {key: value for key, value in wanted.items() if value is not None}
                chosen = job.priority if priority is None else priority
                if (chosen, merged) != (job.priority, before.labels):
                    _write_labels(transaction, job_id, merged)
                    change = JobUpdated(priority=chosen, labels=merged)
                    columns = {"revision": job.revision + 1, "update_time_s": transaction.now_s, "priority": chosen}
                    append(transaction, job, change, **columns)
            return read_job(transaction.connection, locked_job(transaction, job_id))

    def command(self, job_id: str, command: Command, *, etag: str = "", request: RequestKey | None = None) -> Job:
        """The job after PauseJob, ResumeJob, ConfirmJob or CancelOperation; unchanged where it was fulfilled already.

        Raises NotFound, Aborted for an old etag, FailedPrecondition in a state that does not allow it.
        """
        with self._writing() as transaction:
            if remembered(transaction, request, job_id) is None:
                job = locked_job(transaction, job_id)
                _check_etag(job, etag)
                target = lifecycle.target_of(command, JobState(job.state), f"jobs/{job_id}")
                if target != job.state:
                    confirmed = {"confirmed": True} if command is Command.CONFIRM else {}
                    move(transaction, job, target, Actor.CALLER, Reason(), **confirmed)
            return read_job(transaction.connection, locked_job(transaction, job_id))

    def delete_job(self, job_id: str, *, etag: str = "", request: RequestKey | None = None) -> None:
        """Deletes a finished job with all that the store has of it; its files are leftovers from now on.

        Raises NotFound, Aborted for an old etag, FailedPrecondition while it is unfinished.
        """
        with self._writing() as transaction:
            if remembered(transaction, request, job_id) is not None:
                return
            job = locked_job(transaction, job_id)
            _check_etag(job, etag)
            state = JobState(job.state)
            if not state.finished:
                raise FailedPrecondition(
                    f"jobs/{job_id} is {state.name}; allowed: to delete a finished job",
                    reason="JOB_UNFINISHED",
                    subject=f"jobs/{job_id}",
                    state=state.name,
                )
            transaction.connection.execute(delete(schema.jobs).where(_JOBS.job_id == job_id))
            transaction.connection.execute(insert(schema.leftovers).values(name=f"jobs/{job_id}"))
            transaction.heads[job_id] = None

    def delete_operation(self, job_id: str) -> None:
        """Forgets the operation; the job stays and goes on. Raises NotFound, also where it is forgotten already."""
        with self._writing() as transaction:
            written = transaction.connection.execute(
                schema.jobs.update()
                .where(_JOBS.job_id == job_id, _JOBS.operation_deleted.is_(False))
                .values(operation_deleted=True)
            )
            if written.rowcount == 0:
                raise NotFound(OPERATION_TYPE, f"operations/{job_id}")

    def inline_input(self, job_id: str) -> bytes:
        """The content of the job's InlineSource. Raises NotFound."""
        with self._database.reading() as connection:
            query = select(schema.inline_inputs.c.content).where(schema.inline_inputs.c.job_id == job_id)
            content = connection.execute(query).scalar_one_or_none()
        if content is None:
            raise NotFound(JOB_TYPE, f"jobs/{job_id}")
        return bytes(content)

    def output_files(self, job_id: str) -> tuple[OutputFile, ...]:
        """The final files in their order, the report first; empty until the job has finished. Raises NotFound."""
        columns = schema.output_files.c
        with self._database.reading() as connection:
            one_job(connection, job_id, select(_JOBS.job_id))
            rows = connection.execute(
                select(schema.output_files).where(columns.job_id == job_id).order_by(columns.position)
            )
            return tuple(map(read_output_file, rows))


def _insert_job(
    transaction: Writing,
    job_id: str,
    spec: JobSpec,
    upload_id: str | None,
    place: str | None,
    priority: int,
    engine_version: str,
) -> None:
    now_s = transaction.now_s
    transaction.connection.execute(
        insert(schema.jobs).values(
            job_id=job_id,
            spec=codec.SPEC.dump(spec),
            snapshot_id=spec.snapshot_id,
            upload_id=upload_id,
            output_folder=place,
            priority=priority,
            state=JobState.QUEUED,
            reason_code="",
            reason_message="",
            engine_version=engine_version,
            create_time_s=now_s,
            update_time_s=now_s,
            revision=1,
            last_sequence=0,
            prepared=False,
            confirmed=False,
            operation_deleted=False,
            lease_token=0,
        )
    )
    append(transaction, locked_job(transaction, job_id), StateChanged(old_state=None, new_state=JobState.QUEUED))


def _check_queue(transaction: Writing, max_unfinished: int) -> None:
    count = select(func.count()).select_from(schema.jobs).where(_JOBS.state.in_(UNFINISHED_STATES))
    unfinished = transaction.connection.execute(count).scalar_one()
    if unfinished >= max_unfinished:
        raise ResourceExhausted(
            f"{unfinished} jobs are unfinished; allowed: {max_unfinished}",
            subject="jobs",
            retry_after_s=5.0,
            reason="QUEUE_FULL",
            unfinished=str(unfinished),
        )


def _check_upload(transaction: Writing, upload_id: str) -> None:
    columns = schema.uploads.c
    query = select(columns.state).where(columns.upload_id == upload_id).with_for_update()
    state = transaction.connection.execute(query).scalar_one_or_none()
    if state is None:
        raise NotFound(UPLOAD_TYPE, f"uploads/{upload_id}")
    if state != UploadState.COMPLETE:
        raise FailedPrecondition(
            f"uploads/{upload_id} is still open; allowed: a complete one",
            reason="UPLOAD_INCOMPLETE",
            subject=f"uploads/{upload_id}",
        )


def _check_etag(job: JobRow, etag: str) -> None:
    present = etag_of(job.revision)
    if etag and etag != present:
        raise Aborted(
            f"jobs/{job.job_id} has changed: its etag is {present}, not {etag[:80]}",
            reason="ETAG_MISMATCH",
            etag=present,
        )


def _write_labels(transaction: Writing, job_id: str, labels: Mapping[str, str]) -> None:
    transaction.connection.execute(delete(schema.job_labels).where(schema.job_labels.c.job_id == job_id))
    if labels:
        rows = [{"job_id": job_id, "key": key, "value": value} for key, value in labels.items()]
        transaction.connection.execute(insert(schema.job_labels), rows)
