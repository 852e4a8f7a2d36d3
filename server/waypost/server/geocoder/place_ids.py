"""Columns of place ids: the row of each in the snapshot, found by binary search in a kernel.

The id of an address is that of its street, a dot, its number and addition, and "~2" for the second one that is equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import columns as c
from waypost.server.geocoder.fine_grid import UNITS
from waypost.server.geocoder.houses import EXACT, HOUSE, NO_HOUSE
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.reverse_houses import House
from waypost.server.geocoder.texts import read_texts

#: Bytes of a place id, which are all ASCII; the rule is that of places.proto.
MAX_ID_BYTES = 63
_DOT, _TILDE = 46, 126
_MOST_DIGITS = 10


class PlaceIds:
    """The ids of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._ids: TextColumn = snapshot.text("place_id")
        self._order = snapshot.array("place_id_order")
        self._addresses = Addresses.of(snapshot) if snapshot.has("feature_base") else None

    def find(self, place_id: str) -> tuple[int, House | None] | None:
        """The row of an id, and of an address its house; None if there is no such place."""
        hits = self.column(pa.array([place_id], pa.large_string()))
        if hits.row[0] < 0:
            return None
        if hits.houses is None or hits.houses["kind"][0] != EXACT:
            return int(hits.row[0]), None
        told = hits.houses[0]
        where = float(told["latitude"]), float(told["longitude"])
        return int(hits.row[0]), House(EXACT, -1, int(told["address"]), 0, *where, 0.0, 0.0)

    def column(self, texts: pa.Array) -> c.Hits:
        """The place of each id. A place that is there is certain: its confidence is 1."""
        ids, faults = read_texts(texts)
        rows = np.full(len(ids), -1, np.int32)
        reason = np.zeros(len(ids), np.uint8)
        _find(self._ids.offsets, self._ids.data, self._order, ids.offsets, ids.data, faults, rows, reason)
        houses = self._houses(ids, rows) if self._addresses is not None else None
        reason[(rows >= 0) & (reason == c.PLACE_NOT_FOUND)] = 0
        confidence: npt.NDArray[np.float32] = (rows >= 0).astype(np.float32)
        hits = c.Hits(rows, confidence, reason)
        hits.houses = houses
        return hits

    def _houses(self, ids: TextColumn, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.void]:
        """The houses of ids that are those of addresses, whose rows are filled in."""
        assert self._addresses is not None  # noqa: S101 - the caller knows
        houses = np.zeros(len(ids), HOUSE)
        houses["kind"], houses["address"] = NO_HOUSE, -1
        known = self._ids
        _find_addresses(known.offsets, known.data, self._order, self._addresses, ids.offsets, ids.data, rows, houses)
        found = np.flatnonzero(houses["kind"] == EXACT)
        points = self._addresses.points[houses["address"][found]]
        houses["latitude"][found], houses["longitude"][found] = points[:, 0] / UNITS, points[:, 1] / UNITS
        return houses


class Addresses(NamedTuple):
    """The arrays of a snapshot that ids of addresses are found by; see schema.FEATURES."""

    base: int
    offsets: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.uint32]
    suffixes: npt.NDArray[np.uint16]
    suffix_offsets: npt.NDArray[np.int64]
    suffix_ids: npt.NDArray[np.uint8]
    points: npt.NDArray[np.int32]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Addresses:
        """Those of a snapshot that has some."""
        texts = snapshot.text("suffix_id")
        return cls(
            int(snapshot.array("feature_base")[0]),
            snapshot.array("address_offsets").view(np.int64),
            snapshot.array("address_number").view(np.uint32),
            snapshot.array("address_suffix").view(np.uint16),
            texts.offsets,
            texts.data,
            snapshot.array("address_point").view(np.int32),
        )


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
        rows[text] = _row_of(known_offsets, known, order, data, begin, end)
        if rows[text] < 0:
            reason[text] = c.PLACE_NOT_FOUND


