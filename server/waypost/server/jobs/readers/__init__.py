"""Rows in: CSV, NDJSON and Parquet, read once front to back into numbered blocks, in bounded memory."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from waypost.server.jobs.locations import InputLocation
from waypost.server.jobs.readers.blocks import InvalidRow, RowBlock, RowReader
from waypost.server.jobs.readers.csv_rows import CsvRows
from waypost.server.jobs.readers.formats import InputFormat
from waypost.server.jobs.readers.ndjson_rows import NdjsonRows
from waypost.server.jobs.readers.parquet_rows import ParquetRows
from waypost.server.jobs.readers.sources import Source, StoredBytes, UnpackedBytes, guess_format
from waypost.server.jobs.spec import FileFormat

__all__ = ["InputFormat", "InvalidRow", "RowBlock", "RowReader", "open_rows"]

#: What the guess of a format looks at.
_HEAD_BYTES = 4096


def open_rows(source: Source, wanted: InputFormat | None = None, *, named: Collection[str] = ()) -> RowReader:
    """A reader of `source`: a path, a location under the operator's roots, or an open binary stream.

    `named` are columns that the caller named: a first row of CSV that has one of them is a header. Raises
    InputUnreadable where the input cannot be read at all, and while iterating, from where on it cannot.
    """
    wanted = wanted or InputFormat()
    if wanted.format in (FileFormat.PARQUET, FileFormat.GEOPARQUET):
        return ParquetRows(source, wanted)
    stored = StoredBytes(source)
    unpacked = UnpackedBytes(stored, wanted.compression)
    found = wanted.format or guess_format(source, unpacked.peek(_HEAD_BYTES))
    if found is FileFormat.PARQUET:
        stored.close()
        if not isinstance(source, Path | InputLocation):
            source.seek(0)
        return ParquetRows(source, wanted)
    return CsvRows(unpacked, wanted, named) if found is FileFormat.CSV else NdjsonRows(unpacked, wanted)
