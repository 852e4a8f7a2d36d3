"""The Job of a CreateJobRequest to a draft: every check of a single field is here, and all wrong ones are named."""

from __future__ import annotations

import math
import re
from enum import IntEnum
from typing import Final, TypeVar

from google.protobuf.descriptor import EnumDescriptor

from waypost.server.errors import FieldViolation
from waypost.server.jobs import spec
from waypost.server.jobs.draft import InlineRows, JobDraft, NamedFile, NatsDraft, NotificationDraft, WebhookDraft
from waypost.server.jobs.states import JobState
from waypost.server.transport.wire import fields
from waypost.server.transport.wire.fields import Violations
from waypost.server.transport.wire.options import DEFAULT_PREFIX
from waypost.server.transport.wire.requests import geocode_filter
from waypost.v1 import jobs_pb2 as pb

MAX_INLINE_BYTES: Final = 1024 * 1024
MAX_PRIORITY: Final = 1_000
MAX_LABELS: Final = 64
MAX_LABEL_CHARS: Final = 63
MAX_NOTIFICATIONS: Final = 10
MIN_TTL_S: Final = 60.0
MAX_TTL_S: Final = 365 * 86_400.0

_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_PREFIX = re.compile(r"[A-Za-z0-9_]{0,32}")

_Kind = TypeVar("_Kind", bound=IntEnum)


def read_draft(job: pb.Job, violations: Violations) -> JobDraft:
    """The draft that `job` asks for; what is wrong is left open in it and added to `violations`, below "job"."""
    return JobDraft(
        operation=_operation(job, violations),
        source=_source(job.input, violations),
        format=_input_format(job.input, violations),
        compression=_compression("job.input.compression", job.input.compression, violations),
        csv=_dialect(job.input.csv, violations),
        columns=_columns(job.input.columns, violations),
        output=_output(job.output, violations),
        priority=read_priority(job.priority, violations),
        labels=read_labels(job, violations),
        confirmation_required=job.confirmation_required,
        failure_policy=_policy(job, violations),
        notifications=_notifications(job, violations),
        snapshot_id=fields.read_snapshot("job.snapshot", job.snapshot, violations),
        engine_change=_engine_change(job, violations),
        ttl_s=_ttl_s(job, violations),
    )  # fmt: skip


def read_priority(priority: int, violations: Violations) -> int:
    """The priority, −1,000 to 1,000."""
    if abs(priority) > MAX_PRIORITY:
        violations.append(FieldViolation("job.priority", priority, f"-{MAX_PRIORITY} to {MAX_PRIORITY}"))
    return priority


def read_labels(job: pb.Job, violations: Violations) -> dict[str, str]:
    """The labels, at most 64."""
    labels = dict(job.labels)
    if len(labels) > MAX_LABELS:
        violations.append(FieldViolation("job.labels", len(labels), f"at most {MAX_LABELS} labels"))
    for key, value in sorted(labels.items()):
        check_label_key(f"job.labels.{key}", key, violations)
        if len(value) > MAX_LABEL_CHARS or "\0" in value:
            allowed = f"at most {MAX_LABEL_CHARS} code points without NUL"
            violations.append(FieldViolation(f"job.labels.{key}", value, allowed))
    return labels


def check_label_key(path: str, key: str, violations: Violations) -> None:
    """A key of a label."""
    if not _LABEL_KEY.fullmatch(key):
        allowed = 'keys of 1 to 63 lower-case letters, digits, "_" and "-" that begin with a letter'
        violations.append(FieldViolation(path, key, allowed))


def _operation(job: pb.Job, violations: Violations) -> spec.Operation | None:
    match job.operation.WhichOneof("options"):
        case "geocode":
            path = "job.operation.geocode."
            return spec.GeocodeOperation(filter=geocode_filter(job.operation.geocode, path, violations))
        case "reverse_geocode":
            options, path = job.operation.reverse_geocode, "job.operation.reverse_geocode."
            return spec.ReverseGeocodeOperation(
                place_types=fields.read_place_types(f"{path}place_types", options.place_types, violations),
                radius_m=fields.read_radius_m(f"{path}radius_m", options.radius_m, violations),
            )
        case "get_place":
            return spec.GetPlaceOperation()
        case _:
            allowed = "one of geocode, reverse_geocode and get_place"
            violations.append(FieldViolation("job.operation", None, allowed))
            return None


