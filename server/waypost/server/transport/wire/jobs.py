"""Jobs, their operations, files, uploads and deliveries to messages. Pure: what is not in a value is handed in."""

from __future__ import annotations

from collections.abc import Iterable

from google.longrunning.operations_pb2 import Operation
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from waypost.server.jobs import model, spec
from waypost.server.jobs.events import StateChanged
from waypost.server.jobs.results import ResultRows
from waypost.server.jobs.states import JobState
from waypost.server.transport.status import job_status
from waypost.server.transport.wire.jobs_spec import write_spec
from waypost.server.transport.wire.times import duration, timestamp
from waypost.v1 import geocoding_pb2
from waypost.v1 import jobs_pb2 as pb

#: End states in which the operation has a response.
_GOOD_ENDS = frozenset({JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED})
_EVENT_TYPE = "dev.waypost.job."


def job(found: model.Job, attributions: Iterable[geocoding_pb2.Attribution] = ()) -> pb.Job:
    """The job without its secrets and its inline rows; credits are shown once it has ended well."""
    message = pb.Job(
        name=found.name,
        priority=found.priority,
        labels=found.labels,
        state=found.state.value,  # type: ignore[arg-type]
        state_reason=found.reason.code,
        state_message=found.reason.message,
        progress=progress(found.progress),
        engine_version=found.engine_version,
        error=_error(found),
        attributions=attributions if found.state in _GOOD_ENDS else (),
        create_time=timestamp(found.create_time_s),
        update_time=timestamp(found.update_time_s),
        start_time=timestamp(found.start_time_s),
        end_time=timestamp(found.end_time_s),
        expire_time=timestamp(found.expire_time_s),
        etag=found.etag,
        last_sequence=found.last_sequence,
    )
    write_spec(message, found.spec)
    if found.preflight is not None:
        message.preflight.CopyFrom(preflight(found.preflight))
    return message


def operation(found: model.Job, attributions: Iterable[geocoding_pb2.Attribution] = ()) -> Operation:
    """The operation of a job; it is done in the four end states alone."""
    message = Operation(name=f"operations/{found.job_id}", metadata=_packed(metadata(found)))
    message.done = found.state.finished
    if found.state in _GOOD_ENDS:
        message.response.CopyFrom(_packed(job(found, attributions)))
    elif found.state.finished:
        message.error.CopyFrom(job_status(found.state, found.reason, found.name))
    return message


def looked_at(asked: spec.JobSpec, found: model.Preflight, engine_version: str) -> Operation:
    """What `validate_only` is answered with: done, without a name, its job having the preflight alone to tell."""
    message = pb.Job(engine_version=engine_version, preflight=preflight(found))
    write_spec(message, asked)
    return Operation(done=True, response=_packed(message))


def metadata(found: model.Job) -> pb.JobMetadata:
    """What an operation tells while it goes on."""
    return pb.JobMetadata(
        job=found.name,
        state=found.state.value,  # type: ignore[arg-type]
        state_reason=found.reason.code,
        progress=progress(found.progress),
        create_time=timestamp(found.create_time_s),
        update_time=timestamp(found.update_time_s),
        end_time=timestamp(found.end_time_s),
    )


def progress(found: model.Progress) -> pb.Progress:
    """How far a job is."""
    return pb.Progress(
        matched_rows=found.rows.matched,
        unmatched_rows=found.rows.unmatched,
        invalid_rows=found.rows.invalid,
        failed_rows=found.rows.failed,
        total_rows=found.total_rows,
        read_bytes=found.read_bytes,
        total_bytes=found.total_bytes,
        rows_per_second=found.rows_per_second,
        time_left=duration(found.time_left_s),
        committed_parts=found.committed_parts,
        total_parts=found.total_parts,
        update_time=timestamp(found.update_time_s or None),
    )


def preflight(found: model.Preflight) -> pb.Preflight:
    """What a look at an input found."""
    message = pb.Preflight(
        format=found.format.value,  # type: ignore[arg-type]
        compression=found.compression.value,  # type: ignore[arg-type]
        columns=[
            pb.PreflightColumn(column=each.column, role=each.role, guessed=each.guessed) for each in found.columns
        ],
        sample_rows=found.sample_rows,
        matched_share=found.matched_share,
        invalid_share=found.invalid_share,
        invalid_rows=[
            pb.InvalidRow(row=each.row, reason=each.reason, byte_offset=each.byte_offset, line=each.line)
            for each in found.invalid_rows
        ],
        total_rows=found.total_rows,
        total_rows_estimated=found.total_rows_estimated,
        estimated_time=duration(found.estimated_time_s),
    )
    if found.csv is not None:
        message.csv.CopyFrom(
            pb.CsvDialect(
                delimiter=found.csv.delimiter or "",
                quote=found.csv.quote or "",
                encoding=found.csv.encoding or "",
                header=found.csv.header,
            )
        )
    return message


def upload(found: model.Upload) -> pb.Upload:
    """A file that a caller hands in."""
    return pb.Upload(
        name=found.name,
        committed_bytes=found.committed_bytes,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        state=found.state.value,  # type: ignore[arg-type]
        create_time=timestamp(found.create_time_s),
        expire_time=timestamp(found.expire_time_s),
    )


def output_file(job_id: str, found: model.OutputFile) -> pb.OutputFile:
    """A final file of a job."""
    return pb.OutputFile(
        name=f"jobs/{job_id}/files/{found.file}",
        kind=found.kind.value,  # type: ignore[arg-type]
        uri=found.uri,
        size_bytes=found.size_bytes,
        sha256=found.sha256,
        row_count=found.row_count,
    )


def result_rows(found: ResultRows, *, arrow: bool) -> pb.ReadResultsResponse:
    """Rows of results."""
    if arrow:
        return pb.ReadResultsResponse(last_row=found.last_row, arrow_stream=found.data)
    return pb.ReadResultsResponse(last_row=found.last_row, ndjson=found.data.decode())


def delivery(found: model.Delivery, targets: tuple[spec.Notification, ...]) -> pb.Delivery:
    """A notification to one target; `targets` are the job's notifications."""
    return pb.Delivery(
        name=found.name,
        event_id=found.event_id,
        sequence=found.event.sequence,
        event_type=_event_type(found),
        target=targets[found.target].target.shown,
        state=found.state.value,  # type: ignore[arg-type]
        attempts=[
            pb.DeliveryAttempt(
                attempt_time=timestamp(each.attempt_time_s),
                duration=duration(each.duration_s),
                http_status=each.http_status,
                error=each.error,
            )
            for each in found.attempts
        ],
        next_attempt_time=timestamp(found.next_attempt_time_s),
        create_time=timestamp(found.create_time_s),
    )


def _event_type(found: model.Delivery) -> str:
    change = found.event.change
    return _EVENT_TYPE + (change.new_state.name.lower() if isinstance(change, StateChanged) else change.kind)


def _error(found: model.Job) -> Status | None:
    return job_status(found.state, found.reason, found.name) if found.state is JobState.FAILED else None


def _packed(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
