"""What the search reads of streets, and one thread's room for it, as one table that kernels take arrays from.

A snapshot without imported layers has none, the number 0, and then the search does nothing here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.jit import inlined
from waypost.server.geocoder.lent import LentArrays, lender
from waypost.server.geocoder.spans import SPAN, Words
from waypost.server.geocoder.street_words import Signs, new_signs

#: Spans of one query that may name something in the layers; more are left out and the answer says so.
MAX_NAMED = 100
#: Hints of one query; likewise.
MAX_HINTS = 1024
#: Slots of the table that tells what was tried before; a power of two.
SEEN = 1024
#: Points of interest of one kind near a place that are tried: more than are wanted as a rule.
MOST_NEAREST = 12
#: Places whose readings the streets are held against; as many as are kept of every query.
MAX_RIVALS = 5

#: What a span says of where a street may lie: the span, what it is taken for (see street_hints.py), the run of features
#: (rows `first` to before `end`) that it can be, what taking it so costs, importance and reach of the place.
HINT = np.dtype(
    [
        ("row", np.int64),
        ("span", np.int32),
        ("kind", np.int32),
        ("first", np.int32),
        ("end", np.int32),
        ("cost", np.float64),
        ("importance", np.float64),
        ("radius_m", np.float64),
    ]
)
#: A reading of places alone: its row, and the words that it explains.
RIVAL = np.dtype([("row", np.int64), ("mask", np.uint64)])
#: The house in a query as far as one street is concerned: see house_numbers.py.
FOUND_HOUSE = np.dtype(
    [
        ("kind", np.int32),
        ("number_from", np.int32),
        ("number_to", np.int32),
        ("asked", np.int32),
        ("address", np.int64),
        ("latitude", np.float64),
        ("longitude", np.float64),
        ("error_m", np.float64),
        ("mask", np.uint64),
        ("gain", np.float64),
    ]
)

#: The arrays of the table by their place in it.
(
    SLOTS, POSTINGS, STARTS, CODE_ROWS, CODE_FIRST, CODE_LAST, CELLS, CELL_OFFSETS, CELL_PLACES,
    TOWN_OFFSETS, TOWNS, NUMBER_FIRST,
    WORD_HASH, WORD_OFFSETS, WORD_LETTERS, WORD_SETS, DELETE_OFFSETS, DELETE_ENTRIES, WORD_KEY, WORD_SIZE,
    BASE, WITHIN, POSTAL_OFFSETS, POSTAL_ROWS, IMPORTANCE,
    ADDRESS_OFFSETS, ADDRESS_NUMBER, ADDRESS_SUFFIX, ADDRESS_POINT, SUFFIX_HASH,
    RANGE_OFFSETS, RANGE_NUMBERS, RANGE_POINTS, LINE_OFFSETS, LINE, WEIGHTS,
    SIGN_CHAR, SIGN_PREFIX, SIGN_START, SIGN_END, SIGN_KIND,
    NAMED, HINTS, SEEN_KEYS, RIVALS, HOUSES, COUNTS, ASIDE, NEAREST, NEAREST_M,
) = range(50)  # fmt: skip

#: What COUNTS holds: named spans, those of them without a correction, hints, rivals, readings tried, whether a bound
#: was met, and the spans of places, which stand before those of layers.
AT_NAMED, AT_EXACT, AT_HINT, AT_RIVAL, AT_TRIED, AT_BOUND, AT_PLACES = range(7)
#: NEAREST holds postings of the points of interest of a kind that lie nearest to a place, NEAREST_M their distances.
#: ASIDE holds, as bits, the words that are set aside, and those of streets that are said to cross.

u8, u16, u32, u64 = (lender(dtype, readonly=True) for dtype in (np.uint8, np.uint16, np.uint32, np.uint64))
i32, i64, f32, f64 = (lender(dtype, readonly=True) for dtype in (np.int32, np.int64, np.float32, np.float64))
u8w, u32w, u64w, i32w, i64w, f64w = (
    lender(dtype, readonly=False) for dtype in (np.uint8, np.uint32, np.uint64, np.int32, np.int64, np.float64)
)
spans_at, hints_at, rivals_at, houses_at = (lender(dtype, readonly=False) for dtype in (SPAN, HINT, RIVAL, FOUND_HOUSE))

_ARRAYS = (
    ("street_slots", np.uint64), ("street_postings", np.uint64), ("street_starts", np.int32),
    ("street_code_rows", np.int32), ("street_code_first", np.int32), ("street_code_last", np.int32),
    ("street_cells", np.int32), ("street_cell_offsets", np.int32), ("street_cell_places", np.int32),
    ("street_town_offsets", np.int32), ("street_towns", np.int32),
    ("street_number_first", np.int32), ("street_word_hash", np.uint64), ("street_word_offsets", np.int32),
    ("street_word_letters", np.uint16), ("street_word_sets", np.uint32), ("street_delete_offsets", np.uint32),
    ("street_delete_entries", np.uint32), ("street_word_key", np.uint64), ("street_word_size", np.int32),
    ("feature_base", np.int64), ("feature_within", np.int32), ("feature_postal_offsets", np.int64),
    ("feature_postal_rows", np.int32), ("importance", np.float32), ("address_offsets", np.int64),
    ("address_number", np.uint32), ("address_suffix", np.uint16), ("address_point", np.int32),
    ("suffix_hash", np.uint64), ("range_offsets", np.int64), ("range_numbers", np.uint32), ("range_points", np.int32),
    ("line_offsets", np.int64), ("line", np.int32),
)  # fmt: skip


@inlined
def signs_of(table):  # type: ignore[no-untyped-def]
    """The query in signs."""
    return Signs(
        u32w(table, SIGN_CHAR), u64w(table, SIGN_PREFIX), i32w(table, SIGN_START), i32w(table, SIGN_END),
        u8w(table, SIGN_KIND),
    )  # fmt: skip


@inlined
def street_words_of(table):  # type: ignore[no-untyped-def]
    """The vocabulary of the layers."""
    return Words(
        u64(table, WORD_HASH), i32(table, WORD_OFFSETS), u16(table, WORD_LETTERS), u32(table, WORD_SETS),
        u32(table, DELETE_OFFSETS), u32(table, DELETE_ENTRIES),
    )  # fmt: skip


@inlined
def street_weights(table):  # type: ignore[no-untyped-def]
    """The weights of calibration.confidence for answers in the layers."""
    return f64(table, WEIGHTS)


class StreetIndex:
    """The arrays of streets of one snapshot; read-only and shared by all threads."""

    __slots__ = ("arrays",)

    def __init__(self, snapshot: Snapshot, weights: npt.NDArray[np.float64]) -> None:
        self.arrays: list[npt.NDArray[np.generic]] = []
        if snapshot.has("street_slots"):
            self.arrays = [_read(snapshot, name, dtype) for name, dtype in _ARRAYS]
            self.arrays.append(weights)


def _read(snapshot: Snapshot, name: str, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    array = snapshot.array(name)
    if array.dtype != dtype:
        raise TypeError(f"{name} is {array.dtype}, not {np.dtype(dtype)}")
    return np.ascontiguousarray(array).reshape(-1)


class StreetDesk:
    """The table of one thread: the arrays of the index, and room. 0 without streets."""

    __slots__ = ("_lent", "table")

    def __init__(self, index: StreetIndex) -> None:
        self.table = 0
        if not index.arrays:
            return
        room: list[npt.NDArray[np.generic]] = [
            *new_signs(), np.zeros(MAX_NAMED, SPAN), np.zeros(MAX_HINTS, HINT), np.zeros(SEEN, np.int64),
            np.zeros(MAX_RIVALS, RIVAL), np.zeros(2, FOUND_HOUSE), np.zeros(8, np.int64), np.zeros(2, np.uint64),
            np.zeros(MOST_NEAREST, np.int64), np.zeros(MOST_NEAREST, np.float64),
        ]  # fmt: skip
        self._lent = LentArrays([*index.arrays, *room])
        self.table = self._lent.table
