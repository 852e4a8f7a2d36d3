from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.geocoder.forward_world import NO_FILTER, ask
from waypost.server.geocoder.columns import RESULT_COLUMNS, ColumnWriter, Hits
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.warmup import sample_snapshot
from waypost.server.model import GeocodeFilter, PlaceType, PostalAddress

TEXTS = ["Springfield, IL", "Atlantis", None, "", "a" * 513, "a\0b", "geo:95,11", "48.137, 11.575", "10115 Berlin"]


def test_each_row_says_what_became_of_it(geocoder: Geocoder) -> None:
    table = geocoder.geocode_texts(pa.array(TEXTS), NO_FILTER, ("status", "reason", "place_id"))
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == [
        ("matched", None, "gn-8"),
        ("unmatched", "NO_MATCH", None),
        ("invalid", "NULL_VALUE", None),
        ("invalid", "BLANK", None),
        ("invalid", "TOO_LONG", None),
        ("invalid", "NUL_CHARACTER", None),
        ("invalid", "OUT_OF_RANGE", None),
        ("matched", None, "gn-3"),
        ("matched", None, "pc-de-10115"),
    ]


def test_a_row_without_answer_is_null_in_every_other_column(geocoder: Geocoder) -> None:
    table = geocoder.geocode_texts(pa.array(["Atlantis", None]), NO_FILTER, RESULT_COLUMNS)
    assert table.schema.names == list(RESULT_COLUMNS)
    for name in RESULT_COLUMNS[2:]:
        assert table.column(name).null_count == 2


def test_columns_come_in_the_order_asked_for_with_their_values(geocoder: Geocoder) -> None:
    names = ("locality", "country_code", "admin1", "postal_code", "place_type", "precision", "latitude", "distance_m")
    table = geocoder.geocode_texts(pa.array(["10115 Berlin", "Bayern"]), NO_FILTER, names)
    assert table.schema.names == list(names)
    assert [list(row.values()) for row in table.to_pylist()] == [
        ["Berlin", "DE", "Berlin", "10115", "POSTAL_CODE", "POSTAL_CODE", 52.5323, None],
        [None, "DE", "Bavaria", None, "REGION", "REGION", 49.0, None],
    ]


def test_an_unknown_column_is_refused() -> None:
    hits = Hits(np.array([0], np.int32), np.ones(1, np.float32), np.zeros(1, np.uint8))
    with pytest.raises(KeyError):
        ColumnWriter(sample_snapshot()).table(hits, ("colour",))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["Munich", "Berlin"], pa.large_string()),
        pa.array(["x", "Munich", "Berlin", "y"]).slice(1, 2),
        pa.array(["Munich", "Berlin"]).dictionary_encode(),
        pa.chunked_array([["Munich"], ["Berlin"]]),
    ],
)
def test_every_kind_of_text_column_is_read(geocoder: Geocoder, column: pa.Array) -> None:
    assert geocoder.geocode_texts(column, NO_FILTER, ("place_id",)).column(0).to_pylist() == ["gn-3", "gn-5"]


def test_no_rows_give_no_rows(geocoder: Geocoder) -> None:
    assert geocoder.geocode_texts(pa.array([], pa.string()), NO_FILTER, RESULT_COLUMNS).num_rows == 0


def test_the_filter_holds_for_every_row(geocoder: Geocoder) -> None:
    restriction = GeocodeFilter(place_types=frozenset({PlaceType.REGION}), region_codes=("DE",))
    table = geocoder.geocode_texts(pa.array(["Berlin", "Illinois", "Munich"]), restriction, ("place_id",))
    assert table.column(0).to_pylist() == ["gn-4", None, None]


def test_addresses_in_columns_are_answered_as_alone(geocoder: Geocoder) -> None:
    fields = {
        "locality": pa.array(["Springfield", "Berlin", None, None]),
        "administrative_area": pa.array(["MO", None, "Bayern", None]),
        "postal_code": pa.array([None, "10115", None, ""]),
    }
    table = geocoder.geocode_addresses(fields, NO_FILTER, ("place_id", "confidence", "reason"))
    alone = [
        PostalAddress(locality="Springfield", administrative_area="MO"),
        PostalAddress(locality="Berlin", postal_code="10115"),
        PostalAddress(administrative_area="Bayern"),
    ]
    for number, address in enumerate(alone):
        best = ask(address).results[0]
        assert table.column("place_id")[number].as_py() == best.place.place_id
        assert table.column("confidence")[number].as_py() == pytest.approx(best.confidence, abs=1e-6)
    assert table.column("reason").to_pylist() == [None, None, None, "BLANK"]


def test_an_unknown_region_code_makes_an_address_invalid(geocoder: Geocoder) -> None:
    fields = {"locality": pa.array(["Berlin"] * 5), "region_code": pa.array(["DE", "de", None, "", "ZZ"])}
    table = geocoder.geocode_addresses(fields, NO_FILTER, ("status", "reason"))
    assert table.column("status").to_pylist() == ["matched"] * 4 + ["invalid"]
    assert table.column("reason").to_pylist() == [None] * 4 + ["UNKNOWN_REGION_CODE"]


def test_what_separates_the_fields_of_an_address_does_not_count(geocoder: Geocoder) -> None:
    fields = {"locality": pa.array(["Berlin", "Berlin"]), "address_lines": pa.array(["x" * 506, "x" * 507])}
    table = geocoder.geocode_addresses(fields, NO_FILTER, ("reason",))
    assert table.column("reason").to_pylist() == [None, "TOO_LONG"]


def test_places_are_found_by_their_ids(geocoder: Geocoder) -> None:
    ids = ["gn-3", "pc-de-10115", "gn-999999", "", None, "GN-3", "gn-3 ", "a" * 63, "a" * 64, "gn-", "gn-30"]
    table = geocoder.places_by_id(pa.array(ids), ("status", "reason", "place_id", "confidence"))
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == [
        ("matched", None, "gn-3", 1.0),
        ("matched", None, "pc-de-10115", 1.0),
        ("unmatched", "PLACE_NOT_FOUND", None, None),
        ("invalid", "BLANK", None, None),
        ("invalid", "NULL_VALUE", None, None),
        ("invalid", "MALFORMED_PLACE_ID", None, None),
        ("invalid", "MALFORMED_PLACE_ID", None, None),
        ("unmatched", "PLACE_NOT_FOUND", None, None),
        ("invalid", "MALFORMED_PLACE_ID", None, None),
        ("unmatched", "PLACE_NOT_FOUND", None, None),
        ("unmatched", "PLACE_NOT_FOUND", None, None),
    ]


def test_every_place_of_the_snapshot_is_found_by_its_id() -> None:
    snapshot = sample_snapshot()
    ids = snapshot.text("place_id").to_arrow()
    assert Geocoder(snapshot).places_by_id(ids, ("place_id",)).column(0).to_pylist() == ids.to_pylist()
