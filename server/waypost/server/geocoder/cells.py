"""Columns of any Arrow type as what the engine takes: texts, or numbers. A bad cell costs its own row only.

Not for: sizes. Who reads what strangers send bounds it before it comes here, or with `check_copy`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: A number as programs write it, in ASCII, with at most 20 digits before the point and an exponent of two digits,
#: three when it is negative: what this lets pass is never too large for a float64.
_NUMBER = r"^[+-]?([0-9]{1,20}(\.[0-9]*)?|\.[0-9]+)([eE](\+?[0-9]{1,2}|-[0-9]{1,3}))?$"


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of that type holds texts."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def text_column(column: pa.ChunkedArray, check_copy: Callable[[int], None] = lambda _: None) -> pa.Array:
    """The column as one large_string array, null where the bytes are no UTF-8; other types as they are printed.

    `check_copy` is told the bytes of a copy that may be larger than what it is made from, before it is made. Raises
    pa.ArrowInvalid where offsets or indices leave their data, pa.ArrowNotImplementedError for nested types.
    """
    chunks = [_text_chunk(chunk, check_copy) for chunk in column.chunks]
    return pa.concat_arrays(chunks) if chunks else pa.array([], pa.large_string())


def number_column(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The column as numbers, NaN where there is none, and which cells hold something that is no number.

    Texts are read as programs write numbers; an empty one is none. Raises as text_column does.
    """
    if is_text(column.type):
        return _parsed(text_column(column))
    column.validate(full=True)
    numbers: npt.NDArray[np.float64] = column.cast(pa.float64()).to_numpy()
    return np.ascontiguousarray(numbers, np.float64), np.zeros(len(column), bool)


def _parsed(texts: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    trimmed = pc.utf8_trim_whitespace(texts)
    filled = pc.fill_null(pc.not_equal(trimmed, ""), False)
    good = pc.and_(filled, pc.fill_null(pc.match_substring_regex(trimmed, _NUMBER), False))
    # Arrow's parser knows no plus sign.
    numbers = pc.utf8_ltrim(pc.if_else(good, trimmed, pa.scalar(None, pa.large_string())), "+").cast(pa.float64())
    bad = pc.and_not(filled, good)
    return (
        np.ascontiguousarray(numbers.to_numpy(zero_copy_only=False), np.float64),
        bad.to_numpy(zero_copy_only=False),
    )


def _text_chunk(chunk: pa.Array, check_copy: Callable[[int], None]) -> pa.Array:
    if pa.types.is_dictionary(chunk.type):
        chunk.indices.validate(full=True)
        chunk.validate()
        values = _text_chunk(chunk.dictionary, check_copy)
        check_copy(pc.sum(pc.take(pc.binary_length(values), chunk.indices)).as_py() or 0)
        return pc.take(values, chunk.indices)
    if pa.types.is_string_view(chunk.type):
        # Many views may name the same bytes; only the sum of their lengths tells what a copy takes.
        check_copy(int(np.frombuffer(chunk.buffers()[1], np.int32)[::4].astype(np.int64).sum()))
    try:
        chunk.validate(full=True)
    except pa.ArrowInvalid:
        if not is_text(chunk.type):
            raise
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
