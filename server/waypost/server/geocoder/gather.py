"""Values of the snapshot at many rows: texts, numbers, links to other rows. Rows below zero have none.

The rows of a table lie anywhere in the snapshot: each loop asks for the memory of a row some rows ahead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.instructions import BLOCK_BYTES, copy_block, prefetch
from waypost.server.geocoder.jit import njit

Rows = npt.NDArray[np.int32]

#: How many rows ahead memory is asked for: a row takes a few nanoseconds, memory a hundred.
AHEAD = 32


def small_texts(texts: list[str]) -> TextColumn:
    """A few texts of our own as a column, with room behind them, so that they are copied in whole blocks."""
    column = TextColumn.from_arrow(pa.array([*texts, " " * BLOCK_BYTES]))
    return TextColumn(column.offsets[:-1], column.data)


class OwnTexts(NamedTuple):
    """Texts that stand at some places of a column instead of those of its rows, `at` rising; offsets are int32."""

    at: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]


_NONE = OwnTexts(np.empty(0, np.int64), np.zeros(1, np.int32), np.empty(0, np.uint8))


def texts_at(texts: TextColumn, rows: Rows, own: OwnTexts = _NONE) -> pa.Array:
    """A utf8 array of `texts[rows]`, null where the row is negative; but of the own texts in their places.

    In one pass: a column in which Arrow replaces a few texts takes as long again.
    """
    offsets, data = _gather_bytes(texts.offsets, texts.data, rows, own)
    known = rows >= 0
    known[own.at] = True
    return pa.StringArray.from_buffers(rows.size, pa.py_buffer(offsets), pa.py_buffer(data), _bitmap(known))


def own_texts(at: npt.NDArray[np.int64], texts: TextColumn, rows: Rows) -> OwnTexts:
    """`texts[rows]` for the places `at`."""
    return OwnTexts(at, *_gather_bytes(texts.offsets, texts.data, rows, _NONE))


def numbers_at(values: npt.NDArray[np.generic], rows: Rows) -> pa.Array:
    """A float64 array of `values[rows]`, null where the row is negative."""
    return float_column(values_at(values, rows), rows)


def float_column(values: npt.NDArray[np.float64], rows: Rows) -> pa.Array:
    """A float64 array over those values, null where the row is negative."""
    return pa.DoubleArray.from_buffers(pa.float64(), rows.size, [validity_of(rows), pa.py_buffer(values)])


def validity_of(rows: Rows) -> pa.Buffer:
    """Arrow's bitmap of rows that are not negative."""
    return _bitmap(rows >= 0)


def _bitmap(known: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(known, bitorder="little"))


@njit(cache=True, nogil=True)
def links_at(links, rows):  # type: ignore[no-untyped-def]
    """int32 values at the rows, -1 where the row is negative."""
    out = np.empty(rows.size, np.int32)
    for at in range(rows.size):
        if at + AHEAD < rows.size and rows[at + AHEAD] >= 0:
            prefetch(links, rows[at + AHEAD])
        out[at] = links[rows[at]] if rows[at] >= 0 else -1
    return out


@njit(cache=True, nogil=True)
def values_at(values, rows):  # type: ignore[no-untyped-def]
    """float64 values at the rows, 0 where the row is negative."""
    out = np.zeros(rows.size, np.float64)
    for at in range(rows.size):
        if at + AHEAD < rows.size and rows[at + AHEAD] >= 0:
            prefetch(values, rows[at + AHEAD])
        if rows[at] >= 0:
            out[at] = values[rows[at]]
    return out


@njit(cache=True, nogil=True)
def _gather_bytes(offsets, data, rows, own):  # type: ignore[no-untyped-def]
    """Offsets (int32) and bytes of the texts at the rows, or own ones; negative rows are empty."""
    count = rows.size
    begins = np.zeros(count, np.int64)
    number = 0
    out_offsets = np.zeros(count + 1, np.int32)
    size = 0
    for at in range(count):
        if at + AHEAD < count and rows[at + AHEAD] >= 0:
            prefetch(offsets, rows[at + AHEAD])
        if number < own.at.size and own.at[number] == at:
            begins[at] = -1 - own.offsets[number]
            size += own.offsets[number + 1] - own.offsets[number]
            number += 1
        elif rows[at] >= 0:
            begins[at] = offsets[rows[at]]
            size += offsets[rows[at] + 1] - begins[at]
        out_offsets[at + 1] = size
    # Whole blocks are copied; what is written behind a text is overwritten by the next one.
    out = np.empty(size + BLOCK_BYTES, np.uint8)
    for at in range(count):
        if at + AHEAD < count:
            prefetch(data, max(begins[at + AHEAD], 0))
        begin, target = begins[at], int(out_offsets[at])
        length = int(out_offsets[at + 1]) - target
        if begin < 0:
            begin = -1 - begin
            if begin + length + BLOCK_BYTES <= own.data.size:
                for step in range(0, length, BLOCK_BYTES):
                    copy_block(out, target + step, own.data, begin + step)
            else:
                for step in range(length):
                    out[target + step] = own.data[begin + step]
        elif begin + length + BLOCK_BYTES <= data.size:
            for step in range(0, length, BLOCK_BYTES):
                copy_block(out, target + step, data, begin + step)
        else:
            for step in range(length):
                out[target + step] = data[begin + step]
    return out_offsets, out[:size]
