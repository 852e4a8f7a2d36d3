"""Rows of Parquet: Arrow's reader, page by page, columns with the types that they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from waypost.server.errors import InputUnreadable
from waypost.server.jobs.readers.blocks import (
    MAX_BLOCK_ROWS,
    MAX_COLUMNS,
    READ_BYTES,
    TOO_MANY_COLUMNS,
    InvalidRow,
    RowBlock,
)
from waypost.server.jobs.readers.cells import Faults, drop_large_cells, repair_texts
from waypost.server.jobs.readers.formats import InputFormat
from waypost.server.jobs.readers.parquet_sizes import rows_within, unpacked
from waypost.server.jobs.readers.sources import Source, open_seekable
from waypost.server.jobs.spec import Compression, FileFormat

#: What is read of a column at once: its chunk of a row group can be a gigabyte.
_BUFFER_BYTES = 1024 * 1024


class ParquetRows:
    """Reads Parquet. Its rows have no lines and no offsets; only single cells can be wrong."""

    def __init__(self, source: Source, wanted: InputFormat) -> None:
        self.format = replace(wanted, format=FileFormat.PARQUET, compression=Compression.NONE)
        self._file = open_seekable(source)
        try:
            self._parquet = pq.ParquetFile(self._file, pre_buffer=False, buffer_size=_BUFFER_BYTES)
            self.schema = pa.schema([(field.name, _plain(field.type)) for field in self._parquet.schema_arrow])
            rows = self._parquet.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _unreadable("the input is no Parquet file that can be read", 0) from error
        if len(self.schema) > MAX_COLUMNS:
            message = f"the input has {len(self.schema)} columns; at most {MAX_COLUMNS} are allowed"
            raise InputUnreadable(TOO_MANY_COLUMNS, message, columns=str(len(self.schema)))
        self._rows = rows
        self._rows_at_once = rows_within(self._parquet, READ_BYTES, MAX_BLOCK_ROWS)
        self._rows_read = 0

    def close(self) -> None:
        """Closes the input."""
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """The share of the file that the rows read so far make up."""
        share: int = self._file.size() * self._rows_read // max(self._rows, 1)
        return share

    def __iter__(self) -> Iterator[RowBlock]:
        """The blocks. Raises InputUnreadable."""
        if not self.schema.names:
            return
        batches = self._parquet.iter_batches(batch_size=self._rows_at_once, use_threads=False)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                break
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(f"the Parquet file is broken after row {self._rows_read}", self._rows_read) from error
            block = self._block(batch)
            # Before it is handed over: whoever has a block asks how much of the file it was.
            self._rows_read += batch.num_rows
            yield block
        if self._rows_read != self._rows:
            message = f"the Parquet file has {self._rows_read} rows and promises {self._rows}"
            raise _unreadable(message, self._rows_read)

    def _block(self, batch: pa.RecordBatch) -> RowBlock:
        faults: Faults = {}
        first = self._rows_read + 1
        columns = [
            _checked(column, name, faults) for column, name in zip(batch.columns, self.schema.names, strict=True)
        ]
        invalid = [InvalidRow(first + row, None, None, *faults[row]) for row in sorted(faults)]
        return RowBlock(first, pa.RecordBatch.from_arrays(columns, schema=self.schema), invalid)


def _checked(column: pa.Array, name: str, faults: Faults) -> pa.Array:
    column = unpacked(column)
    kind = column.type
    if not _is_text(kind) and not _is_bytes(kind):
        return column
    column = drop_large_cells(column, name, faults)
    if _is_bytes(kind):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.view(pa.large_binary() if pa.types.is_large_string(kind) else pa.binary())
        return repair_texts(pc.cast(raw, pa.large_binary()), name, "utf-8", faults).cast(kind)
    return column


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values: how a column was packed in the input matters to nobody behind it."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _unreadable(message: str, rows: int) -> InputUnreadable:
    return InputUnreadable("BAD_PARQUET", message, rows_read=str(rows))
