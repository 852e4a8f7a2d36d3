"""However an address is written, it is the same house."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.geocoder.street_sample import (
    BERLIN,
    ILLINOIS_SPRINGFIELD,
    MISSOURI_SPRINGFIELD,
    MUNICH,
    Feature,
    street_snapshot,
)
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeQuery, PlaceQuery

#: Street, how else it is written, its town and how else that is written.
_STREETS = (
    ("Hauptstraße", ("Hauptstr.", "Haupt Straße", "Hauptstrasse"), BERLIN, ("Berlin", "Berlin, Germany")),
    ("Lindenallee", ("Linden-Allee", "Linden Allee"), MUNICH, ("Munich", "München", "Munich, Germany")),
    ("North 5th Street", ("N 5th St", "N. Fifth Street", "NORTH 5 ST"),
     ILLINOIS_SPRINGFIELD, ("Springfield, IL", "Springfield, Illinois")),
    ("Oak Avenue", ("Oak Ave", "Oak Av."), MISSOURI_SPRINGFIELD, ("Springfield, MO", "Springfield, Missouri, USA")),
)  # fmt: skip
_HOUSES = range(1, 40)
_CASES = (str, str.lower, str.upper)


@cache
def _geocoder() -> Geocoder:
    return Geocoder(
        street_snapshot(
            [
                Feature(town, name, [(number, "", 40.0 + at, 10.0 + number / 1e4) for number in _HOUSES])
                for at, (name, _, town, _) in enumerate(_STREETS)
            ]
        )
    )


@settings(deadline=None)
@given(
    street=st.sampled_from(_STREETS), number=st.sampled_from(_HOUSES), before=st.booleans(), town_first=st.booleans(),
    comma=st.sampled_from((", ", " , ", "\n")), case=st.sampled_from(_CASES), data=st.data(),
)  # fmt: skip
def test_abbreviating_reordering_and_case_never_change_the_house(
    street: tuple[str, tuple[str, ...], int, tuple[str, ...]],
    number: int,
    before: bool,
    town_first: bool,
    comma: str,
    case: type[str],
    data: st.DataObject,
) -> None:
    name, others, _, towns = street
    written, town = data.draw(st.sampled_from((name, *others))), data.draw(st.sampled_from(towns))
    line = f"{number} {written}" if before else f"{written} {number}"
    text = case(f"{town}{comma}{line}" if town_first else f"{line}{comma}{town}")
    place = _geocoder().geocode(GeocodeQuery(text=text)).results[0].place
    assert place.latitude == 40.0 + _STREETS.index(street)
    assert round((place.longitude - 10.0) * 1e4) == number


@settings(deadline=None)
@given(street=st.sampled_from(_STREETS), number=st.sampled_from(_HOUSES))
def test_a_formatted_address_asked_for_is_its_place(
    street: tuple[str, tuple[str, ...], int, tuple[str, ...]], number: int
) -> None:
    name, _, _, towns = street
    place = _geocoder().geocode(GeocodeQuery(text=f"{name} {number}, {towns[0]}")).results[0].place
    again = _geocoder().geocode(GeocodeQuery(text=place.formatted_address)).results[0].place
    assert again == place
    assert _geocoder().place(PlaceQuery(place_id=place.place_id)) == place
