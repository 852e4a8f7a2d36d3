"""Rows as lines of JSON. Arrow has no writer for it, and an object a row would cost more than the row's geocoding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from numba import njit

from waypost.server import kernel_cache as kernel_cache
from waypost.server.jobs.writers.texts import is_text, to_json

_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def _escapes() -> npt.NDArray[np.uint8]:
    """Of each byte the letter that stands for it after a backslash, 0 = itself, "u" = its number."""
    letters = np.zeros(256, np.uint8)
    letters[:0x20] = ord("u")
    for byte, letter in zip(b'"\\\b\f\n\r\t', b'"\\bfnrt', strict=True):
        letters[byte] = letter
    return letters


_ESCAPES = _escapes()


def json_lines(names: Sequence[str], columns: Sequence[pa.Array], always: Sequence[bool]) -> memoryview:
    """A line for each row: an object with the first column and every other cell that is not null.

    A null of a column that is there `always` is written as null. The first column must have no nulls.
    """
    keys = [("{" if at == 0 else ",").encode() + orjson.dumps(name) + b":" for at, name in enumerate(names)]
    quoted = np.array([is_text(column.type) for column in columns])
    texts = [column if is_text(column.type) else to_json(column) for column in columns]
    offsets, data = _flat([text.cast(pa.large_string()) for text in texts])
    missing = np.stack([text.is_null().to_numpy(zero_copy_only=False) for text in texts])
    key_ends = np.cumsum([0, *map(len, keys)])
    key_data = np.frombuffer(b"".join(keys), np.uint8)
    lines: npt.NDArray[np.uint8] = _write(
        key_ends, key_data, offsets, data, missing, quoted, np.array(always), _ESCAPES, _HEX
    )
    return lines.data


def _flat(texts: Sequence[pa.Array]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Offsets of the cells of each text column into the bytes of all."""
    offsets, pieces, base = [], [], 0
    for text in texts:
        ends = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
        data = text.buffers()[2]
        piece = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data is not None else np.zeros(0, np.uint8)
        offsets.append(ends - ends[0] + base)
        pieces.append(piece)
        base += piece.size
    return np.stack(offsets), np.concatenate(pieces)


@njit(cache=True, nogil=True)
def _write(key_ends, key_data, offsets, data, missing, quoted, always, escapes, digits):  # type: ignore[no-untyped-def]
    """The bytes of all lines; counted first, then written."""
    columns, rows = missing.shape
    size = 0
    for column in range(columns):
        key = key_ends[column + 1] - key_ends[column]
        for row in range(rows):
            if missing[column, row]:
                if always[column]:
                    size += key + 4
                continue
            begin, end = offsets[column, row], offsets[column, row + 1]
            size += key + end - begin
            if quoted[column]:
                size += 2
                for at in range(begin, end):
                    escape = escapes[data[at]]
                    if escape:
                        size += 5 if escape == 117 else 1
    out = np.empty(size + 2 * rows, np.uint8)
    to = 0
    for row in range(rows):
        for column in range(columns):
            if missing[column, row] and not always[column]:
                continue
            for at in range(key_ends[column], key_ends[column + 1]):
                out[to] = key_data[at]
                to += 1
            if missing[column, row]:
                out[to], out[to + 1], out[to + 2], out[to + 3] = 110, 117, 108, 108
                to += 4
                continue
            begin, end = offsets[column, row], offsets[column, row + 1]
            if not quoted[column]:
                for at in range(begin, end):
                    out[to] = data[at]
                    to += 1
                continue
            out[to] = 34
            to += 1
            for at in range(begin, end):
                byte = data[at]
                escape = escapes[byte]
                if escape:
                    out[to], out[to + 1] = 92, escape
                    to += 2
                    if escape == 117:
                        out[to], out[to + 1] = 48, 48
                        out[to + 2], out[to + 3] = digits[byte >> 4], digits[byte & 15]
                        to += 4
                else:
                    out[to] = byte
                    to += 1
            out[to] = 34
            to += 1
        out[to], out[to + 1] = 125, 10
        to += 2
    return out
