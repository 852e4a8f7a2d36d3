from __future__ import annotations

import pytest

from tests.accuracy.golden import GoldenQuery, golden_points, golden_queries
from tests.accuracy.judge import Judge, fold
from tests.unit.geocoder import small_gazetteer as gazetteer
from waypost.server.model import PlaceType, Point


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(gazetteer.small_snapshot())


def test_the_place_itself_is_right(judge: Judge) -> None:
    assert all(judge.is_right(row, row) for row in range(gazetteer.PC + 1))


def test_a_finer_place_within_reach_of_a_town_is_right(judge: Judge) -> None:
    assert judge.is_right(gazetteer.PC, gazetteer.MUNICH)


def test_a_coarser_place_is_wrong_however_near(judge: Judge) -> None:
    assert not judge.is_right(gazetteer.MUNICH, gazetteer.PC)
    assert not judge.is_right(gazetteer.LK, gazetteer.MUNICH)


def test_another_town_is_wrong(judge: Judge) -> None:
    assert not judge.is_right(gazetteer.SUVA, gazetteer.MUNICH)


def test_an_area_must_be_the_same_area(judge: Judge) -> None:
    assert not judge.is_right(gazetteer.US, gazetteer.DE)
    assert not judge.is_right(gazetteer.MUNICH, gazetteer.BY)
    assert not judge.is_right(gazetteer.IL, gazetteer.BY)


def test_an_area_with_the_very_same_towns_is_the_same_area(judge: Judge) -> None:
    assert judge.is_right(gazetteer.LK, gazetteer.BY)
    assert judge.is_right(gazetteer.IL, gazetteer.US)


@pytest.mark.parametrize(
    ("longitude", "right"), [(-179.97, True), (179.99, True), (180.0, True), (-180.0, True), (179.9, False)]
)
def test_reach_goes_across_the_antimeridian(judge: Judge, longitude: float, right: bool) -> None:
    where = Point(latitude=-16.85, longitude=longitude)

    assert judge.is_close(gazetteer.TAVEUNI, PlaceType.LOCALITY, where) is right


@pytest.mark.parametrize(
    ("place_type", "north", "right"),
    [
        (PlaceType.LOCALITY, 0.044, True),
        (PlaceType.LOCALITY, 0.046, False),
        (PlaceType.POSTAL_CODE, 0.017, True),
        (PlaceType.POSTAL_CODE, 0.019, False),
    ],
)
def test_reach_depends_on_the_type(judge: Judge, place_type: PlaceType, north: float, right: bool) -> None:
    where = Point(latitude=48.13743 + north, longitude=11.57549)

    assert judge.is_close(gazetteer.PC, place_type, where) is right


def _query(place_type: PlaceType | None, names: str, country_code: str, where: Point | None) -> GoldenQuery:
    return GoldenQuery("", place_type, names, country_code, where, frozenset())


FAR_FROM_MUNICH = Point(latitude=48.3, longitude=11.6)


def test_a_golden_name_in_its_country_is_the_place(judge: Judge) -> None:
    query = _query(PlaceType.LOCALITY, "Minga|München", "DE", FAR_FROM_MUNICH)

    assert query.accepts(judge, gazetteer.MUNICH)
    assert not query.accepts(judge, gazetteer.LK)


def test_a_golden_name_in_another_country_or_far_away_is_not(judge: Judge) -> None:
    assert not _query(PlaceType.LOCALITY, "Munich", "AT", FAR_FROM_MUNICH).accepts(judge, gazetteer.MUNICH)
    away = Point(latitude=50.0, longitude=11.6)
    assert not _query(PlaceType.LOCALITY, "Munich", "DE", away).accepts(judge, gazetteer.MUNICH)


def test_golden_areas_are_compared_by_name_and_country(judge: Judge) -> None:
    nowhere = Point(latitude=0.0, longitude=0.0)

    assert _query(PlaceType.REGION, "Bayern", "DE", nowhere).accepts(judge, gazetteer.BY)
    assert _query(PlaceType.COUNTRY, "Germany", "DE", nowhere).accepts(judge, gazetteer.DE)
    assert not _query(PlaceType.REGION, "Bayern", "DE", nowhere).accepts(judge, gazetteer.DE)
    assert not _query(PlaceType.REGION, "Munich", "DE", nowhere).accepts(judge, gazetteer.MUNICH)


def test_nothing_is_accepted_where_nothing_should_be_found(judge: Judge) -> None:
    assert not any(_query(None, "", "", None).accepts(judge, row) for row in range(gazetteer.PC + 1))


@pytest.mark.parametrize(
    ("text", "folded"), [("São Paulo", "saopaulo"), ("Frankfurt (Oder)", "frankfurtoder"), ("東京", "東京")]
)
def test_folding_leaves_letters_and_digits(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_the_golden_files_have_what_the_issue_asks_for() -> None:
    queries, points = list(golden_queries()), list(golden_points())

    assert len(queries) >= 400
    assert len({query.country_code for query in queries if query.country_code}) >= 60
    assert sum("notnaive" in query.tags for query in queries) >= 60
    assert len(points) >= 100
    assert sum(point.near_border for point in points) >= 40
