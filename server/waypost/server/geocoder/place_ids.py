"""Columns of place ids: the row of each in the snapshot, found by binary search in a kernel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import columns as c
from waypost.server.geocoder.jit import njit
from waypost.server.geocoder.texts import read_texts

#: Bytes of a place id, which are all ASCII; the rule is that of places.proto.
MAX_ID_BYTES = 63


class PlaceIds:
    """The ids of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._ids: TextColumn = snapshot.text("place_id")
        self._order = snapshot.array("place_id_order")

    def column(self, texts: pa.Array) -> c.Hits:
        """The place of each id. A place that is there is certain: its confidence is 1."""
        ids, faults = read_texts(texts)
        rows = np.full(len(ids), -1, np.int32)
        reason = np.zeros(len(ids), np.uint8)
        _find(self._ids.offsets, self._ids.data, self._order, ids.offsets, ids.data, faults, rows, reason)
        confidence: npt.NDArray[np.float32] = (rows >= 0).astype(np.float32)
        return c.Hits(rows, confidence, reason)


@njit(cache=True, nogil=True)
def _find(known_offsets, known, order, offsets, data, faults, rows, reason):  # type: ignore[no-untyped-def]
    """Fills `rows` (-1 = none) and `reason` of each text."""
    for text in range(offsets.size - 1):
        if faults[text] == c.NULL_VALUE or faults[text] == c.BLANK:
            reason[text] = faults[text]
            continue
        begin, end = offsets[text], offsets[text + 1]
        if not _is_id(data, begin, end):
            reason[text] = c.MALFORMED_PLACE_ID
            continue
        low, high = 0, order.size
        while low < high:
            middle = (low + high) // 2
            row = order[middle]
            compared = _compare(known, known_offsets[row], known_offsets[row + 1], data, begin, end)
            if compared == 0:
                rows[text] = row
                break
            if compared < 0:
                low = middle + 1
            else:
                high = middle
        if rows[text] < 0:
            reason[text] = c.PLACE_NOT_FOUND


@njit(cache=True, nogil=True)
def _is_id(data, begin, end):  # type: ignore[no-untyped-def]
    """Whether the bytes are 1 to 63 lower-case ASCII letters, digits and hyphens."""
    if end - begin > MAX_ID_BYTES:
        return False
    for at in range(begin, end):
        byte = data[at]
        if not (97 <= byte <= 122 or 48 <= byte <= 57 or byte == 45):
            return False
    return end > begin


@njit(cache=True, nogil=True)
def _compare(left, left_begin, left_end, right, right_begin, right_end):  # type: ignore[no-untyped-def]
    """Negative, 0 or positive as the left bytes sort before, with or after the right ones."""
    for step in range(min(left_end - left_begin, right_end - right_begin)):
        difference = np.int64(left[left_begin + step]) - np.int64(right[right_begin + step])
        if difference != 0:
            return difference
    return (left_end - left_begin) - (right_end - right_begin)
