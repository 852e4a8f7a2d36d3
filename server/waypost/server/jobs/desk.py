"""What a serving process shares about jobs: between those that take them in, work on them and tell of them."""

from __future__ import annotations

from dataclasses import dataclass

from waypost.server.jobs.folders import Folders
from waypost.server.jobs.locations import Root
from waypost.server.jobs.store import JobStore

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRoots:
    """Where callers may name files: inputs are read below the one, outputs written below the other."""

    input: tuple[Root, ...] = ()
    output: tuple[Root, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """Bounds that the operator sets. Those that are the same everywhere are in jobs.proto.

    `max_unfinished` jobs wait or run at a time. `ttl_s` is how long a finished job is kept whose caller did not say.
    An upload is kept `open_upload_ttl_s` after its last byte, `complete_upload_ttl_s` once it is complete.
    `min_free_bytes` of the disk are left to others: who would need them is told that it is full.
    """

    max_unfinished: int = 1_000
    ttl_s: float = 30 * DAY_S
    open_upload_ttl_s: float = DAY_S
    complete_upload_ttl_s: float = 7 * DAY_S
    max_upload_bytes: int = 100 * 1024**3
    min_free_bytes: int = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDesk:
    """The store, the files beside it, and what is allowed. Safe to share between threads."""

    store: JobStore
    folders: Folders
    roots: JobRoots
    limits: JobLimits
