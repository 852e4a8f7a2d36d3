"""Houses anywhere on the globe: found where they are, and told as what was put there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geocoder.house_world import house_geocoder, house_snapshot
from waypost.server.geocoder.address_grid import build_point_grid, nearest_points
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.fine_grid import UNITS
from waypost.server.geocoder.reverse_houses import ADDRESS_REACH_M
from waypost.server.model import PlaceQuery, PlaceType, Point, ReverseQuery

#: Corners of the globe's tiles, where a point's neighbours lie in other cells, blocks or at the other end.
_CENTRES = st.sampled_from(
    [(0.0, 0.0), (48.0, 11.0), (-16.5, 180.0), (69.9375, -179.9999), (-89.99, 10.0), (51.5, 0.0)]
)
_OFFSETS = st.tuples(st.integers(-15_000, 15_000), st.integers(-15_000, 15_000))


@settings(max_examples=60)
@given(_CENTRES, st.lists(_OFFSETS, min_size=1, max_size=40), _OFFSETS, st.sampled_from([20.0, 100.0, 700.0]))
def test_the_nearest_point_is_the_nearest_anywhere(
    centre: tuple[float, float], offsets: list[tuple[int, int]], asked: tuple[int, int], reach_m: float
) -> None:
    def moved(offset: tuple[int, int]) -> tuple[int, int]:
        longitude = round(centre[1] * UNITS) + offset[1]
        return round(centre[0] * UNITS) + offset[0], (longitude + 180 * UNITS) % (360 * UNITS) - 180 * UNITS

    points = np.array([moved(offset) for offset in offsets], np.int32)
    latitude, longitude = (float(value) / UNITS for value in moved(asked))
    grid = build_point_grid(points)
    found, squares = np.empty(1, np.int64), np.empty(1)
    count = nearest_points(grid, latitude, longitude, reach_m, found, squares)
    away = np.array([distance_m(latitude, longitude, *(point / UNITS)) for point in points])
    slack = 0.05
    if count:
        assert away[found[0]] <= away.min() + slack
        assert abs(np.sqrt(squares[0]) - away[found[0]]) <= slack
    else:
        assert away.min() >= reach_m - slack


@settings(max_examples=60)
@given(
    st.sampled_from([0.0, 60.0, 78.2, 84.9, 89.5, 89.99999, -89.9, -90.0]),
    st.sampled_from([0.0, 15.6, 179.99, -180.0]),
    st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(-4.0, 4.0)), min_size=1, max_size=40),
    st.sampled_from([20_000.0, 50_000.0, 150_000.0]),
    st.integers(1, 5),
)
def test_the_nearest_points_far_away_are_those_of_the_sphere(
    latitude: float, longitude: float, offsets: list[tuple[float, float]], reach_m: float, wanted: int
) -> None:
    # Across a pole, too: beyond it the latitude falls again, on the other side.
    moved = [(latitude + north, longitude + east) for north, east in offsets]
    moved = [
        (180.0 * np.sign(north) - north, east + 180.0) if abs(north) > 90.0 else (north, east) for north, east in moved
    ]
    points = np.array(
        [(round(north * UNITS), round((east + 540.0) % 360.0 * UNITS) - 180 * UNITS) for north, east in moved], np.int32
    )
    grid = build_point_grid(points)
    found, squares = np.empty(wanted, np.int64), np.empty(wanted)
    count = nearest_points(grid, latitude, longitude, reach_m, found, squares)
    away = np.array([distance_m(latitude, longitude, *(point / UNITS)) for point in points])
    expected = np.sort(away)[:wanted]
    expected = expected[expected <= reach_m]
    assert len(set(found[:count].tolist())) == count
    assert np.sqrt(squares[:count]) == pytest.approx(expected, rel=1e-6, abs=0.2)


@settings(max_examples=80)
@given(st.integers(0, 100), st.floats(-3e-4, 3e-4), st.floats(-3e-4, 3e-4))
def test_what_is_found_at_a_point_is_found_by_its_id_and_in_its_column(number: int, north: float, east: float) -> None:
    geocoder = house_geocoder()
    points = house_snapshot().array("address_point").astype(np.float64) / UNITS
    latitude, longitude = points[number % len(points)] + (north, east)
    query = ReverseQuery(point=Point(latitude=float(latitude), longitude=float(longitude)))
    first = geocoder.reverse(query).results[0]
    found = geocoder.place(PlaceQuery(place_id=first.place.place_id))
    if first.place.place_type == PlaceType.ADDRESS and first.precision.name == "ROOFTOP":
        assert found == first.place
    row = geocoder.reverse_points(
        np.array([latitude]), np.array([longitude]), frozenset(), 50_000.0, RESULT_COLUMNS
    ).to_pylist()[0]
    assert (row["place_id"], row["formatted_address"]) == (first.place.place_id, first.place.formatted_address)
    assert row["distance_m"] == first.distance_m


@settings(max_examples=150)
@given(st.integers(0, 100), st.floats(-3e-3, 3e-3), st.floats(-3e-3, 3e-3))
def test_house_street_locality_and_country_agree_with_each_other_and_with_the_point(
    number: int, north: float, east: float
) -> None:
    geocoder = house_geocoder()
    points = house_snapshot().array("address_point").astype(np.float64) / UNITS
    latitude, longitude = (float(value) for value in points[number % len(points)] + (north, east))
    where = Point(latitude=latitude, longitude=longitude)
    results = geocoder.reverse(ReverseQuery(point=where, max_results=50)).results
    by_type = {result.place.place_type: result for result in results}
    for result in results:
        for component in result.place.address_components:
            told = by_type.get(component.place_type)
            if told is not None and told is not result and component.place_type != PlaceType.ADDRESS:
                assert told.place.place_id == component.place_id
        if result.place.place_type in (PlaceType.ADDRESS, PlaceType.POI):
            away_m = distance_m(latitude, longitude, result.place.latitude, result.place.longitude)
            assert abs(away_m - (result.distance_m or 0.0)) < 0.05
        alone = geocoder.reverse(
            ReverseQuery(point=where, place_types=frozenset({result.place.place_type}), max_results=1)
        ).results
        assert [each.place.place_type for each in alone] == [result.place.place_type]
    away = np.array([distance_m(latitude, longitude, *point) for point in points])
    house = by_type.get(PlaceType.ADDRESS)
    if away.min() < ADDRESS_REACH_M - 0.1:
        assert house is not None
        assert abs((house.distance_m or 0.0) - away.min()) < 0.05
