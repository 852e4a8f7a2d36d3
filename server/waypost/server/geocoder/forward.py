"""Forward answers: runs the kernels on a text, an address or a column, and makes values of their flat results."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import columns as c
from waypost.server.geocoder import search
from waypost.server.geocoder.calibration import load_weights
from waypost.server.geocoder.match import TERMS, Filter
from waypost.server.geocoder.normalize import FoldTable
from waypost.server.geocoder.spans import ANY_TYPE, Index, Words
from waypost.server.geocoder.texts import ADDRESS_FIELDS
from waypost.server.model import GeocodeFilter, GeocodeQuery, PlaceType, PostalAddress

_T = TypeVar("_T", bound=np.generic)


def _types(*types: PlaceType) -> int:
    return sum(1 << kind for kind in types)


#: What each field of an address may mean, as bits of PlaceType. Lines may hold anything.
FIELD_TYPES = np.array(
    [
        ANY_TYPE,
        _types(PlaceType.NEIGHBORHOOD, PlaceType.LOCALITY, PlaceType.DISTRICT),
        _types(PlaceType.LOCALITY, PlaceType.NEIGHBORHOOD, PlaceType.DISTRICT, PlaceType.REGION),
        _types(PlaceType.REGION, PlaceType.DISTRICT, PlaceType.COUNTRY),
        _types(PlaceType.POSTAL_CODE),
        _types(PlaceType.COUNTRY),
    ],
    np.int64,
)
_TEXT_TYPES = np.array([ANY_TYPE], np.int64)
_NOWHERE = np.full(4, np.nan)
#: Rows that one kernel call works off: a deadline is noticed after each.
CHUNK_ROWS = 4096


class Part:
    """A run of words that a reading explains: words, the row that they are taken for, edits, corrected word."""

    __slots__ = ("edits", "first", "last", "row", "word")

    def __init__(self, first: int, last: int, row: int, edits: int, word: int) -> None:
        self.first, self.last, self.row, self.edits, self.word = first, last, row, edits, word


class Reading:
    """One answer of the kernel; `against` are the words, as bits, that contradict it."""

    __slots__ = ("against", "confidence", "edits", "parts", "row", "score", "terms")

    def __init__(
        self,
        row: int,
        confidence: float,
        score: float,
        terms: list[float],
        parts: list[Part],
        against: int,
        edits: int,
    ) -> None:
        self.row, self.confidence, self.score, self.terms = row, confidence, score, terms
        self.parts, self.against, self.edits = parts, against, edits


class Found:
    """What the kernel made of one text: its words as (first byte, last byte + 1), readings best first, flags."""

    __slots__ = ("flags", "readings", "scored", "words")

    def __init__(self, words: list[tuple[int, int]], readings: list[Reading], flags: int, scored: int) -> None:
        self.words, self.readings, self.flags, self.scored = words, readings, flags, scored


class ForwardIndex:
    """The forward index of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        def array(name: str, dtype: type[_T]) -> npt.NDArray[_T]:
            return snapshot.array(f"forward_{name}").view(dtype)

        self.fold = FoldTable(array("fold_entries", np.uint32), array("fold_pool", np.uint32))
        self._index = Index(
            *self.fold,
            array("slots", np.uint64),
            array("postings", np.uint64),
            array("truncating_countries", np.int32),
            snapshot.array("forward_places"),
        )
        self._words = Words(
            array("word_hash", np.uint64),
            array("word_offsets", np.int32),
            array("word_letters", np.uint16),
            array("word_sets", np.uint32),
            array("delete_offsets", np.uint32),
            array("delete_entries", np.uint32),
        )
        self._weights = load_weights()
        short = snapshot.text("short_name")
        countries = np.flatnonzero(snapshot.array("place_type") == PlaceType.COUNTRY)
        self._country_rows = {short[int(row)]: int(row) for row in countries}
        self._any = self.limits(GeocodeFilter())

    def limits(self, restriction: GeocodeFilter) -> Filter:
        """The filter as the kernels read it; a region code without a country in this snapshot matches nothing."""
        types = _types(*restriction.place_types) if restriction.place_types else ANY_TYPE
        rows = [self._country_rows.get(code, -1) for code in restriction.region_codes]
        box, focus = restriction.bounds, restriction.focus
        return Filter(
            np.array([types], np.int64),
            np.array(rows, np.int64),
            np.array([box.south, box.west, box.north, box.east]) if box else _NOWHERE,
            np.array([focus.latitude, focus.longitude]) if focus else _NOWHERE[:2],
        )

    def text(self, text: str, restriction: GeocodeFilter, wanted: int, *, merge: bool = True) -> Found:
        """The best `wanted` readings of free text."""
        data = np.frombuffer(text.encode(), np.uint8)
        ends = np.array([data.size + 1], np.int64)
        return self._search(data, ends, _TEXT_TYPES, restriction, wanted, merge)

    def address(self, address: PostalAddress, restriction: GeocodeFilter, wanted: int, *, merge: bool = True) -> Found:
        """The best `wanted` readings of an address; words are counted in `address_text(address)`."""
        return self._search(*_address_data(address), FIELD_TYPES, restriction, wanted, merge)

    def _search(
        self,
        data: npt.NDArray[np.uint8],
        ends: npt.NDArray[np.int64],
        types: npt.NDArray[np.int64],
        restriction: GeocodeFilter,
        wanted: int,
        merge: bool,
    ) -> Found:
        limits = self._any if restriction == _ANYTHING else self.limits(restriction)
        merge = merge and not restriction.place_types
        # Half as many again are kept, since some turn out to be the same place.
        capacity = wanted + wanted // 2 + search.FEW
        integers, floats = search.search_text(
            self._index, self._words, data, ends, types, limits, self._weights, capacity, wanted, merge
        )
        return _unpack(integers.tolist(), floats.tolist())

    def features(self, query: GeocodeQuery) -> tuple[int, npt.NDArray[np.float64]]:
        """Row of the best answer (-1 = none) and what its confidence is computed from; for fitting that."""
        if query.address is None:
            data = np.frombuffer(query.text.encode(), np.uint8)
            ends, types = np.array([data.size + 1], np.int64), _TEXT_TYPES
        else:
            data, ends, types = *_address_data(query.address), FIELD_TYPES
        row, features = search.search_features(self._index, self._words, data, ends, types, self.limits(query.filter))
        return int(row), features

    def column(
        self,
        texts: TextColumn,
        ends: npt.NDArray[np.int64] | None,
        restriction: GeocodeFilter,
        faults: npt.NDArray[np.uint8],
    ) -> tuple[c.Hits, npt.NDArray[np.uint8]]:
        """The best answer to each text, and the kernel's flags. With `ends` (texts, fields) they are addresses."""
        size = len(texts)
        rows, sure, flags = np.empty(size, np.int32), np.empty(size, np.float32), np.empty(size, np.uint8)
        types = _TEXT_TYPES if ends is None else FIELD_TYPES
        if ends is None:
            ends = texts.offsets[1:, None] + 1
        search.search_column(
            self._index,
            self._words,
            texts.data,
            texts.offsets,
            ends,
            types,
            self.limits(restriction),
            self._weights,
            rows,
            sure,
            flags,
        )
        rows[faults != 0] = -1
        reason = np.where(faults != 0, faults, np.where(rows < 0, c.NO_MATCH, 0)).astype(np.uint8)
        return c.Hits(rows, sure, reason), flags


