"""A job as a caller asks for it: its fields are right one by one; intake.py makes a JobSpec of it, or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from waypost.server.jobs.spec import (
    DEFAULT_FAILURE_POLICY,
    Compression,
    CsvDialect,
    EngineChange,
    FailurePolicy,
    FileFormat,
    InputColumns,
    JobOutput,
    Operation,
    UploadSource,
)
from waypost.server.jobs.states import JobState


@dataclass(frozen=True, slots=True)
class InlineRows:
    """The content of a small file, in the request itself."""

    content: bytes


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file under one of the operator's roots, perhaps."""

    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDraft:
    """A webhook, not checked yet, with its `secrets` as they came."""

    uri: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsDraft:
    """A subject of NATS JetStream, perhaps."""

    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDraft:
    """Who is to be told of what."""

    target: WebhookDraft | NatsDraft
    states: frozenset[JobState]
    committed_parts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDraft:
    """All of it; None is what the caller left open, or what was wrong."""

    operation: Operation | None
    source: InlineRows | UploadSource | NamedFile | None
    format: FileFormat | None = None
    compression: Compression | None = None
    csv: CsvDialect = field(default_factory=CsvDialect)
    columns: InputColumns = field(default_factory=InputColumns)
    output: JobOutput = field(default_factory=JobOutput)
    priority: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    confirmation_required: bool = False
    failure_policy: FailurePolicy = DEFAULT_FAILURE_POLICY
    notifications: tuple[NotificationDraft, ...] = ()
    snapshot_id: str = ""
    engine_change: EngineChange = EngineChange.RESTART
    ttl_s: float | None = None
