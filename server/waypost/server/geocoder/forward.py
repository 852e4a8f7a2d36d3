"""The forward index of a snapshot: runs the kernels on texts, addresses and columns of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import columns as c
from waypost.server.geocoder import search, search_columns
from waypost.server.geocoder.calibration import load_weights
from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.desk import Desk
from waypost.server.geocoder.houses import HOUSE
from waypost.server.geocoder.lookup import look_up
from waypost.server.geocoder.match import Filter
from waypost.server.geocoder.normalize import FoldTable
from waypost.server.geocoder.same_places import FEW
from waypost.server.geocoder.sheet import OVERFLOW, Sheet
from waypost.server.geocoder.spans import ANY_TYPE, Index, Words
from waypost.server.geocoder.street_confidence import WEIGHTS_FILE as STREET_WEIGHTS
from waypost.server.geocoder.streets import StreetDesk, StreetIndex
from waypost.server.geocoder.texts import ADDRESS_FIELDS
from waypost.server.model import NO_FILTER, GeocodeFilter, GeocodeQuery, PlaceType, PostalAddress

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


class Questions:
    """Texts or addresses as the kernels read them: the bytes of all, where each ends, where its fields end.

    `types` are the place types that each field allows; without `field_ends` each has one field.
    """

    __slots__ = ("data", "ends", "field_ends", "types")

    def __init__(self, texts: Sequence[str]) -> None:
        encoded = [text.encode() for text in texts]
        self.data = b"".join(encoded)
        self.ends = list(accumulate(map(len, encoded)))
        self.field_ends: npt.NDArray[np.int64] | None = None
        self.types = _TEXT_TYPES

    @classmethod
    def of_addresses(cls, addresses: Sequence[PostalAddress]) -> Questions:
        """The same for addresses; a field's bytes are followed by a newline."""
        fields = [address_fields(address) for address in addresses]
        questions = cls(["".join(f"{field}\n" for field in each) for each in fields])
        sizes = np.array([[len(field.encode()) + 1 for field in each] for each in fields], np.int64)
        questions.field_ends = np.array([0, *questions.ends[:-1]])[:, None] + np.cumsum(sizes, axis=1)
        questions.types = FIELD_TYPES
        return questions

    def first(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """The bytes of the first question, and where its fields end."""
        end = self.ends[0]
        ends = np.array([end + 1]) if self.field_ends is None else self.field_ends[0]
        return np.frombuffer(self.data[:end] or b" ", np.uint8)[:end], ends


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
        self._streets = StreetIndex(snapshot, load_weights(STREET_WEIGHTS))
        self._has_streets = bool(self._streets.arrays)
        self._weights = load_weights()
        short = snapshot.text("short_name")
        countries = np.flatnonzero(snapshot.array("place_type") == PlaceType.COUNTRY)
        self._country_rows = {short[int(row)]: int(row) for row in countries}
        self._any = self.limits(NO_FILTER)
        self._of_thread = threading.local()

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

    def look_up(
        self,
        describer: Describer,
        questions: Questions,
        query: GeocodeQuery,
        *,
        notation: bool = True,
        merge: bool = True,
    ) -> Sheet:
        """This thread's sheet with the results of all questions, as many and as full as `query` asks for.

        With `notation`, texts that may be coordinates or plus codes are only flagged. Without `merge`, readings that
        mean the same place all stay.
        """
        desk, wanted = self._desk(), query.max_results
        limits = self._any if query.filter is NO_FILTER else self.limits(query.filter)
        desk.restrict(limits, questions.types)
        sheet = describer.sheet(query.language_code)
        merge = merge and not query.filter.place_types
        # The best answer alone is the one that a column has, and needs as little.
        slack = search.MARGIN if wanted == 1 else np.inf
        sheet.ask(questions.data, questions.ends, questions.field_ends)
        while True:
            look_up(
                desk.table, describer.book.table, sheet.table, len(questions.ends), questions.types.size, wanted, merge,
                query.full, notation, slack,
            )  # fmt: skip
            if not sheet.sizes[OVERFLOW]:
                return sheet
            sheet.grow()

    def _desk(self) -> Desk:
        try:
            desk: Desk = self._of_thread.desk
        except AttributeError:
            desk = self._of_thread.desk = Desk(
                self._index, self._words, self._weights, self._any, StreetDesk(self._streets)
            )
        return desk

    def features(self, query: GeocodeQuery) -> tuple[int, npt.NDArray[np.float64]]:
        """Row of the best answer (-1 = none) and what its confidence is computed from; for fitting that."""
        asked = Questions([query.text]) if query.address is None else Questions.of_addresses([query.address])
        data, ends = asked.first()
        scratch = search.new_scratch(FEW)
        scratch[6][:] = 0.0
        row = search_columns.search_features(
            self._index, self._words, self._desk().streets.table, data, ends, asked.types, self.limits(query.filter),
            self._weights, scratch,
        )  # fmt: skip
        return int(row), scratch[6]

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
        houses = np.empty(size if self._has_streets else 0, HOUSE)
        types = _TEXT_TYPES if ends is None else FIELD_TYPES
        if ends is None:
            ends = texts.offsets[1:, None] + 1
        search_columns.search_column(
            self._index,
            self._words,
            self._desk().streets.table,
            texts.data,
            texts.offsets,
            ends,
            types,
            self.limits(restriction),
            self._weights,
            rows,
            sure,
            flags,
            houses,
            search.new_scratch(FEW),
        )
        rows[faults != 0] = -1
        reason = np.where(faults != 0, faults, np.where(rows < 0, c.NO_MATCH, 0)).astype(np.uint8)
        hits = c.Hits(rows, sure, reason)
        if self._has_streets:
            hits.houses, hits.house_texts = houses, texts
        return hits, flags


def address_fields(address: PostalAddress) -> list[str]:
    """The fields of an address in the order of texts.ADDRESS_FIELDS."""
    return [
        "\n".join(address.address_lines) if name == "address_lines" else getattr(address, name)
        for name in ADDRESS_FIELDS
    ]
