"""Records that come one by one, gathered by kind into batches."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from waypost.server.gazetteer.imports.readers.reading import BATCH_ROWS
from waypost.server.gazetteer.imports.records import SCHEMAS, Batch


class Collected:
    """Rows as tuples in the order of their schema; the line of a street or range is given apart, as it is large."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[object, ...]]] = {kind: [] for kind in SCHEMAS}
        self._lines: dict[str, array[float]] = {"street": array("d"), "range": array("d")}
        self._line_ends: dict[str, list[int]] = {"street": [0], "range": [0]}

    def add(self, kind: str, row: tuple[object, ...]) -> None:
        """Adds a record of a kind without a line."""
        self._rows[kind].append(row)

    def add_line(self, kind: str, row: tuple[object, ...], line: Sequence[float]) -> None:
        """Adds a street or a range: its row without the line, and its vertices, longitude before latitude."""
        self._rows[kind].append(row)
        self._lines[kind].extend(line)
        self._line_ends[kind].append(len(self._lines[kind]))

    def full(self) -> Iterator[Batch]:
        """The batches that are large enough."""
        for kind, rows in self._rows.items():
            if len(rows) >= BATCH_ROWS:
                yield self._take(kind)

    def rest(self) -> Iterator[Batch]:
        """All that is left."""
        for kind, rows in self._rows.items():
            if rows:
                yield self._take(kind)

    def _take(self, kind: str) -> Batch:
        rows, self._rows[kind] = self._rows[kind], []
        schema = SCHEMAS[kind]
        columns = iter(zip(*rows, strict=True))
        arrays = [
            self._take_lines(kind) if field.name == "line" else pa.array(next(columns), field.type) for field in schema
        ]
        return Batch(kind, pa.RecordBatch.from_arrays(arrays, schema=schema))

    def _take_lines(self, kind: str) -> pa.Array:
        flat = np.frombuffer(self._lines[kind], np.float64).reshape(-1, 2)[:, ::-1].reshape(-1)
        lines = pa.ListArray.from_arrays(pa.array(self._line_ends[kind], pa.int32()), pa.array(flat))
        self._lines[kind] = array("d")
        self._line_ends[kind] = [0]
        return lines
