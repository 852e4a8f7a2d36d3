"""What the rest of a query says of where a street or a point of interest lies."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.geocoder.street_sample import BERLIN, MUNICH, Feature, street_snapshot
from waypost.server.gazetteer.importance import locality_importance
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.sample import Arrays
from waypost.server.model import GeocodeQuery, PlaceType, Precision, Result

_ROSENWEG = Feature(MUNICH, "Rosenweg", [(5, "", 52.46, 13.41)], line=[(52.46, 13.40), (52.46, 13.42)])


def _best(geocoder: Geocoder, text: str) -> Result:
    return geocoder.geocode(GeocodeQuery(text=text)).results[0]


def _beside_berlin(people: int, names: int) -> Geocoder:
    """Munich as a place seven kilometres south of a Berlin of 50,000 people that has names in 15 languages."""
    berlin, munich = locality_importance(
        np.array([50_000.0, people]), np.array([15.0, names]), np.zeros(2, bool), np.zeros(2, bool)
    )

    def edit(arrays: Arrays) -> None:
        np.asarray(arrays["importance"])[[BERLIN, MUNICH]] = berlin, munich
        np.asarray(arrays["latitude"])[MUNICH] = 52.46
        np.asarray(arrays["longitude"])[MUNICH] = 13.41

    return Geocoder(street_snapshot([_ROSENWEG], edit))


@pytest.mark.parametrize(("people", "names"), [(25_000, 2), (12_000, 3), (800, 1)])
def test_a_towns_name_stands_for_its_suburbs_of_half_as_many_people(people: int, names: int) -> None:
    assert _best(_beside_berlin(people, names), "Rosenweg 5, Berlin").precision == Precision.ROOFTOP


@pytest.mark.parametrize(("people", "names"), [(50_000, 15), (40_000, 10), (25_000, 12), (90_000, 40)])
def test_a_towns_name_stands_for_no_other_town_of_its_size(people: int, names: int) -> None:
    geocoder = _beside_berlin(people, names)
    assert _best(geocoder, "Rosenweg 5, Berlin").precision != Precision.ROOFTOP
    assert _best(geocoder, "Rosenweg 5, Munich").precision == Precision.ROOFTOP


def _with_code(code: str, row: int) -> Geocoder:
    """A street in Berlin, which has that code."""

    def edit(arrays: Arrays) -> None:
        offsets = np.asarray(arrays["alias_offsets"])
        at = int(offsets[row + 1])
        for name, value in (("alias_text", code), ("alias_language", "")):
            column = arrays[name]
            assert isinstance(column, TextColumn)
            texts = column.to_arrow().to_pylist()
            arrays[name] = TextColumn.from_arrow(pa.array([*texts[:at], value, *texts[at:]], pa.large_string()))
        kinds = np.asarray(arrays["alias_kind"])
        arrays["alias_kind"] = np.insert(kinds, at, ALIAS_KINDS.index("code"))
        offsets[row + 1 :] += 1

    street = Feature(row, "Rosenweg", [(5, "", 52.52, 13.41)], line=[(52.52, 13.40), (52.52, 13.42)])
    return Geocoder(street_snapshot([street], edit))


def test_the_code_of_a_big_city_says_where_a_street_is() -> None:
    geocoder = _with_code("BRL", BERLIN)
    for text in ("Rosenweg 5, BRL", "rosenweg 5 brl", "BRL, Rosenweg 5"):
        result = _best(geocoder, text)
        assert result.precision == Precision.ROOFTOP
        assert result.confidence > 0.9


_CAFE = "cafe"


@pytest.fixture(scope="module")
def cafes() -> Geocoder:
    def cafe(name: str, latitude: float) -> Feature:
        return Feature(BERLIN, name, kind=PlaceType.POI, category=_CAFE, point=(latitude, 13.40))

    return Geocoder(
        street_snapshot(
            [
                *(cafe("Kaffeekette", latitude) for latitude in (52.55, 52.502, 52.53)),
                cafe("Anderes Haus", 52.501),
                cafe("Die Bohne", 52.54),
                Feature(BERLIN, "Rosenweg", [(5, "", 52.5, 13.41)], line=[(52.50, 13.39), (52.50, 13.42)]),
                Feature(BERLIN, "Nelkenweg", line=[(52.49, 13.40), (52.51, 13.40)]),
                Feature(BERLIN, "Berlin", kind=PlaceType.POI, category="station", point=(52.501, 13.401)),
            ]
        )
    )


@pytest.mark.parametrize(
    "text", ["Kaffeekette near Rosenweg, Berlin", "Kaffeekette, Rosenweg, Berlin", "Kaffeekette Rosenweg"]
)
def test_a_point_of_interest_asked_for_by_name_is_the_one_beside_the_street(cafes: Geocoder, text: str) -> None:
    result = _best(cafes, text)
    assert result.place.display_name == "Kaffeekette"
    assert result.place.latitude == pytest.approx(52.502)


@pytest.mark.parametrize("text", ["Kaffeekette, Rosenweg 5, Berlin", "cafe, Rosenweg 5, Berlin"])
def test_who_gives_a_house_number_means_the_house(cafes: Geocoder, text: str) -> None:
    assert _best(cafes, text).precision == Precision.ROOFTOP
    assert _best(cafes, text).place.place_type == PlaceType.ADDRESS


@pytest.mark.parametrize("text", ["Rosenweg & Nelkenweg, Berlin", "Nelkenweg at Rosenweg, Berlin"])
def test_two_streets_mean_their_crossing_and_no_stop_that_is_called_as_the_town(cafes: Geocoder, text: str) -> None:
    result = _best(cafes, text)
    assert result.place.place_type == PlaceType.STREET
    assert (result.place.latitude, result.place.longitude) == pytest.approx((52.50, 13.40))


def test_a_name_is_known_without_the_article_that_it_begins_with(cafes: Geocoder) -> None:
    for text in ("Die Bohne, Berlin", "Bohne, Berlin"):
        assert _best(cafes, text).place.display_name == "Die Bohne"


def test_kinds_have_names_of_several_words(cafes: Geocoder) -> None:
    assert _best(cafes, "coffee shop near Rosenweg, Berlin").place.display_name == "Anderes Haus"
