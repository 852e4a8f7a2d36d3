"""What is left over beside a street, and speaks against it or not."""

from __future__ import annotations

import pytest

from tests.unit.geocoder.street_sample import (
    BERLIN,
    CODE_BERLIN,
    CODE_SPRINGFIELD,
    ILLINOIS_SPRINGFIELD,
    Feature,
    street_snapshot,
)
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.ranking import OTHER_DIRECTION_SHARE
from waypost.server.model import Answer, GeocodeQuery, MatchOutcome, NoticeCode, PlaceType, Precision

_HOUSES = [(number, "", 39.80, -89.65 + number / 1e5) for number in range(1, 60)]
_FEATURES = [
    Feature(ILLINOIS_SPRINGFIELD, "Oak Street", _HOUSES, codes=[CODE_SPRINGFIELD]),
    Feature(ILLINOIS_SPRINGFIELD, "North Elm Street", _HOUSES),
    Feature(
        ILLINOIS_SPRINGFIELD, "West 14th Street", [(235, "", 39.81, -89.66)], line=[(39.81, -89.67), (39.81, -89.65)]
    ),
    Feature(ILLINOIS_SPRINGFIELD, "8th Avenue", line=[(39.80, -89.66), (39.82, -89.66)]),
    Feature(
        ILLINOIS_SPRINGFIELD, "14th Street", kind=PlaceType.POI, category="subway_entrance", point=(39.812, -89.66)
    ),
    Feature(ILLINOIS_SPRINGFIELD, "Grand Hall", kind=PlaceType.POI, category="building", point=(39.80, -89.64)),
    Feature(BERLIN, "Ahornweg", [(5, "", 52.52, 13.4), (9, "", 52.53, 13.4)], codes=[CODE_BERLIN]),
]  # fmt: skip


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    return Geocoder(street_snapshot(_FEATURES))


def _ask(geocoder: Geocoder, text: str) -> Answer:
    return geocoder.geocode(GeocodeQuery(text=text))


def _contradicting(answer: Answer) -> list[str]:
    return [part.text for part in answer.results[0].match if part.outcome == MatchOutcome.CONTRADICTED]


@pytest.mark.parametrize(
    ("text", "direction"), [("7 E Oak St, Springfield, IL", "E"), ("7 Oak St West, Springfield IL", "West")]
)
def test_a_direction_that_the_street_lacks_contradicts_and_halves_the_confidence(
    geocoder: Geocoder, text: str, direction: str
) -> None:
    answer = _ask(geocoder, text)
    plain = _ask(geocoder, "7 Oak St, Springfield, IL").results[0]
    assert answer.results[0].place == plain.place
    assert _contradicting(answer) == [direction]
    assert NoticeCode.CONTRADICTION in {notice.code for notice in answer.notices}
    assert answer.results[0].confidence <= OTHER_DIRECTION_SHARE


def test_another_direction_is_another_street(geocoder: Geocoder) -> None:
    results = _ask(geocoder, "7 South Elm Street, Springfield, IL").results
    assert PlaceType.ADDRESS not in {result.place.place_type for result in results}


@pytest.mark.parametrize("number", ["101", "1011"])
def test_a_house_number_that_is_a_code_of_another_country_does_not_contradict(geocoder: Geocoder, number: str) -> None:
    answer = _ask(geocoder, f"{number} Oak Street, Springfield, IL")
    assert answer.results[0].precision == Precision.STREET
    assert not _contradicting(answer)


def test_a_stop_that_bears_the_name_of_a_street_has_no_houses(geocoder: Geocoder) -> None:
    result = _ask(geocoder, "235 14th St, Springfield, IL").results[0]
    assert (result.precision, result.place.display_name) == (Precision.ROOFTOP, "235 West 14th Street")
    for text in ("236 14th St, Springfield, IL", "East 14th Street, Springfield, IL"):
        assert PlaceType.POI not in {each.place.place_type for each in _ask(geocoder, text).results}


def test_a_stop_that_bears_the_name_of_a_street_crosses_none(geocoder: Geocoder) -> None:
    result = _ask(geocoder, "8th Ave and 14th St, Springfield, IL").results[0]
    assert result.place.place_type == PlaceType.STREET
    assert (result.place.latitude, result.place.longitude) == pytest.approx((39.81, -89.66))


def test_a_stop_is_found_by_its_own_name(geocoder: Geocoder) -> None:
    names = [result.place.category for result in _ask(geocoder, "14th Street, Springfield, IL").results]
    assert "subway_entrance" in names


@pytest.mark.parametrize("text", ["Empire State Building, Springfield, IL", "Empire Building, Springfield, IL"])
def test_a_building_of_another_name_is_not_any_building(geocoder: Geocoder, text: str) -> None:
    assert PlaceType.POI not in {result.place.place_type for result in _ask(geocoder, text).results}
    assert _ask(geocoder, "building, Springfield, IL").results[0].place.display_name == "Grand Hall"


@pytest.mark.parametrize("person", ["c/o Munich", "c/o Anna Munich", "c/o Springfield GmbH"])
def test_a_person_in_a_house_names_no_other_town(geocoder: Geocoder, person: str) -> None:
    result = _ask(geocoder, f"{person}, Ahornweg 5, Berlin").results[0]
    assert result.precision == Precision.ROOFTOP


@pytest.mark.parametrize("text", ["Elm Street 7, Elm, IL", "Elm, North Elm Street 7"])
def test_a_street_is_not_named_twice_by_a_town_of_its_name(geocoder: Geocoder, text: str) -> None:
    assert Precision.ROOFTOP not in {result.precision for result in _ask(geocoder, text).results}
