"""Overture's GeoParquet: addresses with their levels, places, divisions, and the credit that the records name."""

from __future__ import annotations

import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.gazetteer.imports.readers.read_files import read
from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.formats import credit_of, detect_format
from waypost.server.model import PlaceType

_TEXT = pa.string()
_SOURCES = pa.list_(pa.struct([("property", _TEXT), ("dataset", _TEXT), ("license", _TEXT)]))
_RULE = pa.struct([("variant", _TEXT), ("language", _TEXT), ("value", _TEXT)])
_NAMES = pa.struct([("primary", _TEXT), ("common", pa.map_(_TEXT, _TEXT)), ("rules", pa.list_(_RULE))])
_ADDRESS = pa.struct([(name, _TEXT) for name in ("freeform", "locality", "postcode", "region", "country")])
_LEVELS = pa.list_(pa.struct([("value", _TEXT)]))


def _source(name: str, licence: str) -> list[dict[str, str]]:
    return [{"property": "", "dataset": name, "license": licence}]


def _point(longitude: float, latitude: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, longitude, latitude)


def _write(path: Path, columns: dict[str, pa.Array], count: int) -> Path:
    common = {
        "id": pa.array([f"id-{number}" for number in range(count)]),
        "geometry": pa.array([_point(7 + number, 50) for number in range(count)], pa.binary()),
        "sources": pa.array([_source("meta", "CDLA-Permissive-2.0")] * count, _SOURCES),
    }
    pq.write_table(pa.table(common | columns), path)
    return path


def test_addresses_take_city_and_region_from_their_levels(tmp_path: Path) -> None:
    levels = [[{"value": "Bonn"}], None, [{"value": "MD"}, {"value": "Baltimore"}], [{"value": "MD"}, {"value": "X"}]]
    path = _write(
        tmp_path / "addresses.parquet",
        {
            "country": pa.array(["DE", "FR", "US", "US"]),
            "postcode": pa.array([None, "75002", "21231", None]),
            "street": pa.array(["Hauptstr.", "Rue", "Bank St", "Bank St"]),
            "number": pa.array(["1", "2", "3", "4"]),
            "unit": pa.nulls(4, _TEXT),
            "address_levels": pa.array(levels, _LEVELS),
            "postal_city": pa.array([None, None, None, "B'more"]),
        },
        4,
    )
    assert detect_format([path]) == "overture"
    rows = [(row.get("city"), row.get("region"), row["country"]) for row in read(path).addresses]
    assert rows == [("Bonn", None, "DE"), (None, None, "FR"), ("Baltimore", "MD", "US"), ("B'more", "MD", "US")]


def _names(*primaries: str | None) -> pa.Array:
    return pa.array([{"primary": name, "common": None, "rules": None} for name in primaries], _NAMES)


def test_places_have_names_category_and_address(tmp_path: Path) -> None:
    museum = {
        "primary": "Walters",
        "common": [("de", "Walters-Museum")],
        "rules": [{"variant": "short", "language": None, "value": "WAM"}],
    }
    names = pa.array([museum, {"primary": "Kiosk"}, {"primary": "Shut"}, {"primary": None}], _NAMES)
    address = {
        "freeform": "600 N Charles St",
        "locality": "Baltimore",
        "postcode": "21201",
        "region": "MD",
        "country": "US",
    }
    path = _write(
        tmp_path / "places.parquet",
        {
            "names": names,
            "categories": pa.array([{"primary": "museum"}, None, None, None], pa.struct([("primary", _TEXT)])),
            "addresses": pa.array([[address], None, [], [address]], pa.list_(_ADDRESS)),
            "operating_status": pa.array(["open", None, "permanently_closed", None]),
        },
        4,
    )
    found = read(path)
    walters, kiosk = found.places
    assert (walters["number"], walters["street"], walters["category"]) == ("600", "N Charles St", "museum")
    assert {(name["text"], name["language"]) for name in walters["names"]} == {("Walters-Museum", "de"), ("WAM", "")}
    assert kiosk == {
        "kind": PlaceType.POI, "name": "Kiosk", "population": 0, "latitude": 50, "longitude": 8, "source_id": "id-1",
    }  # fmt: skip
    assert found.reasons() == {"no name": 1}


def test_divisions_are_settlements_and_their_areas_belong_to_them(tmp_path: Path) -> None:
    divisions = _write(
        tmp_path / "division.parquet",
        {
            "names": _names("Dorf", "Land", "Viertel"), "subtype": pa.array(["locality", "region", "neighborhood"]),
            "class": pa.array(["village", None, None]), "country": pa.array(["DE"] * 3),
            "population": pa.array([12, None, None], pa.int32()),
        },
        3,
    )  # fmt: skip
    square = struct.pack("<BIII8d", 1, 3, 1, 4, 7, 50, 8, 50, 8, 51, 7, 50)
    areas = _write(
        tmp_path / "division_area.parquet",
        {
            "names": _names("Dorf", "Dorf"), "subtype": pa.array(["locality"] * 2), "country": pa.array(["DE"] * 2),
            "division_id": pa.array(["id-0"] * 2), "is_land": pa.array([True, False]),
            "geometry": pa.array([square] * 2, pa.binary()),
        },
        2,
    )  # fmt: skip
    found = read(divisions, areas)
    assert [(row["name"], row["kind"], row["category"]) for row in found.places] == [
        ("Dorf", PlaceType.LOCALITY, "village"),
        ("Viertel", PlaceType.NEIGHBORHOOD, "neighborhood"),
    ]
    (area,) = found.rows["area"]
    assert (area["place_source_id"], area["polygon"]) == ("id-0", square)


def test_the_credit_names_the_sources_of_the_records(tmp_path: Path) -> None:
    sources = pa.array([_source("OpenStreetMap", "ODbL-1.0"), _source("meta", "CDLA-Permissive-2.0"), None], _SOURCES)
    path = _write(tmp_path / "places.parquet", {"names": _names("A", "B", "C"), "sources": sources}, 3)
    credit = credit_of("overture", [path])
    assert credit.text == "© Overture Maps Foundation: OpenStreetMap, meta"
    assert credit.license == "CDLA-Permissive-2.0 AND ODbL-1.0"
    assert credit.share_alike


def test_another_type_of_overture_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "segment.parquet", {"class": pa.array(["road"])}, 1)
    with pytest.raises(ImportFailed, match="no file of Overture's that is read"):
        read(path, form="overture")
