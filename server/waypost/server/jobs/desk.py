"""What a serving process shares about jobs: between those that take them in, work on them and tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from waypost.server.config import Config
from waypost.server.errors import ConfigError
from waypost.server.jobs.folders import Folders
from waypost.server.jobs.locations import Root
from waypost.server.jobs.store import JobStore

DAY_S = 86_400.0
_MIB = 1024 * 1024


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


#: Rights of a folder that holds what callers handed in, unless the operator has made it or has given others.
_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDesk:
    """The store, the files beside it, and what is allowed. Safe to share between threads."""

    store: JobStore
    folders: Folders
    roots: JobRoots
    limits: JobLimits

    @classmethod
    def open(cls, config: Config) -> Self:
        """The desk of the settings, its folders and its store made or migrated where needed; blocks.

        Raises ConfigError.
        """
        roots = JobRoots(
            input=tuple(map(Root.parse, config.jobs_input_roots)),
            output=tuple(map(Root.parse, config.jobs_output_roots)),
        )
        folders = Folders(config.jobs_folder)
        try:
            for folder in (folders.root, folders.root / "uploads", folders.root / "jobs"):
                folder.mkdir(_OWNER_ONLY, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"the folder of jobs {folders.root} cannot be made: {error.strerror}") from error
        limits = JobLimits(
            max_unfinished=config.jobs_max_unfinished,
            ttl_s=config.jobs_ttl_s,
            open_upload_ttl_s=config.jobs_open_upload_ttl_s,
            complete_upload_ttl_s=config.jobs_upload_ttl_s,
            max_upload_bytes=config.jobs_max_upload_mib * _MIB,
            min_free_bytes=config.jobs_min_free_mib * _MIB,
        )
        return cls(store=JobStore.open(config.jobs_store_url), folders=folders, roots=roots, limits=limits)


def pinned_snapshots(config: Config) -> frozenset[str]:
    """Ids of the snapshots that unfinished jobs answer from; none where no server has made a store yet."""
    if not config.jobs_store and not (config.jobs_folder / "jobs.sqlite").exists():
        return frozenset()
    with JobStore.open(config.jobs_store_url) as store:
        return store.pinned_snapshots()
