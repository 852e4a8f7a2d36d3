"""Counts what a report tells of rows, from their answers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.tasks import CONFIDENCE_BINS, REASON_SAMPLES, ReasonCount, Tally

FAILED = "failed"


def count(rows: pa.ChunkedArray, answers: pa.RecordBatch) -> Tally:
    """The tally of rows with these numbers; `answers` has status, reason, precision and confidence among others."""
    statuses = _counted(answers.column("status"))
    confidences = answers.column("confidence").drop_null().to_numpy(zero_copy_only=False)
    bins = np.minimum((confidences * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    return Tally(
        RowCounts(**statuses),
        dict(sorted(_counted(answers.column("precision")).items())),
        tuple(np.bincount(bins, minlength=CONFIDENCE_BINS).tolist()),
        _reasons(rows, answers.column("status"), answers.column("reason")),
    )


def _reasons(rows: pa.ChunkedArray, statuses: pa.Array, reasons: pa.Array) -> tuple[ReasonCount, ...]:
    there = reasons.is_valid()
    rows, statuses, reasons = rows.filter(there), statuses.filter(there), reasons.filter(there)
    found = []
    for status in statuses.unique().to_pylist():
        of_status = pc.equal(statuses, status)
        for reason, number in _counted(reasons.filter(of_status)).items():
            samples = rows.filter(pc.and_(of_status, pc.equal(reasons, reason))).slice(0, REASON_SAMPLES)
            found.append(ReasonCount(status, reason, number, tuple(samples.to_pylist())))
    return tuple(sorted(found, key=lambda one: (one.status, one.reason)))


def _counted(texts: pa.Array) -> dict[str, int]:
    pairs = pc.value_counts(texts.drop_null())
    values, counts = pairs.flatten()
    return dict(zip(values.to_pylist(), counts.to_pylist(), strict=True))
