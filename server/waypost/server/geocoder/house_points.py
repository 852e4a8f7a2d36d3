"""Where a house lies that the data lacks: by a number range of its street, or between its neighbours."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import streets as st
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.houses import INTERPOLATED
from waypost.server.geocoder.jit import kernel

#: Units of points in degrees.
UNITS_PER_DEGREE = 1e7
#: Houses looked at on each side for the next one of the same parity.
_NEIGHBOURS = 64
#: Neighbours are no farther apart, whatever lies between their numbers: measured by leaving out known houses of two
#: American cities, 96 % of those between neighbours 400 to 800 m apart are within 100 m of where they are put, and 75 %
#: beyond.
WIDEST_WAY_M = 800.0
#: A missing letter ("12a" where only 12 is known) lies in or beside the house.
_SAME_NUMBER_ERROR_M = 25.0
#: Nine of ten houses lie within this share of the way between their neighbours, or within this distance: measured
#: likewise, 93 to 99 % do, the fewest where the neighbours are 50 to 100 m apart.
_ERROR_SHARE = 0.3
_LEAST_ERROR_M = 10.0


@kernel
def same_number(table, at, high, number, house):  # type: ignore[no-untyped-def]
    """The middle of the houses that have the number, but not the letter."""
    numbers, points = st.u32(table, st.ADDRESS_NUMBER), st.i32(table, st.ADDRESS_POINT)
    latitude = longitude = 0.0
    size = 0
    first = at
    while at < high and np.int64(numbers[at]) == number:
        latitude += points[2 * at] - points[2 * first]
        longitude += points[2 * at + 1] - points[2 * first + 1]
        size += 1
        at += 1
    house.kind = INTERPOLATED
    house.latitude = (points[2 * first] + latitude / size) / UNITS_PER_DEGREE
    house.longitude = (points[2 * first + 1] + longitude / size) / UNITS_PER_DEGREE
    house.error_m = _SAME_NUMBER_ERROR_M


@kernel
def on_range(table, feature, number, house):  # type: ignore[no-untyped-def]
    """Whether a number range of the street has the number: then where on it."""
    offsets, numbers = st.i64(table, st.RANGE_OFFSETS), st.u32(table, st.RANGE_NUMBERS)
    points = st.i32(table, st.RANGE_POINTS)
    for at in range(offsets[feature], offsets[feature + 1]):
        first, last, step = np.int64(numbers[3 * at]), np.int64(numbers[3 * at + 1]), np.int64(numbers[3 * at + 2])
        if first > number:
            break
        if number > last or step <= 0 or (number - first) % step != 0:
            continue
        share = (number - first) / max(1, last - first)
        _place_between(house, points, 4 * at, 4 * at + 2, share)
        return True
    return False


@kernel
def between(table, low, at, high, number, house):  # type: ignore[no-untyped-def]
    """Whether two neighbours on the same side stand around the number, at `at`: then the point between them."""
    numbers, points = st.u32(table, st.ADDRESS_NUMBER), st.i32(table, st.ADDRESS_POINT)
    below, above = np.int64(-1), np.int64(-1)
    for step in range(1, _NEIGHBOURS):
        if at - step < low:
            break
        if (number - np.int64(numbers[at - step])) & 1 == 0 and numbers[at - step] != 0:
            below = at - step
            break
    for step in range(_NEIGHBOURS):
        if at + step >= high:
            break
        if (np.int64(numbers[at + step]) - number) & 1 == 0:
            above = at + step
            break
    if below < 0 or above < 0:
        return False
    one, two = 2 * below, 2 * above
    away = distance_m(
        points[one] / UNITS_PER_DEGREE, points[one + 1] / UNITS_PER_DEGREE,
        points[two] / UNITS_PER_DEGREE, points[two + 1] / UNITS_PER_DEGREE,
    )  # fmt: skip
    if away > WIDEST_WAY_M:
        return False
    share = (number - np.int64(numbers[below])) / (np.int64(numbers[above]) - np.int64(numbers[below]))
    _place_between(house, points, one, two, share)
    return True


@kernel
def _place_between(house, points, one, two, share):  # type: ignore[no-untyped-def]
    """Puts an interpolated house on the way between two points."""
    latitude, longitude = points[one] / UNITS_PER_DEGREE, points[one + 1] / UNITS_PER_DEGREE
    to_latitude, to_longitude = points[two] / UNITS_PER_DEGREE, points[two + 1] / UNITS_PER_DEGREE
    house.kind = INTERPOLATED
    house.latitude = latitude + share * (to_latitude - latitude)
    # The short way round, also where that crosses the antimeridian.
    east = (to_longitude - longitude + 180.0) % 360.0 - 180.0
    house.longitude = (longitude + share * east + 180.0) % 360.0 - 180.0
    way_m = distance_m(latitude, longitude, to_latitude, to_longitude)
    house.error_m = max(_LEAST_ERROR_M, _ERROR_SHARE * way_m)
