"""The house or street at a point: the kernel of reverse lookups in snapshots with imported layers.

The nearest address first. Where none is near: a number between two of the nearest street, then that street itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.address_grid import PointGrid, nearest_points
from waypost.server.geocoder.fine_grid import METRES_PER_UNIT, ROUND, UNITS, Points
from waypost.server.geocoder.houses import EXACT, INTERPOLATED, NO_HOUSE, STREET_ONLY
from waypost.server.geocoder.jit import Whole, njit_entry, njit_inlined, njit_kernel
from waypost.server.geocoder.line_grid import LineGrid, nearest_lines, owner_of
from waypost.server.model import PlaceType

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Nobody gives the address of a house farther away than this for the place where they are: of lots in towns, the
#: largest are about as long.
ADDRESS_REACH_M = 100.0
#: A field or a park is still told by the street that runs along it: twice the depth of a block of houses.
STREET_REACH_M = 200.0
#: Two numbers farther apart than this tell little of what is between them: the street may have no houses there.
LONGEST_GAP_M = 500.0
#: How far from the line between two neighbours a point may lie: the depth of a lot.
BESIDE_M = 60.0
#: Addresses of a street that are looked at for neighbours.
MOST_NEIGHBOURS = 4_096
#: A house between two others is within a quarter of the way between them, but hardly nearer than its own width.
GAP_SHARE = 0.25
LEAST_ERROR_M = 15.0

_STREET = int(PlaceType.STREET)


class NearArrays(NamedTuple):
    """All that the kernel reads; from `address_offsets` on arrays of a snapshot (schema.FEATURES)."""

    addresses: PointGrid
    lines: LineGrid
    kind: npt.NDArray[np.uint8]
    address_offsets: Ints
    address_number: npt.NDArray[np.uint32]
    address_point: Points
    range_offsets: Ints
    range_numbers: npt.NDArray[np.uint32]
    range_points: Points


class House(NamedTuple):
    """What is at a point, as in houses.HOUSE; `feature` is -1 where nothing is near, `number` is that of INTERPOLATED.

    `distance_m` is to the house, or to the line of the street.
    """

    kind: Whole
    feature: Whole
    address: Whole
    number: Whole
    latitude: float
    longitude: float
    error_m: float
    distance_m: float


class Room(NamedTuple):
    """Where the grids write what they find."""

    found: Ints
    squares: Floats


def new_room(size: Whole) -> Room:
    """Room for so many."""
    return Room(np.empty(size, np.int64), np.empty(size, np.float64))


@njit_entry
def house_at(near: NearArrays, latitude: float, longitude: float, radius_m: float, numbered: bool, room: Room) -> House:
    """The nearest address within reach; if there is none, or it is not `numbered` that is asked for, the street."""
    if numbered and nearest_points(
        near.addresses, latitude, longitude, min(radius_m, ADDRESS_REACH_M), room.found, room.squares
    ):
        return at_address(near, room.found[0], room.squares[0])
    reach_m = min(radius_m, STREET_REACH_M)
    if nearest_lines(near.lines, latitude, longitude, reach_m, room.found, room.squares):
        feature, away_m = room.found[0], math.sqrt(room.squares[0])
        if numbered:
            between = between_neighbours(near, feature, latitude, longitude)
            if between.kind == INTERPOLATED and between.distance_m <= radius_m:
                return between
        return House(STREET_ONLY, feature, -1, 0, 0.0, 0.0, 0.0, away_m)
    # Files of addresses have no lines: their streets are where their houses are.
    if nearest_points(near.addresses, latitude, longitude, reach_m, room.found, room.squares):
        feature = owner_of(near.address_offsets, room.found[0])
        if near.kind[feature] == _STREET:
            return House(STREET_ONLY, feature, -1, 0, 0.0, 0.0, 0.0, math.sqrt(room.squares[0]))
    return House(NO_HOUSE, -1, -1, 0, 0.0, 0.0, 0.0, 0.0)


@njit_inlined
def at_address(near: NearArrays, address: Whole, squared: float) -> House:
    """An address as what is at a point."""
    return House(
        EXACT,
        owner_of(near.address_offsets, address),
        address,
        0,
        near.address_point[address, 0] / UNITS,
        near.address_point[address, 1] / UNITS,
        0.0,
        math.sqrt(squared),
    )


@njit_kernel
def between_neighbours(near: NearArrays, feature: Whole, latitude: float, longitude: float) -> House:
    """A house between two known numbers of one side of the street, those whose connecting line is nearest."""
    best = House(NO_HOUSE, feature, -1, 0, 0.0, 0.0, 0.0, np.inf)
    away = BESIDE_M * BESIDE_M
    numbers, points = near.range_numbers, near.range_points
    for index in range(near.range_offsets[feature], near.range_offsets[feature + 1]):
        house, squared = _on_chord(
            points[index, 0], points[index, 1], points[index, 2], points[index, 3],
            np.int64(numbers[index, 0]), np.int64(numbers[index, 1]), np.int64(numbers[index, 2]), 0,
            feature, latitude, longitude,
        )  # fmt: skip
        if squared < away:
            best, away = house, squared
    first, last = near.address_offsets[feature], near.address_offsets[feature + 1]
    even, odd = -1, -1
    for address in range(first, min(last, first + MOST_NEIGHBOURS)):
        number = np.int64(near.address_number[address])
        if number == 0:
            continue
        before = odd if number % 2 else even
        if before >= 0 and number - np.int64(near.address_number[before]) >= 4:
            house, squared = _on_chord(
                near.address_point[before, 0], near.address_point[before, 1],
                near.address_point[address, 0], near.address_point[address, 1],
                np.int64(near.address_number[before]), number, 2, 1, feature, latitude, longitude,
            )  # fmt: skip
            if squared < away:
                best, away = house, squared
        if number % 2:
            odd = address
        else:
            even = address
    return best


@njit_inlined
def _on_chord(
    north0: Whole,
    east0: Whole,
    north1: Whole,
    east1: Whole,
    low: Whole,
    high: Whole,
    step: Whole,
    inner: Whole,
    feature: Whole,
    latitude: float,
    longitude: float,
) -> tuple[House, float]:
    """The house nearest to a point on the line between two, and the square of the metres from the point to that line.

    Of the numbers from `low` to `high` by `step`, without `inner` of them at each end. Infinitely far where the point
    lies beyond an end.
    """
    nowhere = House(NO_HOUSE, feature, -1, 0, 0.0, 0.0, 0.0, np.inf)
    across = METRES_PER_UNIT * math.cos(math.radians(latitude))
    up0, up1 = (north0 - latitude * UNITS) * METRES_PER_UNIT, (north1 - latitude * UNITS) * METRES_PER_UNIT
    right0, right1 = _turned(east0 - longitude * UNITS) * across, _turned(east1 - longitude * UNITS) * across
    along_up, along_right = up1 - up0, right1 - right0
    squared_m = along_up * along_up + along_right * along_right
    steps = (high - low) // step
    if squared_m == 0.0 or squared_m > LONGEST_GAP_M * LONGEST_GAP_M or steps < 2 * inner or steps == 0:
        return nowhere, np.inf
    share = -(up0 * along_up + right0 * along_right) / squared_m
    if share < 0.0 or share > 1.0:
        return nowhere, np.inf
    at = min(max(round(share * steps), inner), steps - inner)
    up, right = up0 + share * along_up, right0 + share * along_right
    own = at / steps
    own_up, own_right = up0 + own * along_up, right0 + own * along_right
    house = House(
        INTERPOLATED,
        feature,
        -1,
        low + at * step,
        round(latitude * UNITS + own_up / METRES_PER_UNIT) / UNITS,
        _wrapped(round(longitude * UNITS + own_right / across) / UNITS),
        max(GAP_SHARE * math.sqrt(squared_m), LEAST_ERROR_M),
        math.hypot(own_up, own_right),
    )
    return house, up * up + right * right


@njit_inlined
def _turned(units: float) -> float:
    """A difference of longitudes the shorter way around."""
    if units > ROUND / 2:
        return units - ROUND
    return units + ROUND if units < -ROUND / 2 else units


@njit_inlined
def _wrapped(longitude: float) -> float:
    if longitude > 180.0:
        return longitude - 360.0
    return longitude + 360.0 if longitude < -180.0 else longitude


class HouseColumns(NamedTuple):
    """One entry per point: the fields of House, arrays."""

    kind: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    address: Ints
    number: Ints
    latitude: Floats
    longitude: Floats
    error_m: Floats
    distance_m: Floats


def empty_columns(count: Whole) -> HouseColumns:
    """So many points with nothing at them."""
    return HouseColumns(
        np.full(count, NO_HOUSE, np.int32),
        np.full(count, -1, np.int32),
        np.full(count, -1, np.int64),
        np.zeros(count, np.int64),
        *(np.zeros(count) for _ in range(4)),
    )


@njit_entry
def fill_columns(
    near: NearArrays,
    latitude: Floats,
    longitude: Floats,
    order: Ints,
    radius_m: float,
    numbered: bool,
    room: Room,
    columns: HouseColumns,
) -> None:
    """Fills the columns at the points named by `order`; points out of range have nothing."""
    for at in order:
        house = House(NO_HOUSE, -1, -1, 0, 0.0, 0.0, 0.0, 0.0)
        # Written so that NaN fails.
        if abs(latitude[at]) <= 90.0 and abs(longitude[at]) <= 180.0:
            house = house_at(near, latitude[at], longitude[at], radius_m, numbered, room)
        columns.kind[at] = house.kind
        columns.feature[at] = house.feature
        columns.address[at] = house.address
        columns.number[at] = house.number
        columns.latitude[at] = house.latitude
        columns.longitude[at] = house.longitude
        columns.error_m[at] = house.error_m
        columns.distance_m[at] = house.distance_m


@njit_entry
def fill_spots(
    places: PointGrid,
    latitude: Floats,
    longitude: Floats,
    reach_m: float,
    asked: npt.NDArray[np.bool_],
    room: Room,
    rows: npt.NDArray[np.int32],
    away_m: Floats,
) -> None:
    """Fills in the nearest place to each point that is asked for, -1 where none is within reach, and the metres."""
    for at in range(len(latitude)):
        rows[at], away_m[at] = -1, 0.0
        if not (asked[at] and abs(latitude[at]) <= 90.0 and abs(longitude[at]) <= 180.0):
            continue
        if nearest_points(places, latitude[at], longitude[at], reach_m, room.found, room.squares):
            rows[at], away_m[at] = room.found[0], math.sqrt(room.squares[0])
