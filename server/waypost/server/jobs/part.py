"""Part files: Arrow IPC, written under a temporary name and complete under the final one, or not there at all."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from waypost.server.geocoder.columns import RESULT_COLUMNS

ROW_COLUMN = "row"
#: Rows of each record batch of a shard and of a part, so that pieces are cut where batches end and copied least.
BATCH_ROWS = 8_192
#: Every writer has a name of its own, so that two that a crash left with the same shard do not write into one file.
_TEMPORARY_SUFFIX = ".writing"

_TOKEN = re.compile(r"part-\d+-(\d+)")
_NUMBERS = frozenset({"latitude", "longitude", "accuracy_m", "confidence", "distance_m"})


def part_name(first_row: int, token: int) -> str:
    """The name of the part of a shard, with its owner's token, so that one that was fenced off cannot replace it."""
    return f"part-{first_row:012}-{token}.arrow"


def token_of(name: str) -> int:
    """The token in the name of a part, or of any file that was written on the way to it; 0 where there is none."""
    found = _TOKEN.search(name)
    return int(found[1]) if found else 0


class PartWriter:
    """Writes one part. Its bytes depend on the rows alone, not on how they were handed in."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self.schema = schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        descriptor, name = tempfile.mkstemp(_TEMPORARY_SUFFIX, f".{path.name}.", path.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(descriptor, "w+b")
        self._writer = pa.ipc.new_file(self._file, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Adds rows; they are written in batches of BATCH_ROWS."""
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= BATCH_ROWS:
            self._flush(self._waiting_rows - self._waiting_rows % BATCH_ROWS)

    def commit(self) -> tuple[int, str]:
        """Size and SHA-256 (hex) of the part, which has its final name when this returns; it is not synced yet."""
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        self._writer.close()
        self._file.flush()
        size_bytes = self._file.tell()
        self._file.seek(0)
        digest = hashlib.file_digest(self._file, "sha256").hexdigest()
        self._temporary.replace(self._path)
        return size_bytes, digest

    def close(self) -> None:
        """Closes the file, and removes it if it was not committed."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def _flush(self, rows: int) -> None:
        table = pa.Table.from_batches(self._waiting, self.schema)
        # One chunk a column, so that a batch is cut where the grid says and not where a chunk ends.
        for start in range(0, rows, BATCH_ROWS):
            piece = table.slice(start, min(BATCH_ROWS, rows - start)).combine_chunks()
            for batch in piece.to_batches():
                self._writer.write_batch(batch)
        self._waiting = table.slice(rows).to_batches()
        self._waiting_rows -= rows


@contextmanager
def writing_part(path: Path, schema: pa.Schema) -> Iterator[PartWriter]:
    """A writer of the part at `path`, of which nothing is left unless it is committed. Raises OSError."""
    part = PartWriter(path, schema)
    try:
        yield part
    finally:
        part.close()


def part_schema(input_fields: Iterable[pa.Field], columns: Sequence[str], prefix: str) -> pa.Schema:
    """`row`, the input's columns, and the result columns with their prefix; names may repeat."""
    results = [pa.field(prefix + name, result_type(name)) for name in columns]
    return pa.schema([pa.field(ROW_COLUMN, pa.int64()), *input_fields, *results])


def result_type(column: str) -> pa.DataType:
    """The type of a result column, as geocoding.proto tells. Raises KeyError for another name."""
    if column not in RESULT_COLUMNS:
        raise KeyError(column)
    return pa.float64() if column in _NUMBERS else pa.string()
