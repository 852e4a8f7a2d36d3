"""Finds the best places near a point: a grid of points of each kind, searched as far as asked.

The score of a place is its distance divided by its weight, and beyond its built-up area the distance from the
edge as well; the smallest score wins. Weight and area of localities grow with population (reverse_index.py tells
how); postal codes and airports weigh 1 and have no edge, so that there the nearest wins. Right at poles and
across the antimeridian: distances are chords through the Earth, and windows of the grid wrap around.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.distance import EARTH_RADIUS_M, METRES_PER_DEGREE
from waypost.server.geocoder.jit import njit_entry, njit_inlined, njit_kernel

#: The kinds of points, each with a grid of its own in the same arrays.
# Kernels are compiled anew for each Python number that they are called with, and once for all of numpy's.
LOCALITIES, POSTAL_CODES, POIS = (cast(int, np.int64(kind)) for kind in range(3))
KIND_COUNT = 3
#: Cells per degree: about as many cells as localities on land.
GRID_CELLS = 4
COLUMNS = 360 * GRID_CELLS
#: Any country will do.
ANY_COUNTRY = cast(int, np.int64(-1))
#: Reaches are along chords and windows along arcs: at 500 km these are 0.03 % longer.
ARC_MARGIN = 1.001


class PlaceGrid(NamedTuple):
    """The arrays "reverse_*" of the points, one entry per point, in the order of kind, square degree and cell.

    points     float32[points, 8]: x, y, z in metres from the Earth's centre, country, 1 / weight, offset² in m²,
               radius of the built-up area in metres, what a metre beyond it adds to the score
    rows       int32[points, 4]: row of the place, how many rows share this point, rows of its region and district
    positions  float64[points, 2]: latitude and longitude
    starts     int32[kinds, cells + 1]: first point of each cell
    """

    points: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int32]
    positions: npt.NDArray[np.float64]
    starts: npt.NDArray[np.int32]


class Eye(NamedTuple):
    """A point asked about, ready to be compared: degrees, and metres from the Earth's centre."""

    latitude: float
    longitude: float
    x: float
    y: float
    z: float


@njit_inlined
def eye_at(latitude: float, longitude: float) -> Eye:
    """The point as an Eye."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    ring = EARTH_RADIUS_M * math.cos(phi)
    return Eye(latitude, longitude, ring * math.cos(lam), ring * math.sin(lam), EARTH_RADIUS_M * math.sin(phi))


@njit_inlined
def chord_squared(grid: PlaceGrid, point: int, eye: Eye) -> float:
    """Square of the straight distance in metres; of an arc of 500 km it is 0.03 % short."""
    dx = np.float32(eye.x) - grid.points[point, 0]
    dy = np.float32(eye.y) - grid.points[point, 1]
    dz = np.float32(eye.z) - grid.points[point, 2]
    return float(dx * dx + dy * dy + dz * dz)


@njit_inlined
def score_at(grid: PlaceGrid, point: int, squared: float) -> float:
    """The score of a point at that distance, whose square is given; it grows with the distance."""
    outside = max(np.float32(math.sqrt(squared)) - grid.points[point, 6], np.float32(0.0))
    inside = np.float32(math.sqrt(squared + grid.points[point, 5]))
    return float(inside * grid.points[point, 4] + outside * grid.points[point, 7])


@njit_kernel
def window(eye: Eye, reach_m: float) -> tuple[int, int, int, int]:
    """First and last row of cells within reach, first column, and how many columns; these may pass the edges.

    The width is that of the window's side nearest to a pole; it goes around the Earth at most once.
    """
    reach_m *= ARC_MARGIN
    reach = reach_m / METRES_PER_DEGREE
    first_row = max(math.floor((eye.latitude - reach + 90.0) * GRID_CELLS), 0)
    last_row = min(math.floor((eye.latitude + reach + 90.0) * GRID_CELLS), 180 * GRID_CELLS - 1)
    ring = math.hypot(eye.x, eye.y) - reach_m
    if ring * math.pi <= reach_m:
        return first_row, last_row, 0, COLUMNS
    wide = math.degrees(reach_m / ring)
    first = math.floor((eye.longitude - wide + 180.0) * GRID_CELLS)
    last = math.floor((eye.longitude + wide + 180.0) * GRID_CELLS)
    return first_row, last_row, first, min(last - first + 1, COLUMNS)


@njit_kernel
def cell_number(row: int, column: int) -> int:
    """The number of a cell: square degree after square degree, so that neighbours lie together in memory."""
    column = column % COLUMNS
    block = row // GRID_CELLS * 360 + column // GRID_CELLS
    return (block * GRID_CELLS + row % GRID_CELLS) * GRID_CELLS + column % GRID_CELLS


@njit_entry
def number_cells(
    latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64], numbers: npt.NDArray[np.int64]
) -> None:
    """Writes the number of each point's cell."""
    for index in range(len(numbers)):
        row = min(int((latitude[index] + 90.0) * GRID_CELLS), 180 * GRID_CELLS - 1)
        numbers[index] = cell_number(row, int((longitude[index] + 180.0) * GRID_CELLS))


@njit_entry
def ranked_points(
    grid: PlaceGrid,
    kind: int,
    eye: Eye,
    country: int,
    radius_m: float,
    found: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float64],
) -> int:
    """Fills `found` with the points of the smallest scores within the radius, best first; returns how many.

    Of equal scores the smaller row comes first.
    """
    count = 0
    first_row, last_row, first, columns = window(eye, radius_m)
    for row in range(first_row, last_row + 1):
        for column in range(first, first + columns):
            cell = cell_number(row, column)
            for point in range(grid.starts[kind, cell], grid.starts[kind, cell + 1]):
                if country != ANY_COUNTRY and grid.points[point, 3] != country:
                    continue
                squared = chord_squared(grid, point, eye)
                if squared > radius_m * radius_m:
                    continue
                score = score_at(grid, point, squared)
                place = count
                while place > 0 and comes_before(grid, point, score, found[place - 1], scores[place - 1]):
                    place -= 1
                if place == len(found):
                    continue
                count = min(count + 1, len(found))
                for later in range(count - 1, place, -1):
                    found[later], scores[later] = found[later - 1], scores[later - 1]
                found[place], scores[place] = point, score
    return count


@njit_inlined
def comes_before(grid: PlaceGrid, point: int, score: float, other: int, other_score: float) -> bool:
    """Whether a point is the better answer of two."""
    return score < other_score or (score == other_score and grid.rows[point, 0] < grid.rows[other, 0])


@njit_kernel
def best_point(grid: PlaceGrid, kind: int, eye: Eye, country: int, radius_m: float) -> tuple[int, float]:
    """The point with the smallest score within the radius, or -1, and its score."""
    best, best_score = -1, np.inf
    first_row, last_row, first, columns = window(eye, radius_m)
    for row in range(first_row, last_row + 1):
        for column in range(first, first + columns):
            cell = cell_number(row, column)
            for point in range(grid.starts[kind, cell], grid.starts[kind, cell + 1]):
                if country != ANY_COUNTRY and grid.points[point, 3] != country:
                    continue
                squared = chord_squared(grid, point, eye)
                score = score_at(grid, point, squared)
                if squared <= radius_m * radius_m and comes_before(grid, point, score, best, best_score):
                    best, best_score = point, score
    return best, best_score
