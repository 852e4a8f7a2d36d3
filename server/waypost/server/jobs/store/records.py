"""Rows of the tables as values of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from waypost.server.jobs import codec
from waypost.server.jobs.events import Event, Reason
from waypost.server.jobs.model import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Job,
    OutputFile,
    OutputFileKind,
    Part,
    Progress,
    Shard,
    ShardState,
    Upload,
    UploadState,
)
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import schema


def etag_of(revision: int) -> str:
    """The etag of a job that has changed so often; quoted, as AIP-154 wants it."""
    return f'"{revision}"'


def read_jobs(connection: Connection, rows: list[Row[Any]]) -> tuple[Job, ...]:
    """The jobs of these rows of `jobs`, in their order, with their labels and progress."""
    job_ids = [row.job_id for row in rows]
    labels: dict[str, dict[str, str]] = {job_id: {} for job_id in job_ids}
    for row in connection.execute(select(schema.job_labels).where(schema.job_labels.c.job_id.in_(job_ids))):
        labels[row.job_id][row.key] = row.value
    written = connection.execute(select(schema.progress).where(schema.progress.c.job_id.in_(job_ids)))
    progress = {row.job_id: codec.PROGRESS.load(row.progress) for row in written}
    return tuple(_job(row, labels[row.job_id], progress.get(row.job_id, Progress())) for row in rows)


def read_job(connection: Connection, row: Row[Any]) -> Job:
    """The job of this row of `jobs`."""
    return read_jobs(connection, [row])[0]


def _job(row: Row[Any], labels: Mapping[str, str], progress: Progress) -> Job:
    return Job(
        job_id=row.job_id,
        spec=codec.SPEC.load(row.spec),
        priority=row.priority,
        labels=labels,
        state=JobState(row.state),
        reason=Reason(code=row.reason_code, message=row.reason_message),
        progress=progress,
        preflight=None if row.preflight is None else codec.PREFLIGHT.load(row.preflight),
        engine_version=row.engine_version,
        create_time_s=row.create_time_s,
        update_time_s=row.update_time_s,
        start_time_s=row.start_time_s,
        end_time_s=row.end_time_s,
        expire_time_s=row.expire_time_s,
        etag=etag_of(row.revision),
        last_sequence=row.last_sequence,
        prepared=row.prepared,
        confirmed=row.confirmed,
        operation_deleted=row.operation_deleted,
        lease_token=row.lease_token,
    )


def read_event(row: Row[Any]) -> Event:
    """The event of this row of `events`."""
    return Event(row.sequence, row.time_s, codec.CHANGE.load(row.change))


def read_shard(row: Row[Any]) -> Shard:
    """The shard of this row of `shards`."""
    part = None
    if row.part_file is not None:
        rows = RowCounts(matched=row.matched, unmatched=row.unmatched, invalid=row.invalid, failed=row.failed)
        part = Part(
            file=row.part_file,
            size_bytes=row.part_size_bytes,
            sha256=row.part_sha256,
            rows=rows,
            engine_version=row.engine_version,
        )
    return Shard(
        job_id=row.job_id,
        first_row=row.first_row,
        last_row=row.last_row,
        file=row.file,
        state=ShardState(row.state),
        attempts=row.attempts,
        part=part,
        reason=row.reason,
        pieces=codec.PIECES.load(row.pieces) if row.pieces else (),
    )


def read_upload(row: Row[Any]) -> Upload:
    """The upload of this row of `uploads`."""
    return Upload(
        upload_id=row.upload_id,
        state=UploadState(row.state),
        committed_bytes=row.committed_bytes,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        create_time_s=row.create_time_s,
        expire_time_s=row.expire_time_s,
    )


def read_output_file(row: Row[Any]) -> OutputFile:
    """The file of this row of `output_files`."""
    return OutputFile(
        file=row.file,
        kind=OutputFileKind(row.kind),
        uri=row.uri,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        row_count=row.row_count,
    )


def read_delivery(row: Row[Any], attempts: tuple[DeliveryAttempt, ...]) -> Delivery:
    """The delivery of this row of `deliveries`."""
    return Delivery(
        delivery_id=row.delivery_id,
        job_id=row.job_id,
        event=Event(row.sequence, row.create_time_s, codec.CHANGE.load(row.change)),
        event_id=row.event_id,
        target=row.target,
        receiver=row.receiver,
        state=DeliveryState(row.state),
        tries=row.tries,
        attempts=attempts,
        next_attempt_time_s=row.next_attempt_time_s,
        create_time_s=row.create_time_s,
    )


def read_attempt(row: Row[Any]) -> DeliveryAttempt:
    """The attempt of this row of `delivery_attempts`."""
    return DeliveryAttempt(
        attempt_time_s=row.attempt_time_s, duration_s=row.duration_s, http_status=row.http_status, error=row.error
    )