def _source(message: pb.JobInput, violations: Violations) -> InlineRows | spec.UploadSource | NamedFile | None:
    match message.WhichOneof("source"):
        case "inline":
            if len(message.inline) > MAX_INLINE_BYTES:
                allowed = f"at most {MAX_INLINE_BYTES} bytes; upload what is larger"
                violations.append(FieldViolation("job.input.inline", f"{len(message.inline)} bytes", allowed))
                return None
            return InlineRows(message.inline)
        case "upload":
            before = len(violations)
            upload_id = fields.read_resource_id("job.input.upload", message.upload, "uploads", violations)
            return spec.UploadSource(upload_id=upload_id) if len(violations) == before else None
        case "uri":
            return NamedFile(message.uri)
        case _:
            violations.append(FieldViolation("job.input", None, "one of inline, upload and uri"))
            return None


def _input_format(message: pb.JobInput, violations: Violations) -> spec.FileFormat | None:
    path = "job.input.format"
    if message.format == pb.FILE_FORMAT_GEOPARQUET:
        violations.append(FieldViolation(path, "FILE_FORMAT_GEOPARQUET", "PARQUET, which reads GeoParquet too"))
        return None
    return _choice(path, message.format, spec.FileFormat, pb.FileFormat.DESCRIPTOR, violations)


def _dialect(message: pb.CsvDialect, violations: Violations) -> spec.CsvDialect:
    # What the characters may be is checked with the reader's own rules, at intake.
    return spec.CsvDialect(
        delimiter=message.delimiter or None,
        quote=message.quote or None,
        encoding=message.encoding or None,
        header=message.header if message.HasField("header") else None,
    )


def _columns(message: pb.InputColumns, violations: Violations) -> spec.InputColumns:
    named = {field.name: getattr(message.address, field.name) for field in message.address.DESCRIPTOR.fields}
    address = {name: column for name, column in named.items() if column}
    if message.HasField("address") and not address:
        violations.append(FieldViolation("job.input.columns.address", None, f"at least one of {', '.join(named)}"))
    return spec.InputColumns(
        query=message.query,
        address=address,
        latitude=message.latitude,
        longitude=message.longitude,
        place_id=message.place_id,
    )


def _output(message: pb.JobOutput, violations: Violations) -> spec.JobOutput:
    prefix = message.column_prefix if message.HasField("column_prefix") else DEFAULT_PREFIX
    if not _PREFIX.fullmatch(prefix):
        allowed = "at most 32 ASCII letters, digits and underscores"
        violations.append(FieldViolation("job.output.column_prefix", prefix, allowed))
    path = "job.output."
    return spec.JobOutput(
        uri=message.uri,
        format=_choice(f"{path}format", message.format, spec.FileFormat, pb.FileFormat.DESCRIPTOR, violations),
        layout=_choice(f"{path}layout", message.layout, spec.OutputLayout, pb.OutputLayout.DESCRIPTOR, violations)
        or spec.OutputLayout.ONE_FILE,
        rows=_choice(f"{path}rows", message.rows, spec.OutputRows, pb.OutputRows.DESCRIPTOR, violations)
        or spec.OutputRows.ALL,
        columns=tuple(message.columns),
        column_prefix=prefix,
        compression=_choice(
            f"{path}compression", message.compression, spec.Compression, pb.Compression.DESCRIPTOR, violations
        )
        or spec.Compression.NONE,
    )


