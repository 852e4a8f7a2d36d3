"""What a caller asks a job to do: checked, frozen, and never changed once the job is taken.

Priority and labels are not here, because they can be edited. See jobs.proto for each field. `kind` tells apart
what is written as JSON; see codec.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from waypost.server.jobs.states import JobState
from waypost.server.model import GeocodeFilter, PlaceType


class FileFormat(IntEnum):
    """The formats of files; the numbers are those of the API. GeoParquet is read as Parquet."""

    CSV = 1
    NDJSON = 2
    PARQUET = 3
    GEOPARQUET = 4


class Compression(IntEnum):
    """How a file is compressed as a whole; the numbers are those of the API. Parquet packs its own pages instead."""

    NONE = 1
    GZIP = 2
    ZSTD = 3


class OutputLayout(IntEnum):
    """How the output is cut into files; the numbers are those of the API."""

    ONE_FILE = 1
    PARTS = 2


class OutputRows(IntEnum):
    """Which rows are written; the numbers are those of the API."""

    ALL = 1
    NOT_MATCHED = 2


class FailureAction(IntEnum):
    """What happens when a share of the failure policy is passed; the numbers are those of the API."""

    PAUSE = 1
    FAIL = 2


class EngineChange(IntEnum):
    """What to do with parts that another engine made; the numbers are those of the API."""

    RESTART = 1
    CONTINUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GeocodeOperation:
    """Rows of text or address fields to places."""

    filter: GeocodeFilter = field(default_factory=GeocodeFilter)
    kind: Literal["geocode"] = "geocode"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseGeocodeOperation:
    """Rows of coordinates to places; `radius_m` 1 to 500,000."""

    place_types: frozenset[PlaceType] = frozenset()
    radius_m: float = 50_000.0
    kind: Literal["reverse_geocode"] = "reverse_geocode"


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPlaceOperation:
    """Rows of place ids to places."""

    kind: Literal["get_place"] = "get_place"


Operation = GeocodeOperation | ReverseGeocodeOperation | GetPlaceOperation


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineSource:
    """Rows in the request itself; the store keeps their bytes, see `JobStore.inline_input`."""

    size_bytes: int
    kind: Literal["inline"] = "inline"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSource:
    """A complete upload."""

    upload_id: str
    kind: Literal["upload"] = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class UriSource:
    """A file below an allowed root, and what it was when the job was taken; `etag` is empty where there is none."""

    uri: str
    size_bytes: int
    modified_ns: int
    etag: str = ""
    kind: Literal["uri"] = "uri"


Source = InlineSource | UploadSource | UriSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How a CSV file is written; None is detected."""

    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    header: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputColumns:
    """Which columns are what; empty is guessed from their names. `address` maps an address field to a column."""

    query: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    latitude: str = ""
    longitude: str = ""
    place_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInput:
    """Where the rows come from; None is told by the first bytes."""

    source: Source
    format: FileFormat | None = None
    compression: Compression | None = None
    csv: CsvDialect = field(default_factory=CsvDialect)
    columns: InputColumns = field(default_factory=InputColumns)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutput:
    """Where the answers go; no `uri` = kept by the server, no `format` = that of the input, no `columns` = all."""

    uri: str = ""
    format: FileFormat | None = None
    layout: OutputLayout = OutputLayout.ONE_FILE
    rows: OutputRows = OutputRows.ALL
    columns: tuple[str, ...] = ()
    column_prefix: str = "waypost_"
    compression: Compression = Compression.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """When to give up on a bad input. Shares are 0 to 1 of the rows done, None = no bound; `min_rows` at least 1."""

    max_invalid_failed_share: float | None = None
    max_unmatched_share: float | None = None
    min_rows: int = 1_000
    action: FailureAction = FailureAction.PAUSE


#: What holds where the caller gives no policy at all.
DEFAULT_FAILURE_POLICY = FailurePolicy(max_invalid_failed_share=0.5)

#: What is told where the caller names no states.
DEFAULT_NOTIFIED_STATES = frozenset({
    JobState.AWAITING_CONFIRMATION, JobState.PAUSED, JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED, JobState.FAILED,
    JobState.CANCELLED,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An HTTP endpoint. `sealed_secrets` are encrypted keys as text, which only the sender can open."""

    uri: str
    sealed_secrets: tuple[str, ...] = ()
    secret_name: str = ""
    kind: Literal["webhook"] = "webhook"

    @property
    def shown(self) -> str:
        """The target as callers see it."""
        return self.uri


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsTarget:
    """A subject of NATS JetStream."""

    subject: str
    kind: Literal["nats"] = "nats"

    @property
    def shown(self) -> str:
        """The target as callers see it."""
        return f"nats:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Who is told of what: entering one of `states`, and each committed part if asked."""

    target: WebhookTarget | NatsTarget
    states: frozenset[JobState] = DEFAULT_NOTIFIED_STATES
    committed_parts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """All of it. `snapshot_id` is the pinned one; `ttl_s` is how long the job is kept once it has finished."""

    operation: Operation
    input: JobInput
    snapshot_id: str
    ttl_s: float
    output: JobOutput = field(default_factory=JobOutput)
    confirmation_required: bool = False
    failure_policy: FailurePolicy = DEFAULT_FAILURE_POLICY
    notifications: tuple[Notification, ...] = ()
    engine_change: EngineChange = EngineChange.RESTART
