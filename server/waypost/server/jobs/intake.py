"""A request for a job to a JobSpec: snapshot pinned, input identified, columns found, targets made, or refused.

Blocks, as the head of the input is read: a column that is missing is told at once, and not by a job that fails.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from waypost.server.atlas import Atlas
from waypost.server.errors import (
    DataLost,
    FailedPrecondition,
    FieldViolation,
    InputUnreadable,
    InvalidArgument,
    NotFound,
    WaypostError,
)
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs import asked, preflight, spec
from waypost.server.jobs.columns import ADDRESS_ROLES, ColumnRoles
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.draft import InlineRows, JobDraft, NamedFile, NatsDraft, NotificationDraft, WebhookDraft
from waypost.server.jobs.locations import InputLocation, resolve_input, resolve_output
from waypost.server.jobs.model import Job, Preflight, RequestKey, UploadState
from waypost.server.jobs.notify.targets import Targets
from waypost.server.jobs.readers import RowReader, open_rows
from waypost.server.jobs.uploads import ensure_room, whole_upload
from waypost.server.jobs.writers import check_plan

MAX_INLINE_ROWS = 1_000
SNAPSHOT_TYPE = "waypost.dev/Snapshot"


@dataclass(frozen=True, slots=True)
class _Opened:
    """The input, open at its head, and what its columns are; its size in bytes as it is stored."""

    source: spec.Source
    reader: RowReader
    roles: ColumnRoles
    size_bytes: int


class Intake:
    """Takes jobs in, or says everything that is wrong with them."""

    def __init__(self, desk: JobDesk, atlas: Atlas, targets: Targets) -> None:
        self._desk = desk
        self._atlas = atlas
        self._targets = targets

    def create(self, draft: JobDraft, violations: list[FieldViolation], key: RequestKey | None) -> Job:
        """The new job, or that of an earlier equal request, whatever became of its input since.

        Raises InvalidArgument naming every wrong field, those in `violations` among them; NotFound for an upload or a
        snapshot, FailedPrecondition for an open upload or a folder that another job writes to, ResourceExhausted where
        queue or disk are full.
        """
        known = self._desk.store.created_earlier(key) if key and not violations else None
        if known is not None:
            return known
        checked, opened = self._check(draft, violations, at_head=False)
        opened.reader.close()
        ensure_room(self._desk, opened.size_bytes)
        return self._desk.store.create_job(
            checked,
            priority=draft.priority,
            labels=draft.labels,
            engine_version=ENGINE_VERSION,
            output_folder=self._output_place(checked.output.uri),
            inline=draft.source.content if isinstance(draft.source, InlineRows) else None,
            max_unfinished=self._desk.limits.max_unfinished,
            request=key,
        )

    def look(self, draft: JobDraft, violations: list[FieldViolation], workers: int) -> tuple[spec.JobSpec, Preflight]:
        """What the job would be, and what the head of its input holds; nothing is stored. Raises as `create`."""
        checked, opened = self._check(draft, violations, at_head=True)
        try:
            geocoder = self._atlas.open(checked.snapshot_id)
            sample = preflight.take_sample(opened.reader)
            found = preflight.look(
                opened.reader.format,
                opened.roles,
                sample,
                geocoder,
                asked.question(checked.operation),
                opened.size_bytes,
                workers,
            )
        except InputUnreadable as error:
            raise InvalidArgument([_unreadable(draft, error)]) from error
        finally:
            opened.reader.close()
        return checked, found

    def _check(self, draft: JobDraft, wrong: list[FieldViolation], *, at_head: bool) -> tuple[spec.JobSpec, _Opened]:
        violations = list(wrong)
        missing: list[WaypostError] = []
        opened = self._open(draft, violations, missing, at_head=at_head)
        try:
            self._check_output(draft, opened, violations)
            notifications = [self._notification(at, each, violations) for at, each in enumerate(draft.notifications)]
            snapshot_id = self._snapshot(draft.snapshot_id, missing)
            if violations:
                raise InvalidArgument(violations)
            if missing:
                raise missing[0]
        except WaypostError:
            if opened is not None:
                opened.reader.close()
            raise
        assert opened is not None  # noqa: S101 - else something is wrong or missing
        assert draft.operation is not None  # noqa: S101 - likewise
        ttl_s = self._desk.limits.ttl_s if draft.ttl_s is None else draft.ttl_s
        checked = spec.JobSpec(
            operation=draft.operation,
            input=spec.JobInput(
                source=opened.source,
                format=draft.format,
                compression=draft.compression,
                csv=draft.csv,
                columns=draft.columns,
            ),
            snapshot_id=snapshot_id,
            ttl_s=ttl_s,
            output=draft.output,
            confirmation_required=draft.confirmation_required,
            failure_policy=draft.failure_policy,
            notifications=tuple(each for each in notifications if each is not None),
            engine_change=draft.engine_change,
        )
        return checked, opened

    def _open(
        self, draft: JobDraft, violations: list[FieldViolation], missing: list[WaypostError], *, at_head: bool
    ) -> _Opened | None:
        """The input, `at_head` if that matters; None, and why, where it cannot be read or nobody knows how."""
        named = asked.named_columns(draft.columns)
        try:
            form = asked.input_format(draft.format, draft.compression, draft.csv)
        except InvalidArgument as error:
            violations += error.below("job.input.csv").violations
            form = None
        try:
            source, place = self._source(draft)
        except InvalidArgument as error:
            violations += error.below("job").violations
            return None
        except (NotFound, FailedPrecondition, DataLost) as error:
            missing.append(error)
            return None
        if source is None or place is None or form is None or draft.operation is None:
            return None
        reader: RowReader | None = None
        try:
            reader = open_rows(place, form, named=list(named.values()))
            if isinstance(draft.source, InlineRows):
                _check_inline(reader)
                # Opening takes some milliseconds: it is done again only for those who read on.
                if at_head:
                    reader = open_rows(io.BytesIO(draft.source.content), form, named=list(named.values()))
            roles = asked.column_roles(reader, draft.operation, named)
            return _Opened(source, reader, roles, _size(source, place))
        except InputUnreadable as error:
            violations.append(_unreadable(draft, error))
        except InvalidArgument as error:
            violations += _placed(error).violations
        if reader is not None:
            reader.close()
        return None

    def _source(self, draft: JobDraft) -> tuple[spec.Source | None, Path | InputLocation | io.BytesIO | None]:
        """Where the rows are. Raises InvalidArgument, NotFound, FailedPrecondition, DataLost."""
        match draft.source:
            case InlineRows(content):
                return spec.InlineSource(size_bytes=len(content)), io.BytesIO(content)
            case spec.UploadSource(upload_id=upload_id) as source:
                upload = whole_upload(self._desk, upload_id)
                if upload.state is not UploadState.COMPLETE:
                    message = f"{upload.name} is still open; allowed: a complete one"
                    raise FailedPrecondition(message, reason="UPLOAD_INCOMPLETE", subject=upload.name)
                return source, self._desk.folders.upload(upload_id)
            case NamedFile(uri):
                location = resolve_input(uri, self._desk.roots.input)
                try:
                    found = location.identify()
                except OSError as error:
                    allowed = "a file that exists and can be read"
                    raise InvalidArgument([FieldViolation("input.uri", uri, allowed)]) from error
                source_ = spec.UriSource(uri=uri, size_bytes=found.size_bytes, modified_ns=found.mtime, etag=found.etag)
                return source_, location
            case None:
                return None, None

    def _check_output(self, draft: JobDraft, opened: _Opened | None, violations: list[FieldViolation]) -> None:
        found = opened.reader.format.format if opened else None
        plan = asked.output_plan(draft.output, found or spec.FileFormat.CSV)
        try:
            check_plan(plan, opened.reader.schema.names if opened else ())
        except InvalidArgument as error:
            violations += error.below("job").violations
        if not draft.output.uri:
            return
        try:
            folder = resolve_output(draft.output.uri, self._desk.roots.output, self._desk.folders.root)
        except InvalidArgument as error:
            violations += error.below("job").violations
            return
        try:
            taken = asked.taken_names(plan, folder)
        except OSError as error:
            allowed = f"a folder that can be looked at ({error.strerror or 'the storage does not answer'})"
            violations.append(FieldViolation("job.output.uri", draft.output.uri, allowed))
            return
        if taken:
            allowed = f"a folder that does not hold {' and '.join(taken)} yet"
            violations.append(FieldViolation("job.output.uri", draft.output.uri, allowed))

    def _output_place(self, uri: str) -> str:
        return resolve_output(uri, self._desk.roots.output, self._desk.folders.root).place if uri else ""

    def _snapshot(self, snapshot_id: str, missing: list[WaypostError]) -> str:
        """The id of the snapshot to pin."""
        geocoder = self._atlas.find(snapshot_id)
        if geocoder is not None:
            return geocoder.snapshot_id
        if all(info.snapshot_id != snapshot_id for info in self._atlas.snapshots()):
            missing.append(NotFound(SNAPSHOT_TYPE, f"snapshots/{snapshot_id}"))
        return snapshot_id

    def _notification(
        self, at: int, draft: NotificationDraft, violations: list[FieldViolation]
    ) -> spec.Notification | None:
        path = f"job.notifications[{at}]"
        target: spec.WebhookTarget | spec.NatsTarget
        try:
            match draft.target:
                case WebhookDraft() as asked_for:
                    path += ".webhook"
                    target = self._targets.webhook(
                        asked_for.uri, secrets=asked_for.secrets, secret_name=asked_for.secret_name
                    )
                case NatsDraft(subject=subject):
                    path += ".nats"
                    target = self._targets.nats(subject)
        except InvalidArgument as error:
            violations += error.below(path).violations
            return None
        return spec.Notification(target=target, states=draft.states, committed_parts=draft.committed_parts)


def _size(source: spec.Source, place: Path | InputLocation | io.BytesIO) -> int:
    if isinstance(source, spec.UploadSource):
        assert isinstance(place, Path)  # noqa: S101 - narrows the type
        return place.stat().st_size
    return source.size_bytes


def _check_inline(reader: RowReader) -> None:
    """Raises InvalidArgument for more rows than a request may bring."""
    rows = 0
    for block in reader:
        rows += block.table.num_rows
        if rows > MAX_INLINE_ROWS:
            allowed = f"at most {MAX_INLINE_ROWS} rows; upload what has more"
            raise InvalidArgument([FieldViolation("input.inline", f"more than {MAX_INLINE_ROWS} rows", allowed)])


def _placed(error: InvalidArgument) -> InvalidArgument:
    """The same with the fields as the request has them: those of an address are in a message of their own."""
    prefix = "input.columns."
    return InvalidArgument(
        [
            FieldViolation(
                f"{prefix}address.{each.field.removeprefix(prefix)}"
                if each.field.removeprefix(prefix) in ADDRESS_ROLES
                else each.field,
                each.value,
                each.allowed,
                each.reason,
            )
            for each in error.violations
        ]
    ).below("job")


def _unreadable(draft: JobDraft, error: InputUnreadable) -> FieldViolation:
    match draft.source:
        case NamedFile(uri):
            field, value = "job.input.uri", uri
        case spec.UploadSource(upload_id=upload_id):
            field, value = "job.input.upload", f"uploads/{upload_id}"
        case _:
            field, value = "job.input.inline", error.reason
    return FieldViolation(field, value, f"an input that can be read ({error.message})", "INPUT_UNREADABLE")
