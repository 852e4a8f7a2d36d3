"""Arrow IPC streams to checked columns, and result columns to Arrow IPC streams.

What comes in is not trusted: sizes are bounded before decoding, and offsets and indices are checked before
any kernel follows them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pyarrow as pa

from waypost.server.errors import FieldViolation, InvalidArgument, ResponseTooLarge
from waypost.server.geocoder.cells import is_text, number_column, text_column
from waypost.server.geocoder.row_questions import Cells, GeocodeRows
from waypost.server.transport.wire.arrow_sizes import MessageSize, message_size
from waypost.server.transport.wire.fields import MAX_MESSAGE_BYTES
from waypost.server.transport.wire.options import TablePlan

MAX_TABLE_ROWS = 65_536
#: Room for a full table of texts of the greatest length; a table of ordinary rows takes a tenth.
MAX_DECODED_BYTES = 64 * 1024 * 1024

_FIELD = "arrow_stream"
_TEXT_TYPES = "utf8, large_utf8, utf8_view, or a dictionary of one of them"
_NUMBER_TYPES = "float16, float32, float64 or a decimal"


@dataclass(frozen=True, slots=True)
class InputTable:
    """The columns that a plan reads, and what is known of the table that they came in."""

    schema: pa.Schema
    rows: int
    codec: str | None
    cells: Cells


def read_table(data: bytes, plan: TablePlan) -> InputTable:
    """The columns of `data` that `plan` asks for.

    Raises InvalidArgument naming the column, its type and what is allowed.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise _refuse(f"{len(data)} bytes", f"at most {MAX_MESSAGE_BYTES} bytes", "TABLE_TOO_LARGE")
    try:
        sizes = _sizes(data)
        reader = pa.ipc.open_stream(data)
        indices = _column_indices(reader.schema, plan)
        options = pa.ipc.IpcReadOptions(included_fields=sorted(set(indices.values())), use_threads=False)
        table = pa.ipc.open_stream(data, options=options).read_all()
        columns = {role: table.column(reader.schema.field(at).name) for role, at in indices.items()}
        return _input_table(reader.schema, table.num_rows, sizes, columns)
    except (pa.ArrowException, OSError, struct.error, IndexError, KeyError, OverflowError) as error:
        kind = type(error).__name__
        raise _refuse(f"{len(data)} bytes ({kind})", "one complete Arrow IPC stream", "MALFORMED_TABLE") from error


def write_table(batches: list[pa.RecordBatch], plan: TablePlan, codec: str | None) -> bytes:
    """One Arrow IPC stream of `batches` with prefixed names, compressed as the question was.

    Raises ResponseTooLarge where it would pass 3.5 MiB.
    """
    names = [plan.prefix + name for name in plan.columns]
    sink = pa.BufferOutputStream()
    schema = pa.schema([field.with_name(name) for field, name in zip(batches[0].schema, names, strict=True)])
    options = pa.ipc.IpcWriteOptions(compression=codec, use_threads=False)
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch.rename_columns(names))
    data: bytes = sink.getvalue().to_pybytes()
    if len(data) > MAX_MESSAGE_BYTES:
        rows = sum(batch.num_rows for batch in batches)
        fitting = rows * MAX_MESSAGE_BYTES // len(data)
        raise ResponseTooLarge(
            f"the answer to a table of {rows} rows has {len(data)} bytes, {MAX_MESSAGE_BYTES} are allowed: "
            f"send tables of at most about {fitting} rows, ask for fewer columns, or send LZ4",
            rows=str(rows),
            fitting_rows=str(fitting),
        )
    return data


def _sizes(data: bytes) -> MessageSize:
    rows = decoded = 0
    codec = None
    for message in pa.ipc.MessageReader.open_stream(data):
        size = message_size(message)
        if size is None:
            continue
        rows += size.rows
        decoded += size.decoded_bytes
        codec = size.codec or codec
        if rows > MAX_TABLE_ROWS:
            raise _refuse(f"{rows} rows or more", f"at most {MAX_TABLE_ROWS} rows", "TABLE_TOO_LARGE")
        if decoded > MAX_DECODED_BYTES:
            allowed = f"at most {MAX_DECODED_BYTES} bytes after decompression"
            raise _refuse(f"{decoded} bytes or more", allowed, "TABLE_TOO_LARGE")
    return MessageSize(rows, decoded, codec)


def _column_indices(schema: pa.Schema, plan: TablePlan) -> dict[str, int]:
    """Where each column is that the plan needs, by its role; all that is wrong with the schema at once."""
    is_right, types = (is_text, _TEXT_TYPES) if isinstance(plan.question, GeocodeRows) else (_is_number, _NUMBER_TYPES)
    violations = []
    indices = {}
    for role, name in plan.roles.items():
        found = schema.get_all_field_indices(name)
        if len(found) != 1:
            shown = "missing" if not found else f"there {len(found)} times"
            violations.append(FieldViolation(f"{_FIELD}.{name}", shown, f"one column of type {types}", "BAD_SCHEMA"))
        elif not is_right(schema.field(found[0]).type):
            kind = str(schema.field(found[0]).type)
            violations.append(FieldViolation(f"{_FIELD}.{name}", kind, types, "BAD_SCHEMA"))
        else:
            indices[role] = found[0]
    if violations:
        raise InvalidArgument(violations)
    return indices


def _input_table(schema: pa.Schema, rows: int, sizes: MessageSize, columns: dict[str, pa.ChunkedArray]) -> InputTable:
    texts = {}
    numbers = {}
    for role, column in columns.items():
        if is_text(column.type):
            texts[role] = text_column(column, _bound)
        else:
            numbers[role], _ = number_column(column)
    return InputTable(schema, rows, sizes.codec, Cells(texts, numbers))


def _bound(decoded_bytes: int) -> None:
    if decoded_bytes > MAX_DECODED_BYTES:
        raise _refuse(f"{decoded_bytes} bytes", f"at most {MAX_DECODED_BYTES} bytes of text", "TABLE_TOO_LARGE")


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _refuse(value: str, allowed: str, reason: str) -> InvalidArgument:
    return InvalidArgument([FieldViolation(_FIELD, value, allowed, reason)])
