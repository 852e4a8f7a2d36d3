"""The lines of streets by where they run: the nearest ones to a position.

An entry is a piece of a line, from the vertex with its number to the next one; a piece is an entry of every cell that
it touches. As exact as address_grid.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.geocoder.fine_grid import (
    BLOCK_TILES,
    METRES_PER_UNIT,
    ROUND,
    TILE_COLUMNS,
    TILE_ROWS,
    TILE_UNITS,
    UNITS,
    FineGrid,
    Points,
    Window,
    cell_count,
    cell_index,
    empty_blocks,
    lay_out_tiles,
    number_blocks,
    starts_of,
    tile_at,
    window_at,
)
from waypost.server.geocoder.jit import Whole, njit_entry, njit_inlined, njit_kernel

FIRST_REACH_M = 50.0
WIDER = 4.0
#: Cells that one piece can touch: of the finest it would be sixteen degrees long, and imports have none so long.
MOST_CELLS = 65_536
#: Vertices of one street that are looked at: longer ones are of whole countries.
_MOST_VERTICES = 20_000
#: Edges of cells are widened by this many units, so that rounding loses no piece.
_EDGE = 2.0
_NO_VERTEX = np.int32(WAY_END)


class LineGrid(NamedTuple):
    """A grid with its entries, uint32 numbers of vertices; the vertices of all lines; and whose they are.

    `line` int32[vertices, 2] and `offsets` int64[features + 1] are the arrays line and line_offsets of a snapshot.
    """

    grid: FineGrid
    entries: npt.NDArray[np.uint32]
    line: Points
    offsets: npt.NDArray[np.int64]


class Piece(NamedTuple):
    """A piece of a line in units from the south pole and from 180° west; `east1` may pass the antimeridian."""

    north0: float
    east0: float
    north1: float
    east1: float


def build_line_grid(line: Points, offsets: npt.NDArray[np.int64]) -> LineGrid:
    """The grid of those lines."""
    blocks = empty_blocks()
    ends = np.zeros(len(line), bool)
    ends[offsets[1:][np.diff(offsets) > 0] - 1] = True
    _mark_pieces(line, ends, blocks)
    counts = np.zeros(number_blocks(blocks) * BLOCK_TILES**2, np.int64)
    room = np.empty(MOST_CELLS, np.int64)
    nothing = np.zeros(0, np.uint32)
    # A grid whose tiles are one cell each has the tiles' numbers as cells.
    tiles = np.column_stack([np.arange(counts.size), np.ones(counts.size, np.int64)])
    _fill(FineGrid(blocks, tiles, nothing), line, ends, counts, nothing, room)
    tiles = lay_out_tiles(counts)
    counts = np.zeros(cell_count(tiles), np.int64)
    _fill(FineGrid(blocks, tiles, nothing), line, ends, counts, nothing, room)
    starts = starts_of(counts)
    entries = np.empty(int(starts[-1]), np.uint32)
    _fill(FineGrid(blocks, tiles, nothing), line, ends, starts[:-1].astype(np.int64), entries, room)
    return LineGrid(FineGrid(blocks, tiles, starts), entries, line, offsets)


@njit_inlined
def is_piece(line: Points, ends: npt.NDArray[np.bool_], vertex: Whole) -> bool:
    """Whether a line goes on from that vertex to the next."""
    return not ends[vertex] and line[vertex, 0] != _NO_VERTEX and line[vertex + 1, 0] != _NO_VERTEX


@njit_inlined
def piece_at(line: Points, vertex: Whole) -> Piece:
    """The piece that begins at that vertex."""
    east0 = np.float64(line[vertex, 1]) + 180.0 * UNITS
    east1 = np.float64(line[vertex + 1, 1]) + 180.0 * UNITS
    if east1 - east0 > ROUND / 2:
        east1 -= ROUND
    elif east1 - east0 < -ROUND / 2:
        east1 += ROUND
    return Piece(
        np.float64(line[vertex, 0]) + 90.0 * UNITS, east0, np.float64(line[vertex + 1, 0]) + 90.0 * UNITS, east1
    )


@njit_entry
def _mark_pieces(line: Points, ends: npt.NDArray[np.bool_], blocks: npt.NDArray[np.int32]) -> None:
    """Marks the blocks that pieces are in, or between their ends."""
    for vertex in range(len(line)):
        if not is_piece(line, ends, vertex):
            continue
        piece = piece_at(line, vertex)
        for row in range(
            _tile_row(min(piece.north0, piece.north1) - _EDGE), _tile_row(max(piece.north0, piece.north1) + _EDGE) + 1
        ):
            west, east = _tile_columns(piece)
            for column in range(west, east + 1):
                blocks[row // BLOCK_TILES * 360 + column % TILE_COLUMNS // BLOCK_TILES] = 0


@njit_entry
def _fill(
    grid: FineGrid,
    line: Points,
    ends: npt.NDArray[np.bool_],
    nexts: npt.NDArray[np.int64],
    entries: npt.NDArray[np.uint32],
    room: npt.NDArray[np.int64],
) -> None:
    """Puts each piece where the next one of each of its cells goes; without room for entries it only counts them."""
    for vertex in range(len(line)):
        if is_piece(line, ends, vertex):
            for cell in room[: cells_of(grid, piece_at(line, vertex), room)]:
                if entries.size:
                    entries[nexts[cell]] = vertex
                nexts[cell] += 1


@njit_inlined
def _tile_row(north: float) -> Whole:
    return min(max(math.floor(north / TILE_UNITS), 0), TILE_ROWS - 1)


@njit_inlined
def _tile_columns(piece: Piece) -> tuple[Whole, Whole]:
    west, east = min(piece.east0, piece.east1) - _EDGE, max(piece.east0, piece.east1) + _EDGE
    return math.floor(west / TILE_UNITS), math.floor(east / TILE_UNITS)


@njit_kernel
def cells_of(grid: FineGrid, piece: Piece, cells: npt.NDArray[np.int64]) -> Whole:
    """Fills `cells` with those that a piece touches and returns how many they are; what finds no room is left out."""
    count = 0
    low, high = min(piece.north0, piece.north1) - _EDGE, max(piece.north0, piece.north1) + _EDGE
    first_column, last_column = _tile_columns(piece)
    for row in range(_tile_row(low), _tile_row(high) + 1):
        for column in range(first_column, last_column + 1):
            tile = tile_at(grid, row, column)
            if tile < 0 or grid.tiles[tile, 1] == 0:
                continue
            side = grid.tiles[tile, 1]
            south, west = row * TILE_UNITS, column * TILE_UNITS
            begin = cell_index(math.floor(low) - south, side)
            for line in range(begin, cell_index(math.ceil(high) - south, side) + 1):
                band_low = south + TILE_UNITS * line / side - _EDGE
                band_high = south + TILE_UNITS * (line + 1) / side + _EDGE
                left, right = _across(piece, band_low, band_high)
                if left - _EDGE >= west + TILE_UNITS or right + _EDGE < west or left > right:
                    continue
                from_column = cell_index(math.floor(left - _EDGE) - west, side)
                for across in range(from_column, cell_index(math.ceil(right + _EDGE) - west, side) + 1):
                    if count < len(cells):
                        cells[count] = grid.tiles[tile, 0] + line * side + across
                        count += 1
    return count


@njit_inlined
def _across(piece: Piece, low: float, high: float) -> tuple[float, float]:
    """West and east end of the part of a piece between two latitudes; west > east where there is none."""
    tall = piece.north1 - piece.north0
    if tall == 0.0:
        first, last = 0.0, 1.0
        if piece.north0 < low or piece.north0 > high:
            return 1.0, 0.0
    else:
        first, last = (low - piece.north0) / tall, (high - piece.north0) / tall
        if first > last:
            first, last = last, first
        first, last = max(first, 0.0), min(last, 1.0)
        if first > last:
            return 1.0, 0.0
    one = piece.east0 + first * (piece.east1 - piece.east0)
    other = piece.east0 + last * (piece.east1 - piece.east0)
    return min(one, other), max(one, other)


@njit_entry
def nearest_lines(
    lines: LineGrid,
    latitude: float,
    longitude: float,
    reach_m: float,
    found: npt.NDArray[np.int64],
    squares: npt.NDArray[np.float64],
) -> Whole:
    """Fills `found` with the numbers of the features whose lines are nearest, `squares` with distances squared.

    Each feature once, the nearest first, of equally near ones the smaller number; returns how many there are.
    """
    wide = min(FIRST_REACH_M, reach_m)
    while True:
        count = _within(lines, window_at(latitude, longitude, wide), wide, found, squares)
        if wide >= reach_m or count == len(found):
            return count
        wide = min(wide * WIDER, reach_m)


@njit_kernel
def owner_of(offsets: npt.NDArray[np.int64], number: Whole) -> Whole:
    """The feature that has the entry of that number."""
    low, high = np.int64(0), np.int64(len(offsets) - 1)
    while low < high:
        middle = (low + high) // 2
        if offsets[middle + 1] <= number:
            low = middle + 1
        else:
            high = middle
    return low


@njit_inlined
def to_piece_squared(lines: LineGrid, vertex: Whole, window: Window) -> float:
    """Square of the metres to the piece that begins at a vertex."""
    piece = piece_at(lines.line, vertex)
    up0, up1 = (piece.north0 - window.latitude) * METRES_PER_UNIT, (piece.north1 - window.latitude) * METRES_PER_UNIT
    right0, right1 = piece.east0 - window.longitude, piece.east1 - window.longitude
    if right0 > ROUND / 2:
        right0, right1 = right0 - ROUND, right1 - ROUND
    elif right0 < -ROUND / 2:
        right0, right1 = right0 + ROUND, right1 + ROUND
    right0, right1 = right0 * window.metres_east, right1 * window.metres_east
    along_up, along_right = up1 - up0, right1 - right0
    length = along_up * along_up + along_right * along_right
    share = 0.0
    if length > 0.0:
        share = min(max(-(up0 * along_up + right0 * along_right) / length, 0.0), 1.0)
    up, right = up0 + share * along_up, right0 + share * along_right
    return up * up + right * right


@njit_entry
def line_distance_m(lines: LineGrid, feature: Whole, latitude: float, longitude: float) -> float:
    """Metres to the line of a feature, infinite where it has none; of a long line to its first _MOST_VERTICES."""
    window = window_at(latitude, longitude, 0.0)
    best = np.inf
    first, last = lines.offsets[feature], lines.offsets[feature + 1]
    for vertex in range(first, min(last, first + _MOST_VERTICES) - 1):
        if lines.line[vertex, 0] != _NO_VERTEX and lines.line[vertex + 1, 0] != _NO_VERTEX:
            best = min(best, to_piece_squared(lines, vertex, window))
    return math.sqrt(best)


@njit_inlined
def _within(
    lines: LineGrid,
    window: Window,
    reach_m: float,
    found: npt.NDArray[np.int64],
    squares: npt.NDArray[np.float64],
) -> Whole:
    count: Whole = np.int64(0)
    grid = lines.grid
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
                    vertex = np.int64(lines.entries[entry])
                    squared = to_piece_squared(lines, vertex, window)
                    if squared > reach_m * reach_m or (count == len(found) and squared > squares[count - 1]):
                        continue
                    count = _keep(owner_of(lines.offsets, vertex), squared, found, squares, count)
    return count


@njit_kernel
def _keep(
    feature: Whole, squared: float, found: npt.NDArray[np.int64], squares: npt.NDArray[np.float64], count: Whole
) -> Whole:
    """Puts a feature to its rank among those found, where it is not there already and nearer; the new count."""
    for at in range(count):
        if found[at] == feature:
            if squares[at] <= squared:
                return count
            for later in range(at, count - 1):
                found[later], squares[later] = found[later + 1], squares[later + 1]
            count -= 1
            break
    place = count
    while place > 0 and (
        squared < squares[place - 1] or (squared == squares[place - 1] and feature < found[place - 1])
    ):
        place -= 1
    if place == len(found):
        return count
    count = min(count + 1, len(found))
    for later in range(count - 1, place, -1):
        found[later], squares[later] = found[later - 1], squares[later - 1]
    found[place], squares[place] = feature, squared
    return count
