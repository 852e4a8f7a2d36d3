"""Columns of a table as texts and degrees, whatever types and spellings the file has for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: The longest text that a name, a number or an id can be; what is longer is a mistake, and would be kept in memory.
MAX_TEXT_BYTES = 500

_PLAIN_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_COMMA_NUMBER = r"^([+-]?\d+),(\d+)$"
_EMPTY = pa.scalar("", pa.string())
_NOTHING = pa.scalar(None, pa.string())

Degrees = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def text_of(column: pa.Array) -> pa.Array:
    """A column as texts without white space around them, null where there is nothing."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_null(kind) or pa.types.is_nested(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_floating(kind):
        # Numbers of houses that a table keeps as 12.0.
        whole = pc.equal(pc.floor(column), column)
        texts = pc.cast(column, pa.string())
        column = pc.if_else(whole, pc.replace_substring_regex(texts, r"\.0*$", ""), texts)
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = pc.cast(column, pa.string(), safe=False)
    trimmed = pc.ascii_trim_whitespace(column)
    if pa.types.is_large_string(trimmed.type):
        trimmed = pc.cast(trimmed, pa.string())
    return pc.if_else(pc.equal(trimmed, _EMPTY), _NOTHING, trimmed)


def first_of(columns: list[pa.Array], rows: int) -> pa.Array:
    """The first text of each row that is there."""
    if not columns:
        return pa.nulls(rows, pa.string())
    return columns[0] if len(columns) == 1 else pc.coalesce(*columns)


def degrees_of(column: pa.Array) -> Degrees:
    """A column as numbers, NaN where it has none. A comma may stand for the point."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return _numbers(pc.cast(column, pa.float64(), safe=False))
    texts = text_of(column)
    try:
        return _numbers(pc.cast(texts, pa.float64()))
    except pa.ArrowInvalid:
        texts = pc.replace_substring_regex(texts, _COMMA_NUMBER, r"\1.\2")
        plain = pc.match_substring_regex(texts, _PLAIN_NUMBER)
        return _numbers(pc.cast(pc.if_else(plain, texts, _NOTHING), pa.float64()))


def mask_of(condition: pa.Array) -> Mask:
    """A column of truth values as an array; null is false."""
    mask: Mask = pc.fill_null(condition, False).to_numpy(zero_copy_only=False)
    return mask


def missing(column: pa.Array) -> Mask:
    """Where a column has nothing."""
    if not column.null_count:
        return np.zeros(len(column), np.bool_)
    return mask_of(column.is_null())


def too_long(column: pa.Array) -> Mask:
    """Where a column of texts has one that no name can be."""
    if len(column) == 0 or column.nbytes <= MAX_TEXT_BYTES:
        return np.zeros(len(column), np.bool_)
    return mask_of(pc.greater(pc.binary_length(column), MAX_TEXT_BYTES))


def _numbers(column: pa.Array) -> Degrees:
    numbers: Degrees = pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False)
    return numbers
