"""Columns of answers to columns of points: the loop over reverse_kernel.resolve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import reverse_confidence as confidence
from waypost.server.geocoder.reverse_jit import njit_kernel
from waypost.server.geocoder.reverse_kernel import (
    COUNTRY_BIT,
    DISTRICT_BIT,
    LOCALITY_BIT,
    POI_BIT,
    POSTAL_BIT,
    REGION_BIT,
    Found,
    ReverseArrays,
    resolve,
)

#: Values of `status`. INVALID: a coordinate is NaN, infinite or out of range.
UNMATCHED, MATCHED, INVALID = 0, 1, 2


class ReverseColumns(NamedTuple):
    """One entry per point; rows are -1 where there is none.

    answer_row is the first result that a single lookup of the point has. distance_m and confidence are its own.
    admin1_row, admin2_row and locality_row are filled as far as the answer is fine enough; postal_row, with its
    own postal_confidence, if postal codes are asked for and it is not quite unsure: a column cannot tell of doubt.
    status is MATCHED, UNMATCHED or INVALID, notices has the bits 1 << NoticeCode.
    """

    answer_row: npt.NDArray[np.int32]
    distance_m: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float32]
    country_row: npt.NDArray[np.int32]
    admin1_row: npt.NDArray[np.int32]
    admin2_row: npt.NDArray[np.int32]
    locality_row: npt.NDArray[np.int32]
    postal_row: npt.NDArray[np.int32]
    postal_confidence: npt.NDArray[np.float32]
    status: npt.NDArray[np.uint8]
    notices: npt.NDArray[np.uint8]


#: Points are resolved in slices of this many, so that what is sorted stays in the cache.
SLICE_ROWS = 262_144


def resolve_columns(
    arrays: ReverseArrays,
    latitude: npt.NDArray[np.float64],
    longitude: npt.NDArray[np.float64],
    radius_m: float,
    wanted: int,
) -> ReverseColumns:
    """The columns for those points, resolved degree by degree: neighbours find the memory that they need in cache.

    That is three times as fast as in the order given, if the points are scattered over the world.
    """
    columns = _empty_columns(len(latitude))
    for start in range(0, len(latitude), SLICE_ROWS):
        part = slice(start, start + SLICE_ROWS)
        with np.errstate(invalid="ignore"):
            degree = (latitude[part] + 90.0).astype(np.int32) * 360 + (longitude[part] + 180.0).astype(np.int32)
        # 16 bits hold every square degree, and are sorted by radix.
        order = np.argsort(degree.astype(np.uint16), kind="stable")
        solved = _empty_columns(len(order))
        resolve_all(arrays, latitude[part][order], longitude[part][order], radius_m, wanted, solved)
        for name in ReverseColumns._fields:
            getattr(columns, name)[part][order] = getattr(solved, name)
    return columns


def _empty_columns(count: int) -> ReverseColumns:
    types: dict[str, type[np.generic]] = {
        "distance_m": np.float64,
        "confidence": np.float32,
        "postal_confidence": np.float32,
    }
    types |= {"status": np.uint8, "notices": np.uint8}
    return ReverseColumns._make(np.empty(count, types.get(name, np.int32)) for name in ReverseColumns._fields)


@njit_kernel
def resolve_all(
    arrays: ReverseArrays,
    latitude: npt.NDArray[np.float64],
    longitude: npt.NDArray[np.float64],
    radius_m: float,
    wanted: int,
    columns: ReverseColumns,
) -> None:
    """Fills the columns."""
    for index in range(len(latitude)):
        columns.answer_row[index] = -1
        columns.distance_m[index] = 0.0
        columns.confidence[index] = 0.0
        columns.country_row[index] = -1
        columns.admin1_row[index] = -1
        columns.admin2_row[index] = -1
        columns.locality_row[index] = -1
        columns.postal_row[index] = -1
        columns.postal_confidence[index] = 0.0
        columns.notices[index] = 0
        # Written so that NaN fails.
        if not (abs(latitude[index]) <= 90.0 and abs(longitude[index]) <= 180.0):
            columns.status[index] = INVALID
            continue
        found = resolve(arrays, latitude[index], longitude[index], radius_m, wanted)
        columns.notices[index] = found.notices
        if found.country >= 0:
            columns.country_row[index] = arrays.countries[found.country]
            _fill(arrays, found, wanted, columns, index)
        columns.status[index] = MATCHED if columns.answer_row[index] >= 0 else UNMATCHED


@njit_kernel
def _fill(arrays: ReverseArrays, found: Found, wanted: int, columns: ReverseColumns, index: int) -> None:
    """The answer and what belongs to it; the order is that of reverse.ReverseIndex.nearest."""
    rows = arrays.grid.rows
    if found.postal >= 0 and found.postal_confidence >= confidence.POSTAL_COLUMN_LEAST:
        columns.postal_row[index] = rows[found.postal, 0]
        columns.postal_confidence[index] = found.postal_confidence
    # The point whose region and district the answer has.
    within = found.near
    if wanted & POI_BIT and found.poi >= 0:
        within = found.poi
        columns.locality_row[index] = arrays.locality[rows[within, 0]]
        _answer(columns, index, rows[within, 0], found.poi_m, confidence.POI)
    elif wanted & LOCALITY_BIT and found.locality >= 0:
        within = found.locality
        columns.locality_row[index] = rows[within, 0]
        _answer(columns, index, rows[within, 0], found.locality_m, found.locality_confidence)
    elif wanted & POSTAL_BIT and found.postal >= 0:
        within = found.postal
        columns.locality_row[index] = arrays.locality[rows[within, 0]]
        _answer(columns, index, rows[within, 0], found.postal_m, found.postal_confidence)
    elif wanted & DISTRICT_BIT and within >= 0 and rows[within, 3] >= 0:
        sure = confidence.area_confidence(found.near_m, confidence.DISTRICT_BESIDE, confidence.DISTRICT_DECAY_M)
        _answer(columns, index, rows[within, 3], 0.0, found.country_confidence * sure)
    elif wanted & REGION_BIT and within >= 0 and rows[within, 2] >= 0:
        sure = confidence.area_confidence(found.near_m, confidence.REGION_BESIDE, confidence.REGION_DECAY_M)
        _answer(columns, index, rows[within, 2], 0.0, found.country_confidence * sure)
        columns.admin1_row[index] = rows[within, 2]
        return
    elif wanted & COUNTRY_BIT:
        _answer(columns, index, arrays.countries[found.country], 0.0, found.country_confidence)
        return
    if within >= 0 and columns.answer_row[index] >= 0:
        columns.admin1_row[index] = rows[within, 2]
        columns.admin2_row[index] = rows[within, 3]


@njit_kernel
def _answer(columns: ReverseColumns, index: int, row: int, distance_m: float, sure: float) -> None:
    columns.answer_row[index] = row
    columns.distance_m[index] = distance_m
    columns.confidence[index] = sure
