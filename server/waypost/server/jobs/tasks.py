"""What is asked of an executor, and what it tells of the rows that it answered. Values only; all can be pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.row_questions import RowQuestion
from waypost.server.jobs.rows import RowCounts

#: Rows of a shard, 0.1 to 0.5 s of a worker: short enough that others get their turn within a second, long enough
#: that a file, a commit and a message each do not count.
SHARD_ROWS = 32_768
#: Rows of each record batch of a part. Shards with batches of this size are copied least.
BATCH_ROWS = 8_192

#: Bins of equal width that confidences from 0 to 1 are counted in; 1 itself is in the last.
CONFIDENCE_BINS = 10
#: Row numbers that are kept of each reason, the first ones.
REASON_SAMPLES = 10


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
class ShardTask:
    """A shard, or a range of its rows, to be answered into a part.

    `task_id` is unique among the tasks that an executor has at a time. `roles` tells for each role of the question
    (see row_questions.py) which input column it is, counted from 0 after `row` and `invalid`. `columns` are result
    columns without `prefix`. `rows` None are all.
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


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Rows of one status and reason: how many, and the numbers of the first ones."""

    status: str
    reason: str
    count: int
    sample_rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a report tells of rows: their counts, precisions by name, confidences in bins, reasons in their order."""

    counts: RowCounts = field(default_factory=RowCounts)
    precisions: Mapping[str, int] = field(default_factory=dict)
    confidences: tuple[int, ...] = (0,) * CONFIDENCE_BINS
    reasons: tuple[ReasonCount, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        names = sorted({*self.precisions, *other.precisions})
        reasons: dict[tuple[str, str], ReasonCount] = {}
        for found in (*self.reasons, *other.reasons):
            key = (found.status, found.reason)
            known = reasons.get(key, ReasonCount(*key, 0, ()))
            samples = tuple(sorted((*known.sample_rows, *found.sample_rows))[:REASON_SAMPLES])
            reasons[key] = ReasonCount(*key, known.count + found.count, samples)
        return Tally(
            self.counts + other.counts,
            {name: self.precisions.get(name, 0) + other.precisions.get(name, 0) for name in names},
            tuple(mine + theirs for mine, theirs in zip(self.confidences, other.confidences, strict=True)),
            tuple(reasons[key] for key in sorted(reasons)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """A part that is on disk under its final name. `rows` end before the task's where it was halted with KEEP."""

    rows: RowRange
    tally: Tally
    size_bytes: int
    sha256: str
    snapshot_id: str
    engine_version: str
    duration_s: float
    cpu_s: float
