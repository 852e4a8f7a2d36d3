"""Which points can be the best somewhere in a cell: short lists made by the build, for the usual radius.

An answer from a list is the answer of place_grid.best_point; a test says so. Where a list cannot know (another
radius), the grid is searched.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.jit import njit_inlined
from waypost.server.geocoder.place_grid import ANY_COUNTRY, Eye, PlaceGrid, best_point, chord_squared, score_at

#: The radius that the lists of localities are made for: the default of the API.
LOCALITY_REACH_M = 50_000.0
#: The nearest postal code is not looked for beyond this, whatever the radius asked for.
POSTAL_REACH_M = 25_000.0


class Candidates(NamedTuple):
    """Lists of points by cell.

    blocks  int32[180 * 360, 2]: first cell of each square degree, and cells per side of it; 0 where it has none
    starts  int32[cells + 1]: first entry of each cell in
    listed  int32: numbers of points
    """

    blocks: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]
    listed: npt.NDArray[np.int32]


@njit_inlined
def cell_of(candidates: Candidates, latitude: float, longitude: float) -> int:
    """The cell that holds the point, -1 if its square degree has none."""
    north, east = latitude + 90.0, longitude + 180.0
    row, column = min(int(north), 179), min(int(east), 359)
    block = row * 360 + column
    side = int(np.int64(candidates.blocks[block, 1]))
    if side == 0:
        return -1
    inner_row = min(int((north - row) * side), side - 1)
    inner_column = min(int((east - column) * side), side - 1)
    return int(np.int64(candidates.blocks[block, 0])) + inner_row * side + inner_column


@njit_inlined
def best_candidate(
    grid: PlaceGrid, candidates: Candidates, eye: Eye, country: int, reach_m: float
) -> tuple[int, float, float]:
    """The best listed point within the reach that the lists are made for: number or -1, score, distance²."""
    best, score, away = -1, np.inf, np.inf
    cell = cell_of(candidates, eye.latitude, eye.longitude)
    if cell < 0:
        return best, score, away
    bound = np.float32(reach_m * reach_m)
    # Unsigned numbers spare numba the test for indices from the end.
    for entry in range(np.uint64(candidates.starts[cell]), np.uint64(candidates.starts[cell + 1])):
        point = int(np.uint64(candidates.listed[entry]))
        squared = chord_squared(grid, point, eye)
        value = score_at(grid, point, squared)
        if value > score or squared > bound:
            continue
        if country != ANY_COUNTRY and grid.points[point, 3] != country:
            continue
        if value < score or grid.rows[point, 0] < grid.rows[best, 0]:
            best, score, away = int(np.int64(point)), value, squared
    return best, score, away


@njit_inlined
def best_within(
    grid: PlaceGrid, candidates: Candidates, kind: int, eye: Eye, country: int, reach_m: float, radius_m: float
) -> tuple[int, float]:
    """The best point of `kind` within any radius, by the lists if they can tell: number or -1, and score."""
    if radius_m <= reach_m:
        best, score, away = best_candidate(grid, candidates, eye, country, reach_m)
        # The best of a wider circle is the best of a smaller one if it lies in it.
        if best < 0 or away <= radius_m * radius_m:
            return best, score
    return best_point(grid, kind, eye, country, radius_m)
