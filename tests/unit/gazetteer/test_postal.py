"""Where postal codes lie and what they belong to."""

from __future__ import annotations

from tests.unit.gazetteer.conftest import Small
from waypost.server.model import LocationSource, Precision


def test_a_code_takes_the_point_of_the_locality_that_its_rows_name(small: Small) -> None:
    assert small.id_at("anchor", "pc-de-85221") == "gn-14"
    assert small.id_at("location_from", "pc-de-85221") == "gn-14"
    assert small.number("location_source", "pc-de-85221") == LocationSource.INHERITED
    assert small.number("precision", "pc-de-85221") == Precision.LOCALITY
    assert small.number("latitude", "pc-de-85221") == 48.26
    assert small.number("accuracy_m", "pc-de-85221") >= 7_000


def test_a_name_counts_in_any_writing(small: Small) -> None:
    assert small.id_at("locality", "pc-de-80331") == "gn-13"


def test_own_coordinates_win_as_their_median_and_the_nearest_locality_is_the_place(small: Small) -> None:
    assert small.number("latitude", "pc-de-86150") == 48.37
    assert small.number("longitude", "pc-de-86150") == 10.89
    assert small.number("location_source", "pc-de-86150") == LocationSource.OWN
    assert small.number("precision", "pc-de-86150") == Precision.POSTAL_CODE
    assert small.id_at("locality", "pc-de-86150") == "gn-16"
    assert small.id_at("location_from", "pc-de-86150") == ""


def test_a_code_whose_locality_is_unknown_lies_at_the_centre_of_its_area(small: Small) -> None:
    assert small.id_at("anchor", "pc-de-99999") == "gn-100"
    assert small.number("location_source", "pc-de-99999") == LocationSource.CENTROID
    assert small.number("precision", "pc-de-99999") == Precision.REGION
    assert small.number("accuracy_m", "pc-de-99999") == small.number("accuracy_m", "gn-100")
    assert small.text("formatted_address", "pc-de-99999") == "99999 Bavaria, Germany"


def test_a_code_of_which_only_the_country_is_known_says_so(small: Small) -> None:
    assert small.id_at("anchor", "pc-de-00000") == "gn-3"
    assert small.number("precision", "pc-de-00000") == Precision.COUNTRY
    assert small.number("accuracy_m", "pc-de-00000") > 100_000


def test_writings_of_one_code_are_one_row_under_the_first_writing(small: Small) -> None:
    assert [place_id for place_id in small.ids() if place_id.startswith("pc-fr")] == ["pc-fr-75001"]
    assert small.text("display_name", "pc-fr-75001") == "75 001"
    assert small.aliases("pc-fr-75001") == {"75 001": "primary"}


def test_areas_of_a_code_are_those_of_its_place(small: Small) -> None:
    assert small.id_at("country", "pc-de-85221") == "gn-3"
    assert small.id_at("admin1", "pc-de-85221") == "gn-100"
    assert small.id_at("admin2", "pc-de-85221") == "gn-102"
    assert small.number("last", "pc-de-85221") == small.row("pc-de-85221")


def test_spanish_codes_ignore_what_the_source_pairs_them_with(small: Small) -> None:
    assert small.id_at("anchor", "pc-es-28013") == "gn-17", "a third digit of 0 is the capital"
    assert small.number("location_source", "pc-es-28013") == LocationSource.INHERITED
    assert small.id_at("anchor", "pc-es-36002") == "gn-20", "the capital bears the province's name, Vigo is larger"
    assert small.id_at("anchor", "pc-es-28300") == "gn-105"
    assert small.number("precision", "pc-es-28300") == Precision.REGION
