"""What is asked of an executor, and what it tells of the rows that it answered. Values only; all can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pyarrow as pa

from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.row_questions import RowQuestion
from waypost.server.jobs.tallies import Tally
from waypost.server.jobs.writers.files import OutputFile
from waypost.server.jobs.writers.plan import OutputPlan

#: Rows of a shard, 0.1 to 0.5 s of a worker: short enough that others get their turn within a second, long enough
#: that a file, a commit and a message each do not count.
SHARD_ROWS = 32_768


class Halt(IntEnum):
    """How a running task is told to end before its last row."""

    #: The answers so far become a part: for a pause, and to make room for another job.
    KEEP = 1
    #: Nothing is left behind: for a cancellation.
    DISCARD = 2


@dataclass(frozen=True, slots=True, order=True)
class RowRange:
    """Rows of a shard by their place in its file: from `start`, counted from 0, up to but without `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutput:
    """The order to write a part in the form of the job's output too, as the file `path`.

    `inputs` are the input's columns over all of it.
    """

    plan: OutputPlan
    inputs: pa.Schema
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTask:
    """A shard, or a range of its rows, to be answered into a part.

    `task_id` is unique among the tasks that an executor has at a time. `roles` tells for each role of the question
    (see row_questions.py) which input column it is, counted from 0 after `row` and `invalid`. `columns` are result
    columns without `prefix`. `rows` None are all. `output` is heeded where every row of the task was answered.
    """

    task_id: str
    shard_path: Path
    part_path: Path
    snapshot_id: str
    question: RowQuestion
    roles: Mapping[str, int]
    columns: tuple[str, ...] = RESULT_COLUMNS
    prefix: str = "waypost_"
    rows: RowRange | None = None
    output: PartOutput | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """A part that is whole under its final name, but may not outlast a loss of power yet: who commits it syncs it.

    `rows` end before the task's where it was halted with KEEP. `output` is what was written for the task's `output`.
    """

    rows: RowRange
    tally: Tally
    size_bytes: int
    sha256: str
    snapshot_id: str
    engine_version: str
    duration_s: float
    cpu_s: float
    output: OutputFile | None = None
