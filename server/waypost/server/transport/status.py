"""The one place that turns an error into a status: its code, its reason and its details."""

from __future__ import annotations

import math
from urllib.parse import quote

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc.status_pb2 import Status

from waypost.server import errors
from waypost.server.jobs.events import Reason
from waypost.server.jobs.states import JobState

DOMAIN = "waypost"

#: Where grpc carries google.rpc.Status, and where it reads how long a client should wait before a retry.
_DETAILS = "grpc-status-details-bin"
PUSHBACK = "grpc-retry-pushback-ms"

#: Violations named in one error; the count of the rest stands in ErrorInfo.metadata.
MAX_VIOLATIONS = 50

#: Clients replace a trailer of more than 8 KiB by an error of their own. What we send stays below with room
#: for the request id and the runtime's own trailers.
MAX_STATUS_BYTES = 7 * 1024 - 512

#: The longest message in characters. It travels percent-encoded, so that one character can take twelve bytes.
_MAX_MESSAGE_CHARS = 400
_MAX_FACT_CHARS = 200

CODES: dict[type[errors.WaypostError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.MalformedMessage: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.OutOfRange: grpc.StatusCode.OUT_OF_RANGE,
    errors.Aborted: grpc.StatusCode.ABORTED,
    errors.DataLost: grpc.StatusCode.DATA_LOSS,
    errors.ResponseTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.DeadlineExceeded: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.NotSupported: grpc.StatusCode.UNIMPLEMENTED,
    errors.StreamIdle: grpc.StatusCode.DEADLINE_EXCEEDED,
}

#: Every reason that a caller can be told, as docs/errors.md explains them; a test keeps both whole.
REASONS = frozenset({
    "BAD_FILTER", "BAD_PAGE_TOKEN", "BAD_SCHEMA", "DEADLINE_EXCEEDED", "DELIVERY_NOT_FOUND", "DISK_FULL", "DRAINING",
    "ETAG_MISMATCH", "INPUT_UNREADABLE", "INTERNAL", "INVALID_FIELD", "JOB_NOT_FOUND", "JOB_UNFINISHED", "LOADING",
    "MALFORMED_MESSAGE", "MALFORMED_TABLE", "NOT_SUPPORTED", "OFFSET_BEYOND_END", "OPERATION_NOT_FOUND",
    "OUTPUT_FILE_NOT_FOUND", "OUTPUT_IN_USE", "PLACE_NOT_FOUND", "QUEUE_FULL", "REQUEST_ID_REUSED",
    "RESPONSE_TOO_LARGE", "RESULTS_LOST", "ROW_BEYOND_END", "SEQUENCE_BEYOND_END", "SERVICE_NOT_FOUND",
    "SNAPSHOT_NOT_FOUND", "STORE_UNREACHABLE", "STREAM_IDLE", "TABLE_TOO_LARGE", "TOO_BUSY", "TOO_MANY_RESULTS",
    "UPLOAD_CHECKSUM_MISMATCH", "UPLOAD_COMPLETE", "UPLOAD_GAP", "UPLOAD_INCOMPLETE", "UPLOAD_IN_USE",
    "UPLOAD_LOST", "UPLOAD_NOT_FOUND", "UPLOAD_RACE", "UPLOAD_SIZE_MISMATCH", "WRONG_JOB_STATE",
})  # fmt: skip

#: The codes of operations whose job failed, by the reason of the job; any other reason is FAILED_PRECONDITION, for
#: what is wrong then lies in the input or the output and not in the request.
_JOB_CODES = {
    "CANCELLED": grpc.StatusCode.CANCELLED,
    "CONFIRMATION_EXPIRED": grpc.StatusCode.DEADLINE_EXCEEDED,
    "DISK_FULL": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "INTERNAL": grpc.StatusCode.INTERNAL,
    "SNAPSHOT_MISSING": grpc.StatusCode.NOT_FOUND,
}

_CODES_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def code_of(status: Status) -> grpc.StatusCode:
    """The code of `status` as grpc knows it."""
    return _CODES_BY_NUMBER[status.code]


def trailers(status: Status) -> list[tuple[str, str | bytes]]:
    """The trailing metadata that carries `status` with its details, and when to come back."""
    metadata: list[tuple[str, str | bytes]] = [(_DETAILS, status.SerializeToString())]
    seconds = retry_after_s(status)
    if seconds is not None:
        metadata.append((PUSHBACK, str(round(seconds * 1000))))
    return metadata


def to_status(error: errors.WaypostError) -> Status:
    """What a caller is told about `error`: code, message, ErrorInfo first, then what its kind brings.

    Raises KeyError for an error that has no row in the table: it is none of the caller's business.
    """
    code = CODES[type(error)]
    violations = error.violations[:MAX_VIOLATIONS] if isinstance(error, errors.InvalidArgument) else ()
    status = _status(error, code, violations)
    while _size_on_wire(status) > MAX_STATUS_BYTES and violations:
        violations = violations[: len(violations) // 2]
        status = _status(error, code, violations)
    return status


def internal_status(request_id: str) -> Status:
    """What a caller is told about a failure of ours: nothing but where to look it up."""
    message = "internal error; the server's log has it under this request id"
    status = Status(code=grpc.StatusCode.INTERNAL.value[0], message=message)
    metadata = {"request_id": request_id} if request_id else {}
    _attach(status, details.ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata=metadata))
    return status


def job_status(state: JobState, reason: Reason, job: str) -> Status:
    """The error that the operation of a job ends with that has failed or was cancelled."""
    cancelled = state is JobState.CANCELLED
    code = "CANCELLED" if cancelled else reason.code or "INTERNAL"
    message = reason.message or (f"{job} was cancelled" if cancelled else f"{job} failed")
    number = _JOB_CODES.get(code, grpc.StatusCode.FAILED_PRECONDITION).value[0]
    status = Status(code=number, message=_shorten(message, _MAX_MESSAGE_CHARS))
    _attach(status, details.ErrorInfo(reason=code, domain=DOMAIN, metadata={"job": job}))
    return status


def retry_after_s(status: Status) -> float | None:
    """How long the caller is asked to wait, in seconds; None where it is not asked to come back."""
    for detail in status.details:
        retry = details.RetryInfo()
        if detail.Unpack(retry):
            return retry.retry_delay.ToTimedelta().total_seconds()
    return None


def _status(error: errors.WaypostError, code: grpc.StatusCode, violations: tuple[errors.FieldViolation, ...]) -> Status:
    status = Status(code=code.value[0], message=_shorten(error.message, _MAX_MESSAGE_CHARS))
    facts = dict(error.facts)
    if isinstance(error, errors.InvalidArgument):
        facts["violations"] = str(len(error.violations))
        facts["violations_omitted"] = str(len(error.violations) - len(violations))
        first = error.violations[0]
        facts |= {"field": first.field, "value": first.shown_value, "allowed": first.allowed}
    metadata = {name: _shorten(value, _MAX_FACT_CHARS) for name, value in facts.items()}
    _attach(status, details.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata))
    if isinstance(error, errors.InvalidArgument):
        _attach(status, _bad_request(violations))
    elif isinstance(error, errors.NotFound):
        name = _shorten(error.resource_name, _MAX_FACT_CHARS)
        _attach(status, details.ResourceInfo(resource_type=error.resource_type, resource_name=name))
    elif isinstance(error, errors.FailedPrecondition):
        _attach(status, _precondition_failure(error, status.message))
    elif isinstance(error, errors.ResourceExhausted):
        violation = details.QuotaFailure.Violation(subject=error.subject, description=status.message)
        _attach(status, details.QuotaFailure(violations=[violation]))
    if isinstance(error, errors.ResourceExhausted | errors.Unavailable):
        _attach(status, details.RetryInfo(retry_delay=_duration(error.retry_after_s)))
    return status


def _bad_request(violations: tuple[errors.FieldViolation, ...]) -> details.BadRequest:
    return details.BadRequest(
        field_violations=[
            details.BadRequest.FieldViolation(
                field=_shorten(violation.field, _MAX_FACT_CHARS),
                description=violation.description,
                reason=violation.reason,
            )
            for violation in violations
        ]
    )


def _precondition_failure(error: errors.FailedPrecondition, message: str) -> details.PreconditionFailure:
    violation = details.PreconditionFailure.Violation(type=error.reason, subject=error.subject, description=message)
    return details.PreconditionFailure(violations=[violation])


def _attach(status: Status, detail: Message) -> None:
    status.details.add().Pack(detail)


def _duration(seconds: float) -> Duration:
    whole = math.floor(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _size_on_wire(status: Status) -> int:
    return status.ByteSize() + len(quote(status.message))
