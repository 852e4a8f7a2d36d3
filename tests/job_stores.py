"""What tests of the job store share: a clock to turn by hand, and jobs of little content."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from waypost.server.jobs.model import Job, Lease, NewShard, Part
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import GeocodeOperation, InlineSource, JobInput, JobSpec
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore

START_S = 1_800_000_000.0
LEASE_S = 10.0


def store_in(folder: Path) -> str:
    """The URL of the store in a folder; where there is none yet, of an empty one that has its tables.

    They are copied: to make them takes longer than most tests of a store.
    """
    path = folder / "jobs.sqlite"
    if not path.exists():
        path.write_bytes(_empty())
    return f"sqlite:///{path}"


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.sqlite"
        JobStore.open(f"sqlite:///{path}").close()
        return path.read_bytes()


class HandClock:
    """Seconds since the epoch that pass only when told to."""

    def __init__(self) -> None:
        self.now_s = START_S

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def spec(**fields: Any) -> JobSpec:
    given: dict[str, Any] = {
        "operation": GeocodeOperation(),
        "input": JobInput(source=InlineSource(size_bytes=6)),
        "snapshot_id": "s1",
        "ttl_s": 3_600.0,
    }
    return JobSpec(**(given | fields))


def claimed(store: JobStore, owner: str = "one") -> tuple[Job, Lease]:
    taken = store.claim_job(owner, lease_s=LEASE_S)
    assert taken is not None
    return taken


def running(store: JobStore, *, rows: int = 30, shard_rows: int = 10, **fields: Any) -> Lease:
    """The lease of a new job in RUNNING whose rows are in shards."""
    store.create_job(spec(**fields))
    _, lease = claimed(store)
    store.advance(lease, JobState.PREPARING)
    store.add_shards(lease, new_shards(rows, shard_rows))
    store.advance(lease, JobState.RUNNING)
    return lease


def new_shards(rows: int, shard_rows: int) -> list[NewShard]:
    return [
        NewShard(first_row=first, last_row=min(rows, first + shard_rows - 1), file="rows.arrow")
        for first in range(1, rows + 1, shard_rows)
    ]


def part(matched: int = 10, **counts: int) -> Part:
    return Part(
        file="part.arrow", size_bytes=100, sha256="0" * 64, rows=RowCounts(matched=matched, **counts),
        engine_version="e1",
    )  # fmt: skip


@contextmanager
def without_table(database: Path, table: str) -> Iterator[None]:
    """Takes a table away from the store for a while: an error of the database that nobody foresaw."""
    with closing(sqlite3.connect(database, timeout=30.0, isolation_level=None)) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        yield
        connection.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")
