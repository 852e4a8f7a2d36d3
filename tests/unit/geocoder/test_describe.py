from __future__ import annotations

import pytest
from openlocationcode import openlocationcode

from tests.unit.geocoder import small_gazetteer as gazetteer
from waypost.server.geocoder.describe import Describer
from waypost.server.model import AddressComponent, Place, PlaceType, PostalAddress


@pytest.fixture(scope="module")
def describer() -> Describer:
    return Describer(gazetteer.small_snapshot())


def test_a_full_place_tells_everything_that_is_known(describer: Describer) -> None:
    place = describer.place(gazetteer.MUNICH)

    assert (place.place_id, place.place_type, place.category) == ("gn-4", PlaceType.LOCALITY, "city")
    assert (place.display_name, place.formatted_address) == ("Munich", "Munich, Germany")
    assert (place.latitude, place.longitude) == (48.13743, 11.57549)
    assert place.plus_code == openlocationcode.encode(48.13743, 11.57549)
    assert (place.time_zone, place.population) == ("Europe/Berlin", 1_260_391)
    assert (place.layer, place.source_id) == ("places", "gn-4")
    assert place.postal_address == PostalAddress(region_code="DE", administrative_area="Bavaria", locality="Munich")
    assert place.viewport is not None
    assert place.viewport.south < 48.13743 < place.viewport.north
    assert place.viewport.west < 11.57549 < place.viewport.east


def test_components_are_the_place_and_what_contains_it_finest_first(describer: Describer) -> None:
    assert describer.place(gazetteer.PC).address_components == (
        AddressComponent("80331", "80331", PlaceType.POSTAL_CODE, "pc-de-80331"),
        AddressComponent("Munich", "Munich", PlaceType.LOCALITY, "gn-4"),
        AddressComponent("Upper Bavaria", "Upper Bavaria", PlaceType.DISTRICT, "gn-3"),
        AddressComponent("Bavaria", "BY", PlaceType.REGION, "gn-2"),
        AddressComponent("Germany", "DE", PlaceType.COUNTRY, "gn-1"),
    )


def test_a_country_is_its_own_only_component(describer: Describer) -> None:
    place = describer.place(gazetteer.DE)

    assert place.address_components == (AddressComponent("Germany", "DE", PlaceType.COUNTRY, "gn-1"),)
    assert place.postal_address == PostalAddress(region_code="DE")


def test_the_region_of_an_address_is_a_code_where_people_write_it_so(describer: Describer) -> None:
    address = describer.place(gazetteer.SPRINGFIELD).postal_address

    assert address == PostalAddress(region_code="US", administrative_area="IL", locality="Springfield")


def test_a_postal_code_has_its_town_in_its_address(describer: Describer) -> None:
    address = describer.place(gazetteer.PC).postal_address

    assert address is not None
    assert (address.postal_code, address.locality) == ("80331", "Munich")


@pytest.mark.parametrize(
    ("row", "language", "name"),
    [
        (gazetteer.DE, "", "Germany"),
        (gazetteer.DE, "de", "Deutschland"),
        (gazetteer.DE, "DE-at", "Deutschland"),
        (gazetteer.DE, "pt-BR", "Alemanha"),
        (gazetteer.DE, "ast", "Alemaña"),
        (gazetteer.DE, "gl", "Alemaña"),
        (gazetteer.DE, "zh", "德国"),
        (gazetteer.DE, "zh-Hant", "德國"),
        (gazetteer.DE, "zh-TW", "德國"),
        (gazetteer.DE, "zh-SG", "德国"),
        (gazetteer.DE, "fr", "Germany"),
        (gazetteer.DE, "no such language", "Germany"),
        (gazetteer.MUNICH, "ja", "ミュンヘン"),
        (gazetteer.SPRINGFIELD, "de", "Springfield"),
    ],
)
def test_names_are_in_the_language_where_the_data_has_it(
    describer: Describer, row: int, language: str, name: str
) -> None:
    assert describer.place(row, language).display_name == name
    assert describer.place(row, language, full=False).display_name == name


def test_the_whole_address_is_in_the_language(describer: Describer) -> None:
    place = describer.place(gazetteer.PC, "de")

    assert place.formatted_address == "80331 München, Deutschland"
    assert [component.long_text for component in place.address_components] == [
        "80331", "München", "Oberbayern", "Bayern", "Deutschland",
    ]  # fmt: skip
    assert describer.place(gazetteer.BY, "de").formatted_address == "Bayern, Deutschland"
    assert describer.place(gazetteer.LK, "de").formatted_address == "Oberbayern, Deutschland"
    assert describer.place(gazetteer.SPRINGFIELD, "de").formatted_address == "Springfield, IL, Vereinigte Staaten"
    assert describer.place(gazetteer.PC).formatted_address == "80331 Munich, Germany"


def test_a_language_that_has_no_name_gives_the_usual_address(describer: Describer) -> None:
    for row in range(len(gazetteer._ROWS)):
        assert describer.place(row, "tlh").formatted_address == describer.place(row).formatted_address


def test_a_basic_place_has_only_its_names_and_location(describer: Describer) -> None:
    place = describer.place(gazetteer.MUNICH, full=False)

    assert place == Place("gn-4", PlaceType.LOCALITY, "city", "Munich", 48.13743, 11.57549)


def test_a_place_without_zone_has_none(describer: Describer) -> None:
    assert describer.place(gazetteer.DE).time_zone == ""
