"""What a snapshot tells of its places, as the kernels that describe them read it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.formats import address_forms, codes_in_addresses, form_of_countries
from waypost.server.geocoder.lent import LentArrays, lender
from waypost.server.geocoder.place_records import PLACE_RECORD

#: The arrays of a book, by their place in its table.
(
    RECORDS, TEXT_STARTS, TEXT, ALIAS_STARTS, ALIAS_TEXT_STARTS, ALIAS_TEXT, LANGUAGE_STARTS, LANGUAGES,
    PRECISION, ACCURACY, SOURCE, ORIGIN, FORMS, FORM_OF, WITH_CODE,
) = range(15)  # fmt: skip

records_of = lender(PLACE_RECORD, readonly=True)
starts_of = lender(np.int64, readonly=True)
bytes_of = lender(np.uint8, readonly=True)
metres_of = lender(np.float32, readonly=True)
rows_of = lender(np.int32, readonly=True)


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
        arrays += [address_forms(), form_of_countries(), codes_in_addresses()]
        self._lent = LentArrays(arrays)
        self.table = self._lent.table


def _text_arrays(snapshot: Snapshot, name: str) -> list[npt.NDArray[np.generic]]:
    column = snapshot.text(name)
    return [column.offsets, column.data]


def _as(dtype: npt.DTypeLike, snapshot: Snapshot, name: str) -> npt.NDArray[np.generic]:
    """The array of that name; kernels follow its address and must find that type there."""
    return np.ascontiguousarray(snapshot.array(name), dtype)
