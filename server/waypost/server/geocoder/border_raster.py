"""Builds the raster that `borders` reads: cells of a tenth of a degree, most of them wholly in one country.

A cell that a border or coast touches, or comes near, holds a list of the pieces that matter there and the
country at its middle. Not for reading: see borders.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.borders import SEA, BorderPieces
from waypost.server.geocoder.borders import CELLS_PER_DEGREE, ISLAND_REACH_M, NEAR_BORDER_REACH_M
from waypost.server.geocoder.distance import METRES_PER_DEGREE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROWS = 180 * CELLS_PER_DEGREE
COLUMNS = 360 * CELLS_PER_DEGREE
#: Cells are widened by this much, in cells, so that a point on the edge of its cell finds every piece.
EDGE_CELLS = 1e-4


def build_border_raster(
    pieces: BorderPieces,
    country_of_code: npt.NDArray[np.int16],
    island_latitude: Floats,
    island_longitude: Floats,
) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays "borders_*" for those pieces; `country_of_code` turns indices of codes into countries.

    Cells of the sea near one of the places given, which may be an island that the map lacks, have an empty list.

    borders_blocks   int32[180 * 360]: the country of a whole square degree, or minus 2 minus its block number
    borders_cells    int32[blocks, 100]: the country of a cell, or minus 2 minus its list number (SEA is -1)
    borders_lists    int32[lists, 4]: start, split, end in borders_listed, and the country at the cell's middle
    borders_listed   int32: numbers of pieces, before `split` those that touch the cell, from it those near
    borders_pieces   float32[pieces, 4]: x0, y0, x1, y1
    borders_sides    int16[pieces, 2]: country on the left, on the right
    """
    line, sides = _pieces(pieces, country_of_code)
    middle = _middles(line, sides)
    flat = middle.ravel()
    touching_cell, touching_piece = _covered(line, 0.0)
    near_cell, near_piece = _covered(line, NEAR_BORDER_REACH_M)
    touched = np.zeros(ROWS * COLUMNS, bool)
    touched[touching_cell] = True
    # Near pieces matter at sea (any coast), in cells that are cut, and on land where they bound a foreign country.
    own = flat[near_cell, None]
    foreign = ((sides[near_piece] != own) & (sides[near_piece] != SEA)).any(axis=1)
    matters = (own[:, 0] == SEA) | touched[near_cell] | foreign
    # From here on cells are numbered square degree after square degree, so that neighbours lie together in memory.
    tile_of = np.empty(ROWS * COLUMNS, np.int64)
    tile_of[_tiles(np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)).ravel()] = np.arange(ROWS * COLUMNS)
    tiled = _tiles(middle).ravel()
    cells = tile_of[np.concatenate([touching_cell, near_cell[matters]])]
    numbers = np.concatenate([touching_piece, near_piece[matters]])
    only_near = np.concatenate([np.zeros(len(touching_cell), bool), np.ones(int(matters.sum()), bool)])
    order = np.lexsort((only_near, numbers, cells))
    repeated = (np.diff(cells[order], prepend=-1) == 0) & (np.diff(numbers[order], prepend=-1) == 0)
    order = order[~repeated]
    order = order[np.lexsort((numbers[order], only_near[order], cells[order]))]
    cells, numbers, only_near = cells[order], numbers[order], only_near[order]
    island_cells = tile_of[_around(island_latitude, island_longitude)]
    listed = np.union1d(cells, island_cells[tiled[island_cells] == SEA])
    starts = np.searchsorted(cells, listed)
    ends = np.searchsorted(cells, listed, side="right")
    touching = np.concatenate([[0], np.cumsum(~only_near)])
    splits = starts + touching[ends] - touching[starts]
    entries = tiled.astype(np.int32)
    entries[listed] = -2 - np.arange(len(listed))
    blocks, block_cells = _blocks(entries.reshape(180 * 360, CELLS_PER_DEGREE**2))
    return {
        "borders_blocks": blocks,
        "borders_cells": block_cells,
        "borders_lists": np.column_stack([starts, splits, ends, tiled[listed]]).astype(np.int32),
        "borders_listed": numbers.astype(np.int32),
        "borders_pieces": line.astype(np.float32),
        "borders_sides": sides,
    }


