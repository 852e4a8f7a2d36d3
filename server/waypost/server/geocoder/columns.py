"""The result columns of a table of answers, gathered from the snapshot without a Python object per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.book import Book
from waypost.server.geocoder.describe_house import CROSSING_ACCURACY_M, HOUSE_ACCURACY_M
from waypost.server.geocoder.gather import (
    Rows,
    float_column,
    links_at,
    numbers_at,
    own_texts,
    small_texts,
    texts_at,
    values_at,
)
from waypost.server.geocoder.house_columns import address_ids, formatted_addresses, postal_codes
from waypost.server.geocoder.houses import CROSSING, EXACT, INTERPOLATED
from waypost.server.model import PlaceType, Precision

#: The result columns in their order; types and nulls are in geocoding.proto.
RESULT_COLUMNS = (
    "status", "reason", "place_id", "place_type", "latitude", "longitude", "accuracy_m", "precision", "confidence",
    "formatted_address", "country_code", "admin1", "admin2", "locality", "postal_code", "distance_m",
)  # fmt: skip

MATCHED, UNMATCHED, INVALID = range(3)
STATUSES = small_texts(["matched", "unmatched", "invalid"])

#: Why a row has no answer; the index is its code, 0 = it has one.
REASONS = (
    "", "NO_MATCH", "NULL_VALUE", "BLANK", "TOO_LONG", "NUL_CHARACTER", "LATITUDE_OUT_OF_RANGE",
    "LONGITUDE_OUT_OF_RANGE", "AT_SEA", "TOO_FAR", "UNKNOWN_REGION_CODE", "OUT_OF_RANGE", "MALFORMED_PLACE_ID",
    "PLACE_NOT_FOUND",
)  # fmt: skip
(
    NO_MATCH,
    NULL_VALUE,
    BLANK,
    TOO_LONG,
    NUL_CHARACTER,
    BAD_LATITUDE,
    BAD_LONGITUDE,
    AT_SEA,
    TOO_FAR,
    BAD_REGION,
    OUT_OF_RANGE,
    MALFORMED_PLACE_ID,
    PLACE_NOT_FOUND,
) = range(1, len(REASONS))
#: Reasons that are the row's own fault.
FAULTS = (
    NULL_VALUE, BLANK, TOO_LONG, NUL_CHARACTER, BAD_LATITUDE, BAD_LONGITUDE, BAD_REGION, OUT_OF_RANGE,
    MALFORMED_PLACE_ID,
)  # fmt: skip

#: What becomes of a row without an answer, by its reason.
_STATUS_OF_REASON = np.array([INVALID if reason in FAULTS else UNMATCHED for reason in range(len(REASONS))], np.int32)

_REASON_TEXTS = small_texts(list(REASONS))
_TYPE_TEXTS = small_texts(["", *(kind.name for kind in PlaceType)])
_PRECISION_TEXTS = small_texts(["", *(kind.name for kind in Precision)])


#: Where nobody asked for a number.
NO_TEXTS = TextColumn(np.zeros(1, np.int64), np.zeros(0, np.uint8))
#: What a place is, and how exact, by the kind of its house; 0 where its row tells.
_TYPES_OF_HOUSES = np.zeros(5, np.int32)
_TYPES_OF_HOUSES[[EXACT, INTERPOLATED]] = PlaceType.ADDRESS
_PRECISIONS_OF_HOUSES = np.zeros(5, np.int32)
_PRECISIONS_OF_HOUSES[[EXACT, INTERPOLATED, CROSSING]] = Precision.ROOFTOP, Precision.INTERPOLATED, Precision.STREET


class Hits:
    """Answers to a column, arrays of equal length.

    Per input row the answering `row` (-1 = none), `confidence`, `reason` (see REASONS), and of reverse lookups what
    is known besides; in a snapshot with streets what houses.HOUSE tells, at which rows (for ColumnWriter), and the
    texts that the numbers of its houses are bytes of.
    """

    __slots__ = (
        "admin1", "admin2", "confidence", "country", "distance_m", "house_at", "house_texts", "houses", "locality",
        "postal", "reason", "row",
    )  # fmt: skip

    def __init__(self, row: Rows, confidence: npt.NDArray[np.float32], reason: npt.NDArray[np.uint8]) -> None:
        self.row = row
        self.confidence = confidence
        self.reason = reason
        self.country: Rows | None = None
        self.admin1: Rows | None = None
        self.admin2: Rows | None = None
        self.locality: Rows | None = None
        self.postal: Rows | None = None
        self.distance_m: npt.NDArray[np.float64] | None = None
        self.houses: npt.NDArray[np.void] | None = None
        self.house_at = np.zeros(0, np.int64)
        self.house_texts = NO_TEXTS


class ColumnWriter:
    """Turns hits into the result columns of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._book = Book(snapshot)
        self._codes = snapshot.text("postal_code_texts") if snapshot.has("feature_base") else NO_TEXTS
        self._base = int(snapshot.array("feature_base")[0]) if snapshot.has("feature_base") else snapshot.row_count
        array, text = snapshot.array, snapshot.text
        self._text = {name: text(name) for name in ("place_id", "formatted_address", "display_name", "short_name")}
        self._number = {name: array(name) for name in ("latitude", "longitude", "accuracy_m")}
        self._level = {name: array(name) for name in ("admin1", "admin2", "locality", "country")}
        self._place_type = array("place_type")
        self._precision = array("precision")

    def table(self, hits: Hits, columns: Sequence[str]) -> pa.RecordBatch:
        """The named columns, without prefix, in the order asked for."""
        if hits.houses is not None:
            hits.house_at = np.flatnonzero(hits.houses["kind"])
            if not (hits.house_at.size or (hits.row >= self._base).any()):
                hits.houses = None  # nothing of imported layers: the world's rows are written faster
        arrays = [self._column(name, hits) for name in columns]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def _column(self, name: str, hits: Hits) -> pa.Array:
        rows = hits.row
        match name:
            case "status":
                return texts_at(STATUSES, np.where(rows >= 0, np.int32(MATCHED), _STATUS_OF_REASON[hits.reason]))
            case "reason":
                return texts_at(_REASON_TEXTS, np.where(rows >= 0, np.int32(-1), hits.reason))
            case "place_id" | "formatted_address":
                return self._texts_of_places(name, hits)
            case "place_type":
                return texts_at(_TYPE_TEXTS, _of_houses(links_at(self._place_type, rows), hits, _TYPES_OF_HOUSES))
            case "precision":
                own = links_at(self._precision, rows)
                return texts_at(_PRECISION_TEXTS, _of_houses(own, hits, _PRECISIONS_OF_HOUSES))
            case "latitude" | "longitude" | "accuracy_m":
                return self._numbers_of_places(name, hits)
            case "confidence":
                return float_column(hits.confidence.astype(np.float64), rows)
            case "distance_m":
                distance = hits.distance_m if hits.distance_m is not None else np.full(rows.size, np.nan)
                return pa.array(distance, mask=np.isnan(distance) | (rows < 0))
            case "country_code":
                return texts_at(self._text["short_name"], self._area(name.removesuffix("_code"), hits))
            case "postal_code":
                return self._postal_texts(hits)
            case "admin1" | "admin2" | "locality":
                return texts_at(self._text["display_name"], self._area(name, hits))
        raise KeyError(name)

    def _area(self, level: str, hits: Hits) -> Rows:
        known: Rows | None = getattr(hits, level)
        return known if known is not None else links_at(self._level[level], hits.row)

    def _postal(self, hits: Hits) -> Rows:
        if hits.postal is not None:
            return hits.postal
        own = links_at(self._place_type, hits.row) == PlaceType.POSTAL_CODE
        return np.where(own, hits.row, -1).astype(np.int32)

    def _texts_of_places(self, name: str, hits: Hits) -> pa.Array:
        usual = self._text[name]
        if hits.houses is None:
            return texts_at(usual, hits.row)
        if name == "place_id":
            return address_ids(self._book, hits.row, hits.houses, hits.house_at, usual)
        return formatted_addresses(self._book, hits.row, hits.houses, hits.house_at, hits.house_texts, usual)

    def _numbers_of_places(self, name: str, hits: Hits) -> pa.Array:
        if hits.houses is None:
            return numbers_at(self._number[name], hits.row)
        own = values_at(self._number[name], hits.row)
        # A street that was found without its house has a point of its own.
        at = hits.house_at[_PRECISIONS_OF_HOUSES[hits.houses["kind"][hits.house_at]] > 0]
        kind, error_m = hits.houses["kind"][at], hits.houses["error_m"][at]
        if name != "accuracy_m":
            own[at] = hits.houses[name][at]
        else:
            usual = np.where(kind == CROSSING, CROSSING_ACCURACY_M, HOUSE_ACCURACY_M)
            own[at] = np.where(error_m > 0.0, error_m, usual)
        return float_column(own, hits.row)

    def _postal_texts(self, hits: Hits) -> pa.Array:
        texts, rows = self._text["display_name"], self._postal(hits)
        at = np.flatnonzero(hits.row >= self._base)
        if hits.houses is None or not at.size:
            return texts_at(texts, rows)
        codes = postal_codes(self._book, hits.row[at], hits.houses[at])
        return texts_at(texts, rows, own_texts(at[codes >= 0], self._codes, codes[codes >= 0]))


def _of_houses(own: Rows, hits: Hits, by_kind: npt.NDArray[np.int32]) -> Rows:
    """What the kind of its house says of each row, else what is its own."""
    if hits.houses is None:
        return own
    told = by_kind[hits.houses["kind"][hits.house_at]]
    at = hits.house_at[(told > 0) & (own[hits.house_at] >= 0)]
    own[at] = by_kind[hits.houses["kind"][at]]
    return own
