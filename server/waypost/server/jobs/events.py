"""The durable events of a job, which watchers and notifications tell. Frozen; `kind` tells apart what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a job stands where it stands, where that is not the usual course; `code` is UPPER_SNAKE."""

    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The state is another one; `old_state` is None at the creation."""

    old_state: JobState | None
    new_state: JobState
    reason: Reason = field(default_factory=Reason)
    kind: Literal["state_changed"] = "state_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCommitted:
    """The results of these rows are safe."""

    first_row: int
    last_row: int
    rows: RowCounts
    engine_version: str
    kind: Literal["part_committed"] = "part_committed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUpdated:
    """Priority and labels from now on."""

    priority: int
    labels: Mapping[str, str]
    kind: Literal["job_updated"] = "job_updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRestarted:
    """All rows are answered again by another engine."""

    old_engine_version: str
    new_engine_version: str
    kind: Literal["rows_restarted"] = "rows_restarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerChanged:
    """A server took the job over from one that went away; `owners` counts them all."""

    owners: int
    kind: Literal["owner_changed"] = "owner_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRetried:
    """Rows whose worker was lost are tried again."""

    first_row: int
    last_row: int
    attempts: int
    reason: str
    kind: Literal["shard_retried"] = "shard_retried"


Change = StateChanged | PartCommitted | JobUpdated | RowsRestarted | OwnerChanged | ShardRetried


@dataclass(frozen=True, slots=True)
class Event:
    """Something durable that happened to a job, at `sequence` 1, 2, 3 and so on."""

    sequence: int
    time_s: float
    change: Change


@dataclass(frozen=True, slots=True)
class History:
    """Events after a cursor. `complete` is False where older ones after the cursor are no longer kept."""

    events: tuple[Event, ...]
    last_sequence: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Head:
    """What tells whether a watcher missed something: the newest event, and a count of progress writes.

    `finished` tells that the job has ended, so that no more comes.
    """

    last_sequence: int
    progress_version: int
    finished: bool = False
