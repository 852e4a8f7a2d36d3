"""What one thread needs to answer forward questions: the snapshot's index, and room that is used again and again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.contexts import AREA, NEAR_SPAN, NEARBY, Contexts
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.lent import LentArrays, lender
from waypost.server.geocoder.match import READING, Filter, Top
from waypost.server.geocoder.normalize import MAX_TOKENS, WORD, Tokens
from waypost.server.geocoder.search import new_scratch
from waypost.server.geocoder.spans import PLACE, SPAN, Index, Words
from waypost.server.geocoder.streets import StreetDesk
from waypost.server.geocoder.typo import MAX_CORRECTIONS, Corrections

#: The arrays of a desk, by their place in its table, each group in the order of its tuple; the index comes first.
_WORDS, _FILTER, _TOKENS, _SPANS, _CONTEXTS, _TOP, _ORDER, _CORRECTIONS, _FEATURES, _TYPES, _WEIGHTS, _STREETS = (
    6, 12, 16, 19, 20, 26, 30, 31, 39, 40, 41, 42,
)  # fmt: skip
#: Readings that there is room for: of the greatest number of results, see lookup.py.
READINGS = 100

_u16, _u32, _u64, _i32 = (lender(dtype, readonly=True) for dtype in (np.uint16, np.uint32, np.uint64, np.int32))
_i64, _f64 = (lender(dtype, readonly=False) for dtype in (np.int64, np.float64))
_f64r, _places = lender(np.float64, readonly=True), lender(PLACE, readonly=True)
_i32w, _u32w, _u64w = (lender(dtype, readonly=False) for dtype in (np.int32, np.uint32, np.uint64))
_word, _span, _area, _near, _near_span, _reading = (
    lender(dtype, readonly=False) for dtype in (WORD, SPAN, AREA, NEARBY, NEAR_SPAN, READING)
)  # fmt: skip


@kernel
def index_of(desk):  # type: ignore[no-untyped-def]
    """The forward index."""
    return Index(_u32(desk, 0), _u32(desk, 1), _u64(desk, 2), _u64(desk, 3), _i32(desk, 4), _places(desk, 5))


@kernel
def words_of(desk):  # type: ignore[no-untyped-def]
    """The vocabulary."""
    return Words(
        _u64(desk, _WORDS), _i32(desk, _WORDS + 1), _u16(desk, _WORDS + 2), _u32(desk, _WORDS + 3),
        _u32(desk, _WORDS + 4), _u32(desk, _WORDS + 5),
    )  # fmt: skip


@kernel
def filter_of(desk):  # type: ignore[no-untyped-def]
    """What restricts the answers."""
    return Filter(_i64(desk, _FILTER), _i64(desk, _FILTER + 1), _f64(desk, _FILTER + 2), _f64(desk, _FILTER + 3))


@kernel
def scratch_of(desk, capacity):  # type: ignore[no-untyped-def]
    """The room of search.new_scratch, for the `capacity` best readings."""
    return (
        Tokens(_u32w(desk, _TOKENS), _u64w(desk, _TOKENS + 1), _word(desk, _TOKENS + 2)),
        _span(desk, _SPANS),
        Contexts(
            _i32w(desk, _CONTEXTS), _u32w(desk, _CONTEXTS + 1), _area(desk, _CONTEXTS + 2), _near(desk, _CONTEXTS + 3),
            _near_span(desk, _CONTEXTS + 4), _i64(desk, _CONTEXTS + 5),
        ),
        Top(_reading(desk, _TOP)[:capacity], _i64(desk, _TOP + 1), _i64(desk, _TOP + 2), _i64(desk, _TOP + 3)),
        _i64(desk, _ORDER),
        Corrections(
            _i64(desk, _CORRECTIONS).reshape((MAX_TOKENS, MAX_CORRECTIONS)),
            _i64(desk, _CORRECTIONS + 1).reshape((MAX_TOKENS, MAX_CORRECTIONS)),
            _i64(desk, _CORRECTIONS + 2), _u64w(desk, _CORRECTIONS + 3), _u32w(desk, _CORRECTIONS + 4),
            _u64w(desk, _CORRECTIONS + 5), _i64(desk, _CORRECTIONS + 6), _i64(desk, _CORRECTIONS + 7),
        ),
        _f64(desk, _FEATURES),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def types_of(desk):  # type: ignore[no-untyped-def]
    """The place types that each field allows, as bits."""
    return _i64(desk, _TYPES)


@njit(cache=True, nogil=True)
def weights_of(desk):  # type: ignore[no-untyped-def]
    """The weights of calibration.confidence."""
    return _f64r(desk, _WEIGHTS)


@kernel
def streets_of(desk):  # type: ignore[no-untyped-def]
    """The table of streets, 0 in a snapshot without layers."""
    return _i64(desk, _STREETS)[0]


class Desk:
    """The arrays of a desk. It belongs to one thread."""

    __slots__ = ("_filter", "_lent", "_types", "streets", "table")

    def __init__(
        self, index: Index, words: Words, weights: npt.NDArray[np.float64], limits: Filter, streets: StreetDesk
    ) -> None:
        self.streets = streets
        tokens, spans, contexts, top, order, corrections, features = new_scratch(READINGS)
        self._filter = limits
        self._types = np.zeros(0, np.int64)
        arrays: list[npt.NDArray[np.generic]] = [*index, *words, *limits, *tokens, spans, *contexts, *top, order]
        arrays += [*corrections, features, self._types, weights, np.array([streets.table], np.int64)]
        self._lent = LentArrays(arrays)
        self.table = self._lent.table

    def restrict(self, limits: Filter, types: npt.NDArray[np.int64]) -> None:
        """Sets what the next answers are restricted to."""
        if limits is not self._filter:
            self._filter = limits
            for at, array in enumerate(limits):
                self._lent.replace(_FILTER + at, array)
        if types is not self._types:
            self._types = types
            self._lent.replace(_TYPES, types)
