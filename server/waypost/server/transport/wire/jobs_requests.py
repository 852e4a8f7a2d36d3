"""Requests about jobs, operations and uploads: their names, ids, masks and cursors, every wrong field named."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from google.longrunning import operations_pb2
from google.protobuf.message import Message

from waypost.server.errors import FieldViolation, InvalidArgument, NotSupported
from waypost.server.jobs.draft import JobDraft
from waypost.server.jobs.filter import Filter, parse_filter
from waypost.server.jobs.model import RequestKey
from waypost.server.transport.wire import fields
from waypost.server.transport.wire.fields import Violations
from waypost.server.transport.wire.jobs_draft import check_label_key, read_draft, read_labels, read_priority
from waypost.server.transport.wire.pages import BY_TIME_AND_ID, page_token, read_page
from waypost.v1 import jobs_pb2 as pb

MAX_CHUNK_BYTES = 1024 * 1024
DEFAULT_PAGE = 20
MAX_PAGE = 100


class NamedRequest(Protocol):
    """What every request about one resource has."""

    name: str


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """The changes that UpdateJob asks for; None as a label removes it."""

    job_id: str
    etag: str
    priority: int | None
    labels: Mapping[str, str | None] | None
    replace_labels: bool
    key: RequestKey | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of an upload, and whether the file ends with them."""

    offset: int
    data: bytes
    finish: bool
    sha256: str


@dataclass(frozen=True, slots=True)
class JobList:
    """The page of a list: how many, behind which position, and which jobs; `arguments` bind its tokens."""

    method: str
    arguments: tuple[str, ...]
    size: int
    position: str
    filter: Filter | None

    def token(self, position: str) -> str:
        """The token that leads to the next page."""
        return page_token(self.method, position, self.arguments)


def refuse(violations: Violations) -> None:
    """Raises InvalidArgument where there are any."""
    if violations:
        raise InvalidArgument(violations)


def request_key(method: str, request: Message, violations: Violations) -> RequestKey | None:
    """Under what a request with a `request_id` is remembered; None for one without."""
    request_id: str = getattr(request, "request_id")  # noqa: B009 - messages have no common type with this field
    if not request_id:
        return None
    try:
        parsed = uuid.UUID(request_id)
    except ValueError:
        parsed = None
    if parsed is None or parsed.version != 4 or str(parsed) != request_id.lower():
        allowed = 'a UUID4 such as "7d3b0c5e-1f0a-4c59-9c3e-0a8f6f1d2b4c"'
        violations.append(FieldViolation("request_id", request_id, allowed))
    cleared = type(request)()
    cleared.CopyFrom(request)
    cleared.ClearField("request_id")
    digest = hashlib.sha256(cleared.SerializeToString(deterministic=True)).hexdigest()
    return RequestKey(method, request_id.lower(), digest)


def new_job(request: pb.CreateJobRequest) -> tuple[JobDraft, Violations, RequestKey | None]:
    """The draft, what is wrong with it so far, and the key."""
    violations: Violations = []
    key = request_key("CreateJob", request, violations)
    return read_draft(request.job, violations), violations, key


def one_job(request: NamedRequest, *, collection: str = "jobs") -> str:
    """The id of the job that the request names. Raises InvalidArgument."""
    violations: Violations = []
    job_id = fields.read_resource_id("name", request.name, collection, violations)
    refuse(violations)
    return job_id


def changed_job(method: str, request: NamedRequest, *, collection: str = "jobs") -> tuple[str, RequestKey | None]:
    """The id of what the request names, and the key of the request. Raises InvalidArgument."""
    violations: Violations = []
    assert isinstance(request, Message)  # noqa: S101 - narrows the type
    key = request_key(method, request, violations)
    resource_id = fields.read_resource_id("name", request.name, collection, violations)
    refuse(violations)
    return resource_id, key


def parent_job(parent: str) -> str:
    """The id of the job whose things are listed. Raises InvalidArgument."""
    violations: Violations = []
    job_id = fields.read_resource_id("parent", parent, "jobs", violations)
    refuse(violations)
    return job_id


def child_of_job(name: str, collection: str) -> tuple[str, str]:
    """The ids in "jobs/{job}/{collection}/{child}". Raises InvalidArgument."""
    parts = name.split("/")
    violations: Violations = []
    if len(parts) != 4 or parts[2] != collection or not parts[3]:
        allowed = f'"jobs/", the id of a job, "/{collection}/" and the last part of its name'
        violations.append(FieldViolation("name", name, allowed))
        refuse(violations)
    job_id = fields.read_resource_id("name", "/".join(parts[:2]), "jobs", violations)
    refuse(violations)
    return job_id, parts[3]


def delivery(request: pb.RedeliverNotificationRequest) -> tuple[str, str, RequestKey | None]:
    """The ids of job and delivery, and the key. Raises InvalidArgument."""
    violations: Violations = []
    key = request_key("RedeliverNotification", request, violations)
    refuse(violations)
    return (*child_of_job(request.name, "deliveries"), key)


def update(request: pb.UpdateJobRequest) -> JobUpdate:
    """The changes. Raises InvalidArgument, also for a field that cannot be changed."""
    violations: Violations = []
    key = request_key("UpdateJob", request, violations)
    job = request.job
    job_id = fields.read_resource_id("job.name", job.name, "jobs", violations)
    paths = list(request.update_mask.paths)
    if not paths:
        paths = [name for name, given in (("priority", job.priority), ("labels", job.labels)) if given]
    labels = read_labels(job, violations)
    priority: int | None = None
    changed: dict[str, str | None] | None = None
    for path in paths:
        field, _, label = path.partition(".")
        if path == "priority":
            priority = read_priority(job.priority, violations)
        elif path == "labels":
            changed = {**labels}
        elif field == "labels" and label:
            check_label_key("update_mask", label, violations)
            changed = (changed or {}) | {label: labels.get(label)}
        else:
            allowed = '"priority", "labels" or "labels." and a key; nothing else can be changed'
            violations.append(FieldViolation("update_mask", path, allowed))
    refuse(violations)
    return JobUpdate(job_id, job.etag, priority, changed, "labels" in paths, key)


