"""Reverse lookups in snapshots with imported layers: houses, streets, points of interest and quarters at a point.

What contains the point is what contains its house or street, so that all results of an answer agree.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.address_grid import PointGrid, nearest_points
from waypost.server.geocoder.fine_grid import TILE_COLUMNS, TILE_UNITS, UNITS, FineGrid
from waypost.server.geocoder.houses import STREET_ONLY
from waypost.server.geocoder.jit import njit_entry
from waypost.server.geocoder.line_grid import LineGrid, line_distance_m, nearest_lines
from waypost.server.geocoder.reverse_houses import (
    ADDRESS_REACH_M,
    STREET_REACH_M,
    House,
    HouseColumns,
    NearArrays,
    at_address,
    empty_columns,
    fill_columns,
    fill_spots,
    house_at,
    new_room,
)

_T = TypeVar("_T", bound=np.generic)
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]

#: A quarter is told by its centre, for layers have no areas of most: no farther than a large one is wide.
QUARTER_REACH_M = 2_000.0


class Spot(NamedTuple):
    """A place at a point: its row and the metres to it."""

    row: int
    distance_m: float


class StreetIndex:
    """Finds what is of imported layers at points. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        def array(name: str, dtype: type[_T]) -> npt.NDArray[_T]:
            return snapshot.array(name).view(dtype)

        def grid(name: str) -> FineGrid:
            return FineGrid(
                array(f"near_{name}_blocks", np.int32),
                array(f"near_{name}_tiles", np.int64),
                array(f"near_{name}_starts", np.uint32),
            )

        def points(name: str) -> PointGrid:
            return PointGrid(
                grid(name), array(f"near_{name}_points", np.int32), array(f"near_{name}_numbers", np.uint32)
            )

        self.base = int(snapshot.array("feature_base")[0])
        line_offsets = array("line_offsets", np.int64)
        lines = LineGrid(grid("lines"), array("near_lines_entries", np.uint32), array("line", np.int32), line_offsets)
        self._pois, self._quarters = points("pois"), points("quarters")
        self._inhabited = _widened([grid(name).blocks for name in ("addresses", "lines", "quarters")])
        self._near = NearArrays(
            points("addresses"),
            lines,
            array("place_type", np.uint8)[self.base :],
            array("address_offsets", np.int64),
            array("address_number", np.uint32),
            array("address_point", np.int32),
            array("range_offsets", np.int64),
            array("range_numbers", np.uint32),
            array("range_points", np.int32),
        )

    def is_near(self, latitude: Floats, longitude: Floats) -> npt.NDArray[np.bool_]:
        """Whether a house, street or quarter can be near each point: those in or beside a square degree with some."""
        near = np.zeros(len(latitude), bool)
        _mark_near(latitude, longitude, self._inhabited, near)
        return near

    def house(self, latitude: float, longitude: float, radius_m: float, *, numbered: bool) -> House:
        """The nearest address, else the nearest street; without `numbered` the street."""
        return house_at(self._near, latitude, longitude, radius_m, numbered, new_room(1))

    def houses(self, latitude: float, longitude: float, radius_m: float, count: int) -> list[House]:
        """The nearest addresses within reach."""
        room = new_room(count)
        reach_m = min(radius_m, ADDRESS_REACH_M)
        size = nearest_points(self._near.addresses, latitude, longitude, reach_m, room.found, room.squares)
        return [at_address(self._near, int(room.found[at]), float(room.squares[at])) for at in range(size)]

    def streets(self, latitude: float, longitude: float, radius_m: float, count: int) -> list[Spot]:
        """The nearest streets within reach that have lines."""
        room = new_room(count)
        reach_m = min(radius_m, STREET_REACH_M)
        size = nearest_lines(self._near.lines, latitude, longitude, reach_m, room.found, room.squares)
        return [Spot(self.base + int(room.found[at]), math.sqrt(float(room.squares[at]))) for at in range(size)]

    def street_distance_m(self, house: House, latitude: float, longitude: float) -> float:
        """How far the line of the street of a house is; of one without lines how far the house is."""
        if house.feature < 0 or house.kind == STREET_ONLY:
            return house.distance_m
        return min(house.distance_m, line_distance_m(self._near.lines, house.feature, latitude, longitude))

    def pois(self, latitude: float, longitude: float, radius_m: float, count: int) -> list[Spot]:
        """The nearest points of interest."""
        return _spots(self._pois, latitude, longitude, radius_m, count)

    def quarters(self, latitude: float, longitude: float, radius_m: float) -> list[Spot]:
        """The nearest quarter by its centre, if there is one."""
        return _spots(self._quarters, latitude, longitude, min(radius_m, QUARTER_REACH_M), 1)

    def batch(self, latitude: Floats, longitude: Floats, radius_m: float, *, numbered: bool) -> HouseColumns:
        """What `house` gives, for each point; looked up tile by tile, so that neighbours find memory in cache."""
        columns = empty_columns(len(latitude))
        with np.errstate(invalid="ignore"):
            row = ((latitude + 90.0) * (UNITS / TILE_UNITS)).astype(np.int32)
            column = ((longitude + 180.0) * (UNITS / TILE_UNITS)).astype(np.int32)
        order = np.argsort(row * TILE_COLUMNS + column, kind="stable")
        fill_columns(self._near, latitude, longitude, order, radius_m, numbered, new_room(1), columns)
        return columns

    def nearest_pois(self, latitude: Floats, longitude: Floats, radius_m: float) -> tuple[Rows, Floats]:
        """Row (-1 = none) and metres of the nearest point of interest of each point."""
        everywhere = np.ones(len(latitude), bool)
        return _nearest(self._pois, latitude, longitude, radius_m, everywhere)

    def nearest_quarters(
        self, latitude: Floats, longitude: Floats, radius_m: float, asked: npt.NDArray[np.bool_]
    ) -> tuple[Rows, Floats]:
        """The same of quarters, for the points that are `asked` for."""
        return _nearest(self._quarters, latitude, longitude, min(radius_m, QUARTER_REACH_M), asked)


