"""The values that the engine of jobs speaks of. Frozen; times are seconds since the epoch, rows count from 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from waypost.server.jobs.events import Event, Reason
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import Compression, CsvDialect, FileFormat, JobSpec
from waypost.server.jobs.states import JobState

JOB_TYPE = "waypost.dev/Job"
OPERATION_TYPE = "waypost.dev/Operation"
UPLOAD_TYPE = "waypost.dev/Upload"
DELIVERY_TYPE = "waypost.dev/Delivery"
OUTPUT_FILE_TYPE = "waypost.dev/OutputFile"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A request of ours that changes something: `digest` is a hash of its content, `method` the RPC's name."""

    method: str
    request_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is; cumulative, so that only the latest one matters. None is not known (yet)."""

    rows: RowCounts = field(default_factory=RowCounts)
    total_rows: int | None = None
    read_bytes: int = 0
    total_bytes: int | None = None
    rows_per_second: float = 0.0
    time_left_s: float | None = None
    committed_parts: int = 0
    total_parts: int = 0
    update_time_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightColumn:
    """A column of the input and the field that it is read as, empty where it is only carried through."""

    column: str
    role: str = ""
    guessed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRow:
    """A row that is wrong in itself; `line` is 0 and `byte_offset` None where they are not known."""

    row: int
    reason: str
    byte_offset: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a look at the head of an input found. Shares are 0 to 1 of the sample."""

    format: FileFormat
    compression: Compression
    csv: CsvDialect | None
    columns: tuple[PreflightColumn, ...]
    sample_rows: int
    matched_share: float
    invalid_share: float
    invalid_rows: tuple[InvalidRow, ...]
    total_rows: int
    total_rows_estimated: bool
    estimated_time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is stored; `spec` is what was asked.

    `etag` changes with state, priority and labels; `last_sequence` is the newest event. `prepared` tells that every
    row is in a shard, `confirmed` that ConfirmJob came. `lease_token` counts the owners so far.
    """

    job_id: str
    spec: JobSpec
    priority: int
    labels: Mapping[str, str]
    state: JobState
    reason: Reason
    progress: Progress
    preflight: Preflight | None
    engine_version: str
    create_time_s: float
    update_time_s: float
    start_time_s: float | None
    end_time_s: float | None
    expire_time_s: float | None
    etag: str
    last_sequence: int
    prepared: bool
    confirmed: bool
    operation_deleted: bool
    lease_token: int

    @property
    def name(self) -> str:
        """The resource name."""
        return f"jobs/{self.job_id}"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job. `token` grows with each owner: a write with an older one is refused."""

    job_id: str
    owner: str
    token: int


class ShardState(IntEnum):
    """Where a shard stands."""

    #: Waits for a worker; after a crash as well.
    PENDING = 1
    #: In the hands of the owner's workers; the next owner of the job finds it PENDING.
    LEASED = 2
    #: Its part is committed; stays so after a crash.
    DONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShard:
    """Rows that go to a worker together, in a file of their own."""

    first_row: int
    last_row: int
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a worker made of a shard: a file that is on disk under its final name, and its SHA-256 in hex."""

    file: str
    size_bytes: int
    sha256: str
    rows: RowCounts
    engine_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A shard as it is stored; `first_row` is its key within the job. `part` with DONE.

    `reason` is why a worker was lost over it last, `pieces` what is known of its rows since (poison.py).
    """

    job_id: str
    first_row: int
    last_row: int
    file: str
    state: ShardState
    attempts: int
    part: Part | None
    reason: str
    pieces: tuple[tuple[int, int, int, str], ...] = ()


class UploadState(IntEnum):
    """What can be done with an upload; the numbers are those of the API."""

    OPEN = 1
    COMPLETE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that a caller hands in. `size_bytes` is 0 until it is known, `sha256` (hex) empty until COMPLETE."""

    upload_id: str
    state: UploadState
    committed_bytes: int
    size_bytes: int
    sha256: str
    create_time_s: float
    expire_time_s: float

    @property
    def name(self) -> str:
        """The resource name."""
        return f"uploads/{self.upload_id}"


class OutputFileKind(IntEnum):
    """What an output file is; the numbers are those of the API."""

    RESULTS = 1
    REPORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A final file of a job; `file` is its name in its folder, `uri` is empty where the server keeps it."""

    file: str
    kind: OutputFileKind
    uri: str
    size_bytes: int
    sha256: str
    row_count: int


class DeliveryState(IntEnum):
    """What became of a notification; the numbers are those of the API."""

    #: To be tried at `next_attempt_time_s`; after a crash it is tried again, under the same event id.
    PENDING = 1
    DELIVERED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One try; `http_status` is 0 where none came back, `error` empty where it was delivered."""

    attempt_time_s: float
    duration_s: float
    http_status: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notification to one target, which is `spec.notifications[target]` of the job.

    `event_id` is the same on every try; `tries` counts since the last redelivery, `attempts` are the last 50.
    `receiver` is the host that it goes to, or "nats".
    """

    delivery_id: str
    job_id: str
    event: Event
    event_id: str
    target: int
    receiver: str
    state: DeliveryState
    tries: int
    attempts: tuple[DeliveryAttempt, ...]
    next_attempt_time_s: float | None
    create_time_s: float

    @property
    def name(self) -> str:
        """The resource name."""
        return f"jobs/{self.job_id}/deliveries/{self.delivery_id}"


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """Part of a list. `next_position` goes on behind it, empty at the end; transport makes a token of it."""

    items: tuple[_T, ...]
    next_position: str