_ANYTHING = GeocodeFilter()


def address_fields(address: PostalAddress) -> list[str]:
    """The fields of an address in the order of texts.ADDRESS_FIELDS."""
    return [
        "\n".join(address.address_lines) if name == "address_lines" else getattr(address, name)
        for name in ADDRESS_FIELDS
    ]


def address_text(address: PostalAddress) -> str:
    """The fields as one text, each ended by a newline."""
    return "".join(f"{field}\n" for field in address_fields(address))


def _address_data(address: PostalAddress) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes of address_text, and where each field ends."""
    fields = address_fields(address)
    ends = np.cumsum([len(field.encode()) + 1 for field in fields], dtype=np.int64)
    return np.frombuffer(address_text(address).encode(), np.uint8), ends


def _unpack(integers: list[int], floats: list[float]) -> Found:
    """The flat result of search.search_text as values; the layout is described there."""
    count, readings, flags, scored, _, at = integers[: search.HEADER]
    words = []
    for _ in range(count):
        words.append((integers[at], integers[at + 1]))
        at += search.WORD_WIDTH
    width = 2 + len(TERMS)
    result = []
    for number in range(readings):
        row, edits, _, _, parts, against = integers[at : at + search.READING_WIDTH]
        at += search.READING_WIDTH
        spans = []
        for _ in range(parts):
            spans.append(Part(*integers[at : at + search.PART_WIDTH]))
            at += search.PART_WIDTH
        sure, score, *terms = floats[number * width : (number + 1) * width]
        result.append(Reading(row, sure, score, terms, spans, against, edits))
    return Found(words, result, flags, scored)