def _pieces(pieces: BorderPieces, country_of_code: npt.NDArray[np.int16]) -> tuple[Floats, npt.NDArray[np.int16]]:
    """Pieces as rows, those near the antimeridian once more on its other side; rounded as they are stored."""
    line = np.stack([pieces.x0, pieces.y0, pieces.x1, pieces.y1], axis=1).astype(np.float32).astype(np.float64)
    of_code = np.append(country_of_code, SEA).astype(np.int16)
    sides = np.stack([of_code[pieces.left], of_code[pieces.right]], axis=1)
    west = line[:, [0, 2]].min(axis=1)
    east = line[:, [0, 2]].max(axis=1)
    whole_turn = np.array([360.0, 0.0, 360.0, 0.0])
    line = np.concatenate([line, line[west < -179.0] + whole_turn, line[east > 179.0] - whole_turn])
    return line, np.concatenate([sides, sides[west < -179.0], sides[east > 179.0]])


def _middles(line: Floats, sides: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The country at the middle of every cell: what lies east of the last piece met when walking eastward."""
    x0, y0, x1, y1 = line.T
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    # Rows whose middle latitude m satisfies low <= m < high, so that a corner is met once.
    first = np.ceil((low + 90.0) * CELLS_PER_DEGREE - 0.5).astype(np.int64)
    after = np.ceil((high + 90.0) * CELLS_PER_DEGREE - 0.5).astype(np.int64)
    piece, row = _expand(first, after)
    latitude = (row + 0.5) / CELLS_PER_DEGREE - 90.0
    share = (latitude - y0[piece]) / (y1[piece] - y0[piece])
    crossing = x0[piece] + share * (x1[piece] - x0[piece])
    upward = y1[piece] > y0[piece]
    east = np.where(upward, sides[piece, 1], sides[piece, 0])
    column = np.ceil((crossing + 180.0) * CELLS_PER_DEGREE - 0.5).astype(np.int64)
    inside = column < COLUMNS
    order = np.lexsort((crossing[inside], row[inside]))
    met = row[inside][order] * COLUMNS + np.maximum(column[inside][order], 0)
    country = np.full(ROWS * COLUMNS, -2, np.int16)
    country[met] = east[inside][order]  # of several in one cell the easternmost is written last
    grid = country.reshape(ROWS, COLUMNS)
    grid[:, 0] = np.where(grid[:, 0] == -2, _last_of_row(grid), grid[:, 0])
    filled = np.maximum.accumulate(np.where(grid != -2, np.arange(COLUMNS), -1), axis=1)
    grid = np.take_along_axis(grid, np.maximum(filled, 0), axis=1)
    empty = filled[:, 0] == -1
    for pole, rows in ((-1, slice(None, ROWS // 2)), (1, slice(ROWS // 2, None))):
        grid[rows][empty[rows]] = _at_pole(line, sides, pole)
    return grid


def _last_of_row(grid: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """What the antimeridian has from the west: the last country written in each row, -2 where there is none."""
    written = grid != -2
    last = COLUMNS - 1 - np.argmax(written[:, ::-1], axis=1)
    return np.where(written.any(axis=1), grid[np.arange(ROWS), last], -2).astype(np.int16)


def _at_pole(line: Floats, sides: npt.NDArray[np.int16], pole: int) -> int:
    """The country around a pole (1 north, -1 south): what lies poleward of the piece nearest to it."""
    nearest = int(np.argmax(pole * (line[:, 1] + line[:, 3])))
    eastward = line[nearest, 2] > line[nearest, 0]
    return int(sides[nearest, 0 if eastward == (pole > 0) else 1])


def _covered(line: Floats, reach_m: float) -> tuple[Ints, Ints]:
    """Pairs of (cell, piece) where the piece comes within about `reach_m` of the cell; a few too many."""
    x0, y0, x1, y1 = line.T
    pad_y = reach_m / METRES_PER_DEGREE + EDGE_CELLS / CELLS_PER_DEGREE
    low, high = np.minimum(y0, y1) - pad_y, np.maximum(y0, y1) + pad_y
    first = np.clip(np.floor((low + 90.0) * CELLS_PER_DEGREE), 0, ROWS - 1).astype(np.int64)
    last = np.clip(np.floor((high + 90.0) * CELLS_PER_DEGREE), 0, ROWS - 1).astype(np.int64)
    piece, row = _expand(first, last + 1)
    # The part of the piece within the padded row decides which columns it covers there.
    bottom = row / CELLS_PER_DEGREE - 90.0 - pad_y
    top = bottom + 1 / CELLS_PER_DEGREE + 2 * pad_y
    rise = y1[piece] - y0[piece]
    safe = np.where(rise == 0.0, 1.0, rise)
    ends = []
    for edge in (bottom, top):
        share = np.clip((edge - y0[piece]) / safe, 0.0, 1.0)
        ends.append(x0[piece] + share * (x1[piece] - x0[piece]))
    flat = rise == 0.0
    west = np.where(flat, np.minimum(x0, x1)[piece], np.minimum(*ends))
    east = np.where(flat, np.maximum(x0, x1)[piece], np.maximum(*ends))
    widest = np.maximum(np.abs(bottom), np.abs(top)).clip(max=89.0)
    pad_x = reach_m / (METRES_PER_DEGREE * np.cos(np.radians(widest))) + EDGE_CELLS / CELLS_PER_DEGREE
    begin = np.floor((west - pad_x + 180.0) * CELLS_PER_DEGREE).astype(np.int64)
    end = np.floor((east + pad_x + 180.0) * CELLS_PER_DEGREE).astype(np.int64)
    pair, column = _expand(np.clip(begin, 0, COLUMNS), np.clip(end + 1, 0, COLUMNS))
    return row[pair] * COLUMNS + column, piece[pair]


def _around(latitude: Floats, longitude: Floats) -> Ints:
    """The cells that come within ISLAND_REACH_M of one of the places."""
    tall = ISLAND_REACH_M / METRES_PER_DEGREE
    wide = tall / np.cos(np.radians(np.minimum(np.abs(latitude) + tall, 89.0)))
    first_row = np.floor((latitude - tall + 90.0) * CELLS_PER_DEGREE).astype(np.int64)
    last_row = np.floor((latitude + tall + 90.0) * CELLS_PER_DEGREE).astype(np.int64)
    first = np.floor((longitude - wide + 180.0) * CELLS_PER_DEGREE).astype(np.int64)
    last = np.floor((longitude + wide + 180.0) * CELLS_PER_DEGREE).astype(np.int64)
    place, row = _expand(np.maximum(first_row, 0), np.minimum(last_row, ROWS - 1) + 1)
    pair, column = _expand(first[place], last[place] + 1)
    return np.unique(row[pair] * COLUMNS + column % COLUMNS)


def _expand(first: Ints, after: Ints) -> tuple[Ints, Ints]:
    """For ranges first[i] to after[i]: the index i and the number, for every number of every range."""
    count = np.maximum(after - first, 0)
    index = np.repeat(np.arange(len(first)), count)
    begin = np.cumsum(count) - count
    return index, np.arange(len(index)) - begin[index] + first[index]


def _tiles(grid: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A grid of cells as one row for each square degree, west to east and south to north."""
    size = CELLS_PER_DEGREE
    return grid.reshape(180, size, 360, size).swapaxes(1, 2).reshape(180 * 360, size * size)


def _blocks(entries: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Square degrees of one country as a number, the others as blocks of cells."""
    whole = (entries == entries[:, :1]).all(axis=1) & (entries[:, 0] >= SEA)
    blocks = entries[:, 0].copy()
    blocks[~whole] = -2 - np.arange(int((~whole).sum()), dtype=np.int32)
    return blocks, np.ascontiguousarray(entries[~whole])
