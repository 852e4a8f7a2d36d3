"""The result columns of a table of answers, gathered from the snapshot without a Python object per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.model import PlaceType, Precision

#: The result columns in their order; types and nulls are in geocoding.proto.
RESULT_COLUMNS = (
    "status", "reason", "place_id", "place_type", "latitude", "longitude", "accuracy_m", "precision", "confidence",
    "formatted_address", "country_code", "admin1", "admin2", "locality", "postal_code", "distance_m",
)  # fmt: skip

MATCHED, UNMATCHED, INVALID = range(3)
STATUSES = TextColumn.from_arrow(pa.array(["matched", "unmatched", "invalid"]))

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

_REASON_TEXTS = TextColumn.from_arrow(pa.array(REASONS))
_TYPE_TEXTS = TextColumn.from_arrow(pa.array(["", *(kind.name for kind in PlaceType)]))
_PRECISION_TEXTS = TextColumn.from_arrow(pa.array(["", *(kind.name for kind in Precision)]))

Rows = npt.NDArray[np.int32]


class Hits:
    """Answers to a column, arrays of equal length.

    Per input row the answering `row` (-1 = none), `confidence`, `reason` (see REASONS), and of reverse lookups what
    is known besides.
    """

    __slots__ = ("admin1", "admin2", "confidence", "country", "distance_m", "locality", "postal", "reason", "row")

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


class ColumnWriter:
    """Turns hits into the result columns of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        array, text = snapshot.array, snapshot.text
        self._text = {name: text(name) for name in ("place_id", "formatted_address", "display_name", "short_name")}
        self._number = {name: array(name) for name in ("latitude", "longitude", "accuracy_m")}
        self._level = {name: array(name) for name in ("admin1", "admin2", "locality", "country")}
        self._place_type = array("place_type")
        self._precision = array("precision")

    def table(self, hits: Hits, columns: Sequence[str]) -> pa.RecordBatch:
        """The named columns, without prefix, in the order asked for."""
        arrays = [self._column(name, hits) for name in columns]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def _column(self, name: str, hits: Hits) -> pa.Array:
        rows = hits.row
        match name:
            case "status":
                status = np.where(rows >= 0, MATCHED, np.where(np.isin(hits.reason, FAULTS), INVALID, UNMATCHED))
                return _gather(STATUSES, status.astype(np.int32))
            case "reason":
                return _gather(_REASON_TEXTS, np.where(rows >= 0, np.int32(-1), hits.reason))
            case "place_id" | "formatted_address":
                return _gather(self._text[name], rows)
            case "place_type":
                return _gather(_TYPE_TEXTS, _follow(self._place_type, rows))
            case "precision":
                return _gather(_PRECISION_TEXTS, _follow(self._precision, rows))
            case "latitude" | "longitude" | "accuracy_m":
                return _numbers(_take(self._number[name], rows), rows)
            case "confidence":
                return _numbers(hits.confidence.astype(np.float64), rows)
            case "distance_m":
                distance = hits.distance_m if hits.distance_m is not None else np.full(rows.size, np.nan)
                return pa.array(distance, mask=np.isnan(distance) | (rows < 0))
            case "country_code":
                return _gather(self._text["short_name"], self._area(name.removesuffix("_code"), hits))
            case "postal_code":
                return _gather(self._text["display_name"], self._postal(hits))
            case "admin1" | "admin2" | "locality":
                return _gather(self._text["display_name"], self._area(name, hits))
        raise KeyError(name)

    def _area(self, level: str, hits: Hits) -> Rows:
        known: Rows | None = getattr(hits, level)
        return known if known is not None else _follow(self._level[level], hits.row)

    def _postal(self, hits: Hits) -> Rows:
        if hits.postal is not None:
            return hits.postal
        own = _follow(self._place_type, hits.row) == PlaceType.POSTAL_CODE
        return np.where(own, hits.row, -1).astype(np.int32)


def _numbers(values: npt.NDArray[np.float64], rows: Rows) -> pa.Array:
    return pa.array(values, mask=rows < 0)


def _gather(texts: TextColumn, rows: Rows) -> pa.Array:
    """A utf8 array of `texts[rows]`, null where the row is negative."""
    offsets, data = _gather_bytes(texts.offsets, texts.data, rows)
    validity = pa.py_buffer(np.packbits(rows >= 0, bitorder="little"))
    return pa.StringArray.from_buffers(rows.size, pa.py_buffer(offsets), pa.py_buffer(data), validity)


@njit(cache=True, nogil=True)
def _take(values, rows):  # type: ignore[no-untyped-def]
    """float64 values at the rows, 0 where the row is negative."""
    out = np.zeros(rows.size, np.float64)
    for at in range(rows.size):
        if rows[at] >= 0:
            out[at] = values[rows[at]]
    return out


@njit(cache=True, nogil=True)
def _follow(links, rows):  # type: ignore[no-untyped-def]
    """int32 values at the rows, -1 where the row is negative."""
    out = np.empty(rows.size, np.int32)
    for at in range(rows.size):
        out[at] = links[rows[at]] if rows[at] >= 0 else -1
    return out


@njit(cache=True, nogil=True)
def _gather_bytes(offsets, data, rows):  # type: ignore[no-untyped-def]
    """Offsets (int32) and bytes of the texts at the rows; negative rows are empty."""
    out_offsets = np.zeros(rows.size + 1, np.int32)
    size = 0
    for at in range(rows.size):
        if rows[at] >= 0:
            size += offsets[rows[at] + 1] - offsets[rows[at]]
        out_offsets[at + 1] = size
    out = np.empty(size, np.uint8)
    for at in range(rows.size):
        if rows[at] >= 0:
            begin = offsets[rows[at]]
            target = out_offsets[at]
            for step in range(out_offsets[at + 1] - target):
                out[target + step] = data[begin + step]
    return out_offsets, out
