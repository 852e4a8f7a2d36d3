"""How a CSV is written, found out from its head: what separates cells, and whether a header comes first.

Where the head does not tell, the answer is the one that loses no row: no header.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from waypost.server.jobs.column_names import is_known_name
from waypost.server.jobs.readers.csv_scan import Dialect, RowSpans, scan_rows

#: What is looked at: enough for hundreds of rows, and read at once from anywhere.
HEAD_BYTES = 256 * 1024
_HEAD_ROWS = 1_000
_DELIMITERS = (",", ";", "\t", "|")
#: The share of rows that must have as many cells as the first one for a delimiter to be believed.
_AGREEING = 0.6


def detect_delimiter(head: bytes, quote: str, named: Collection[str], *, complete: bool) -> str:
    """The delimiter with which most rows have as many cells, at least two, as the first.

    One with which the first row has names of columns is right, however many of the others are ragged. Where there is
    none the input has one column, and the answer is a character that does not tear it.
    """
    known = {delimiter: _known_names(head, quote, delimiter, named) for delimiter in _DELIMITERS}
    if any(known.values()):
        return max(known, key=lambda delimiter: known[delimiter])
    shares: dict[str, float] = {}
    whole: dict[str, float] = {}
    for delimiter in _DELIMITERS:
        spans = _head_rows(head, Dialect(delimiter, quote), complete)
        if spans.fields.size == 0:
            continue
        first = int(spans.fields[0])
        whole[delimiter] = float(np.mean(spans.fields == 1))
        if first > 1:
            shares[delimiter] = float(np.mean(spans.fields == first))
    best = max(shares, key=lambda delimiter: shares[delimiter], default="")
    if best and shares[best] >= _AGREEING:
        return best
    untorn = max(whole, key=lambda delimiter: whole[delimiter], default=",")
    if not best or whole[untorn] >= _AGREEING:
        return untorn
    return best


def detect_header(rows: Sequence[Sequence[str | None]], named: Collection[str]) -> bool:
    """Whether the first of `rows` is a header.

    It is, if it has a name that the caller gave or that is known as a column's; or if it has no number where every
    other row of some column has one.
    """
    if not rows:
        return False
    first = [cell or "" for cell in rows[0]]
    if any(cell in named or is_known_name(cell) for cell in first):
        return True
    if any(_is_number(cell) for cell in first) or not all(first) or len(rows) < 2:
        return False
    columns = zip(*(row for row in rows[1:] if len(row) == len(first)), strict=True)
    return any(all(_is_number(cell or "") for cell in column) for column in columns)


def _known_names(head: bytes, quote: str, delimiter: str, named: Collection[str]) -> int:
    """How many cells of the first line are names of columns, where it has two cells or more."""
    lines = head.lstrip(b"\r\n").splitlines()[:1]
    cells = [cell.strip(quote or None) for line in lines for cell in line.decode(errors="replace").split(delimiter)]
    return sum(cell in named or is_known_name(cell) for cell in cells) if len(cells) > 1 else 0


def _head_rows(head: bytes, dialect: Dialect, complete: bool) -> RowSpans:
    return scan_rows(head, 0, dialect, final=complete, blank_rows=False, max_rows=_HEAD_ROWS)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True
