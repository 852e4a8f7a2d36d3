"""The results at one point, level by level: what its house or street says, and what the world's places say.

One rule: where there is a house or street near, the areas are those that it lies in, so that all results agree. Both
single answers (reverse_merged.py) and columns are made from these levels, finest first.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import reverse_confidence as confidence
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.house_texts import NO_POSTAL
from waypost.server.geocoder.houses import EXACT, INTERPOLATED
from waypost.server.geocoder.jit import Whole, njit_entry, njit_inlined, njit_kernel
from waypost.server.geocoder.reverse_batch import MATCHED, UNMATCHED, ReverseColumns
from waypost.server.geocoder.reverse_houses import Floats, House, HouseColumns, Ints
from waypost.server.model import PlaceType

Rows = npt.NDArray[np.int32]
#: Of type PLACE_RECORD; in kernels entries have attributes, which numpy's types do not know.
Records: TypeAlias = Any

#: The order of results.
LEVELS = (
    PlaceType.ADDRESS, PlaceType.STREET, PlaceType.POI, PlaceType.NEIGHBORHOOD, PlaceType.LOCALITY,
    PlaceType.POSTAL_CODE, PlaceType.DISTRICT, PlaceType.REGION, PlaceType.COUNTRY,
)  # fmt: skip
ADDRESS, STREET, POI, QUARTER, LOCALITY, POSTAL, DISTRICT, REGION, COUNTRY = range(len(LEVELS))
#: The level of each PlaceType, and its bit among wanted types.
LEVEL_OF_TYPE = np.array([LEVELS.index(PlaceType(kind)) if kind else 0 for kind in range(10)], np.int64)
_BITS = np.array([1 << kind for kind in LEVELS], np.int64)

#: Stand for the row of a postal code: nobody knows a code, or there is one that no place stands for.
NO_CODE, CODE_WITHOUT_ROW = -1, -2

_NEIGHBORHOOD, _STREET_TYPE = int(PlaceType.NEIGHBORHOOD), int(PlaceType.STREET)


class Areas(NamedTuple):
    """What is told of the places that contain addresses: the first feature's row, and arrays of the snapshot."""

    base: Whole
    records: Records
    address_postal: npt.NDArray[np.uint16]
    postal_offsets: Ints
    postal_rows: Rows


class Levels(NamedTuple):
    """Of each of LEVELS the row of its result (-1: none), the metres to it, and how sure it is."""

    row: Ints
    away_m: Floats
    sure: Floats


class Spots(NamedTuple):
    """The nearest imported point of interest and the nearest quarter: rows (-1: none) and metres."""

    poi: Whole
    poi_m: float
    quarter: Whole
    quarter_m: float


def new_levels() -> Levels:
    """Room for those of one point."""
    levels = Levels(np.empty(len(LEVELS), np.int64), np.zeros(len(LEVELS)), np.zeros(len(LEVELS)))
    levels.row[:] = -1
    return levels


@njit_entry
def merge(
    areas: Areas, house: House, street_m: float, spots: Spots, latitude: float, longitude: float, radius_m: float,
    levels: Levels,
) -> None:  # fmt: skip
    """Puts house, street and what is around them into `levels`, which has what the world's places say.

    `street_m` is the distance to the street of the house.
    """
    if house.feature >= 0:
        row = areas.base + house.feature
        record = areas.records[row]
        _agree(areas, house, row, latitude, longitude, radius_m, levels)
        if house.kind == EXACT:
            _put(levels, ADDRESS, row, house.distance_m, confidence.address_confidence(house.distance_m))
        elif house.kind == INTERPOLATED:
            _put(levels, ADDRESS, row, house.distance_m, confidence.INTERPOLATED)
        if record.place_type == _STREET_TYPE and street_m <= radius_m:
            _put(levels, STREET, row, street_m, confidence.street_confidence(street_m))
    elif spots.quarter >= 0:
        sure = confidence.QUARTER * math.exp(-spots.quarter_m / confidence.QUARTER_DECAY_M)
        _put(levels, QUARTER, spots.quarter, spots.quarter_m, sure)
    if spots.poi >= 0 and (levels.row[POI] < 0 or spots.poi_m <= levels.away_m[POI]):
        _put(levels, POI, spots.poi, spots.poi_m, confidence.POI)


@njit_inlined
def _put(levels: Levels, level: Whole, row: Whole, away_m: float, sure: float) -> None:
    levels.row[level], levels.away_m[level], levels.sure[level] = row, away_m, sure


@njit_inlined
def _agree(
    areas: Areas, house: House, row: Whole, latitude: float, longitude: float, radius_m: float, levels: Levels
) -> None:
    """Makes areas those of the house or street."""
    record = areas.records[row]
    quarter = np.int64(record.quarter) - 1
    if record.place_type == _NEIGHBORHOOD:
        quarter = np.int64(row)
    levels.row[QUARTER] = -1
    if quarter >= 0:
        _place(areas, QUARTER, quarter, confidence.QUARTER_OF_ADDRESS, latitude, longitude, radius_m, levels)
    if record.locality >= 0:
        sure = confidence.CONTAINS_ADDRESS
        _place(areas, LOCALITY, np.int64(record.locality), sure, latitude, longitude, radius_m, levels)
    postal = postal_row_of(areas, house)
    if postal >= 0:
        _place(areas, POSTAL, postal, confidence.POSTAL_OF_ADDRESS, latitude, longitude, radius_m, levels)
    elif postal == CODE_WITHOUT_ROW:
        levels.row[POSTAL] = -1
    _put(levels, DISTRICT, np.int64(record.admin2), 0.0, confidence.CONTAINS_ADDRESS)
    _put(levels, REGION, np.int64(record.admin1), 0.0, confidence.CONTAINS_ADDRESS)
    _put(levels, COUNTRY, np.int64(record.country), 0.0, confidence.CONTAINS_ADDRESS)


