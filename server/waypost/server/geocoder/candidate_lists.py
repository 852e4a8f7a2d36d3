"""Builds the lists of candidates.py: for each cell the points that are the best at some place of it.

Cells are parts of a square degree, finer where there are more points. A point is left out if another of its
country is better everywhere in the cell, judged by the circle around the cell: some are kept in vain.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder.borders import CELLS_PER_DEGREE, BorderArrays
from waypost.server.geocoder.candidates import Candidates
from waypost.server.geocoder.jit import Whole, njit, njit_kernel
from waypost.server.geocoder.place_grid import (
    ANY_COUNTRY,
    Eye,
    PlaceGrid,
    cell_number,
    chord_squared,
    eye_at,
    score_at,
    window,
)

#: Cells per side of a square degree that has at most so many points; the last for more. Each divides, or is
#: divided by, CELLS_PER_DEGREE, so that cells do not straddle those of the raster.
SIDES = ((2, 2), (20, 5), (60, 10))
FINEST_SIDE = 20
#: Fine cells are made from the lists of cells this many times as large.
COARSER = 5
#: Circles are drawn a little wider: the stored numbers are rounded, and a cell's edges are curved.
MARGIN_M = 5.0
MARGIN = 1.01

Numbers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


def list_candidates(grid: PlaceGrid, kind: int, borders: BorderArrays, reach_m: float) -> Candidates:
    """The lists of all points of `kind` that are the best within `reach_m` at some place on land."""
    least = np.empty(int(grid.points[:, 3].max(initial=0)) + 1, np.float64)
    scratch = np.empty(len(grid.points), np.int32)
    blocks = np.zeros((180 * 360, 2), np.int32)
    counts, lists, cells = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], 0
    for block in np.flatnonzero(borders.blocks != SEA).tolist():
        side, sizes, listed = list_block(grid, kind, borders, reach_m, block, scratch, least)
        if len(listed):
            blocks[block] = cells, side
            cells += side * side
            counts.append(sizes)
            lists.append(listed)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int32)
    return Candidates(blocks, starts, np.concatenate(lists))


@njit(cache=True, nogil=True)
def list_block(
    grid: PlaceGrid, kind: int, borders: BorderArrays, reach_m: float, block: int, scratch: Numbers, least: Floats
) -> tuple[int, Numbers, Numbers]:
    """The cells per side of a square degree, the length of each cell's list, and the lists one after another."""
    south, west = block // 360 - 90.0, block % 360 - 180.0
    eye, half_m = circle(south, west, 1.0)
    size, inside = count_within(grid, kind, eye, half_m + reach_m, half_m, scratch)
    nearby = scratch[:size].copy()
    side = int(np.int64(FINEST_SIDE))
    for most, cells in SIDES[::-1]:
        if inside <= most:
            side = cells
    coarse_side = max(side // COARSER, 1)
    ratio = side // coarse_side
    sizes = np.zeros(side * side, np.int32)
    listed = np.empty(1024, np.int32)
    parts = np.empty(side * side, np.int32)
    used = int(np.int64(0))  # see normalize.tokenize
    for coarse in range(coarse_side * coarse_side):
        row, column = coarse // coarse_side, coarse % coarse_side
        eye, half_m = circle(south + row / coarse_side, west + column / coarse_side, 1.0 / coarse_side)
        coarse_size = keep_best(grid, nearby, eye, half_m, ANY_COUNTRY, reach_m, least, scratch)
        around = scratch[:coarse_size].copy()
        for fine in range(ratio * ratio):
            fine_row, fine_column = row * ratio + fine // ratio, column * ratio + fine % ratio
            cell = fine_row * side + fine_column
            parts[cell] = used
            country = country_of_cell(borders, block, side, fine_row, fine_column)
            if country == SEA:
                continue
            eye, half_m = circle(south + fine_row / side, west + fine_column / side, 1.0 / side)
            sizes[cell] = keep_best(
                grid, around, eye, half_m, ANY_COUNTRY if country < SEA else country, reach_m, least, scratch
            )
            if used + sizes[cell] > len(listed):
                grown = np.empty(2 * (used + sizes[cell]), np.int32)
                _copy(grown, np.int64(0), listed, used)
                listed = grown
            _copy(listed, used, scratch, np.int64(sizes[cell]))
            used += sizes[cell]
    ordered = np.empty(used, np.int32)
    at = int(np.int64(0))  # see normalize.tokenize
    for cell in range(side * side):
        _copy(ordered, at, listed[parts[cell] :], np.int64(sizes[cell]))
        at += sizes[cell]
    return side, sizes, ordered


@njit_kernel
def _copy(target: Numbers, at: Whole, source: Numbers, count: Whole) -> None:
    """Copies the first `count` numbers of `source` to place `at` on. Assigning slices compiles for a second longer."""
    for offset in range(count):
        target[at + offset] = source[offset]


@njit_kernel
def circle(south: float, west: float, size: float) -> tuple[Eye, float]:
    """The middle of a square of that many degrees, and the metres within which all of it lies."""
    eye = eye_at(south + size / 2.0, west + size / 2.0)
    half_m = 0.0
    for latitude in (south, south + size):
        corner = eye_at(latitude, west)
        chord = math.sqrt((corner.x - eye.x) ** 2 + (corner.y - eye.y) ** 2 + (corner.z - eye.z) ** 2)
        half_m = max(half_m, chord)
    return eye, half_m * MARGIN + MARGIN_M


@njit_kernel
def count_within(
    grid: PlaceGrid, kind: int, eye: Eye, reach_m: float, half_m: float, scratch: Numbers
) -> tuple[int, int]:
    """Writes the points of `kind` within reach into `scratch`: how many, and how many of them within `half_m`."""
    size, inside = 0, 0
    first_row, last_row, first, columns = window(eye, reach_m)
    for row in range(first_row, last_row + 1):
        for column in range(first, first + columns):
            cell = cell_number(row, column)
            for point in range(grid.starts[kind, cell], grid.starts[kind, cell + 1]):
                squared = chord_squared(grid, point, eye)
                if squared <= reach_m * reach_m:
                    scratch[size] = point
                    size += 1
                    inside += squared <= half_m * half_m
    return size, inside


@njit_kernel
def keep_best(
    grid: PlaceGrid,
    points: Numbers,
    eye: Eye,
    half_m: float,
    country: int,
    reach_m: float,
    least: Floats,
    kept: Numbers,
) -> int:
    """Writes into `kept` those of the points that may be the best of their country in a circle; how many.

    `least` is room for one number per country: the score that some point of it does not exceed in the circle.
    """
    least[:] = np.inf
    for point in points:
        far = math.sqrt(chord_squared(grid, point, eye)) + half_m
        # A point that is out of reach at some place of the circle can exclude no other there.
        if far <= reach_m:
            of = int(grid.points[point, 3])
            least[of] = min(least[of], score_at(grid, point, far * far))
    size = 0
    for point in points:
        if country != ANY_COUNTRY and grid.points[point, 3] != country:
            continue
        near = max(math.sqrt(chord_squared(grid, point, eye)) - half_m, 0.0)
        if near <= reach_m and score_at(grid, point, near * near) <= least[int(grid.points[point, 3])]:
            kept[size] = point
            size += 1
    return size


@njit_kernel
def country_of_cell(borders: BorderArrays, block: int, side: int, row: int, column: int) -> int:
    """The only country of a cell, SEA if it has none, less than SEA if a border or coast is near."""
    entry = borders.blocks[block]
    if entry >= SEA:
        return int(np.int64(entry))
    last_row = max(((row + 1) * CELLS_PER_DEGREE - 1) // side, row * CELLS_PER_DEGREE // side)
    last_column = max(((column + 1) * CELLS_PER_DEGREE - 1) // side, column * CELLS_PER_DEGREE // side)
    country = SEA
    for inner_row in range(row * CELLS_PER_DEGREE // side, last_row + 1):
        for inner_column in range(column * CELLS_PER_DEGREE // side, last_column + 1):
            cell = borders.cells[-2 - entry, inner_row * CELLS_PER_DEGREE + inner_column]
            if cell < SEA or (cell != SEA and country != SEA and cell != country):
                return SEA - 1
            if cell != SEA:
                country = int(np.int64(cell))
    return country
