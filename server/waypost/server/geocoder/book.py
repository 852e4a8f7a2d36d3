"""What a snapshot tells of its places, as the kernels that describe them read it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.address_lines import house_orders
from waypost.server.geocoder.formats import address_forms, codes_in_addresses, form_of_countries
from waypost.server.geocoder.lent import LentArrays, lender
from waypost.server.geocoder.place_records import PLACE_RECORD

#: The arrays of a book, by their place in its table. From FEATURE_BASE on they are those of imported layers, which are
#: empty in snapshots without; the first feature is then a row that no place has.
(
    RECORDS, TEXT_STARTS, TEXT, ALIAS_STARTS, ALIAS_TEXT_STARTS, ALIAS_TEXT, LANGUAGE_STARTS, LANGUAGES,
    PRECISION, ACCURACY, SOURCE, ORIGIN, FORMS, FORM_OF, WITH_CODE, HOUSE_ORDERS, NAME_STARTS, NAMES, SHORT_STARTS,
    SHORTS, ID_STARTS, IDS,
    FEATURE_BASE, POSTAL_STARTS, POSTAL_CODES, CODE_STARTS, CODES, ADDRESS_NUMBER, ADDRESS_SUFFIX, ADDRESS_POSTAL,
    ADDRESS_STARTS, ADDRESS_SOURCE_STARTS, ADDRESS_SOURCES, SUFFIX_STARTS, SUFFIXES, SUFFIX_ID_STARTS, SUFFIX_IDS,
    SUFFIX_HASH,
) = range(38)  # fmt: skip

records_of = lender(PLACE_RECORD, readonly=True)
starts_of = lender(np.int64, readonly=True)
bytes_of = lender(np.uint8, readonly=True)
metres_of = lender(np.float32, readonly=True)
rows_of = lender(np.int32, readonly=True)
shorts_of = lender(np.uint16, readonly=True)
numbers_of = lender(np.uint32, readonly=True)
hashes_of = lender(np.uint64, readonly=True)

_NOWHERE = 1 << 62


class Book:
    """The arrays of a book; read-only and shared by all threads."""

    __slots__ = ("_lent", "table")

    def __init__(self, snapshot: Snapshot) -> None:
        arrays: list[npt.NDArray[np.generic]] = [snapshot.array("place_record").reshape(-1).view(PLACE_RECORD)]
        arrays += _text_arrays(snapshot, "place_text")
        arrays.append(_as(np.int64, snapshot, "alias_offsets"))
        arrays += _text_arrays(snapshot, "alias_text")
        arrays += _text_arrays(snapshot, "alias_language")
        arrays += [_as(np.uint8, snapshot, "precision"), _as(np.float32, snapshot, "accuracy_m")]
        arrays += [_as(np.uint8, snapshot, "location_source"), _as(np.int32, snapshot, "location_from")]
        arrays += [address_forms(), form_of_countries(), codes_in_addresses(), house_orders()]
        arrays += _text_arrays(snapshot, "display_name")
        arrays += _text_arrays(snapshot, "short_name")
        arrays += _text_arrays(snapshot, "place_id")
        arrays += _layer_arrays(snapshot)
        self._lent = LentArrays(arrays)
        self.table = self._lent.table


def _layer_arrays(snapshot: Snapshot) -> list[npt.NDArray[np.generic]]:
    if not snapshot.has("feature_base"):
        return [np.array([_NOWHERE], np.int64), *[np.zeros(0, np.int64)] * (SUFFIX_HASH - FEATURE_BASE)]
    return [
        _as(np.int64, snapshot, "feature_base"),
        _as(np.int64, snapshot, "feature_postal_offsets"),
        _as(np.uint32, snapshot, "feature_postal_codes"),
        *_text_arrays(snapshot, "postal_code_texts"),
        _as(np.uint32, snapshot, "address_number"),
        _as(np.uint16, snapshot, "address_suffix"),
        _as(np.uint16, snapshot, "address_postal"),
        _as(np.int64, snapshot, "address_offsets"),
        *_text_arrays(snapshot, "address_source"),
        *_text_arrays(snapshot, "suffix_text"),
        *_text_arrays(snapshot, "suffix_id"),
        _as(np.uint64, snapshot, "suffix_hash"),
    ]


def _text_arrays(snapshot: Snapshot, name: str) -> list[npt.NDArray[np.generic]]:
    column: TextColumn = snapshot.text(name)
    return [column.offsets, column.data]


def _as(dtype: npt.DTypeLike, snapshot: Snapshot, name: str) -> npt.NDArray[np.generic]:
    """The array of that name; kernels follow its address and must find that type there."""
    return np.ascontiguousarray(snapshot.array(name), dtype)
