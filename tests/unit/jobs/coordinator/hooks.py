"""What workers of tests do beside their work, and what is done to coordinators. Imported by the workers, by name."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from waypost.server.geocoder.engine import Geocoder
from waypost.server.jobs.coordinator import Coordinator
from waypost.server.jobs.shard import open_shard, work_shard
from waypost.server.jobs.tasks import Halt, PartResult, RowRange, ShardTask

Halted = Callable[[], Halt | None]


def _texts(task: ShardTask) -> set[str]:
    if "query" not in task.roles:
        return set()
    with open_shard(task.shard_path) as shard:
        rows = task.rows or RowRange(0, shard.num_rows)
        return set(shard.column(2 + task.roles["query"]).slice(rows.start, len(rows)).cast("string").to_pylist())


def obedient(geocoder: Geocoder, task: ShardTask, halted: Halted) -> PartResult | None:
    """Works, but does first what a row of the task says.

    KILL kills the worker, HANG lets it hang. GATE waits until the file `gate` is there. SLOW takes half a second for
    many rows.
    """
    texts = _texts(task)
    if "KILL" in texts:
        os.kill(os.getpid(), signal.SIGKILL)
    if "HANG" in texts:
        signal.pause()
    gate = task.shard_path.parents[4] / "gate"
    end_s = time.monotonic() + (0.5 if "SLOW" in texts else 0.0)
    while ("GATE" in texts and not gate.exists()) or time.monotonic() < end_s:
        if halted() is not None:
            return None
        os.sched_yield()
    return work_shard(geocoder, task, halted)


def call_parts_old(database: Path) -> None:
    """Lets all that was answered have been answered by an engine of the past."""
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE jobs SET engine_version = 'old'")
        connection.execute("UPDATE shards SET engine_version = 'old' WHERE engine_version IS NOT NULL")
    connection.close()


def fall_asleep(coordinator: Coordinator) -> None:
    """A server that hangs: its leases are not renewed, and it hears nothing; its workers go on."""
    for service in coordinator._services:
        service.cancel()
    if coordinator._watch is not None:
        coordinator._watch.close()
