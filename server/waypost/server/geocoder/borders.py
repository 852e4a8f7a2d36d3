"""The country at a point, and how near a foreign one is: a raster first, exact lines where it is cut.

The kernels here are called by reverse_kernel.py. The raster is built by border_raster.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.jit import njit_inlined, njit_kernel

#: The raster's cells. A tenth of a degree: nine in ten cells on land are then whole, and the lists of the
#: others short, at 30 MB for the world.
CELLS_PER_DEGREE = 10
#: Borders and coasts further away are not looked for. Of GeoNames' places in the wrong polygon 96 % lie
#: within this distance of a border; further in, polygon and record agree in 99.99 % (the rest is disputed).
NEAR_BORDER_REACH_M = 5_000.0
#: Islands that the map lacks: a point this near to a place at sea is on its island.
ISLAND_REACH_M = 5_000.0


class BorderArrays(NamedTuple):
    """The arrays "borders_*" of a snapshot; shapes are told in border_raster.build_border_raster."""

    blocks: npt.NDArray[np.int32]
    cells: npt.NDArray[np.int32]
    lists: npt.NDArray[np.int32]
    listed: npt.NDArray[np.int32]
    pieces: npt.NDArray[np.float32]
    sides: npt.NDArray[np.int16]


class Situation(NamedTuple):
    """Where a point lies: in `country` (SEA in none), the nearest country and the nearest other one.

    Distances are in metres, infinite beyond NEAR_BORDER_REACH_M. In a country that country is the nearest,
    at distance 0. `open_sea`: neither coast nor place is near.
    """

    open_sea: bool
    country: int
    nearest: int
    nearest_m: float
    other: int
    other_m: float


@njit_inlined
def raster_cell(latitude: float, longitude: float) -> tuple[int, int]:
    """The square degree that holds the point, and the cell within it."""
    row = min(int((latitude + 90.0) * CELLS_PER_DEGREE), 180 * CELLS_PER_DEGREE - 1)
    column = min(int((longitude + 180.0) * CELLS_PER_DEGREE), 360 * CELLS_PER_DEGREE - 1)
    block = row // CELLS_PER_DEGREE * 360 + column // CELLS_PER_DEGREE
    return block, row % CELLS_PER_DEGREE * CELLS_PER_DEGREE + column % CELLS_PER_DEGREE


@njit_inlined
def situation_at(borders: BorderArrays, latitude: float, longitude: float) -> Situation:
    """Where the point lies."""
    block, cell = raster_cell(latitude, longitude)
    entry = borders.blocks[block]
    if entry < SEA:
        entry = borders.cells[-2 - entry, cell]
    if entry == SEA:
        return Situation(True, SEA, SEA, np.inf, SEA, np.inf)
    if entry > SEA:
        return Situation(False, int(np.int64(entry)), int(np.int64(entry)), 0.0, SEA, np.inf)
    number = -2 - entry
    row = block // 360 * CELLS_PER_DEGREE + cell // CELLS_PER_DEGREE
    column = block % 360 * CELLS_PER_DEGREE + cell % CELLS_PER_DEGREE
    middle_latitude = (row + 0.5) / CELLS_PER_DEGREE - 90.0
    middle_longitude = (column + 0.5) / CELLS_PER_DEGREE - 180.0
    country = containing(borders, number, middle_latitude, middle_longitude, latitude, longitude)
    nearest, nearest_m, other, other_m = nearest_countries(borders, number, latitude, longitude, country)
    return Situation(False, country, nearest, nearest_m, other, other_m)


@njit_kernel
def containing(
    borders: BorderArrays,
    number: int,
    middle_latitude: float,
    middle_longitude: float,
    latitude: float,
    longitude: float,
) -> int:
    """The country that holds the point, by the walk to it from the middle of its cell, whose country is known.

    The last piece that the walk crosses decides: the point lies on the side of it that faces the point.
    Ends of pieces count to one side of the walk, so that a corner is crossed once or not at all.
    """
    country = int(np.int64(borders.lists[number, 3]))
    walk_x, walk_y = longitude - middle_longitude, latitude - middle_latitude
    furthest = -1.0
    for k in range(borders.lists[number, 0], borders.lists[number, 1]):
        piece = borders.listed[k]
        ax, ay = borders.pieces[piece, 0] - middle_longitude, borders.pieces[piece, 1] - middle_latitude
        bx, by = borders.pieces[piece, 2] - middle_longitude, borders.pieces[piece, 3] - middle_latitude
        if (walk_x * ay - walk_y * ax >= 0.0) == (walk_x * by - walk_y * bx >= 0.0):
            continue
        along_x, along_y = bx - ax, by - ay
        # Positive on the left of the piece.
        side_of_middle = ax * along_y - ay * along_x
        side_of_point = along_x * (walk_y - ay) - along_y * (walk_x - ax)
        if (side_of_middle >= 0.0) == (side_of_point >= 0.0):
            continue
        met = side_of_middle / (side_of_middle - side_of_point)
        if met > furthest:
            furthest = met
            country = int(np.int64(borders.sides[piece, 0 if side_of_point > 0.0 else 1]))
    return country


@njit_kernel
def piece_distance_m(borders: BorderArrays, piece: int, latitude: float, longitude: float, shrink: float) -> float:
    """Metres from the point to a piece, on a plane that is right near the point.

    `shrink` is the cosine of the latitude.
    """
    ax, ay = (borders.pieces[piece, 0] - longitude) * shrink, borders.pieces[piece, 1] - latitude
    along_x = (borders.pieces[piece, 2] - borders.pieces[piece, 0]) * shrink
    along_y = borders.pieces[piece, 3] - borders.pieces[piece, 1]
    length_squared = along_x * along_x + along_y * along_y
    share = 0.0
    if length_squared > 0.0:
        share = min(max(-(ax * along_x + ay * along_y) / length_squared, 0.0), 1.0)
    x, y = ax + share * along_x, ay + share * along_y
    return math.sqrt(x * x + y * y) * METRES_PER_DEGREE


@njit_inlined
def not_foreign(borders: BorderArrays, piece: int, country: int) -> bool:
    """Whether a piece has nothing but `country` and sea on its sides."""
    left, right = borders.sides[piece, 0], borders.sides[piece, 1]
    return bool(left in (SEA, country) and right in (SEA, country))


@njit_kernel
def nearest_countries(
    borders: BorderArrays, number: int, latitude: float, longitude: float, country: int
) -> tuple[int, float, int, float]:
    """The nearest country and the nearest other one along a list of pieces, as in Situation."""
    shrink = math.cos(math.radians(latitude))
    nearest, nearest_m = country, 0.0 if country != SEA else np.inf
    other, other_m = SEA, np.inf
    for k in range(borders.lists[number, 0], borders.lists[number, 2]):
        piece = borders.listed[k]
        # A coast of the country that holds the point says nothing.
        if country != SEA and not_foreign(borders, piece, country):
            continue
        distance_m = piece_distance_m(borders, piece, latitude, longitude, shrink)
        if distance_m > NEAR_BORDER_REACH_M:
            continue
        for side in range(2):
            met = int(np.int64(borders.sides[piece, side]))
            if met == SEA:
                continue
            if met == nearest:
                nearest_m = min(nearest_m, distance_m)
            elif distance_m < nearest_m:
                other, other_m = nearest, nearest_m
                nearest, nearest_m = met, distance_m
            elif distance_m < other_m:
                other, other_m = met, distance_m
    return nearest, nearest_m, other, other_m
