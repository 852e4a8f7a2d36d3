"""Arrow IPC streams to checked columns, and result columns to Arrow IPC streams.

What comes in is not trusted: sizes are bounded before decoding, and offsets and indices are checked before
any kernel follows them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import FieldViolation, InvalidArgument, ResponseTooLarge
from waypost.server.transport.wire.arrow_sizes import MessageSize, message_size
from waypost.server.transport.wire.fields import MAX_MESSAGE_BYTES
from waypost.server.transport.wire.options import PointTables, TablePlan, TextTables

MAX_TABLE_ROWS = 65_536
#: Room for a full table of texts of the greatest length; a table of ordinary rows takes a tenth.
MAX_DECODED_BYTES = 64 * 1024 * 1024

_FIELD = "arrow_stream"
_TEXT_TYPES = "utf8, large_utf8, utf8_view, or a dictionary of one of them"
_NUMBER_TYPES = "float16, float32, float64 or a decimal"


@dataclass(frozen=True, slots=True)
class InputTable:
    """The columns that a plan reads: large_string arrays by role, or coordinates with NaN for null."""

    schema: pa.Schema
    rows: int
    codec: str | None
    texts: dict[str, pa.Array]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


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
    operation = plan.operation
    if isinstance(operation, PointTables):
        roles = {"latitude": operation.latitude_column, "longitude": operation.longitude_column}
    else:
        roles = operation.address_columns or {"query": operation.query_column}
    is_right = _is_text if isinstance(operation, TextTables) else _is_number
    types = _TEXT_TYPES if isinstance(operation, TextTables) else _NUMBER_TYPES
    violations = []
    indices = {}
    for role, name in roles.items():
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
        if _is_text(column.type):
            texts[role] = _texts(column)
        else:
            numbers[role] = _numbers(column)
    none = np.empty(0)
    return InputTable(schema, rows, sizes.codec, texts, numbers.get("latitude", none), numbers.get("longitude", none))


def _texts(column: pa.ChunkedArray) -> pa.Array:
    chunks = [_text_chunk(chunk) for chunk in column.chunks]
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.large_string())


def _text_chunk(chunk: pa.Array) -> pa.Array:
    """One chunk as large_string, null where the bytes are no UTF-8: a bad value costs its own row only."""
    if pa.types.is_dictionary(chunk.type):
        chunk.indices.validate(full=True)
        chunk.validate()
        values = _text_chunk(chunk.dictionary)
        lengths = pc.binary_length(values)
        _bound(pc.sum(pc.take(lengths, chunk.indices)).as_py())
        return pc.take(values, chunk.indices)
    if pa.types.is_string_view(chunk.type):
        # Many views may name the same bytes; only the sum of their lengths tells what a copy takes.
        _bound(int(np.frombuffer(chunk.buffers()[1], np.int32)[::4].astype(np.int64).sum()))
    try:
        chunk.validate(full=True)
    except pa.ArrowInvalid:
        return _without_bad_utf8(chunk)
    return chunk.cast(pa.large_string())


def _without_bad_utf8(chunk: pa.Array) -> pa.Array:
    if pa.types.is_string_view(chunk.type):
        raw = chunk.view(pa.binary_view())
    else:
        raw = chunk.view(pa.large_binary() if pa.types.is_large_string(chunk.type) else pa.binary())
    raw.validate(full=True)
    return pa.array([_decoded(value) for value in raw.to_pylist()], pa.large_string())


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    column.validate(full=True)
    numbers: npt.NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return np.ascontiguousarray(numbers, np.float64)


def _bound(decoded_bytes: int | None) -> None:
    if decoded_bytes is not None and decoded_bytes > MAX_DECODED_BYTES:
        raise _refuse(f"{decoded_bytes} bytes", f"at most {MAX_DECODED_BYTES} bytes of text", "TABLE_TOO_LARGE")


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _refuse(value: str, allowed: str, reason: str) -> InvalidArgument:
    return InvalidArgument([FieldViolation(_FIELD, value, allowed, reason)])