def _policy(job: pb.Job, violations: Violations) -> spec.FailurePolicy:
    if not job.HasField("failure_policy"):
        return spec.DEFAULT_FAILURE_POLICY
    message, path = job.failure_policy, "job.failure_policy."
    shares: dict[str, float | None] = {}
    for name in ("max_invalid_failed_share", "max_unmatched_share"):
        shares[name] = getattr(message, name) if message.HasField(name) else None
        share = shares[name]
        if share is not None and not (math.isfinite(share) and 0 <= share <= 1):
            violations.append(FieldViolation(path + name, share, "0 to 1"))
    min_rows = message.min_rows if message.HasField("min_rows") else spec.DEFAULT_FAILURE_POLICY.min_rows
    if min_rows < 1:
        violations.append(FieldViolation(f"{path}min_rows", min_rows, "1 or more"))
    action = _choice(f"{path}action", message.action, spec.FailureAction, pb.FailureAction.DESCRIPTOR, violations)
    return spec.FailurePolicy(
        max_invalid_failed_share=shares["max_invalid_failed_share"],
        max_unmatched_share=shares["max_unmatched_share"],
        min_rows=min_rows,
        action=action or spec.FailureAction.PAUSE,
    )


def _notifications(job: pb.Job, violations: Violations) -> tuple[NotificationDraft, ...]:
    if len(job.notifications) > MAX_NOTIFICATIONS:
        allowed = f"at most {MAX_NOTIFICATIONS}"
        violations.append(FieldViolation("job.notifications", len(job.notifications), allowed))
    drafts = []
    for at, message in enumerate(job.notifications):
        path = f"job.notifications[{at}]"
        target = _target(path, message, violations)
        states = [
            _choice(f"{path}.states[{place}]", number, JobState, pb.Job.State.DESCRIPTOR, violations, empty=False)
            for place, number in enumerate(message.states)
        ]
        asked = frozenset(state for state in states if state is not None)
        default = frozenset() if message.committed_parts else spec.DEFAULT_NOTIFIED_STATES
        if target is not None:
            drafts.append(
                NotificationDraft(
                    target=target, states=asked or default, committed_parts=message.committed_parts
                )
            )  # fmt: skip
    return tuple(drafts)


def _target(path: str, message: pb.Notification, violations: Violations) -> WebhookDraft | NatsDraft | None:
    # What a target may be is for those to say who will reach it, at intake.
    match message.WhichOneof("target"):
        case "webhook":
            webhook = message.webhook
            return WebhookDraft(uri=webhook.uri, secrets=tuple(webhook.secrets), secret_name=webhook.secret_name)
        case "nats":
            return NatsDraft(subject=message.nats.subject)
        case _:
            violations.append(FieldViolation(path, None, "one of webhook and nats"))
            return None


def _ttl_s(job: pb.Job, violations: Violations) -> float | None:
    if not job.HasField("ttl"):
        return None
    ttl_s = job.ttl.seconds + job.ttl.nanos / 1e9
    if not MIN_TTL_S <= ttl_s <= MAX_TTL_S:
        allowed = f"{MIN_TTL_S:g} seconds to {MAX_TTL_S / 86_400:g} days"
        violations.append(FieldViolation("job.ttl", f"{ttl_s:g} seconds", allowed))
    return ttl_s


def _engine_change(job: pb.Job, violations: Violations) -> spec.EngineChange:
    kind, names = spec.EngineChange, pb.EngineChange.DESCRIPTOR
    return _choice("job.engine_change", job.engine_change, kind, names, violations) or spec.EngineChange.RESTART


def _compression(path: str, number: int, violations: Violations) -> spec.Compression | None:
    return _choice(path, number, spec.Compression, pb.Compression.DESCRIPTOR, violations)


def _choice(
    path: str, number: int, kind: type[_Kind], names: EnumDescriptor, violations: Violations, *, empty: bool = True
) -> _Kind | None:
    """The choice of that number, None where none was made, which is wrong unless it may be `empty`."""
    if number in (each.value for each in kind):
        return kind(number)
    if number or not empty:
        allowed = ", ".join(value.name for value in names.values if value.number)
        violations.append(FieldViolation(path, number, allowed))
    return None