@njit_inlined
def _place(
    areas: Areas,
    level: Whole,
    row: Whole,
    sure: float,
    latitude: float,
    longitude: float,
    radius_m: float,
    levels: Levels,
) -> None:
    """Puts a place that has a point of its own, if that is within the radius."""
    away_m = distance_m(latitude, longitude, areas.records[row].latitude, areas.records[row].longitude)
    _put(levels, level, row if away_m <= radius_m else -1, away_m, sure)


@njit_inlined
def postal_row_of(areas: Areas, house: House) -> Whole:
    """The row of the postal code of an address, else of its street if that has one alone; or a word for none."""
    begin, end = areas.postal_offsets[house.feature], areas.postal_offsets[house.feature + 1]
    index = np.int64(0) if end - begin == 1 else np.int64(NO_POSTAL)
    if house.kind == EXACT:
        index = np.int64(areas.address_postal[house.address])
    if index == NO_POSTAL:
        return NO_CODE
    row = np.int64(areas.postal_rows[begin + index])
    return row if row >= 0 else CODE_WITHOUT_ROW


@njit_entry
def first_wanted(levels: Levels, wanted: Whole) -> Whole:
    """The first level that is there and wanted, -1 if none is."""
    for level in range(len(_BITS)):
        if wanted & _BITS[level] and levels.row[level] >= 0:
            return level
    return -1


@njit_kernel
def house_in(houses: HouseColumns, index: Whole) -> House:
    """One row of the columns."""
    return House(
        np.int64(houses.kind[index]), np.int64(houses.feature[index]), houses.address[index], houses.number[index],
        houses.latitude[index], houses.longitude[index], houses.error_m[index], houses.distance_m[index],
    )  # fmt: skip


@njit_entry
def mark_needed(areas: Areas, houses: HouseColumns, wanted: Whole, at: Ints, needed: npt.NDArray[np.bool_]) -> None:
    """Tells of the points named by `at`, which have the `houses`, whether what the world's places say is needed too."""
    for number in range(len(at)):
        index, house = at[number], house_in(houses, number)
        if house.feature < 0 or areas.records[areas.base + house.feature].locality < 0:
            continue
        named = house.kind in (EXACT, INTERPOLATED) and wanted & _BITS[ADDRESS]
        named = named or (
            wanted & _BITS[STREET] and areas.records[areas.base + house.feature].place_type == _STREET_TYPE
        )
        if named and (not wanted & _BITS[POSTAL] or postal_row_of(areas, house) != NO_CODE):
            needed[index] = False


@njit_entry
def merge_columns(
    areas: Areas,
    houses: HouseColumns,
    pois: Rows,
    pois_m: Floats,
    quarters: Rows,
    quarters_m: Floats,
    latitude: Floats,
    longitude: Floats,
    radius_m: float,
    wanted: Whole,
    at: Ints,
    levels: Levels,
    columns: ReverseColumns,
    told: npt.NDArray[np.void],
) -> None:
    """Makes columns of the world's places those of the first result of the points named by `at`.

    `houses`, `pois` and `quarters` are those of these points, `told` gets the houses of all (of type HOUSE).

    `pois` and `quarters` may be empty where they are not wanted.
    """
    for number in range(len(at)):
        index = at[number]
        levels.row[:] = -1
        answer = np.int64(columns.answer_row[index])
        if answer >= 0:
            level = LEVEL_OF_TYPE[areas.records[answer].place_type]
            _put(levels, level, answer, columns.distance_m[index], np.float64(columns.confidence[index]))
        house = house_in(houses, number)
        spots = Spots(
            np.int64(pois[number]) if len(pois) else np.int64(-1),
            pois_m[number] if len(pois) else 0.0,
            np.int64(quarters[number]) if len(quarters) else np.int64(-1),
            quarters_m[number] if len(quarters) else 0.0,
        )
        merge(areas, house, house.distance_m, spots, latitude[index], longitude[index], radius_m, levels)
        first = first_wanted(levels, wanted)
        if columns.status[index] > MATCHED:
            continue
        columns.status[index] = UNMATCHED if first < 0 else MATCHED
        if first < 0:
            columns.answer_row[index] = -1
            if house.feature >= 0:
                columns.country_row[index] = areas.records[areas.base + house.feature].country
            continue
        row = levels.row[first]
        columns.answer_row[index] = row
        columns.distance_m[index] = levels.away_m[first]
        columns.confidence[index] = levels.sure[first]
        if first == ADDRESS:
            told[index].kind, told[index].address = house.kind, house.address
            told[index].latitude, told[index].longitude = house.latitude, house.longitude
            told[index].error_m = house.error_m
        if house.feature >= 0 or row != answer:
            _fill_areas(areas, house, row, first, wanted, index, columns)


@njit_inlined
def _fill_areas(
    areas: Areas, house: House, row: Whole, first: Whole, wanted: Whole, index: Whole, columns: ReverseColumns
) -> None:
    """Fills in what contains an answer, as far as that is fine enough."""
    record = areas.records[areas.base + house.feature if house.feature >= 0 else row]
    columns.country_row[index] = record.country
    columns.admin1_row[index] = record.admin1 if first <= REGION else -1
    columns.admin2_row[index] = record.admin2 if first <= DISTRICT else -1
    if first > POSTAL:
        columns.locality_row[index] = -1
    elif record.locality >= 0:
        columns.locality_row[index] = record.locality
    if house.feature >= 0 and wanted & _BITS[POSTAL]:
        postal = postal_row_of(areas, house)
        if postal != NO_CODE:
            columns.postal_row[index] = max(postal, -1)
