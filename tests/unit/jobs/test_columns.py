from __future__ import annotations

import pytest

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.columns import Question, find_columns

GEOCODE, REVERSE, PLACE = Question.GEOCODE, Question.REVERSE_GEOCODE, Question.GET_PLACE


def guess(header: str, question: Question = GEOCODE) -> dict[str, int]:
    return dict(find_columns(header.split(";"), question, {}, header=True).places)


def refused(header: str, question: Question, named: dict[str, str], *, has_header: bool = True) -> list[FieldViolation]:
    with pytest.raises(InvalidArgument) as raised:
        find_columns(header.split(";"), question, named, header=has_header)
    return list(raised.value.violations)


@pytest.mark.parametrize(
    ("header", "places"),
    [
        ("id;query", {"query": 1}),
        ("Full Address;id", {"query": 0}),
        ("id;Address", {"query": 1}),
        ("id;Address;City;ZIP", {"address_lines": 1, "locality": 2, "postal_code": 3}),
        ("address;full_address;city", {"query": 1}),
        ("Straße;PLZ;Ort;Land", {"address_lines": 0, "postal_code": 1, "locality": 2, "region_code": 3}),
        ("Code Postal;Ville;Pays", {"postal_code": 0, "locality": 1, "region_code": 2}),
        ("CIUDAD;PROVINCIA;PAÍS", {"locality": 0, "administrative_area": 1, "region_code": 2}),
        ("Città;CAP", {"locality": 0, "postal_code": 1}),
        ("Miejscowość;Kod pocztowy;Województwo", {"locality": 0, "postal_code": 1, "administrative_area": 2}),
        ("город;страна", {"locality": 0, "region_code": 1}),
        ("都道府県;市区町村;郵便番号", {"administrative_area": 0, "locality": 1, "postal_code": 2}),
        (
            "address_1;City;State;Zip Code",
            {"address_lines": 0, "locality": 1, "administrative_area": 2, "postal_code": 3},
        ),
        ("City;lat;lng", {"locality": 0}),
        ("whatever", {"query": 0}),
    ],
)
def test_columns_are_guessed_from_their_headers(header: str, places: dict[str, int]) -> None:
    found = find_columns(header.split(";"), GEOCODE, {}, header=True)
    assert (dict(found.places), found.guessed) == (places, True)
    assert list(found.names) == list(found.places)


@pytest.mark.parametrize(
    "header", ["Latitude;Longitude", "id;LAT;lng", "y;x", "Breitengrad;Längengrad", "geo_lat;geo_lon", "широта;долгота"]
)
def test_coordinates_are_guessed_from_their_headers(header: str) -> None:
    places = guess(header, REVERSE)
    names = header.split(";")
    assert [names[places["latitude"]][0].lower(), len(places)] == [names[-2][0].lower(), 2]


def test_place_ids_are_guessed() -> None:
    assert guess("name;waypost_place_id", PLACE) == {"place_id": 1}
    assert guess("anything", PLACE) == {"place_id": 0}


def test_where_several_columns_could_be_one_the_error_names_them() -> None:
    violations = refused("city;town;country;country_code", GEOCODE, {})
    assert [(v.field, v.allowed) for v in violations] == [
        ("input.columns.locality", "one of 'city', 'town', named"),
        ("input.columns.region_code", "one of 'country', 'country_code', named"),
    ]


@pytest.mark.parametrize(
    ("header", "question"), [("foo;bar", GEOCODE), ("lat;foo", REVERSE), ("lat", REVERSE), ("a;b", PLACE)]
)
def test_where_headers_tell_nothing_the_error_says_what_to_name(header: str, question: Question) -> None:
    (violation,) = refused(header, question, {})
    assert violation.field == "input.columns"
    assert repr(header.split(";")[-1]) in violation.allowed


def test_named_columns_are_taken_as_they_are() -> None:
    found = find_columns(["a", "b", "b", "c"], GEOCODE, {"locality": "c", "region_code": "a"}, header=True)
    assert (dict(found.places), dict(found.names), found.guessed) == (
        {"locality": 3, "region_code": 0}, {"locality": "c", "region_code": "a"}, False,
    )  # fmt: skip


def test_every_wrong_name_is_told_at_once() -> None:
    violations = refused("a;b;b", GEOCODE, {"locality": "x", "region_code": "b", "latitude": "a", "postal_code": "1"})
    assert [(v.field, v.value) for v in violations] == [
        ("input.columns.locality", "x"),
        ("input.columns.region_code", "b (there 2 times)"),
        ("input.columns.latitude", "a"),
        ("input.columns.postal_code", "1"),
    ]
    assert "'a', 'b', 'b'" in violations[0].allowed


def test_columns_without_a_header_go_by_number_or_name() -> None:
    columns = ["column_1", "column_2", "column_3"]
    found = find_columns(columns, REVERSE, {"latitude": "3", "longitude": "column_1"}, header=False)
    assert dict(found.places) == {"latitude": 2, "longitude": 0}
    for wrong in ("0", "4", "-1", "³", "x"):
        assert refused(";".join(columns), PLACE, {"place_id": wrong}, has_header=False)[0].value == wrong
    assert refused(";".join(columns), GEOCODE, {}, has_header=False)


def test_half_of_a_point_and_two_questions_at_once_are_refused() -> None:
    assert [v.field for v in refused("a;b", REVERSE, {"latitude": "a"})] == ["input.columns.longitude"]
    assert refused("a;b", GEOCODE, {"query": "a", "locality": "b"})[0].value == "query, locality"


def test_an_input_without_columns_needs_no_roles() -> None:
    assert dict(find_columns([], REVERSE, {"latitude": "x"}, header=True).places) == {}