def job_list(method: str, request: pb.ListJobsRequest) -> JobList:
    """The page of jobs that is asked for. Raises InvalidArgument."""
    violations: Violations = []
    return _listed(method, request, violations)


def operation_list(method: str, request: operations_pb2.ListOperationsRequest) -> JobList:
    """The page of operations that is asked for. Raises InvalidArgument, NotSupported."""
    if request.return_partial_success:
        raise NotSupported("return_partial_success is true; allowed: false, for there is one collection")
    violations: Violations = []
    if request.name not in ("", "operations"):
        violations.append(FieldViolation("name", request.name, '"operations", or nothing'))
    return _listed(method, request, violations)


def waited(request: operations_pb2.WaitOperationRequest, longest_s: float) -> tuple[str, float]:
    """The id of the job, and for how many seconds to wait. Raises InvalidArgument."""
    violations: Violations = []
    job_id = fields.read_resource_id("name", request.name, "operations", violations)
    timeout_s = request.timeout.seconds + request.timeout.nanos / 1e9 if request.HasField("timeout") else longest_s
    if timeout_s < 0:
        violations.append(FieldViolation("timeout", f"{timeout_s:g} seconds", "0 or more"))
    refuse(violations)
    return job_id, min(timeout_s, longest_s)


def _listed(
    method: str, request: pb.ListJobsRequest | operations_pb2.ListOperationsRequest, violations: Violations
) -> JobList:
    size, position, chosen = 0, "", None
    arguments = (request.filter,)
    try:
        size, position = read_page(method, request, DEFAULT_PAGE, MAX_PAGE, BY_TIME_AND_ID, arguments)
    except InvalidArgument as error:
        violations += error.violations
    try:
        chosen = parse_filter(request.filter)
    except InvalidArgument as error:
        violations += error.violations
    refuse(violations)
    return JobList(method, arguments, size, position, chosen)


def watched(request: pb.WatchJobRequest) -> tuple[str, int | None]:
    """The id of the job, and the cursor, None for a snapshot first. Raises InvalidArgument."""
    violations: Violations = []
    job_id = fields.read_resource_id("name", request.name, "jobs", violations)
    after = request.after_sequence if request.HasField("after_sequence") else None
    if after is not None and after < 0:
        violations.append(FieldViolation("after_sequence", after, "0 or more"))
    refuse(violations)
    return job_id, after


def results(request: pb.ReadResultsRequest) -> tuple[str, int, bool]:
    """The id of the job, the row to go on behind, and whether Arrow is wanted. Raises InvalidArgument."""
    violations: Violations = []
    job_id = fields.read_resource_id("name", request.name, "jobs", violations)
    if request.after_row < 0:
        violations.append(FieldViolation("after_row", request.after_row, "0 or more"))
    if request.encoding not in pb.RowEncoding.values():
        allowed = "ROW_ENCODING_NDJSON, ROW_ENCODING_ARROW"
        violations.append(FieldViolation("encoding", request.encoding, allowed))
    refuse(violations)
    return job_id, request.after_row, request.encoding == pb.ROW_ENCODING_ARROW


def output_file(request: pb.ReadOutputFileRequest) -> tuple[str, str, int]:
    """The id of the job, the name of the file, and the first byte wanted. Raises InvalidArgument."""
    if request.read_offset < 0:
        raise InvalidArgument([FieldViolation("read_offset", request.read_offset, "0 or more")])
    return (*child_of_job(request.name, "files"), request.read_offset)


def new_upload(request: pb.CreateUploadRequest, max_bytes: int) -> tuple[int, RequestKey | None]:
    """The size that is told, 0 = not known yet, and the key. Raises InvalidArgument."""
    violations: Violations = []
    key = request_key("CreateUpload", request, violations)
    size_bytes = request.upload.size_bytes
    if not 0 <= size_bytes <= max_bytes:
        violations.append(FieldViolation("upload.size_bytes", size_bytes, f"0 to {max_bytes} bytes"))
    refuse(violations)
    return size_bytes, key


def first_chunk(request: pb.UploadInputRequest) -> str:
    """The id of the upload that the first message names. Raises InvalidArgument."""
    violations: Violations = []
    upload_id = fields.read_resource_id("upload", request.upload, "uploads", violations)
    refuse(violations)
    return upload_id


def chunk(request: pb.UploadInputRequest, *, first: bool) -> Chunk:
    """The bytes of a message. Raises InvalidArgument."""
    violations: Violations = []
    if request.upload and not first:
        violations.append(FieldViolation("upload", request.upload, "empty after the first message"))
    if request.offset < 0:
        violations.append(FieldViolation("offset", request.offset, "0 or more"))
    if len(request.data) > MAX_CHUNK_BYTES:
        violations.append(FieldViolation("data", f"{len(request.data)} bytes", f"at most {MAX_CHUNK_BYTES} bytes"))
    digest = request.sha256.lower()
    if digest and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
        violations.append(FieldViolation("sha256", request.sha256, "64 hexadecimal digits, or nothing"))
    if digest and not request.finish:
        violations.append(FieldViolation("sha256", request.sha256, "empty without finish"))
    refuse(violations)
    return Chunk(request.offset, request.data, request.finish, digest)