@njit_entry
def _mark_near(
    latitude: Floats, longitude: Floats, inhabited: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_]
) -> None:
    """Marks the points in those square degrees; points out of range are in none."""
    for at in range(len(latitude)):
        # Written so that NaN fails.
        if abs(latitude[at]) <= 90.0 and abs(longitude[at]) <= 180.0:
            row, column = min(int(latitude[at] + 90.0), 179), min(int(longitude[at] + 180.0), 359)
            near[at] = inhabited[row * 360 + column]


def _nearest(
    grid: PointGrid, latitude: Floats, longitude: Floats, reach_m: float, asked: npt.NDArray[np.bool_]
) -> tuple[Rows, Floats]:
    rows, away_m = np.empty(len(latitude), np.int32), np.empty(len(latitude))
    fill_spots(grid, latitude, longitude, reach_m, asked, new_room(1), rows, away_m)
    return rows, away_m


def _widened(blocks: list[npt.NDArray[np.int32]]) -> npt.NDArray[np.bool_]:
    """Which square degrees have something in any of those grids, or beside them."""
    filled = np.zeros((180, 360), bool)
    for each in blocks:
        filled |= each.reshape(180, 360) >= 0
    filled |= np.roll(filled, 1, axis=1) | np.roll(filled, -1, axis=1)
    filled[1:] |= filled[:-1]
    filled[:-1] |= filled[1:]
    return filled.ravel()


def _spots(grid: PointGrid, latitude: float, longitude: float, reach_m: float, count: int) -> list[Spot]:
    room = new_room(count)
    size = nearest_points(grid, latitude, longitude, reach_m, room.found, room.squares)
    return [Spot(int(room.found[at]), math.sqrt(float(room.squares[at]))) for at in range(size)]