@kernel
def _row_of(known_offsets, known, order, data, begin, end):  # type: ignore[no-untyped-def]
    """The row with that id, -1 if there is none."""
    low, high = 0, order.size
    while low < high:
        middle = (low + high) // 2
        row = order[middle]
        compared = _compare(known, known_offsets[row], known_offsets[row + 1], data, begin, end)
        if compared == 0:
            return np.int64(row)
        if compared < 0:
            low = middle + 1
        else:
            high = middle
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _find_addresses(known_offsets, known, order, addresses, offsets, data, rows, houses):  # type: ignore[no-untyped-def]
    """Fills `rows` and `houses` of the texts that no row has as its id, but an address on one."""
    for text in range(offsets.size - 1):
        begin, end = offsets[text], offsets[text + 1]
        dot = end - 1
        while dot > begin and data[dot] != _DOT:
            dot -= 1
        if rows[text] >= 0 or dot <= begin or end - begin > MAX_ID_BYTES:
            continue
        row = _row_of(known_offsets, known, order, data, begin, dot)
        if row < addresses.base:
            continue
        address = _address_of(addresses, row - addresses.base, data, dot + 1, end)
        if address >= 0:
            rows[text] = row
            houses[text].kind = EXACT
            houses[text].address = address


@kernel
def _address_of(addresses, feature, data, begin, end):  # type: ignore[no-untyped-def]
    """The address of a feature whose number, addition and rank are written in `data[begin:end]`, -1 if it has none."""
    number, at = _read_number(data, begin, end)
    if at == begin:
        return np.int64(-1)
    stop = at
    while stop < end and data[stop] != _TILDE:
        stop += 1
    rank, last = np.int64(1), stop
    if stop < end:
        rank, last = _read_number(data, stop + 1, end)
        if rank < 2:
            return np.int64(-1)
    low, high = addresses.offsets[feature], addresses.offsets[feature + 1]
    limit = high
    while low < high:
        middle = (low + high) // 2
        if addresses.numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    if last != end:
        return np.int64(-1)
    for address in range(low, limit):
        if addresses.numbers[address] != number:
            break
        suffix = np.int64(addresses.suffixes[address])
        first, after = addresses.suffix_offsets[suffix], addresses.suffix_offsets[suffix + 1]
        if _compare(addresses.suffix_ids, first, after, data, at, stop) == 0:
            rank -= 1
            if rank == 0:
                return np.int64(address)
    return np.int64(-1)


@kernel
def _read_number(data, begin, end):  # type: ignore[no-untyped-def]
    """The number that begins there, as written without zeros before it, and where it ends; at most ten digits."""
    number, at = np.int64(0), begin
    while at < end and at - begin < _MOST_DIGITS and 48 <= data[at] <= 57:
        number = number * 10 + np.int64(data[at]) - 48
        at += 1
    if at - begin > 1 and data[begin] == 48:
        return np.int64(0), begin
    return number, at


@kernel
def _is_id(data, begin, end):  # type: ignore[no-untyped-def]
    """Whether the bytes are 1 to 63 lower-case ASCII letters, digits, hyphens, dots, underscores and tildes."""
    if end - begin > MAX_ID_BYTES:
        return False
    for at in range(begin, end):
        byte = data[at]
        if not (97 <= byte <= 122 or 48 <= byte <= 57 or byte in (45, _DOT, 95, _TILDE)):
            return False
    return end > begin


@kernel
def _compare(left, left_begin, left_end, right, right_begin, right_end):  # type: ignore[no-untyped-def]
    """Negative, 0 or positive as the left bytes sort before, with or after the right ones."""
    for step in range(min(left_end - left_begin, right_end - right_begin)):
        difference = np.int64(left[left_begin + step]) - np.int64(right[right_begin + step])
        if difference != 0:
            return difference
    return (left_end - left_begin) - (right_end - right_begin)
