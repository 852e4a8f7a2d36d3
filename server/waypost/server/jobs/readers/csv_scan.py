"""Where the rows of CSV begin and end, by the same rules as Arrow's parser, found before that sees them.

Arrow's parser gives up a whole file for one quote that is never closed or one cell larger than its block, and tells
no positions. Knowing each row's place first, its fields and its longest cell, we hand it only rows that it takes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from waypost.server import kernel_cache as kernel_cache
from waypost.server.jobs.readers.blocks import MAX_BLOCK_ROWS, MAX_ROW_BYTES

_NONE = -1
_QUOTE_OPEN = 1


class Dialect(NamedTuple):
    """How cells are told apart; `quote` may be empty."""

    delimiter: str
    quote: str


class RowSpans(NamedTuple):
    """Complete rows of a buffer, arrays of equal length, and where the first that is not complete begins.

    `starts` and `ends` (before the line end) are bytes in the buffer; `lines` counts from 0 at the scan's begin;
    `widest` is the longest cell as written. `next_line` belongs to `next_at`. `quote_open` tells that the row at
    `next_at` has a quote that is not closed in the buffer, or not within MAX_ROW_BYTES.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    fields: npt.NDArray[np.int32]
    widest: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    next_at: int
    next_line: int
    quote_open: bool


def scan_rows(
    data: bytes, at: int, dialect: Dialect, *, final: bool, blank_rows: bool, max_rows: int = MAX_BLOCK_ROWS
) -> RowSpans:
    """The complete rows of `data` from `at` on, at most `max_rows`.

    `final`: the data ends here, so that a last row needs no line end. `blank_rows`: a line with nothing on it is
    a row; else it is none.
    """
    starts, ends, widest, lines = (np.empty(max_rows, np.int64) for _ in range(4))
    fields = np.empty(max_rows, np.int32)
    delimiter, quote = ord(dialect.delimiter), ord(dialect.quote) if dialect.quote else _NONE
    buffer = np.frombuffer(data, np.uint8)
    rows, next_at, next_line, state = _scan(
        buffer, at, final, delimiter, quote, blank_rows, MAX_ROW_BYTES, starts, ends, fields, widest, lines
    )
    return RowSpans(
        starts[:rows], ends[:rows], fields[:rows], widest[:rows], lines[:rows], next_at, next_line, state == _QUOTE_OPEN
    )


@njit(cache=True, nogil=True)
def _scan(  # type: ignore[no-untyped-def]
    data, at, final, delimiter, quote, blank_rows, max_row_bytes, starts, ends, fields, widest, lines
):
    """Number of rows, where and on which line the next begins, and _QUOTE_OPEN or 0."""
    size = data.size
    rows = 0
    line = 0
    while at < size and rows < starts.size:
        start = at
        start_line = line
        field_count = 1
        longest = 0
        cell = at
        in_quotes = quote >= 0 and data[at] == quote
        if in_quotes:
            at += 1
        end = -1
        limit = min(size, start + max_row_bytes + 1)
        while at < limit:
            byte = data[at]
            at += 1
            if in_quotes:
                if byte == quote:
                    if at < size and data[at] == quote:
                        at += 1
                    else:
                        in_quotes = False
                elif byte == 10 or (byte == 13 and (at >= size or data[at] != 10)):
                    line += 1
            elif byte == delimiter:
                longest = max(longest, at - 1 - cell)
                field_count += 1
                cell = at
                if quote >= 0 and at < size and data[at] == quote:
                    in_quotes = True
                    at += 1
            elif byte == 10 or byte == 13:
                if byte == 13 and at >= size and not final:
                    break
                end = at - 1
                if byte == 13 and at < size and data[at] == 10:
                    at += 1
                line += 1
                break
        if end < 0:
            if in_quotes or not final or limit < size:
                return rows, start, start_line, _QUOTE_OPEN if in_quotes else 0
            at = size
            end = size
        if end == start and not blank_rows:
            continue
        starts[rows] = start
        ends[rows] = end
        fields[rows] = field_count
        widest[rows] = max(longest, end - cell)
        lines[rows] = start_line
        rows += 1
    return rows, at, line, 0
