"""A grid for what lies as densely as houses: cells as fine as there is much in them, nothing where there is nothing.

A square degree has a *block* if something is in it, a block has 16 times 16 *tiles*, and a tile has cells in as many
rows and columns as it takes for a few entries in each. Entries of a cell, and of the cells of one row, stand one after
another. Positions are whole numbers of 1e-7 degrees, as in imported layers, so that nothing is lost at edges of cells.
Not for: what the entries are; points are in address_grid.py, lines in line_grid.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.jit import Whole, njit, njit_inlined, njit_kernel

Points = npt.NDArray[np.int32]

#: Units in a degree.
UNITS = 10_000_000
#: Tiles per side of a square degree, and how many units a tile has per side: about seven kilometres.
BLOCK_TILES = 16
TILE_UNITS = UNITS // BLOCK_TILES
TILE_ROWS = 180 * BLOCK_TILES
TILE_COLUMNS = 360 * BLOCK_TILES
ROUND = 360 * UNITS
#: Entries that a cell should have, and the most rows of cells in a tile: 27 metres each.
CELL_ENTRIES = 4
MOST_SIDE = 256
#: Latitude from which on a window goes all the way round: a kilometre from the pole.
_ROUND_THE_POLE = 89.99
#: Metres in a unit of latitude.
METRES_PER_UNIT = METRES_PER_DEGREE / UNITS


class FineGrid(NamedTuple):
    """The arrays of a grid.

    blocks  int32[180 * 360]: the number of each square degree, -1 where nothing is in it
    tiles   int64[blocks * 256, 2]: first cell, and cells per side (0 where the tile is empty)
    starts  uint32[cells + 1]: first entry of each cell
    """

    blocks: npt.NDArray[np.int32]
    tiles: npt.NDArray[np.int64]
    starts: npt.NDArray[np.uint32]


class Window(NamedTuple):
    """What lies within reach of a point: edges in units from the south pole and from 180° west, and metres per unit.

    `west` and `east` may pass the antimeridian.
    """

    south: int
    north: int
    west: int
    east: int
    latitude: float
    longitude: float
    metres_east: float


@njit_inlined
def window_at(latitude: float, longitude: float, reach_m: float) -> Window:
    """The window of that many metres around a point in degrees."""
    north = (latitude + 90.0) * UNITS
    east = (longitude + 180.0) * UNITS
    tall = reach_m / METRES_PER_UNIT
    # Towards the pole a degree of longitude is shorter than at the point itself; around it all of them are near.
    nearest_pole = abs(latitude) + tall / UNITS
    wide = ROUND / 2 if nearest_pole >= _ROUND_THE_POLE else tall / math.cos(math.radians(nearest_pole))
    west, most_east = math.floor(east - wide), math.ceil(east + wide)
    if most_east - west > ROUND - 2 * TILE_UNITS:
        # Once round, from edge to edge, so that no tile is met from both sides.
        west, most_east = 0, ROUND - 1
    return Window(
        max(math.floor(north - tall), 0),
        min(math.ceil(north + tall), 180 * UNITS),
        west,
        most_east,
        north,
        east,
        METRES_PER_UNIT * math.cos(math.radians(latitude)),
    )


@njit_inlined
def tile_at(grid: FineGrid, row: Whole, column: Whole) -> Whole:
    """The number of a tile, -1 where its square degree is empty; the column may pass the antimeridian."""
    column = column % TILE_COLUMNS
    block = grid.blocks[row // BLOCK_TILES * 360 + column // BLOCK_TILES]
    if block < 0:
        return -1
    tile: Whole = (np.int64(block) * BLOCK_TILES + row % BLOCK_TILES) * BLOCK_TILES + column % BLOCK_TILES
    return tile


@njit_inlined
def cell_index(offset: Whole, side: Whole) -> Whole:
    """The row or column of cells that is so many units from a tile's edge."""
    return min(max(offset * side // TILE_UNITS, 0), side - 1)


@njit_kernel
def cell_of_point(grid: FineGrid, north: Whole, east: Whole) -> Whole:
    """The cell of a position in units from the south pole and from 180° west, whose tile must have some."""
    east = east % ROUND
    row, column = min(north // TILE_UNITS, TILE_ROWS - 1), east // TILE_UNITS
    tile = tile_at(grid, row, column)
    side = grid.tiles[tile, 1]
    inner_row = cell_index(north - row * TILE_UNITS, side)
    cell: Whole = grid.tiles[tile, 0] + inner_row * side + cell_index(east - column * TILE_UNITS, side)
    return cell


def empty_blocks() -> npt.NDArray[np.int32]:
    """A grid's blocks before anything is in it."""
    return np.full(180 * 360, -1, np.int32)


def number_blocks(blocks: npt.NDArray[np.int32]) -> Whole:
    """Numbers the blocks that were marked, with anything but -1, and returns how many there are."""
    marked = np.flatnonzero(blocks >= 0)
    blocks[marked] = np.arange(marked.size)
    return int(marked.size)


def lay_out_tiles(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`tiles` of a grid from the number of entries in each."""
    side = np.ceil(np.sqrt(counts / CELL_ENTRIES)).astype(np.int64)
    side = np.clip(side, 0, MOST_SIDE)
    first = np.cumsum(side * side) - side * side
    return np.column_stack([first, side])


def cell_count(tiles: npt.NDArray[np.int64]) -> Whole:
    """How many cells the tiles have."""
    return int((tiles[:, 1] ** 2).sum())


def starts_of(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    """`starts` of a grid from the number of entries in each cell."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32)


@njit(cache=True, nogil=True)
def mark_points(points: Points, blocks: npt.NDArray[np.int32]) -> None:
    """Marks the blocks that points are in."""
    for index in range(len(points)):
        row, column = tile_of_point(points[index, 0], points[index, 1])
        blocks[row // BLOCK_TILES * 360 + column // BLOCK_TILES] = 0


@njit(cache=True, nogil=True)
def count_points(points: Points, blocks: npt.NDArray[np.int32], counts: npt.NDArray[np.int64]) -> None:
    """Counts the points of each tile."""
    for index in range(len(points)):
        row, column = tile_of_point(points[index, 0], points[index, 1])
        block = np.int64(blocks[row // BLOCK_TILES * 360 + column // BLOCK_TILES])
        counts[(block * BLOCK_TILES + row % BLOCK_TILES) * BLOCK_TILES + column % BLOCK_TILES] += 1


@njit_kernel
def tile_of_point(latitude: Whole, longitude: Whole) -> tuple[Whole, Whole]:
    """Row and column of the tile of a point of a layer."""
    north = np.int64(latitude) + 90 * UNITS
    east = (np.int64(longitude) + 180 * UNITS) % ROUND
    row = min(np.int64(north // TILE_UNITS), np.int64(TILE_ROWS - 1))
    return row, east // TILE_UNITS
