"""What workers of tests do with a task instead of working on it. Imported by the workers, by name."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from waypost.server.geocoder.engine import Geocoder
from waypost.server.jobs.shard import open_shard, work_shard
from waypost.server.jobs.tasks import Halt, PartResult, RowRange, ShardTask

Halted = Callable[[], Halt | None]


def started_path(task: ShardTask) -> Path:
    """A named pipe that `endless` opens when it begins: reading it waits for that."""
    return task.part_path.with_suffix(".started")


def deadly(geocoder: Geocoder, task: ShardTask, halted: Halted) -> PartResult | None:
    """Works, unless a row of the task says how to die."""
    with open_shard(task.shard_path) as shard:
        rows = task.rows or RowRange(0, shard.num_rows)
        texts = set(shard.column(2).slice(rows.start, len(rows)).to_pylist())
    if "KILL" in texts:
        os.kill(os.getpid(), signal.SIGKILL)
    if "SEGFAULT" in texts:
        ctypes.string_at(0)
    if "RAISE" in texts:
        raise RuntimeError("a row that the engine cannot bear")
    if "HANG" in texts:
        signal.pause()
    if "FULL" in texts:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return work_shard(geocoder, task, halted)


def endless(geocoder: Geocoder, task: ShardTask, halted: Halted) -> PartResult | None:
    """Tells that it has begun, and works on the first row until it is halted; then as work_shard does."""
    started_path(task).write_text("begun")
    while (halt := halted()) is None:
        geocoder.geocode_texts(pa.array(["Munich"] * 100), task.question.filter, ("status",))  # type: ignore[union-attr]
    answers = iter([halt] if halt is Halt.DISCARD else [None, halt])
    return work_shard(geocoder, task, lambda: next(answers))
