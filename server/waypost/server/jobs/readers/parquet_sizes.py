"""How many rows of a Parquet file may be read at once, so that they take no more memory than is meant."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.parquet as pq

#: Of so many row groups, evenly spread, the first rows are read beforehand: one, two, four, at most so many.
_PROBED_GROUPS, _PROBED_ROWS = 8, 64


def rows_within(file: pq.ParquetFile, most_bytes: int, most_rows: int, columns: Collection[str] | None = None) -> int:
    """At least one row, at most `most_rows`, of about `most_bytes` by what the file tells and its first rows show.

    Wide cells that are all alike are packed to next to nothing: what they take is only seen once they are read.
    """
    metadata = file.metadata
    encoded = 0
    for group in range(file.num_row_groups):
        chunks = map(metadata.row_group(group).column, range(metadata.row_group(group).num_columns))
        encoded += sum(
            chunk.total_uncompressed_size
            for chunk in chunks
            if columns is None or chunk.path_in_schema.partition(".")[0] in columns
        )
    seen = max((_row_bytes(file, group, most_bytes, columns) for group in _spread(file.num_row_groups)), default=0)
    row_bytes: int = max(encoded // max(metadata.num_rows, 1), seen, 1)
    return max(1, min(most_rows, most_bytes // row_bytes))


def unpacked(column: pa.Array) -> pa.Array:
    """The column without a dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _spread(groups: int) -> range:
    return range(0, groups, max(1, -(-groups // _PROBED_GROUPS)))


def _row_bytes(file: pq.ParquetFile, group: int, most_bytes: int, columns: Collection[str] | None) -> int:
    """What a row takes in memory, by the first ones of a row group; no more are read than `most_bytes` ask for."""
    names = None if columns is None else list(columns)
    rows = 1
    while True:
        try:
            heads = file.iter_batches(batch_size=rows, row_groups=[group], columns=names, use_threads=False)
            head = next(heads, None)
            taken: int = 0 if head is None else sum(unpacked(column).nbytes for column in head.columns)
        except (pa.ArrowException, OSError):
            return 0  # told in its turn, with the rows before it
        if head is None or not head.num_rows:
            return 0
        if head.num_rows < rows or rows >= _PROBED_ROWS or 2 * taken > most_bytes:
            return taken // int(head.num_rows)
        rows *= 2
