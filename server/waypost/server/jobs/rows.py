"""What can become of the rows of a job, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """What became of rows; each row is exactly one of these."""

    matched: int = 0
    unmatched: int = 0
    invalid: int = 0
    failed: int = 0

    @property
    def done(self) -> int:
        """Rows that something became of."""
        return self.matched + self.unmatched + self.invalid + self.failed

    def __add__(self, other: RowCounts) -> RowCounts:
        return RowCounts(
            matched=self.matched + other.matched,
            unmatched=self.unmatched + other.unmatched,
            invalid=self.invalid + other.invalid,
            failed=self.failed + other.failed,
        )
