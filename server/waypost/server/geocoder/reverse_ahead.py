"""Asks for the memory that a block of points will need, before the first of them is resolved.

A point's answer hangs on chains of look-ups: from its cell to a list, from the list to places or pieces of border.
Resolved one by one, each point waits for every link of its chains; here each link of all points is asked for at once.
Nothing is answered here, and nothing goes wrong if too little is asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder.borders import BorderArrays, raster_cell
from waypost.server.geocoder.candidates import Candidates, cell_of
from waypost.server.geocoder.instructions import LINE_BYTES, prefetch
from waypost.server.geocoder.jit import njit_kernel
from waypost.server.geocoder.place_grid import PlaceGrid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: Numbers of lists in a line of the cache.
_LINE_NUMBERS = LINE_BYTES // 4


@njit_kernel
def ask_for_borders(borders: BorderArrays, latitude: Floats, longitude: Floats, lists: Ints) -> None:
    """Asks for the pieces of border near the points. `lists` is room for one number per point."""
    count = len(latitude)
    for index in range(count):
        block, cell = raster_cell(latitude[index], longitude[index])
        lists[index] = borders.blocks[block]
        if lists[index] < SEA:
            prefetch(borders.cells, (-2 - lists[index], cell))
    for index in range(count):
        if lists[index] < SEA:
            _, cell = raster_cell(latitude[index], longitude[index])
            lists[index] = borders.cells[-2 - lists[index], cell]
            if lists[index] < SEA:
                prefetch(borders.lists, -2 - lists[index])
    for index in range(count):
        if lists[index] < SEA:
            number = -2 - lists[index]
            for entry in range(borders.lists[number, 0], borders.lists[number, 2], _LINE_NUMBERS):
                prefetch(borders.listed, entry)
    for index in range(count):
        if lists[index] < SEA:
            number = -2 - lists[index]
            for entry in range(borders.lists[number, 0], borders.lists[number, 2]):
                prefetch(borders.pieces, borders.listed[entry])
                prefetch(borders.sides, borders.listed[entry])


@njit_kernel
def ask_for_candidates(
    grid: PlaceGrid, candidates: Candidates, latitude: Floats, longitude: Floats, cells: Ints
) -> None:
    """Asks for the listed places that can be the best at the points. `cells` is room for one number per point."""
    count = len(latitude)
    for index in range(count):
        cells[index] = cell_of(candidates, latitude[index], longitude[index])
        if cells[index] >= 0:
            prefetch(candidates.starts, cells[index])
    for index in range(count):
        if cells[index] >= 0:
            for entry in range(candidates.starts[cells[index]], candidates.starts[cells[index] + 1], _LINE_NUMBERS):
                prefetch(candidates.listed, entry)
    for index in range(count):
        if cells[index] >= 0:
            for entry in range(candidates.starts[cells[index]], candidates.starts[cells[index] + 1]):
                prefetch(grid.points, candidates.listed[entry])


@njit_kernel
def ask_for_places(grid: PlaceGrid, location_source: npt.NDArray[np.uint8], points: Ints) -> None:
    """Asks for what is told of those points of the grid; negative numbers are none."""
    for point in points:
        if point >= 0:
            prefetch(grid.rows, point)
            prefetch(grid.positions, point)
    for point in points:
        if point >= 0:
            prefetch(location_source, grid.rows[point, 0])
