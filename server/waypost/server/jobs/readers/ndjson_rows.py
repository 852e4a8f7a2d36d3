"""Rows of NDJSON, parsed line by line, so that a bad line costs one row only.

Columns are the keys in the order in which they first appear; a key that appears later becomes a further column at
the end. A column's type is that of its values in the block: int64 or float64 where all are numbers that a double
holds exactly enough, bool where all are, null where there is none; else text, in which other values than strings
stand as their JSON. So a column's type may differ from block to block; schemas.py tells what all of them fit into.
Integers beyond 64 bits are read as doubles; of a key given twice the later value counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pyarrow as pa

from waypost.server.jobs.readers.blocks import (
    BAD_ENCODING,
    BAD_JSON,
    MAX_BLOCK_ROWS,
    MAX_COLUMNS,
    MAX_ROW_BYTES,
    NOT_AN_OBJECT,
    READ_BYTES,
    ROW_TOO_LARGE,
    TOO_MANY_COLUMNS,
    InvalidRow,
    RowBlock,
)
from waypost.server.jobs.readers.cells import Faults, drop_large_cells
from waypost.server.jobs.readers.dialect import HEAD_BYTES
from waypost.server.jobs.readers.encoding import Utf8Bytes, marked_encoding, named_encoding
from waypost.server.jobs.readers.formats import InputFormat
from waypost.server.jobs.readers.sources import UnpackedBytes
from waypost.server.jobs.schemas import join_schemas
from waypost.server.jobs.spec import FileFormat

#: Integers up to here are the same number as a double, in every reader of JSON.
_EXACT = 2**53
#: The most cells of a block, empty ones included: with many columns a block has fewer rows.
_MAX_BLOCK_CELLS = 1_000_000
_LEFT_OUT = object()

Record = dict[str, object]


class NdjsonRows:
    """Reads NDJSON; a line with nothing but white space is no row."""

    def __init__(self, source: UnpackedBytes, wanted: InputFormat) -> None:
        self._unpacked = source
        head = source.peek(HEAD_BYTES)
        encoding = named_encoding(wanted.encoding, head) if wanted.encoding else marked_encoding(head) or "utf-8"
        self.format = replace(wanted, format=FileFormat.NDJSON, compression=source.compression, encoding=encoding)
        self._text = Utf8Bytes(source, encoding)
        self._columns: dict[str, None] = {}
        self._schema = pa.schema([])
        self._next_row = 1
        self._blocks = self._read()
        # The first block is read here, since it tells the columns.
        self._first = next(self._blocks, None)

    @property
    def schema(self) -> pa.Schema:
        """The columns of what was read so far, each with a type that fits all of its values."""
        return self._schema

    def close(self) -> None:
        """Closes the input."""
        self._unpacked.stored.close()

    @property
    def bytes_read(self) -> int:
        """Bytes of the stored input."""
        return self._unpacked.stored.bytes_read

    def __iter__(self) -> Iterator[RowBlock]:
        """The blocks. Raises InputUnreadable."""
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._blocks

    def _read(self) -> Iterator[RowBlock]:
        records: list[Record] = []
        invalid: list[InvalidRow] = []
        lines: list[tuple[int, int]] = []
        size = 0
        for number, offset, line in self._lines():
            row = self._next_row + len(records)
            record = _parsed(line)
            if isinstance(record, tuple):
                invalid.append(InvalidRow(row, offset, number, *record))
                record = {}
            elif not self._columns.keys() >= record.keys() and not self._add_columns(record):
                detail = f"with its keys the input would have more than {MAX_COLUMNS} columns"
                invalid.append(InvalidRow(row, offset, number, TOO_MANY_COLUMNS, detail))
                record = {key: value for key, value in record.items() if key in self._columns}
            records.append(record)
            lines.append((offset, number))
            size += len(line or b"")
            cells = len(records) * len(self._columns)
            if len(records) >= MAX_BLOCK_ROWS or size >= READ_BYTES or cells >= _MAX_BLOCK_CELLS:
                yield self._block(records, invalid, lines)
                records, invalid, lines, size = [], [], [], 0
        if records:
            yield self._block(records, invalid, lines)

    def _add_columns(self, record: Record) -> bool:
        added = [key for key in record if key not in self._columns]
        if len(self._columns) + len(added) > MAX_COLUMNS:
            return False
        self._columns.update(dict.fromkeys(added))
        return True

    def _block(self, records: list[Record], invalid: list[InvalidRow], lines: list[tuple[int, int]]) -> RowBlock:
        faults: Faults = {}
        arrays = []
        for name in self._columns:
            array = _array([record.get(name) for record in records])
            arrays.append(drop_large_cells(array, name, faults) if pa.types.is_string(array.type) else array)
        schema = pa.schema([(name, array.type) for name, array in zip(self._columns, arrays, strict=True)])
        self._schema = join_schemas(self._schema, schema)
        known = {row.row for row in invalid}
        first = self._next_row
        large = (InvalidRow(first + row, *lines[row], *fault) for row, fault in faults.items())
        invalid = sorted([*invalid, *(row for row in large if row.row not in known)])
        self._next_row += len(records)
        # Rows can be without any column, where all lines so far are bad: only a struct holds their number then.
        rows = pa.StructArray.from_arrays(arrays, fields=list(schema)) if arrays else pa.array([{}] * len(records))
        return RowBlock(first, pa.RecordBatch.from_struct_array(rows), invalid)

    def _lines(self) -> Iterator[tuple[int, int, bytes | None]]:
        """Line number, offset and line of each line that is not blank; None is a line that is too long."""
        number = 0
        newline_bytes = self._text.stored_length(b"\n")
        rest = b""
        too_long_at = -1
        while not self._text.ended:
            data = rest + self._text.read(READ_BYTES)
            offset = self._text.position - self._text.stored_length(data)
            parts = data.split(b"\n")
            rest = b"" if self._text.ended else parts.pop()
            for part in parts:
                number += 1
                if too_long_at >= 0:
                    yield number, too_long_at, None
                    too_long_at = -1
                elif len(part) > MAX_ROW_BYTES:
                    yield number, offset, None
                elif part and not part.isspace():
                    yield number, offset, part
                offset += self._text.stored_length(part) + newline_bytes
            if len(rest) > MAX_ROW_BYTES or too_long_at >= 0:
                too_long_at = offset if too_long_at < 0 else too_long_at
                rest = b""


def _parsed(line: bytes | None) -> Record | tuple[str, str]:
    """The object on a line, or the reason and the detail of why there is none."""
    if line is None:
        return ROW_TOO_LARGE, f"the line has more than {MAX_ROW_BYTES} bytes"
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode()
        except UnicodeDecodeError as bad:
            return BAD_ENCODING, f"the line has bytes that are not of the encoding, at byte {bad.start} of the line"
        return BAD_JSON, f"the line is no JSON: {error.msg}, at character {error.pos}"
    if not isinstance(value, dict):
        return NOT_AN_OBJECT, f"the line is a JSON {_KINDS[type(value)]}; only objects are rows"
    return value


_KINDS = {
    list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null",
}  # fmt: skip


def _array(values: list[object]) -> pa.Array:
    """The values of a column with the narrowest type that all of them have."""
    kinds = set(map(type, values))
    kinds.discard(type(None))
    if kinds == {str}:
        return pa.array(values, pa.string())
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float} and all(abs(v) <= _EXACT for v in values if isinstance(v, int)):
        return pa.array(values, pa.float64() if float in kinds else pa.int64())
    texts = [v if v is None or isinstance(v, str) else orjson.dumps(v).decode() for v in values]
    return pa.array(texts, pa.string())
