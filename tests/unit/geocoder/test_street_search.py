"""Addresses, streets and what else layers hold, asked for as people write them."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest

from tests.unit.geocoder.street_sample import (
    BERLIN,
    CODE_BERLIN,
    CODE_SPRINGFIELD,
    ILLINOIS_SPRINGFIELD,
    MISSOURI_SPRINGFIELD,
    MUNICH,
    Feature,
    street_snapshot,
)
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.house_points import WIDEST_WAY_M
from waypost.server.model import (
    Answer,
    GeocodeFilter,
    GeocodeQuery,
    MatchOutcome,
    NoticeCode,
    PlaceType,
    Point,
    Precision,
    Result,
)

Address = tuple[int, str, float, float]


def _houses(numbers: range, latitude: float, longitude: float) -> list[Address]:
    """Houses that stand east of each other, 0.001 degrees for ten numbers."""
    return [(number, "", latitude, longitude + 0.0001 * number) for number in numbers]


_STREETS = [
    Feature(
        BERLIN, "Hauptstraße",
        [*_houses(range(1, 20, 2), 52.5200, 13.4), *_houses(range(2, 20, 4), 52.5203, 13.4), (12, "a", 52.53, 13.41),
         (15, " bis", 52.531, 13.41), (17, "/3", 52.532, 13.41)],
        line=[(52.5201, 13.40), (52.5201, 13.42)], codes=[CODE_BERLIN],
    ),
    Feature(BERLIN, "Lindenallee", line=[(52.515, 13.405), (52.525, 13.405)]),
    Feature(BERLIN, "Straße des 17. Juni", _houses(range(1, 200), 52.51, 13.35)),
    Feature(BERLIN, "Rue du 8 mai 1945", _houses(range(1, 30), 52.54, 13.35)),
    Feature(BERLIN, "Długa", _houses(range(1, 30), 52.55, 13.35)),
    Feature(BERLIN, "Museum für Naturkunde", kind=PlaceType.POI, category="museum", point=(52.53, 13.379)),
    Feature(BERLIN, "Linden Apotheke", kind=PlaceType.POI, category="pharmacy", point=(52.531, 13.38)),
    Feature(
        BERLIN, "Gartenweg",
        [(0, "Haus Anna", 52.56, 13.40), (0, "Haus Berta", 52.57, 13.40), (0, "A7", 52.575, 13.40)],
    ),
    Feature(BERLIN, "Halbe Gasse", [(12, "", 52.58, 13.4), (12, " 1/2", 52.581, 13.4), (1212, "", 52.59, 13.4)]),
    Feature(BERLIN, "Datumsweg", [(1, "", 52.5, 179.9999), (5, "", 52.5, -179.9999)]),
    Feature(MUNICH, "Hauptstraße", _houses(range(1, 9, 2), 48.13, 11.57)),
    Feature(
        ILLINOIS_SPRINGFIELD, "North 5th Street", _houses(range(1, 60), 39.80, -89.65), codes=[CODE_SPRINGFIELD],
        line=[(39.80, -89.65), (39.81, -89.65)],
    ),
    Feature(
        ILLINOIS_SPRINGFIELD, "Main Street", _houses(range(1, 60), 39.805, -89.66), codes=[CODE_SPRINGFIELD],
        line=[(39.805, -89.66), (39.805, -89.64)], ranges=[(101, 199, 2, 39.805, -89.64, 39.805, -89.63)],
    ),
    Feature(ILLINOIS_SPRINGFIELD, "East Pratt Street", _houses(range(1, 60), 39.807, -89.66)),
    Feature(MISSOURI_SPRINGFIELD, "Main Street", _houses(range(1, 60, 2), 37.21, -93.29)),
]  # fmt: skip


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    return Geocoder(street_snapshot(_STREETS))


def _ask(geocoder: Geocoder, text: str, **restriction: object) -> Answer:
    wanted = dataclasses.replace(GeocodeFilter(), **restriction)  # type: ignore[arg-type]
    return geocoder.geocode(GeocodeQuery(text=text, filter=wanted))


def _best(geocoder: Geocoder, text: str, **restriction: object) -> Result:
    return _ask(geocoder, text, **restriction).results[0]


def _at(result: Result, latitude: float, longitude: float) -> bool:
    return abs(result.place.latitude - latitude) < 2e-5 and abs(result.place.longitude - longitude) < 2e-5


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("Hauptstraße 5, Berlin", 52.52, 13.4005),
        ("Hauptstr. 5, 10115 Berlin", 52.52, 13.4005),
        ("HAUPTSTRASSE 5 BERLIN", 52.52, 13.4005),
        ("5 Haupt Strasse, Berlin, Germany", 52.52, 13.4005),
        ("Berlin, Hauptstr. 5", 52.52, 13.4005),
        ("Hauptstr. 5, München", 48.13, 11.5705),
        ("Hauptstr. 12a, Berlin", 52.53, 13.41),
        ("Hauptstr. 12 A, Berlin", 52.53, 13.41),
        ("15 bis, Hauptstr., Berlin", 52.531, 13.41),
        ("Hauptstr. 17/3, Berlin", 52.532, 13.41),
        ("Hauptstr. 19/4, Berlin", 52.52, 13.4019),
        ("Hauptstr. Nr. 7, Berlin", 52.52, 13.4007),
        ("Halbe Gasse 12½, Berlin", 52.581, 13.4),
        ("Halbe Gasse 12 ½, Berlin", 52.581, 13.4),
        ("12 1/2 Halbe Gasse, Berlin", 52.581, 13.4),
        ("Halbe Gasse 12 1/2, Berlin", 52.581, 13.4),
        ("Halbe Gasse 12, Berlin", 52.58, 13.4),
        ("Halbe Gasse 1212, Berlin", 52.59, 13.4),
        ("Gartenweg, Haus Anna, Berlin", 52.56, 13.40),
        ("Haus Berta, Gartenweg, Berlin", 52.57, 13.40),
        ("haus-berta gartenweg berlin", 52.57, 13.40),
        ("Gartenweg Haus Berta, Berlin", 52.57, 13.40),
        ("Gartenweg A7, Berlin", 52.575, 13.40),
        ("Straße des 17. Juni 135, Berlin", 52.51, 13.3635),
        ("12 rue du 8 mai 1945, Berlin", 52.54, 13.3512),
        ("ul. Długa 14, Berlin", 52.55, 13.3514),
        ("12 N 5th St, Springfield, IL", 39.80, -89.6488),
        ("12 North Fifth Street, Springfield, IL 62701", 39.80, -89.6488),
        ("7 Main St, Springfield, MO", 37.21, -93.2893),
        ("7 Main St, Apt 4B, Springfield, IL", 39.805, -89.6593),
        ("7 Main St, 2nd floor, Springfield, IL", 39.805, -89.6593),
        ("c/o Miller, 7 Main St, Springfield, IL", 39.805, -89.6593),
        ("Main Street, 7, Springfield, Illinois", 39.805, -89.6593),
        ("7 Main St, 62701", 39.805, -89.6593),
        ("Hauptsrtaße 5, Berlni", 52.52, 13.4005),
    ],
)  # fmt: skip
def test_an_address_is_its_house(geocoder: Geocoder, text: str, latitude: float, longitude: float) -> None:
    result = _best(geocoder, text)
    assert result.precision == Precision.ROOFTOP
    assert result.place.place_type == PlaceType.ADDRESS
    assert _at(result, latitude, longitude)


def test_a_missing_house_lies_between_its_neighbours_on_its_side(geocoder: Geocoder) -> None:
    result = _best(geocoder, "Hauptstr. 8, Berlin")
    assert result.precision == Precision.INTERPOLATED
    assert _at(result, 52.5203, 13.4008)
    assert 5.0 < result.accuracy_m < 60.0


@pytest.mark.parametrize(("number", "precision"), [(150, Precision.INTERPOLATED), (2_000, Precision.STREET)])
def test_neighbours_are_no_farther_apart_than_tells_where_a_house_is(number: int, precision: Precision) -> None:
    far = 52.50 + 1.1 * WIDEST_WAY_M / METRES_PER_DEGREE
    near = 52.50 + 0.9 * WIDEST_WAY_M / METRES_PER_DEGREE
    houses = [(100, "", 52.50, 13.4), (200, "", near, 13.4), (1_000, "", 52.50, 13.4), (3_000, "", far, 13.4)]
    result = _best(Geocoder(street_snapshot([Feature(BERLIN, "Blockweg", houses)])), f"Blockweg {number}, Berlin")
    assert result.precision == precision
    if precision == Precision.INTERPOLATED:
        assert _at(result, (52.50 + near) / 2, 13.4)
        assert result.accuracy_m == pytest.approx(0.27 * WIDEST_WAY_M, rel=0.01)


def test_houses_without_a_number_are_not_taken_for_number_nought(geocoder: Geocoder) -> None:
    assert _best(geocoder, "Gartenweg 0, Berlin").precision == Precision.STREET


@pytest.mark.parametrize(
    "text", ["Haus Clara, Gartenweg, Berlin", "Gartenweg Haus, Berlin", "Haus Anna, Lindenallee, Berlin"]
)
def test_a_house_of_another_name_is_no_answer(geocoder: Geocoder, text: str) -> None:
    assert all(result.precision != Precision.ROOFTOP for result in _ask(geocoder, text).results)


def test_half_a_house_is_not_the_one_whose_number_has_its_digits(geocoder: Geocoder) -> None:
    assert _best(geocoder, "Hauptstr. 1½, Berlin").precision != Precision.ROOFTOP or _at(
        _best(geocoder, "Hauptstr. 1½, Berlin"), 52.52, 13.4001
    )


def test_a_missing_house_lies_on_the_short_way_over_the_antimeridian(geocoder: Geocoder) -> None:
    result = _best(geocoder, "Datumsweg 3, Berlin")
    assert result.precision == Precision.INTERPOLATED
    assert abs(abs(result.place.longitude) - 180.0) < 1e-6


def test_a_number_longer_than_its_room_is_cut_between_characters(geocoder: Geocoder) -> None:
    long = "Hauptstr. 8" + "\u200b" * 200 + ", Berlin"
    assert _best(geocoder, long).place.display_name.startswith("Hauptstra")
    shown = "".join(component.long_text for component in _best(geocoder, long).place.address_components)
    assert "\ufffd" not in shown


def test_a_house_on_a_range_lies_at_its_share_of_it(geocoder: Geocoder) -> None:
    result = _best(geocoder, "151 Main St, Springfield, IL")
    assert result.precision == Precision.INTERPOLATED
    assert abs(result.place.longitude + 89.6349) < 1e-4


def test_a_number_beyond_the_street_gives_the_street(geocoder: Geocoder) -> None:
    result = _best(geocoder, "Hauptstr. 500, Berlin")
    assert (result.precision, result.place.place_type) == (Precision.STREET, PlaceType.STREET)
    assert ("500", MatchOutcome.UNUSED) in [(part.text, part.outcome) for part in result.match]


def test_confidence_falls_from_the_house_to_the_street(geocoder: Geocoder) -> None:
    texts = ("Hauptstr. 5, Berlin", "Hauptstr. 8, Berlin", "Hauptstr. 500, Berlin")
    house, between, street = (_best(geocoder, text).confidence for text in texts)
    assert house > between > street


@pytest.mark.parametrize(
    "text",
    ["Hauptstr. 5, Springfield, IL", "12 N 5th St, Springfield, MO", "7 Main St, Berlin", "Hauptstr. 5, Potsdam",
     "12 W Pratt St, Springfield, IL", "Alte Hauptstraße 5, Berlin"],
)  # fmt: skip
def test_a_house_of_another_town_or_street_is_no_answer(geocoder: Geocoder, text: str) -> None:
    precisions = [result.precision for result in _ask(geocoder, text).results]
    assert Precision.ROOFTOP not in precisions
    assert Precision.INTERPOLATED not in precisions


def test_a_postal_code_of_another_town_is_told_as_contradicting(geocoder: Geocoder) -> None:
    result = _best(geocoder, "Hauptstr. 5, 62701 Berlin")
    assert result.precision == Precision.ROOFTOP
    assert ("62701", MatchOutcome.CONTRADICTED) in [(part.text, part.outcome) for part in result.match]


def test_another_town_than_the_postal_code_has_is_told_as_contradicting(geocoder: Geocoder) -> None:
    result = _best(geocoder, "Hauptstr. 5, 10115 Munich")
    assert result.precision in (Precision.ROOFTOP, Precision.INTERPOLATED)
    outcomes = {part.outcome for part in result.match}
    assert MatchOutcome.CONTRADICTED in outcomes


def test_the_focus_chooses_between_streets_of_one_name(geocoder: Geocoder) -> None:
    near = Point(latitude=37.2, longitude=-93.3)
    assert _best(geocoder, "7 Main St", focus=near).place.latitude == pytest.approx(37.21)
    far = Point(latitude=39.8, longitude=-89.6)
    assert _best(geocoder, "7 Main St", focus=far).place.latitude == pytest.approx(39.805)


@pytest.mark.parametrize(
    "text",
    ["Main St & N 5th St, Springfield, IL", "N 5th St / Main St, Springfield, IL",
     "corner of Main Street and North 5th Street, Springfield, IL"],
)  # fmt: skip
def test_two_streets_give_the_point_where_they_cross(geocoder: Geocoder, text: str) -> None:
    assert _at(_best(geocoder, text), 39.805, -89.65)


def test_a_point_of_interest_is_found_by_name_and_kind(geocoder: Geocoder) -> None:
    assert _best(geocoder, "Museum für Naturkunde, Berlin").place.display_name == "Museum für Naturkunde"
    assert _best(geocoder, "pharmacy near Berlin").place.display_name == "Linden Apotheke"
    assert _best(geocoder, "Apotheke in Berlin").place.display_name == "Linden Apotheke"


_QUARTER = [
    Feature(BERLIN, "Seeviertel", kind=PlaceType.NEIGHBORHOOD, category="suburb", point=(52.50, 13.40)),
    Feature(BERLIN, "Apotheke A", kind=PlaceType.POI, category="pharmacy", point=(52.53, 13.42)),
    Feature(BERLIN, "Apotheke C", kind=PlaceType.POI, category="pharmacy", point=(52.506, 13.408)),
    Feature(BERLIN, "Apotheke B", kind=PlaceType.POI, category="pharmacy", point=(52.502, 13.401)),
    Feature(BERLIN, "Heiland", kind=PlaceType.POI, category="place_of_worship", point=(52.51, 13.41)),
    Feature(BERLIN, "Brot, Kuchen & mehr (Laden)", kind=PlaceType.POI, category="bakery", point=(52.51, 13.43)),
    Feature(BERLIN, "Steinweg", _houses(range(1, 9), 52.505, 13.43), line=[(52.505, 13.42), (52.505, 13.44)]),
    Feature(BERLIN, "Steinweg", kind=PlaceType.POI, category="parking", point=(52.5051, 13.43)),
    Feature(
        BERLIN, "Annankatu", _houses(range(1, 40, 2), 52.515, 13.30), line=[(52.515, 13.30), (52.515, 13.31)],
        aliases=["Annegatan"],
    ),
    Feature(BERLIN, "Berliner Straße", line=[(52.500, 13.305), (52.520, 13.305)]),
    Feature(MUNICH, "Grenzweg", line=[(52.510, 13.301), (52.516, 13.301)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def quarter() -> Geocoder:
    return Geocoder(street_snapshot(_QUARTER))


@pytest.mark.parametrize("text", ["pharmacy near Seeviertel, Berlin", "Seeviertel, Apotheke", "apotheke Seeviertel"])
def test_of_a_kind_the_nearest_to_the_place_that_is_named_comes_first(quarter: Geocoder, text: str) -> None:
    names = [result.place.display_name for result in _ask(quarter, text).results]
    assert names[:2] == ["Apotheke B", "Apotheke C"]


def test_a_kind_is_found_near_a_street_too(quarter: Geocoder) -> None:
    assert _best(quarter, "bakery near Steinweg, Berlin").place.display_name == "Brot, Kuchen & mehr (Laden)"


@pytest.mark.parametrize("text", ["bakery Steinweg Ryazan", "bakery Stein Ryazan"])
def test_a_kind_near_a_street_of_another_town_is_no_answer(quarter: Geocoder, text: str) -> None:
    assert PlaceType.POI not in [result.place.place_type for result in _ask(quarter, text).results]


def test_a_kind_may_have_three_words(quarter: Geocoder) -> None:
    assert _best(quarter, "place of worship in Berlin").place.display_name == "Heiland"


def test_a_name_may_have_commas_and_brackets(quarter: Geocoder) -> None:
    result = _best(quarter, "Brot, Kuchen & mehr (Laden), Berlin")
    assert result.place.display_name == "Brot, Kuchen & mehr (Laden)"
    assert MatchOutcome.UNUSED not in {part.outcome for part in result.match}


def test_a_street_is_meant_rather_than_what_is_named_after_it(quarter: Geocoder) -> None:
    assert _best(quarter, "Steinweg, Berlin").place.place_type == PlaceType.STREET


@pytest.mark.parametrize(
    "text",
    ["Annankatu - Annegatan 25, Berlin", "Annegatan/Annankatu 25, Berlin", "Annankatu Annegatan 25, Berlin",
     "25 Annankatu / Annegatan, Berlin"],
)  # fmt: skip
def test_a_street_may_be_given_by_both_its_names(quarter: Geocoder, text: str) -> None:
    result = _best(quarter, text)
    assert result.precision == Precision.ROOFTOP
    assert _at(result, 52.515, 13.3025)
    assert {part.outcome for part in result.match if part.text} == {MatchOutcome.MATCHED}


@pytest.fixture(scope="module")
def edge() -> Geocoder:
    """Streets that their file counts to Berlin: one in Munich, one not far from it, and one that leads away from it."""
    near, far = _houses(range(1, 9), 48.138, 11.57), _houses(range(101, 109), 48.22, 11.57)
    return Geocoder(
        street_snapshot(
            [
                Feature(BERLIN, "Uferweg", near, line=[(48.138, 11.57), (48.138, 11.58)]),
                Feature(BERLIN, "Feldweg", _houses(range(1, 9), 48.22, 11.57), line=[(48.22, 11.57), (48.22, 11.58)]),
                Feature(BERLIN, "Landstraße", [*near, *far], line=[(48.138, 11.57), (48.22, 11.57)]),
            ]
        )
    )  # fmt: skip


@pytest.mark.parametrize("text", ["Uferweg 5, Munich", "Landstraße 5, Munich"])
def test_a_house_is_found_by_the_place_beside_it_whatever_its_file_says(edge: Geocoder, text: str) -> None:
    result = _best(edge, text)
    assert result.precision == Precision.ROOFTOP
    assert _at(result, 48.138, 11.5705)


@pytest.mark.parametrize("text", ["Feldweg 5, Munich", "Landstraße 105, Munich", "Uferweg 5, Springfield"])
def test_a_house_away_from_the_place_that_is_named_is_no_answer(edge: Geocoder, text: str) -> None:
    assert Precision.ROOFTOP not in [result.precision for result in _ask(edge, text).results]


def test_a_town_behind_a_comma_is_not_the_street_again(quarter: Geocoder) -> None:
    text = "Steinweg 5, Steinwag, Munich"
    assert Precision.ROOFTOP not in [result.precision for result in _ask(quarter, text).results]


@pytest.mark.parametrize(
    ("text", "longitude"),
    [("Annankatu & Berliner Straße, Berlin", 13.305), ("Berliner Str. / Annegatan, Berlin", 13.305),
     ("Annankatu & Grenzweg, Berlin", 13.301)],
)  # fmt: skip
def test_a_crossing_is_found_whatever_the_streets_are_named_after_and_lie_in(
    quarter: Geocoder, text: str, longitude: float
) -> None:
    assert _at(_best(quarter, text), 52.515, longitude)


def test_a_crossing_street_that_is_cut_at_the_border_is_found_among_many_of_its_name() -> None:
    """Of forty streets of that name elsewhere, the one that is met is the last, where the next place begins."""
    elsewhere = [
        Feature(MUNICH, "Grenzweg", line=[(48.1 + 0.001 * number, 11.5), (48.1 + 0.001 * number, 11.501)])
        for number in range(40)
    ]
    own = Feature(BERLIN, "Annankatu", line=[(52.515, 13.30), (52.515, 13.31)])
    met = Feature(MUNICH, "Grenzweg", line=[(52.510, 13.301), (52.516, 13.301)])
    geocoder = Geocoder(street_snapshot([own, *elsewhere, met]))
    answer = _ask(geocoder, "Annankatu & Grenzweg, Berlin")
    assert _at(answer.results[0], 52.515, 13.301)
    assert answer.notices == ()
    lone = Geocoder(street_snapshot([own, *elsewhere]))
    codes = [notice.code for notice in _ask(lone, "Annankatu & Grenzweg, Berlin").notices]
    assert NoticeCode.TRUNCATED in codes


@pytest.mark.parametrize("code", ["99999", "62701", "0911"])
def test_a_postal_code_that_is_not_the_streets_contradicts_even_if_nobody_has_it(geocoder: Geocoder, code: str) -> None:
    result = _best(geocoder, f"Hauptstr. 5, {code} Berlin")
    assert result.precision == Precision.ROOFTOP
    assert (code, MatchOutcome.CONTRADICTED) in [(part.text, part.outcome) for part in result.match]


def test_a_long_number_beside_a_street_is_a_house_that_is_missing(geocoder: Geocoder) -> None:
    result = _best(geocoder, "1401 Main St, Springfield, IL")
    assert result.precision == Precision.STREET
    assert ("1401", MatchOutcome.UNUSED) in [(part.text, part.outcome) for part in result.match]


def test_place_types_choose_the_level(geocoder: Geocoder) -> None:
    text = "Hauptstr. 5, Berlin"
    street = _best(geocoder, text, place_types=frozenset({PlaceType.STREET}))
    assert (street.place.place_type, street.precision) == (PlaceType.STREET, Precision.STREET)
    house = _best(geocoder, text, place_types=frozenset({PlaceType.ADDRESS}))
    assert house.precision == Precision.ROOFTOP
    assert not _ask(geocoder, "Lindenallee, Berlin", place_types=frozenset({PlaceType.ADDRESS})).results


def test_regions_restrict_streets(geocoder: Geocoder) -> None:
    results = _ask(geocoder, "Main Street", region_codes=("DE",)).results
    assert PlaceType.STREET not in {result.place.place_type for result in results}


def test_every_part_of_an_address_is_told(geocoder: Geocoder) -> None:
    parts = _best(geocoder, "7 Main St, Apt 4B, Springfield, IL").match
    told = [(part.text, part.outcome, part.place_type) for part in parts if part.text]
    assert told == [
        ("7", MatchOutcome.MATCHED, PlaceType.ADDRESS),
        ("Main St", MatchOutcome.MATCHED, PlaceType.STREET),
        ("Apt 4B", MatchOutcome.UNUSED, None),
        ("Springfield", MatchOutcome.MATCHED, PlaceType.LOCALITY),
        ("IL", MatchOutcome.MATCHED, PlaceType.REGION),
    ]


def test_places_are_answered_as_ever(geocoder: Geocoder) -> None:
    assert _best(geocoder, "Berlin").place.place_id == "gn-5"
    assert _best(geocoder, "Springfield, Illinois").place.place_id == "gn-8"
    assert _best(geocoder, "10115 Berlin").place.place_type == PlaceType.POSTAL_CODE


def test_a_column_answers_as_a_question_does(geocoder: Geocoder) -> None:
    texts = [
        "Hauptstr. 5, Berlin",
        "Hauptstr. 8, Berlin",
        "Hauptstr. 500, Berlin",
        "Berlin",
        "7 Main St, Springfield, MO",
    ]
    table = geocoder.geocode_texts(pa.array(texts), GeocodeFilter(), RESULT_COLUMNS)
    for row, text in zip(table.to_pylist(), texts, strict=True):
        result = _best(geocoder, text)
        assert (row["place_id"], row["precision"]) == (result.place.place_id, result.precision.name)
        assert row["latitude"] == pytest.approx(result.place.latitude, abs=1e-7)
        assert row["confidence"] == pytest.approx(result.confidence, abs=1e-6)


def test_thirty_streets_in_one_question_stop_at_a_bound_that_is_told() -> None:
    trees, ends = ("Oak", "Elm", "Ash", "Fir", "Yew", "Bay"), ("ton", "ley", "dale", "ham", "wick")
    names = [f"{tree}{end}" for tree in trees for end in ends]
    line = [(52.5, 13.4), (52.51, 13.4)]
    crowded = [Feature(BERLIN, f"{name} Street", line=line) for name in names for _ in range(40)]
    answer = _ask(Geocoder(street_snapshot(crowded)), " ".join(names))
    assert NoticeCode.TRUNCATED in {notice.code for notice in answer.notices}
