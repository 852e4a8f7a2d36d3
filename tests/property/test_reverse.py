from __future__ import annotations

import math
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geocoder.reverse_world import index, world
from waypost.server.geocoder.candidates import LOCALITY_REACH_M, POSTAL_REACH_M, Candidates, best_within
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.place_grid import (
    ANY_COUNTRY,
    LOCALITIES,
    POSTAL_CODES,
    PlaceGrid,
    best_point,
    eye_at,
    ranked_points,
)
from waypost.server.geocoder.reverse_kernel import to_point_m
from waypost.server.model import NoticeCode, PlaceType

LATITUDES = st.floats(-90.0, 90.0) | st.sampled_from([-90.0, -0.0, 0.0, 89.999999, 90.0])
LONGITUDES = st.floats(-180.0, 180.0) | st.sampled_from([-180.0, -0.0, 0.0, 179.999999, 180.0])


@cache
def grid() -> PlaceGrid:
    """The places of the small world; made by the first test, not by whoever collects this one."""
    return PlaceGrid._make(world().array(f"reverse_{name}") for name in PlaceGrid._fields)


@st.composite
def near(draw: st.DrawFn) -> tuple[float, float]:
    latitude, longitude = draw(st.sampled_from(grid().positions.tolist()))
    latitude += draw(st.floats(-1.0, 1.0))
    longitude += draw(st.floats(-1.0, 1.0))
    return max(-90.0, min(90.0, latitude)), (longitude + 180.0) % 360.0 - 180.0


#: Anywhere, or near a place of the small world.
POINTS = st.tuples(LATITUDES, LONGITUDES) | near()
RADII_M = st.floats(1.0, 500_000.0) | st.just(50_000.0)


def distances_m(latitude: float, longitude: float) -> np.ndarray:
    """Great-circle distances to every point of the grid, by the spherical law of cosines in vectors."""
    phi, lam = np.radians(grid().positions).T
    vectors = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], 1)
    a, b = math.radians(latitude), math.radians(longitude)
    eye = np.array([math.cos(a) * math.cos(b), math.cos(a) * math.sin(b), math.sin(a)])
    cross = np.linalg.norm(np.cross(vectors, eye), axis=1)
    return np.asarray(np.arctan2(cross, vectors @ eye) * 6_371_008.8)


@given(POINTS | st.tuples(st.sampled_from([-90.0, -89.99999999, 89.99999999]), LONGITUDES))
@settings(max_examples=300, deadline=None)
def test_distances_by_series_are_those_of_the_formula(point: tuple[float, float]) -> None:
    for number, position in enumerate(grid().positions.tolist()):
        assert math.isclose(
            to_point_m(grid(), number, *point), distance_m(*point, *position), rel_tol=1e-9, abs_tol=0.02
        )


@given(POINTS, RADII_M)
@settings(max_examples=300, deadline=None)
def test_a_search_finds_every_place_within_the_radius_and_no_other(point: tuple[float, float], radius_m: float) -> None:
    found, scores = np.empty(len(grid().points), np.int32), np.empty(len(grid().points))
    count = ranked_points(grid(), LOCALITIES, eye_at(*point), ANY_COUNTRY, radius_m, found, scores)
    away = distances_m(*point)
    localities = np.arange(int(grid().starts[LOCALITIES, -1]))
    slack_m = 2.0 + radius_m * 0.0005
    assert set(found[:count].tolist()) >= set(localities[away[localities] < radius_m - slack_m].tolist())
    assert set(found[:count].tolist()) <= set(localities[away[localities] < radius_m + slack_m].tolist())
    assert (np.diff(scores[:count]) >= 0.0).all()


@given(POINTS, st.floats(1.0, 60_000.0) | st.just(50_000.0))
@settings(max_examples=500, deadline=None)
def test_the_lists_of_candidates_give_what_a_search_gives(point: tuple[float, float], radius_m: float) -> None:
    country_row = index().country_at(*point)
    if country_row is None:
        return
    country = int(np.searchsorted(world().array("reverse_countries"), country_row))
    for kind, name, reach_m in (
        (LOCALITIES, "locality", LOCALITY_REACH_M),
        (POSTAL_CODES, "postal", POSTAL_REACH_M),
    ):
        lists = Candidates._make(world().array(f"reverse_{name}_{field}") for field in Candidates._fields)
        eye = eye_at(*point)
        radius = min(radius_m, reach_m)
        listed = best_within(grid(), lists, kind, eye, country, reach_m, radius)
        assert listed == best_point(grid(), kind, eye, country, radius)


@given(POINTS, RADII_M, st.frozensets(st.sampled_from(list(PlaceType))), st.integers(1, 50))
@settings(max_examples=300, deadline=None)
def test_an_answer_is_within_its_bounds_and_the_same_in_a_column(
    point: tuple[float, float], radius_m: float, types: frozenset[PlaceType], max_results: int
) -> None:
    found = index().nearest(*point, types, radius_m, max_results)
    assert len(found.hits) <= max_results
    assert len({hit.row for hit in found.hits}) >= len(found.hits) - 1  # region and country share a row here
    assert all(0.0 <= hit.confidence <= 1.0 for hit in found.hits)
    assert all(0.0 <= hit.distance_m <= radius_m * 1.001 + 2.0 for hit in found.hits)
    if NoticeCode.AT_SEA in found.notices:
        assert found.hits == ()
        assert found.country_row == -1
    columns = index().batch(np.array([point[0]]), np.array([point[1]]), types, radius_m)
    assert columns.answer_row[0] == (found.hits[0].row if found.hits else -1)


@given(LATITUDES)
def test_both_names_of_the_antimeridian_are_one_line(latitude: float) -> None:
    west = index().nearest(latitude, -180.0, frozenset({PlaceType.LOCALITY}), 500_000.0, 5)
    east = index().nearest(latitude, 180.0, frozenset({PlaceType.LOCALITY}), 500_000.0, 5)
    assert west.country_row == east.country_row
    assert [hit.row for hit in west.hits] == [hit.row for hit in east.hits]


@given(LONGITUDES, LONGITUDES)
def test_a_pole_is_one_point_whatever_its_longitude(one: float, other: float) -> None:
    types = frozenset({PlaceType.LOCALITY})
    for latitude in (-90.0, 90.0):
        first = index().nearest(latitude, one, types, 50_000.0, 5)
        second = index().nearest(latitude, other, types, 50_000.0, 5)
        assert [hit.row for hit in first.hits] == [hit.row for hit in second.hits]
        assert first.notices == second.notices
