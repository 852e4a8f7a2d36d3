"""Columns of any type as text, for formats that hold nothing else."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Callable

import orjson
import pyarrow as pa
import pyarrow.compute as pc

#: Types that Arrow casts to the text that everybody writes them as.
_CAST = (
    pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_date, pa.types.is_time,
    pa.types.is_timestamp,
)  # fmt: skip


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def to_texts(column: pa.Array) -> pa.Array:
    """The column as text: numbers and times as usual, bytes in base64, lists and structs as JSON."""
    if is_text(column.type):
        return column.cast(pa.string())
    if pa.types.is_boolean(column.type) or any(is_kind(column.type) for is_kind in _CAST):
        return column.cast(pa.string())
    return pa.array([None if cell is None else _text(cell) for cell in column.to_pylist()], pa.string())


def to_json(column: pa.Array) -> pa.Array:
    """Each cell of a column that is no text as JSON; null stays null, and what is no number of JSON becomes null."""
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, kind))
        return finite.cast(pa.string())
    if any(is_kind(kind) for is_kind in _CAST):
        return pc.binary_join_element_wise('"', to_texts(column), '"', "")
    return pa.array([None if cell is None else _dumps(cell) for cell in column.to_pylist()], pa.string())


def _text(cell: object) -> str:
    return _default(cell) if isinstance(cell, bytes | datetime.timedelta) else _dumps(cell)


def _dumps(cell: object) -> str:
    default: Callable[[object], str] = _default
    return orjson.dumps(cell, default=default, option=orjson.OPT_NON_STR_KEYS).decode()


def _default(cell: object) -> str:
    return base64.b64encode(cell).decode() if isinstance(cell, bytes) else str(cell)
