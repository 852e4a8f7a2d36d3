"""Houses as places: what is told of them, by point and by id, single and in columns."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.unit.geocoder.house_world import house_geocoder
from waypost.server.errors import NotFound
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.model import (
    AddressComponent,
    LocationSource,
    Place,
    PlaceQuery,
    PlaceType,
    Point,
    PostalAddress,
    Precision,
    Result,
    ReverseQuery,
)


def house_at(latitude: float, longitude: float, language: str = "") -> Result:
    query = ReverseQuery(point=Point(latitude=latitude, longitude=longitude), language_code=language)
    return house_geocoder().reverse(query).results[0]


def place(place_id: str) -> Place:
    return house_geocoder().place(PlaceQuery(place_id=place_id))


def test_an_address_tells_its_house_its_street_and_what_contains_them() -> None:
    result = house_at(39.80061, -89.6498)
    street = result.place.place_id.rpartition(".")[0]
    assert (result.precision, result.accuracy_m, result.location_source) == (
        Precision.ROOFTOP,
        15.0,
        LocationSource.OWN,
    )
    found = result.place
    assert (found.place_type, found.category, found.display_name) == (PlaceType.ADDRESS, "house", "12 Main Street")
    assert (found.latitude, found.longitude) == (39.8006, -89.6498)
    assert found.formatted_address == "12 Main Street, Springfield, IL 62701, United States"
    assert found.postal_address == PostalAddress(
        region_code="US", postal_code="62701", administrative_area="IL", locality="Springfield", sublocality="Old Town",
        address_lines=("12 Main Street",),
    )  # fmt: skip
    assert found.address_components[:4] == (
        AddressComponent("12", "12", PlaceType.ADDRESS, found.place_id),
        AddressComponent("Main Street", "Main Street", PlaceType.STREET, street),
        found.address_components[2],
        AddressComponent("Springfield", "Springfield", PlaceType.LOCALITY, "gn-8"),
    )
    assert found.address_components[2][:3] == ("Old Town", "Old Town", PlaceType.NEIGHBORHOOD)
    assert (found.layer, found.source_id, found.population) == ("streets", "n12", 0)
    box = found.viewport
    assert box is not None
    assert box.south < found.latitude < box.north
    assert box.north - box.south == pytest.approx(0.00135, abs=1e-4)
    assert found.plus_code.startswith("86FGR922+6")


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (52.5192, 13.4102, "Hauptstraße 1, 10115 Berlin, Germany"),
        (52.5193, 13.4102, "Hauptstraße 1a, 10115 Berlin, Germany"),
        (39.8007, -89.6498, "12 bis Main Street, Springfield, IL 62701, United States"),
        (39.80085, -89.6498, "12/3 Main Street, Springfield, IL 62701, United States"),
        # A place without streets, and an address without a number.
        (48.5001, 11.5, "Oberdorf 3, 85000 Oberdorf, Germany"),
        (48.5050, 11.5, "Dorfplatz s/n, Oberdorf, Germany"),
    ],
)
def test_addresses_are_written_as_their_country_does(latitude: float, longitude: float, expected: str) -> None:
    assert house_at(latitude, longitude).place.formatted_address == expected


def test_the_street_has_its_name_in_the_language_asked_for() -> None:
    found = house_at(39.8006, -89.6498, "es-MX").place
    assert found.display_name == "12 Calle Mayor"
    assert found.formatted_address == "12 Calle Mayor, Springfield, IL 62701, United States"
    assert found.address_components[1].long_text == "Calle Mayor"
    assert found.postal_address is not None
    assert found.postal_address.address_lines == ("12 Calle Mayor",)


def test_a_house_that_goes_by_its_place_has_no_street() -> None:
    found = house_at(48.5001, 11.5).place
    assert [component.place_type for component in found.address_components[:2]] == [
        PlaceType.ADDRESS,
        PlaceType.LOCALITY,
    ]
    assert [component.long_text for component in found.address_components[:2]] == ["3", "Oberdorf"]


def test_a_street_has_its_line_and_a_quarter_its_town() -> None:
    query = ReverseQuery(point=Point(latitude=39.8006, longitude=-89.6498), max_results=50)
    results = house_geocoder().reverse(query).results
    street, quarter = results[1].place, results[2].place
    assert (street.place_type, street.category) == (PlaceType.STREET, "residential")
    assert street.formatted_address == "Main Street, Springfield, IL, United States"
    assert street.postal_address is not None
    assert street.postal_address.address_lines == ("Main Street",)
    assert quarter.formatted_address == "Old Town, Springfield, IL, United States"
    assert quarter.postal_address is not None
    assert quarter.postal_address.sublocality == "Old Town"


def test_a_house_between_two_is_told_by_its_street() -> None:
    result = house_at(39.8054, -89.6497)
    assert (result.precision, result.location_source) == (Precision.INTERPOLATED, LocationSource.INTERPOLATED)
    assert result.place.display_name == "120 Main Street"
    assert result.place.address_components[0] == AddressComponent("120", "120", PlaceType.ADDRESS, "")
    assert place(result.place.place_id).place_type == PlaceType.STREET


@pytest.mark.parametrize("full", [True, False])
def test_every_id_gives_the_place_that_had_it(full: bool) -> None:
    geocoder = house_geocoder()
    seen = set()
    for latitude, longitude in [
        (39.8002, -89.6498), (39.8006, -89.6498), (39.8007, -89.6498), (39.80085, -89.6498), (39.8011, -89.6498),
        (39.8075, -89.6498), (37.2155, -93.2981), (52.5192, 13.4102), (52.5193, 13.4102), (48.5001, 11.5),
        (48.5050, 11.5),
    ]:  # fmt: skip
        point = Point(latitude=latitude, longitude=longitude)
        for result in geocoder.reverse(ReverseQuery(point=point, full=full, max_results=50)).results:
            found = geocoder.place(PlaceQuery(place_id=result.place.place_id, full=full))
            assert found == result.place
            seen.add(found.place_id)
        assert (result.place.latitude, result.place.longitude) != (latitude, longitude)
    ends = {place_id.rpartition(".")[2] for place_id in seen if "." in place_id}
    assert ends == {"10", "12", "12~2", "12bis", "12-3", "123", "1", "1a", "3", "0sn"}


def test_ids_of_no_address_are_not_found() -> None:
    street = house_at(39.8006, -89.6498).place.place_id.rpartition(".")[0]
    for wrong in (
        f"{street}.", f"{street}.11", f"{street}.12a", f"{street}.012", f"{street}.12~1", f"{street}.12~3",
        f"{street}.12~", f"{street}.12~2x", f"{street}x.12", "gn-8.12", ".12", f"{street}.99999999999",
    ):  # fmt: skip
        with pytest.raises(NotFound):
            place(wrong)


def test_columns_of_ids_say_what_places_say() -> None:
    geocoder = house_geocoder()
    results = [
        result
        for point in ((39.8006, -89.6498), (39.8011, -89.6498), (52.5193, 13.4102), (48.5001, 11.5))
        for result in geocoder.reverse(ReverseQuery(point=Point(latitude=point[0], longitude=point[1]))).results
    ]
    ids = [*(result.place.place_id for result in results), "gn-8.5", "A place"]
    rows = geocoder.places_by_id(pa.array(ids), RESULT_COLUMNS).to_pylist()
    for result, row in zip(results, rows, strict=False):
        found = result.place
        assert row["status"] == "matched"
        assert row["place_id"] == found.place_id
        assert (row["latitude"], row["longitude"]) == (found.latitude, found.longitude)
        assert row["formatted_address"] == found.formatted_address
        assert row["place_type"] == found.place_type.name
        assert row["precision"] == result.precision.name
        assert row["accuracy_m"] == result.accuracy_m
        assert found.postal_address is not None
        assert (row["postal_code"] or "") == found.postal_address.postal_code
    assert [row["reason"] for row in rows[-2:]] == ["PLACE_NOT_FOUND", "MALFORMED_PLACE_ID"]
