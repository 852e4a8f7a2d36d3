"""The input of a job: where it lies, that it is still the one that was handed in, and how it is read."""

from __future__ import annotations

from pathlib import Path

from waypost.server.errors import InputUnreadable, InvalidArgument, NotFound
from waypost.server.jobs.asked import column_roles, input_format, named_columns
from waypost.server.jobs.columns import ColumnRoles
from waypost.server.jobs.coordinator.troubles import CannotGoOn
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.locations import InputLocation, local_folder, resolve_input
from waypost.server.jobs.model import Job
from waypost.server.jobs.readers import RowReader, open_rows
from waypost.server.jobs.spec import InlineSource, UploadSource, UriSource


def locate(desk: JobDesk, job: Job) -> Path | InputLocation:
    """The file of the job's input. Raises CannotGoOn where it is gone, OSError where it cannot be written."""
    source = job.spec.input.source
    match source:
        case InlineSource():
            return _inline(desk, job)
        case UploadSource():
            return desk.folders.upload(source.upload_id)
        case UriSource():
            try:
                return resolve_input(source.uri, desk.roots.input)
            except InvalidArgument as error:
                raise CannotGoOn("INPUT_UNREADABLE", error.message) from error


def check_identity(desk: JobDesk, job: Job, place: Path | InputLocation) -> int:
    """The size of the input in bytes. Raises CannotGoOn where it is not what it was when the job was taken."""
    source = job.spec.input.source
    try:
        if isinstance(source, UriSource) and isinstance(place, InputLocation):
            found = place.identify()
            now = (found.size_bytes, found.mtime, found.etag or source.etag)
            taken = (source.size_bytes, source.modified_ns, source.etag or found.etag)
            if now != taken:
                raise CannotGoOn("INPUT_CHANGED", f"{source.uri} is not the file that it was when the job was taken")
            return found.size_bytes
        size = Path(str(place)).stat().st_size
    except (OSError, InvalidArgument) as error:
        raise CannotGoOn("INPUT_UNREADABLE", "the input is not there, or cannot be looked at") from error
    if isinstance(source, UploadSource):
        try:
            expected = desk.store.upload(source.upload_id).size_bytes
        except NotFound as error:
            raise CannotGoOn("INPUT_UNREADABLE", error.message) from error
        if size != expected:
            raise CannotGoOn("INPUT_CHANGED", f"the upload has {size} bytes; it was complete with {expected}")
    return size


def open_input(job: Job, place: Path | InputLocation) -> tuple[RowReader, ColumnRoles]:
    """A reader of the input, and what its columns are. Raises CannotGoOn."""
    asked = job.spec.input
    named = named_columns(asked.columns)
    try:
        reader = open_rows(place, input_format(asked.format, asked.compression, asked.csv), named=list(named.values()))
    except (InputUnreadable, InvalidArgument) as error:
        raise CannotGoOn(_code(error), error.message) from error
    try:
        roles = column_roles(reader, job.spec.operation, named)
    except InvalidArgument as error:
        reader.close()
        raise CannotGoOn("COLUMNS_UNCLEAR", error.message) from error
    return reader, roles


def _code(error: InputUnreadable | InvalidArgument) -> str:
    return error.reason if isinstance(error, InputUnreadable) else "INPUT_UNREADABLE"


def _inline(desk: JobDesk, job: Job) -> Path:
    path = desk.folders.inline_input(job.job_id)
    if not path.exists():
        file = local_folder(path.parent).create(path.name)
        try:
            file.stream.write(desk.store.inline_input(job.job_id))
            file.put_in_place()
        except OSError:
            file.discard()
            raise
    return path
