"""Lines of streets in a grid against a search through all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from waypost.server.gazetteer.imports.importing import LONGEST_STEP_M
from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.fine_grid import BLOCK_TILES, MOST_SIDE, UNITS, FineGrid, empty_blocks
from waypost.server.geocoder.line_grid import (
    MOST_CELLS,
    LineGrid,
    Piece,
    build_line_grid,
    cells_of,
    line_distance_m,
    nearest_lines,
)

_END = (WAY_END, WAY_END)


def grid_of(streets: list[list[tuple[float, float] | None]]) -> LineGrid:
    """The grid of streets given by their vertices in degrees; None ends a way."""
    vertices = [
        _END if point is None else (round(point[0] * UNITS), round(point[1] * UNITS))
        for street in streets
        for point in street
    ]
    offsets = np.cumsum([0, *map(len, streets)])
    return build_line_grid(np.array(vertices, np.int32).reshape(-1, 2), offsets)


def nearest(
    lines: LineGrid, latitude: float, longitude: float, reach_m: float, count: int = 1
) -> list[tuple[int, float]]:
    found, squares = np.empty(count, np.int64), np.empty(count)
    size = nearest_lines(lines, latitude, longitude, reach_m, found, squares)
    return [(int(found[at]), float(np.sqrt(squares[at]))) for at in range(size)]


def test_a_line_is_near_between_its_vertices() -> None:
    lines = grid_of([[(48.0, 11.0), (48.0, 11.1)]])
    ((street, away_m),) = nearest(lines, 48.0005, 11.05, 200.0)
    assert street == 0
    assert away_m == pytest.approx(0.0005 * METRES_PER_DEGREE, abs=0.05)
    assert nearest(lines, 48.0005, 11.05, 50.0) == []


def test_the_gap_between_two_ways_is_no_line() -> None:
    lines = grid_of([[(48.0, 11.0), (48.0, 11.001), None, (48.0, 11.009), (48.0, 11.010)]])
    assert nearest(lines, 48.0, 11.005, 200.0) == []
    assert line_distance_m(lines, 0, 48.0, 11.005, math.inf) > 280.0


def test_where_one_street_ends_no_line_leads_to_the_next() -> None:
    lines = grid_of([[], [(48.0, 11.0), (48.0, 11.001)], [], [(48.0, 11.009), (48.0, 11.010)], []])
    assert nearest(lines, 48.0, 11.005, 200.0) == []
    assert [street for street, _ in nearest(lines, 48.0, 11.0095, 5_000.0, 3)] == [3, 1]
    assert nearest(grid_of([[], []]), 48.0, 11.0, 200.0) == []


@pytest.mark.parametrize("longitude", [179.9995, -179.9995])
def test_a_street_across_the_antimeridian_is_found_from_both_sides(longitude: float) -> None:
    lines = grid_of([[(-16.8, 179.999), (-16.8, -179.999)]])
    ((street, away_m),) = nearest(lines, -16.8001, longitude, 200.0)
    assert street == 0
    assert away_m == pytest.approx(11.1, abs=0.2)


@pytest.mark.parametrize("latitude", [89.9999, 89.99999])
def test_a_street_beside_the_pole_is_found_from_its_other_side(latitude: float) -> None:
    lines = grid_of([[(latitude, 10.0), (latitude, 10.1)]])
    ((street, away_m),) = nearest(lines, latitude, -170.0, 200.0, 3)
    assert street == 0
    assert away_m < 40.0


@pytest.mark.parametrize("latitude", [0.0, 60.0, 85.0])
def test_the_longest_piece_of_an_import_finds_room_in_the_finest_cells(latitude: float) -> None:
    east = LONGEST_STEP_M / METRES_PER_DEGREE / np.cos(np.radians(latitude))
    north = 90.0 + latitude
    blocks = empty_blocks()
    blocks.reshape(180, 360)[int(north) - 1 : int(north) + 1, 178:200] = np.arange(44).reshape(2, 22)
    tiles = np.full((44 * BLOCK_TILES**2, 2), MOST_SIDE, np.int64)
    piece = Piece(north * UNITS, 179.0 * UNITS, (north + 0.1) * UNITS, (179.0 + east) * UNITS)
    room = np.empty(MOST_CELLS, np.int64)
    count = cells_of(FineGrid(blocks, tiles, np.zeros(0, np.uint32)), piece, room)
    assert east * BLOCK_TILES * MOST_SIDE < count < MOST_CELLS


def test_the_nearest_line_is_that_of_a_search_through_all() -> None:
    rng = np.random.default_rng(11)
    starts = rng.uniform([47.9, 10.9], [48.1, 11.1], (300, 2))
    streets = [list(map(tuple, start + np.cumsum(rng.normal(0, 2e-3, (6, 2)), axis=0))) for start in starts]
    lines = grid_of(streets)  # type: ignore[arg-type]
    for latitude, longitude in rng.uniform([47.9, 10.9], [48.1, 11.1], (150, 2)):
        away = [line_distance_m(lines, street, latitude, longitude, math.inf) for street in range(len(streets))]
        found = nearest(lines, latitude, longitude, 3_000.0, 2)
        expected = sorted((metres, street) for street, metres in enumerate(away) if metres <= 3_000.0)[:2]
        assert [street for street, _ in found] == [street for _, street in expected]
        assert [metres for _, metres in found] == pytest.approx([metres for metres, _ in expected])


def test_the_distance_to_a_line_is_exact_however_long_it_is() -> None:
    long: list[tuple[float, float] | None] = [(48.0 + 1e-5 * step, 11.0 + 1e-5 * (step % 2)) for step in range(60_000)]
    lines = grid_of([long, [(48.0, 11.0), (48.0, 11.1)]])
    latitude, longitude = 48.0 + 1e-5 * 59_999, 11.0 + 1e-5
    assert line_distance_m(lines, 0, latitude, longitude + 0.001, 500.0) == pytest.approx(73.5, abs=0.3)
    assert line_distance_m(lines, 0, latitude + 0.001, longitude, 500.0) == pytest.approx(111.2, abs=0.3)


def test_a_line_that_is_farther_than_asked_for_is_as_far_as_that() -> None:
    lines = grid_of([[(48.0, 11.0), (48.0, 11.1)], []])
    assert line_distance_m(lines, 0, 48.01, 11.05, 200.0) == 200.0
    assert line_distance_m(lines, 1, 48.0, 11.0, 200.0) == 200.0
