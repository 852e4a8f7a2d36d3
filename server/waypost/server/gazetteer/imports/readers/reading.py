"""What all readers share: what the user says of a file, and the count of the records that were left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from waypost.server.gazetteer.imports.records import BadRecord, Batch, Progress

#: Rows of a batch: large enough for vector work, a few megabytes.
BATCH_ROWS = 32_768
#: Bad records that are kept to be shown. They are spread over the reasons, for a hundred alike tell no more than one.
MAX_SAMPLES_PER_REASON = 3


class BadRecords:
    """Counts records that were left out, by reason, and keeps the first few of each reason."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.samples: list[BadRecord] = []

    @property
    def count(self) -> int:
        """How many records were left out."""
        return self.reasons.total()

    def add(self, where: str, reason: str) -> None:
        """Counts one record that was left out, and may keep it as a sample."""
        self.reasons[reason] += 1
        if self.reasons[reason] <= MAX_SAMPLES_PER_REASON:
            self.samples.append(BadRecord(where, reason))

    def add_many(self, places: Sequence[int], reason: str, where: Callable[[int], str]) -> None:
        """Counts records at `places`, of which `where` makes words where a sample is kept."""
        if not places:
            return
        for place in places[: max(0, MAX_SAMPLES_PER_REASON - self.reasons[reason])]:
            self.samples.append(BadRecord(where(place), reason))
        self.reasons[reason] += len(places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user says of the files: `columns` maps fields to columns, `country` is for records that tell none.

    An empty `encoding` is found out.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    country: str = ""
    encoding: str = ""


#: Reads files of one format; counts what it leaves out. Raises ImportFailed for a file that is wrong as a whole.
Read = Callable[[Sequence[Path], Wishes, BadRecords, Progress], Iterator[Batch]]


class Steps:
    """Progress over several passes or files: each has a part of the whole, by weight."""

    def __init__(self, weights: Sequence[float], on_progress: Progress) -> None:
        self._weights = [weight or 1.0 for weight in weights]
        self._on_progress = on_progress
        self._done = 0.0
        self._at = 0

    def tell(self, share: float) -> None:
        """Tells what share of the present step is done."""
        weight = self._weights[self._at] if self._at < len(self._weights) else 0.0
        self._on_progress(min(1.0, (self._done + weight * min(1.0, share)) / sum(self._weights)))

    def next(self) -> None:
        """Ends the present step."""
        self.tell(1.0)
        self._done += self._weights[self._at]
        self._at += 1
