"""Rows of CSV, parsed by Arrow block by block, with every row that Arrow would refuse put back in its place."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from waypost.server.errors import InputUnreadable
from waypost.server.jobs.readers.blocks import (
    MAX_BLOCK_ROWS,
    MAX_COLUMNS,
    MAX_ROW_BYTES,
    RAGGED_ROW,
    READ_BYTES,
    ROW_TOO_LARGE,
    TOO_MANY_COLUMNS,
    UNCLOSED_QUOTE,
    InvalidRow,
    RowBlock,
)
from waypost.server.jobs.readers.cells import Faults, read_texts, shown_text
from waypost.server.jobs.readers.csv_scan import Dialect, RowSpans, scan_rows
from waypost.server.jobs.readers.dialect import HEAD_BYTES, detect_delimiter, detect_header
from waypost.server.jobs.readers.encoding import Utf8Bytes, detect_encoding, named_encoding
from waypost.server.jobs.readers.formats import InputFormat
from waypost.server.jobs.readers.sources import UnpackedBytes
from waypost.server.jobs.spec import FileFormat

#: Rows that the guess of a header looks at.
_HEADER_ROWS = 100

#: A block size that no buffer of ours reaches: each is parsed as one block, so that no row lies across two.
_WHOLE = 1 << 30

Places = npt.NDArray[np.intp]


class CsvRows:
    """Reads CSV. Every column is text; an empty cell without quotes is null, a quoted one an empty text.

    A line with nothing on it is a row only where the input has one column. Columns without a header are named
    column_1, column_2 …
    """

    def __init__(self, source: UnpackedBytes, wanted: InputFormat, named: Collection[str] = ()) -> None:
        self._unpacked = source
        head = source.peek(HEAD_BYTES)
        whole = len(head) < HEAD_BYTES
        named_as = wanted.encoding
        encoding = named_encoding(named_as, head) if named_as else detect_encoding(head, complete=whole)
        self._text = Utf8Bytes(source, encoding)
        self._data = b""
        self._at = 0
        self._line = 1
        self._row = 1
        self._skip_blank_lines()
        head = self._data[self._at : self._at + HEAD_BYTES]
        complete = self._text.ended and len(self._data) - self._at <= HEAD_BYTES
        quote = '"' if wanted.quote is None else wanted.quote
        delimiter = wanted.delimiter or detect_delimiter(head, quote, named, complete=complete)
        self._dialect = Dialect(delimiter, quote)
        header = self._read_head(wanted.header, named)
        self.format = replace(
            wanted, format=FileFormat.CSV, compression=source.compression, encoding=encoding, delimiter=delimiter,
            quote=quote, header=header,
        )  # fmt: skip

    def close(self) -> None:
        """Closes the input."""
        self._unpacked.stored.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the stored input."""
        return self._unpacked.stored.bytes_read

    def __iter__(self) -> Iterator[RowBlock]:
        """The blocks. Raises InputUnreadable."""
        while self.schema.names:
            spans = scan_rows(
                self._data, self._at, self._dialect, final=self._text.ended, blank_rows=len(self.schema) == 1
            )
            if spans.starts.size:
                yield self._block(spans)
            self._at = spans.next_at
            self._line += spans.next_line
            if spans.starts.size == MAX_BLOCK_ROWS:
                continue
            left = len(self._data) - self._at
            if left > MAX_ROW_BYTES or (self._text.ended and left):
                yield self._torn_row(spans.quote_open)
            elif self._text.ended:
                return
            else:
                self._refill()

    def _skip_blank_lines(self) -> None:
        """Reads up to the first line with something on it."""
        while not self._text.ended and len(self._data) == self._at:
            # Whoever only looks at the head need not wait for more than that.
            self._refill(HEAD_BYTES)
            self._at = len(self._data) - len(self._data.lstrip(b"\r\n"))
            blank = self._data[: self._at]
            self._line += blank.count(b"\n") + blank.count(b"\r") - blank.count(b"\r\n")

    def _read_head(self, wanted: bool | None, named: Collection[str]) -> bool:
        """Whether there is a header; finds the columns' names, and goes past it."""
        spans = self._head_rows(_HEADER_ROWS)
        while spans.starts.size == 0 and not self._text.ended and len(self._data) - self._at <= MAX_ROW_BYTES:
            self._refill()
            spans = self._head_rows(_HEADER_ROWS)
        if spans.starts.size == 0:
            if self._at < len(self._data):
                message = f"the first row of the input does not end, or not within {MAX_ROW_BYTES} bytes"
                raise InputUnreadable("HEADER_UNREADABLE", message, max_bytes=str(MAX_ROW_BYTES))
            self.schema = pa.schema([])
            return False
        rows = self._cells_of(spans)
        header = detect_header(rows, named) if wanted is None else wanted
        if header:
            names = [cell or "" for cell in rows[0]]
            first = self._head_rows(1)
            self._at, self._line = first.next_at, self._line + first.next_line
        else:
            names = [f"column_{number}" for number in range(1, int(np.bincount(spans.fields).argmax()) + 1)]
        if len(names) > MAX_COLUMNS:
            message = f"the input has {len(names)} columns; at most {MAX_COLUMNS} are allowed"
            raise InputUnreadable(TOO_MANY_COLUMNS, message, columns=str(len(names)))
        self.schema = pa.schema([pa.field(name, pa.string()) for name in names])
        return header

    def _head_rows(self, count: int) -> RowSpans:
        final = self._text.ended
        return scan_rows(self._data, self._at, self._dialect, final=final, blank_rows=False, max_rows=count)

    def _cells_of(self, spans: RowSpans) -> list[list[str | None]]:
        """The cells of each row. Rows of one width are parsed at once: every parse of Arrow starts a thread."""
        rows: list[list[str | None]] = [[] for _ in range(spans.starts.size)]
        for count in np.unique(spans.fields).tolist():
            places = np.flatnonzero(spans.fields == count)
            columns = _parse(_lines(self._data, spans, places), count, self._dialect)
            for place, cells in zip(places.tolist(), zip(*(c.to_pylist() for c in columns), strict=True), strict=True):
                rows[place] = [None if cell is None else shown_text(cell) for cell in cells]
        return rows

    def _refill(self, size: int = READ_BYTES) -> None:
        self._data = self._data[self._at :] + self._text.read(size)
        self._at = 0

    def _block(self, spans: RowSpans) -> RowBlock:
        size = len(self.schema)
        rows = spans.starts.size
        faults: Faults = {}
        ragged = np.flatnonzero(spans.fields != size)
        for row in ragged.tolist():
            faults[row] = (RAGGED_ROW, f"the row has {spans.fields[row]} cells; the input has {size} columns")
        view = memoryview(self._data)
        if ragged.size == 0:
            columns = _parse(view[spans.starts[0] : spans.next_at], size, self._dialect)
        else:
            columns = self._put_together(view, spans, size)
        if len(columns[0]) != rows:
            raise RuntimeError(f"Arrow found {len(columns[0])} rows of CSV where {rows} were counted")
        block = self._made(columns, faults, spans.starts, spans.lines)
        self._row += rows
        return block

    def _put_together(self, view: memoryview, spans: RowSpans, size: int) -> list[pa.Array]:
        """All rows in their places, each kind of ragged row parsed with its own number of cells."""
        pieces: list[list[pa.Array]] = []
        places: list[Places] = []
        for count in np.unique(spans.fields).tolist():
            rows = np.flatnonzero(spans.fields == count)
            columns = _parse(_lines(view, spans, rows), count, self._dialect)[:size]
            missing = pa.nulls(rows.size, pa.binary())
            pieces.append(columns + [missing] * (size - len(columns)))
            places.append(rows)
        order = pa.array(np.argsort(np.concatenate(places)))
        return [pa.concat_arrays(parts).take(order) for parts in zip(*pieces, strict=True)]

    def _torn_row(self, quote_open: bool) -> RowBlock:
        """One row that does not end: of a quote never closed its first line, else all up to the next line end."""
        start = self._at
        size = len(self.schema)
        offset = self._offset(start)
        end, after = self._line_end()
        if quote_open and (after or self._text.ended):
            fault = (UNCLOSED_QUOTE, f"a quote is not closed within {MAX_ROW_BYTES} bytes, or never")
            dialect = self._dialect._replace(quote="")
            line = self._data[start:end]
            count = int(scan_rows(line, 0, dialect, final=True, blank_rows=True).fields[0])
            columns = _parse(line, count, dialect)[:size]
        else:
            fault = (ROW_TOO_LARGE, f"the row has more than {MAX_ROW_BYTES} bytes")
            columns = []
            while not after and not self._text.ended:
                self._at = len(self._data)
                self._refill()
                end, after = self._line_end()
        columns += [pa.nulls(1, pa.binary())] * (size - len(columns))
        block = self._made(columns, {0: fault}, None, None, offset)
        self._at = after or len(self._data)
        self._line += 1
        self._row += 1
        return block

    def _line_end(self) -> tuple[int, int]:
        """Where the line at hand ends and the next begins; 0 for the latter where the data ends first."""
        if not self._text.ended and self._data.endswith(b"\r"):
            self._data += self._text.read(READ_BYTES)
        ends = [end for end in (self._data.find(b"\n", self._at), self._data.find(b"\r", self._at)) if end >= 0]
        if not ends:
            return len(self._data), 0
        end = min(ends)
        return end, end + (2 if self._data[end : end + 2] == b"\r\n" else 1)

    def _made(
        self,
        columns: list[pa.Array],
        faults: Faults,
        starts: npt.NDArray[np.int64] | None,
        lines: npt.NDArray[np.int64] | None,
        offset: int = 0,
    ) -> RowBlock:
        encoding = self._text.encoding
        texts = read_texts(columns, self.schema.names, encoding, faults)
        invalid = []
        at = -1
        for row in sorted(faults):
            if starts is not None and lines is not None:
                place = int(starts[row])
                offset = self._offset(place) if at < 0 else offset + self._text.stored_length(self._data[at:place])
                at = place
                line = self._line + int(lines[row])
            else:
                line = self._line
            invalid.append(InvalidRow(self._row + row, offset, line, *faults[row]))
        return RowBlock(self._row, pa.RecordBatch.from_arrays(texts, schema=self.schema), invalid)

    def _offset(self, place: int) -> int:
        """Where the byte at `place` of the data was in the input, after decompression."""
        return self._text.position - self._text.stored_length(memoryview(self._data)[place:])


def _lines(data: bytes | memoryview, spans: RowSpans, rows: Places) -> bytes:
    """Some of the rows after each other."""
    return b"".join(bytes(data[spans.starts[row] : spans.ends[row]]) + b"\n" for row in rows)


def _parse(data: bytes | memoryview, count: int, dialect: Dialect) -> list[pa.Array]:
    """Rows of `count` cells each, as columns of bytes."""
    if data[-1] not in b"\r\n":
        # Without a line end Arrow takes an empty last cell for quoted where the cell before it was.
        data = bytes(data) + b"\n"
    read, parse, convert = _options(count, dialect)
    table = csv.read_csv(pa.BufferReader(data), read_options=read, parse_options=parse, convert_options=convert)
    return [column.combine_chunks() for column in table.columns]


@lru_cache(maxsize=64)
def _options(count: int, dialect: Dialect) -> tuple[csv.ReadOptions, csv.ParseOptions, csv.ConvertOptions]:
    names = [f"{number}" for number in range(count)]
    return (
        csv.ReadOptions(use_threads=False, column_names=names, block_size=_WHOLE),
        csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote or False,
            newlines_in_values=True,
            ignore_empty_lines=count > 1,
        ),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
