"""Points in a grid against a search through all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from waypost.server.geocoder.address_grid import PointGrid, build_point_grid, nearest_points
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.fine_grid import UNITS


def grid_of(points: npt.ArrayLike) -> PointGrid:
    return build_point_grid(np.rint(np.asarray(points).reshape(-1, 2) * UNITS).astype(np.int32))


def nearest(
    grid: PointGrid, latitude: float, longitude: float, reach_m: float, count: int = 1
) -> list[tuple[int, float]]:
    found, squares = np.empty(count, np.int64), np.empty(count)
    size = nearest_points(grid, latitude, longitude, reach_m, found, squares)
    return [(int(found[at]), float(np.sqrt(squares[at]))) for at in range(size)]


def test_nothing_is_near_where_nothing_is() -> None:
    assert nearest(grid_of([]), 48.0, 11.0, 100.0) == []
    assert nearest(grid_of([(48.0, 11.0)]), -48.0, 11.0, 100.0) == []


def test_reach_is_a_circle() -> None:
    grid = grid_of([(48.0, 11.0)])
    assert nearest(grid, 48.0 + 99.0 / METRES_PER_DEGREE, 11.0, 100.0)[0][0] == 0
    assert nearest(grid, 48.0 + 101.0 / METRES_PER_DEGREE, 11.0, 100.0) == []
    east = 99.0 / METRES_PER_DEGREE / np.cos(np.radians(48.0))
    assert nearest(grid, 48.0, 11.0 + east, 100.0)[0][0] == 0


def test_of_points_at_one_place_the_first_comes_first() -> None:
    grid = grid_of([(48.0, 11.0)] * 5)
    assert [number for number, _ in nearest(grid, 48.0001, 11.0, 100.0, 3)] == [0, 1, 2]


@pytest.mark.parametrize("longitude", [179.99995, -179.99995, 180.0, -180.0])
def test_neighbours_across_the_antimeridian_are_near(longitude: float) -> None:
    grid = grid_of([(-16.8, 179.9999), (-16.8, -179.9999)])
    assert {number for number, _ in nearest(grid, -16.8, longitude, 100.0, 4)} == {0, 1}


@pytest.mark.parametrize(("latitude", "longitude"), [(48.0, 11.0), (-33.0625, -70.0), (69.65, 18.9375), (0.0, 0.0)])
def test_the_nearest_points_are_those_of_a_search_through_all(latitude: float, longitude: float) -> None:
    """Around corners of tiles too, where a point's neighbours lie in other cells."""
    rng = np.random.default_rng(5)
    points = np.array([latitude, longitude]) + rng.normal(0, 3e-3, (4_000, 2))
    grid = grid_of(points)
    points = np.rint(points * UNITS) / UNITS
    for asked in np.array([latitude, longitude]) + rng.normal(0, 2e-3, (100, 2)):
        away = np.array([distance_m(*asked, *point) for point in points])
        expected = np.argsort(away, kind="stable")[:5]
        expected = expected[away[expected] <= 500.0]
        found = nearest(grid, float(asked[0]), float(asked[1]), 500.0, 5)
        assert [number for number, _ in found] == expected.tolist()
        assert [metres for _, metres in found] == pytest.approx(away[expected].tolist(), abs=0.05)
