"""The points of addresses, or of other imported places, by where they lie: the nearest ones to a position.

Within a few hundred metres the surface is a plane as wide as at the position asked about, which is exact to a few
centimetres; farther away, and beside the poles, it is a sphere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.fine_grid import (
    BLOCK_TILES,
    METRES_PER_UNIT,
    ROUND,
    TILE_ROWS,
    TILE_UNITS,
    UNITS,
    FineGrid,
    Points,
    Window,
    cell_count,
    cell_index,
    cell_of_point,
    count_points,
    empty_blocks,
    lay_out_tiles,
    mark_points,
    number_blocks,
    starts_of,
    tile_at,
    window_at,
)
from waypost.server.geocoder.jit import Whole, njit, njit_entry, njit_inlined

#: The first window that is looked at: in a town something is in it.
FIRST_REACH_M = 25.0
#: Each window that follows is so many times as wide.
WIDER = 4.0
#: How far, and up to which latitude, the surface is a plane: wrong there by 4 cm in 200 m, by 14 cm in 400 m.
_PLANE_REACH_M = 500.0
_PLANE_LATITUDE = 85.0


class PointGrid(NamedTuple):
    """A grid with its entries: int32[n, 2] positions, and uint32[n] which point of the layer each is."""

    grid: FineGrid
    points: Points
    numbers: npt.NDArray[np.uint32]


def build_point_grid(points: Points) -> PointGrid:
    """The grid of those points, each of them latitude and longitude in 1e-7 degrees."""
    blocks = empty_blocks()
    mark_points(points, blocks)
    counts = np.zeros(number_blocks(blocks) * BLOCK_TILES**2, np.int64)
    count_points(points, blocks, counts)
    tiles = lay_out_tiles(counts)
    counts = np.zeros(cell_count(tiles), np.int64)
    grid = FineGrid(blocks, tiles, np.zeros(0, np.uint32))
    _count_cells(grid, points, counts)
    starts = starts_of(counts)
    ordered, numbers = np.empty((len(points), 2), np.int32), np.empty(len(points), np.uint32)
    _fill_cells(grid, points, starts[:-1].astype(np.int64), ordered, numbers)
    return PointGrid(FineGrid(blocks, tiles, starts), ordered, numbers)


@njit(cache=True, nogil=True)
def _count_cells(grid: FineGrid, points: Points, counts: npt.NDArray[np.int64]) -> None:
    for index in range(len(points)):
        counts[_cell(grid, points, index)] += 1


@njit(cache=True, nogil=True)
def _fill_cells(
    grid: FineGrid,
    points: Points,
    nexts: npt.NDArray[np.int64],
    ordered: Points,
    numbers: npt.NDArray[np.uint32],
) -> None:
    """Puts each point where the next one of its cell goes."""
    for index in range(len(points)):
        cell = _cell(grid, points, index)
        at = nexts[cell]
        nexts[cell] = at + 1
        ordered[at, 0], ordered[at, 1] = points[index, 0], points[index, 1]
        numbers[at] = index


@njit_inlined
def _cell(grid: FineGrid, points: Points, index: Whole) -> Whole:
    return cell_of_point(grid, np.int64(points[index, 0]) + 90 * UNITS, np.int64(points[index, 1]) + 180 * UNITS)


@njit_entry
def nearest_points(
    places: PointGrid,
    latitude: float,
    longitude: float,
    reach_m: float,
    found: npt.NDArray[np.int64],
    squares: npt.NDArray[np.float64],
) -> Whole:
    """Fills `found` with the numbers of the nearest points within reach, `squares` with their distances squared.

    The nearest comes first, of equally near ones the smaller number; returns how many there are.
    """
    wide = min(FIRST_REACH_M, reach_m)
    while True:
        count = _within(places, window_at(latitude, longitude, wide), wide, found, squares)
        if wide >= reach_m or count == len(found):
            return count
        wide = min(wide * WIDER, reach_m)


@njit_inlined
def _within(
    places: PointGrid,
    window: Window,
    reach_m: float,
    found: npt.NDArray[np.int64],
    squares: npt.NDArray[np.float64],
) -> Whole:
    count = 0
    grid = places.grid
    latitude, longitude = window.latitude / UNITS - 90.0, window.longitude / UNITS - 180.0
    plane_reach = _PLANE_REACH_M * _PLANE_REACH_M if abs(latitude) <= _PLANE_LATITUDE else -1.0
    last_row = min(window.north // TILE_UNITS, TILE_ROWS - 1)
    for row in range(window.south // TILE_UNITS, last_row + 1):
        for column in range(window.west // TILE_UNITS, window.east // TILE_UNITS + 1):
            tile = tile_at(grid, row, column)
            if tile < 0 or grid.tiles[tile, 1] == 0:
                continue
            first, side = grid.tiles[tile, 0], grid.tiles[tile, 1]
            west = cell_index(window.west - column * TILE_UNITS, side)
            east = cell_index(window.east - column * TILE_UNITS, side)
            south = cell_index(window.south - row * TILE_UNITS, side)
            for line in range(south, cell_index(window.north - row * TILE_UNITS, side) + 1):
                begin, end = first + line * side + west, first + line * side + east + 1
                for entry in range(np.int64(grid.starts[begin]), np.int64(grid.starts[end])):
                    up = (places.points[entry, 0] + 90 * UNITS - window.latitude) * METRES_PER_UNIT
                    right = places.points[entry, 1] + 180 * UNITS - window.longitude
                    if right > ROUND // 2:
                        right -= ROUND
                    elif right < -(ROUND // 2):
                        right += ROUND
                    right *= window.metres_east
                    squared = up * up + right * right
                    # By the point itself, not by the window: how many are asked for must not change a distance.
                    if squared > plane_reach:
                        metres = distance_m(
                            latitude, longitude, places.points[entry, 0] / UNITS, places.points[entry, 1] / UNITS
                        )
                        squared = metres * metres
                    if squared > reach_m * reach_m:
                        continue
                    number = np.int64(places.numbers[entry])
                    place = count
                    while place > 0 and (
                        squared < squares[place - 1] or (squared == squares[place - 1] and number < found[place - 1])
                    ):
                        place -= 1
                    if place == len(found):
                        continue
                    count = min(count + 1, len(found))
                    for later in range(count - 1, place, -1):
                        found[later], squares[later] = found[later - 1], squares[later - 1]
                    found[place], squares[place] = number, squared
    return count
