"""What a report tells of rows, counted part by part and added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.jobs.rows import RowCounts

#: Bins of equal width that confidences from 0 to 1 are counted in; 1 itself is in the last.
CONFIDENCE_BINS = 10
#: Rows that are kept of each reason as examples, the first ones.
REASON_SAMPLES = 10
#: The result columns that are counted.
COUNTED_COLUMNS = ("status", "reason", "precision", "confidence")


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


def count_rows(rows: pa.Array | pa.ChunkedArray, answers: pa.RecordBatch) -> Tally:
    """The tally of rows with these numbers; `answers` has COUNTED_COLUMNS among others, without a prefix.

    Statuses are "matched", "unmatched", "invalid" and "failed".
    """
    confidences = answers.column("confidence").drop_null().to_numpy(zero_copy_only=False)
    bins = np.minimum((confidences * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    return Tally(
        RowCounts(**_counted(answers.column("status"))),
        dict(sorted(_counted(answers.column("precision")).items())),
        tuple(np.bincount(bins, minlength=CONFIDENCE_BINS).tolist()),
        tuple(_reasons(rows, answers.column("status"), answers.column("reason"))),
    )


def _reasons(rows: pa.Array | pa.ChunkedArray, statuses: pa.Array, reasons: pa.Array) -> list[ReasonCount]:
    there = reasons.is_valid()
    rows, statuses, reasons = rows.filter(there), statuses.filter(there), reasons.filter(there)
    found = []
    for status in statuses.unique().to_pylist():
        of_status = pc.equal(statuses, status)
        for reason, number in _counted(reasons.filter(of_status)).items():
            samples = rows.filter(pc.and_(of_status, pc.equal(reasons, reason))).slice(0, REASON_SAMPLES)
            found.append(ReasonCount(status, reason, number, tuple(samples.to_pylist())))
    return sorted(found, key=lambda one: (one.status, one.reason))


def _counted(texts: pa.Array) -> dict[str, int]:
    values, counts = pc.value_counts(texts.drop_null()).flatten()
    return dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))
