"""What is at a point where there are houses and streets."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.geocoder.house_world import house_geocoder, house_snapshot
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.reverse_houses import ADDRESS_REACH_M, STREET_REACH_M
from waypost.server.model import Answer, NoticeCode, PlaceType, Point, Precision, ReverseQuery

#: Of a house, of a street, between two houses, of a field, of the sea.
POINTS = (
    (39.8006, -89.6499), (39.8022, -89.6500), (39.8021, -89.6538), (39.8054, -89.6497), (39.8035, -89.6503),
    (39.9000, -89.7000), (0.0, 0.0), (37.2155, -93.2980), (52.5192, 13.4101), (48.5002, 11.5), (48.5060, 11.5),
    (48.5000, 11.52),
)  # fmt: skip


def ask(latitude: float, longitude: float, *types: PlaceType, radius_m: float = 50_000.0, most: int = 9) -> Answer:
    point = Point(latitude=latitude, longitude=longitude)
    query = ReverseQuery(point=point, place_types=frozenset(types), radius_m=radius_m, max_results=most)
    return house_geocoder().reverse(query)


def names(answer: Answer) -> list[str]:
    return [f"{result.place.place_type.name} {result.place.display_name}" for result in answer.results]


def test_the_house_comes_first_then_what_contains_it() -> None:
    assert names(ask(39.8006, -89.6499)) == [
        "ADDRESS 12 Main Street", "STREET Main Street", "NEIGHBORHOOD Old Town", "LOCALITY Springfield",
        "POSTAL_CODE 62701", "REGION Illinois", "COUNTRY United States",
    ]  # fmt: skip


def test_where_no_house_is_near_the_street_comes_first() -> None:
    answer = ask(39.8035, -89.6503)
    assert names(answer)[:2] == ["STREET Main Street", "NEIGHBORHOOD Old Town"]
    assert answer.results[0].precision == Precision.STREET
    # To the line, not to the point in its middle.
    assert answer.results[0].distance_m == pytest.approx(25.6, abs=0.5)


def test_between_two_houses_of_one_side_a_number_is_computed() -> None:
    answer = ask(39.8021, -89.6538)
    assert names(answer)[:2] == ["ADDRESS 5 2nd Avenue", "STREET 2nd Avenue"]
    assert answer.results[0].precision == Precision.INTERPOLATED


def test_far_from_houses_and_streets_places_are_what_they_were() -> None:
    answer = ask(39.9000, -89.7000)
    assert names(answer)[0] == "LOCALITY Springfield"
    assert {layer for layer in answer.layers if layer == "streets"} == set()


def test_a_street_of_an_address_file_is_where_its_houses_are() -> None:
    answer = ask(48.5060, 11.5, PlaceType.STREET)
    assert names(answer) == ["STREET Dorfplatz"]
    assert answer.results[0].distance_m == pytest.approx(111.2, abs=0.5)


def test_the_layers_of_houses_are_credited() -> None:
    assert "streets" in ask(39.8006, -89.6499).layers


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((PlaceType.ADDRESS,), ["ADDRESS 12 Main Street"]),
        ((PlaceType.STREET,), ["STREET Main Street"]),
        ((PlaceType.POI,), ["POI Town Museum"]),
        ((PlaceType.NEIGHBORHOOD,), ["NEIGHBORHOOD Old Town"]),
        ((PlaceType.LOCALITY, PlaceType.ADDRESS), ["ADDRESS 12 Main Street", "LOCALITY Springfield"]),
        ((PlaceType.COUNTRY, PlaceType.POI), ["POI Town Museum", "COUNTRY United States"]),
    ],
)
def test_types_pick_the_level(types: tuple[PlaceType, ...], expected: list[str]) -> None:
    assert names(ask(39.8006, -89.6499, *types, most=len(expected))) == expected


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, ["ADDRESS"]),
        (2, ["ADDRESS", "LOCALITY"]),
        (3, ["ADDRESS", "LOCALITY", "COUNTRY"]),
        (5, ["ADDRESS", "LOCALITY", "POSTAL_CODE", "REGION", "COUNTRY"]),
        (6, ["ADDRESS", "NEIGHBORHOOD", "LOCALITY", "POSTAL_CODE", "REGION", "COUNTRY"]),
    ],
)
def test_of_many_levels_the_country_is_told_before_what_the_others_tell(most: int, expected: list[str]) -> None:
    assert [name.split()[0] for name in names(ask(39.8006, -89.6499, most=most))] == expected


def test_more_of_the_first_type_are_the_next_nearest() -> None:
    answer = ask(39.8006, -89.6499, PlaceType.ADDRESS, most=4)
    assert [result.place.display_name for result in answer.results] == [
        "12 Main Street", "12 bis Main Street", "12/3 Main Street", "10 Main Street",
    ]  # fmt: skip
    away = [result.distance_m for result in answer.results]
    assert away == sorted(away, key=lambda metres: metres or 0.0)
    assert sum(result.confidence for result in answer.results[1:]) < 1.0
    assert names(ask(39.8019, -89.6501, PlaceType.STREET, most=5)) == ["STREET Main Street", "STREET 2nd Avenue"]


def test_the_radius_is_respected() -> None:
    assert names(ask(39.8006, -89.6499, PlaceType.ADDRESS, radius_m=5.0)) == []
    assert names(ask(39.8006, -89.6499, PlaceType.ADDRESS, radius_m=20.0, most=1)) == ["ADDRESS 12 Main Street"]
    assert names(ask(39.8035, -89.6503, PlaceType.STREET, radius_m=20.0)) == []
    answer = ask(39.8006, -89.6499, PlaceType.LOCALITY, radius_m=100.0)
    assert names(answer) == []
    assert [notice.code for notice in ask(39.9, -89.7, PlaceType.ADDRESS).notices] == [NoticeCode.TOO_FAR]


def test_at_sea_and_too_far_are_told_where_nothing_is() -> None:
    assert [notice.code for notice in ask(0.0, 0.0).notices] == [NoticeCode.AT_SEA]
    assert ask(0.0, 0.0, PlaceType.ADDRESS).results == ()


@pytest.mark.parametrize("point", POINTS)
def test_house_street_and_areas_agree(point: tuple[float, float]) -> None:
    answer = ask(*point)
    named = {result.place.place_type: result.place.place_id for result in answer.results}
    named[PlaceType.ADDRESS] = ""
    for result in answer.results:
        for component in result.place.address_components:
            assert named.get(component.place_type) in (component.place_id, None, ""), component


@pytest.mark.parametrize(
    "types",
    [
        (), (PlaceType.ADDRESS,), (PlaceType.STREET,), (PlaceType.POI,), (PlaceType.NEIGHBORHOOD,),
        (PlaceType.LOCALITY,), (PlaceType.POSTAL_CODE,), (PlaceType.REGION,), (PlaceType.ADDRESS, PlaceType.COUNTRY),
        (PlaceType.STREET, PlaceType.LOCALITY), (PlaceType.POI, PlaceType.ADDRESS, PlaceType.NEIGHBORHOOD),
    ],
)  # fmt: skip
@pytest.mark.parametrize("radius_m", [50_000.0, 120.0, 10.0])
def test_a_column_has_the_first_result_of_each_point(types: tuple[PlaceType, ...], radius_m: float) -> None:
    latitude, longitude = np.array(POINTS).T.copy()
    table = house_geocoder().reverse_points(latitude, longitude, frozenset(types), radius_m, RESULT_COLUMNS)
    for point, row in zip(POINTS, table.to_pylist(), strict=True):
        results = ask(*point, *types, radius_m=radius_m).results
        if not results:
            assert row["status"] == "unmatched", point
            continue
        first = results[0]
        place = first.place
        told = (row["place_id"], row["place_type"], row["formatted_address"], row["latitude"], row["longitude"])
        assert told == (
            place.place_id, place.place_type.name, place.formatted_address, place.latitude, place.longitude,
        )  # fmt: skip
        assert row["distance_m"] == pytest.approx(first.distance_m)
        assert row["confidence"] == pytest.approx(first.confidence, abs=1e-6)
        assert (row["precision"], row["accuracy_m"]) == (first.precision.name, first.accuracy_m)
        areas = {component.place_type: component for component in place.address_components}
        if PlaceType.COUNTRY in areas:
            assert row["country_code"] == areas[PlaceType.COUNTRY].short_text
        for kind, name in ((PlaceType.REGION, "admin1"), (PlaceType.LOCALITY, "locality")):
            assert row[name] == (areas[kind].long_text if kind in areas else None), (point, name)


def test_the_nearest_address_is_that_of_a_search_through_all() -> None:
    points = house_snapshot().array("address_point").astype(np.float64) / 1e7
    rng = np.random.default_rng(7)
    asked = points[rng.integers(0, len(points), 400)] + rng.normal(0, 7e-4, (400, 2))
    for latitude, longitude in asked:
        away = np.array([distance_m(latitude, longitude, *point) for point in points])
        order = np.argsort(away)
        results = ask(latitude, longitude, PlaceType.ADDRESS, most=1).results
        if away[order[0]] > ADDRESS_REACH_M + 0.1:
            assert not results or results[0].precision == Precision.INTERPOLATED
        elif away[order[0]] < ADDRESS_REACH_M - 0.1 and away[order[1]] - away[order[0]] > 1.0:
            found = results[0].place
            assert (found.latitude, found.longitude) == pytest.approx(tuple(points[order[0]]), abs=1e-9)
            assert results[0].distance_m == pytest.approx(away[order[0]], abs=0.05)


def test_reaches_are_those_that_are_told_to_callers() -> None:
    assert (ADDRESS_REACH_M, STREET_REACH_M) == (100.0, 200.0)
