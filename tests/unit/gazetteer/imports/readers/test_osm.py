"""OpenStreetMap: what is tagged, however far apart it lies in the file, becomes one record with everything in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.gazetteer.imports.readers.read_files import Found, Row, read
from tests.unit.gazetteer.imports.readers.small_extract import SmallExtract
from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.formats import detect_format, version_of
from waypost.server.model import PlaceType


@pytest.fixture
def extract() -> SmallExtract:
    return SmallExtract()


def _read(extract: SmallExtract, folder: Path, country: str = "") -> Found:
    return read(extract.write(folder / "small.osm.pbf"), country=country)


def test_a_node_with_a_number_is_an_address_with_all_its_fields(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(
        48.2, 16.4, addr_housenumber="12a", addr_street="Ring", addr_city="Wien", addr_postcode="1010",
        addr_country="at", addr_unit="3", addr_suburb="Innere Stadt", addr_state="Wien", addr_district="1",
    )  # fmt: skip
    assert _read(extract, tmp_path).addresses == [
        {
            "number": "12a", "street": "Ring", "unit": "3", "suburb": "Innere Stadt", "city": "Wien", "district": "1",
            "region": "Wien", "postal_code": "1010", "country": "AT", "latitude": 48.2, "longitude": 16.4,
            "source_id": "node/1",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("number", ["12;14", "12-16", "12 bis", "1/2", "12/3", "№ 7", "s/n"])
def test_numbers_stay_as_they_are_written(extract: SmallExtract, tmp_path: Path, number: str) -> None:
    extract.node(1, 1, addr_housenumber=number, addr_street="A")
    assert [row["number"] for row in _read(extract, tmp_path).addresses] == [number]


def test_a_house_with_a_name_and_no_number_goes_by_its_name(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, addr_housename="Rose Cottage", addr_street="High Street")
    extract.node(1, 1, addr_housename="The Lodge", addr_housenumber="3", addr_street="High Street")
    extract.node(1, 1, addr_housename="Nowhere House")
    found = _read(extract, tmp_path)
    assert [(row["number"], row["street"]) for row in found.addresses] == [
        ("Rose Cottage", "High Street"),
        ("3", "High Street"),
    ]
    assert [row["name"] for row in found.places] == ["Rose Cottage", "The Lodge", "Nowhere House"]
    assert found.bad.count == 0


def test_a_building_gives_its_centre(extract: SmallExtract, tmp_path: Path) -> None:
    extract.square(10, 20, 0.001, building="yes", addr_housenumber="1", addr_street="A")
    (address,) = _read(extract, tmp_path).addresses
    assert (address["latitude"], address["longitude"]) == pytest.approx((10.0005, 20.0005))
    assert address["source_id"] == "way/1"


def test_a_building_with_a_court_gives_one_address(extract: SmallExtract, tmp_path: Path) -> None:
    outer, inner = extract.square(10, 20, 0.001), extract.square(10.0004, 20.0004, 0.0002)
    extract.relation(
        [("w", outer, "outer"), ("w", inner, "inner")], type="multipolygon", building="yes", addr_housenumber="2",
        addr_street="A",
    )  # fmt: skip
    (address,) = _read(extract, tmp_path).addresses
    assert address["source_id"] == "relation/1"
    assert address["latitude"] == pytest.approx(10.0005)


def test_villages_without_streets_go_by_place(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, addr_housenumber="1", addr_place="Hof")
    extract.node(1, 1, addr_housenumber="2", addr_city="Dorf", addr_hamlet="Weiler")
    extract.node(1, 1, addr_housenumber="3", addr_city="Dorf")
    assert [row["place"] for row in _read(extract, tmp_path).addresses] == ["Hof", "Weiler", "Dorf"]


def test_japanese_blocks_are_part_of_the_number(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(35, 139, addr_housenumber="2", addr_block_number="7", addr_neighbourhood="1丁目", addr_quarter="本町")
    (address,) = _read(extract, tmp_path).addresses
    assert (address["number"], address["place"]) == ("7-2", "本町1丁目")


def test_an_address_of_no_street_is_left_out_and_counted(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, addr_housenumber="1")
    found = _read(extract, tmp_path)
    assert not found.addresses
    assert found.reasons() == {"an address without street or place": 1}
    assert [sample.where for sample in found.bad.samples] == ["node 1"]


def test_the_street_of_a_house_can_be_told_by_its_relation(extract: SmallExtract, tmp_path: Path) -> None:
    house = extract.node(1, 1, addr_housenumber="5")
    building = extract.square(1, 1.1, 0.001, addr_housenumber="7")
    street = extract.line((1, 1), (1, 2), highway="residential", name="Lindenweg")
    extract.relation([("n", house, "house"), ("w", street, "street")], type="associatedStreet")
    extract.relation([("w", building, "house")], type="associatedStreet", name="Rue Haute")
    assert {row["number"]: row["street"] for row in _read(extract, tmp_path).addresses} == {
        "5": "Lindenweg",
        "7": "Rue Haute",
    }


def _interpolated(extract: SmallExtract, kind: str, numbers: list[str], **tags: str) -> None:
    nodes = []
    for place, number in enumerate(numbers):
        address = {"addr_housenumber": number, "addr_street": "Weg"} if number else {}
        nodes.append(extract.node(50, 10 + place * 0.001, **address))
    extract.way(nodes, addr_interpolation=kind, **tags)


def _ranges(found: Found) -> list[tuple[int, int, int]]:
    return [(row["first"], row["last"], row["step"]) for row in found.rows["range"]]


@pytest.mark.parametrize(
    ("kind", "numbers", "ranges"),
    [
        ("odd", ["1", "9"], [(1, 9, 2)]),
        ("even", ["2", "", "10"], [(2, 10, 2)]),
        ("all", ["1", "5"], [(1, 5, 1)]),
        ("even", ["10", "2"], [(2, 10, 2)]),
        ("even", ["2", "8", "20"], [(2, 8, 2), (8, 20, 2)]),
        ("even", ["2", "4"], []),
    ],
)
def test_numbers_between_two_ends_are_a_range(
    extract: SmallExtract, tmp_path: Path, kind: str, numbers: list[str], ranges: list[tuple[int, int, int]]
) -> None:
    _interpolated(extract, kind, numbers)
    found = _read(extract, tmp_path)
    assert _ranges(found) == ranges
    assert len(found.addresses) == sum(map(bool, numbers))
    assert not found.bad.count


def test_a_range_runs_from_its_first_number_to_its_last(extract: SmallExtract, tmp_path: Path) -> None:
    _interpolated(extract, "even", ["10", "", "2"])
    (row,) = _read(extract, tmp_path).rows["range"]
    assert row["line"] == pytest.approx([50, 10.002, 50, 10.001, 50, 10.0])
    assert row["street"] == "Weg"


def test_letters_and_tens_between_two_ends_are_addresses_on_the_line(extract: SmallExtract, tmp_path: Path) -> None:
    _interpolated(extract, "alphabetic", ["12a", "12d"])
    _interpolated(extract, "10", ["10", "40"])
    between = {row["number"]: row["longitude"] for row in _read(extract, tmp_path).addresses if "w" in row["source_id"]}
    assert between == pytest.approx(
        {"12b": 10 + 0.001 / 3, "12c": 10 + 0.002 / 3, "20": 10 + 0.001 / 3, "30": 10 + 0.002 / 3}
    )


def test_the_way_of_a_range_tells_the_street_of_its_ends(extract: SmallExtract, tmp_path: Path) -> None:
    ends = [extract.node(1, 1, addr_housenumber="1"), extract.node(1, 1.01, addr_housenumber="9")]
    extract.way(ends, addr_interpolation="odd", addr_street="Gasse")
    found = _read(extract, tmp_path)
    assert [row["street"] for row in found.addresses] == ["Gasse", "Gasse"]
    assert found.rows["range"][0]["street"] == "Gasse"


@pytest.mark.parametrize(
    ("kind", "numbers", "reason"),
    [
        ("odd", ["1", ""], "a number range whose ends have no numbers"),
        ("odd", ["1", "8"], "a number range whose ends do not fit its kind"),
        ("sometimes", ["1", "9"], "a number range of an unknown kind"),
        ("all", ["1", "Haus"], "a number range whose ends are no plain numbers"),
        ("all", ["1", "99999"], "a number range whose ends do not fit its kind"),
        ("alphabetic", ["1a", "2b"], "a range of letters whose ends have different numbers"),
    ],
)
def test_a_range_that_makes_no_sense_is_left_out(
    extract: SmallExtract, tmp_path: Path, kind: str, numbers: list[str], reason: str
) -> None:
    _interpolated(extract, kind, numbers)
    found = _read(extract, tmp_path)
    assert not _ranges(found)
    assert found.reasons() == {reason: 1}


def _names(row: Row) -> set[tuple[str, str, str]]:
    return {(name["text"], name["language"], name["kind"]) for name in row["names"]}


def test_a_street_has_all_its_names(extract: SmallExtract, tmp_path: Path) -> None:
    extract.line(
        (60, 24), (60, 25), highway="residential", name="Mannerheimintie", name__sv="Mannerheimvägen",
        alt_name="Mansku;M-tie", old_name="Henrikinkatu", official_name="Marsalkantie", short_name="Mtie",
        name__etymology="Mannerheim", name__left="Vasen", alt_name__en="Manner Road",
    )  # fmt: skip
    (street,) = _read(extract, tmp_path).streets
    assert street["name"] == "Mannerheimintie"
    assert street["category"] == "residential"
    assert street["line"] == [60, 24, 60, 25]
    assert _names(street) == {
        ("Mannerheimvägen", "sv", "official"),
        ("Mansku", "", "alternate"),
        ("M-tie", "", "alternate"),
        ("Henrikinkatu", "", "alternate"),
        ("Marsalkantie", "", "official"),
        ("Mtie", "", "alternate"),
        ("Vasen", "", "alternate"),
        ("Manner Road", "en", "alternate"),
    }


def test_squares_are_streets_and_stops_are_not(extract: SmallExtract, tmp_path: Path) -> None:
    extract.square(1, 1, 0.001, place="square", name="Marktplatz")
    extract.line((1, 1), (1, 2), highway="proposed", name="Later")
    extract.node(1, 1, highway="bus_stop", name="Main Street")
    found = _read(extract, tmp_path)
    assert [(row["name"], row["category"]) for row in found.streets] == [("Marktplatz", "square")]
    assert not found.places


def test_a_street_cut_by_the_edge_of_the_extract_keeps_what_is_there(extract: SmallExtract, tmp_path: Path) -> None:
    known = [extract.node(1, 1), extract.node(1, 2)]
    extract.way([*known, 99], highway="residential", name="Cut")
    extract.way([98, 99], highway="residential", name="Gone")
    found = _read(extract, tmp_path)
    assert [row["line"] for row in found.streets] == [[1, 1, 1, 2]]
    assert found.reasons() == {"none of its nodes are in the file": 1}


def test_an_address_on_a_named_shop_gives_both(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, shop="bakery", name="Backstube", addr_housenumber="4", addr_street="Gasse", addr_city="Ort")
    found = _read(extract, tmp_path)
    assert [(row["number"], row["street"]) for row in found.addresses] == [("4", "Gasse")]
    (place,) = found.places
    assert (place["kind"], place["name"], place["category"]) == (PlaceType.POI, "Backstube", "bakery")
    assert (place["number"], place["street"], place["city"]) == ("4", "Gasse", "Ort")


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "pharmacy"}, "pharmacy"),
        ({"tourism": "museum", "building": "yes"}, "museum"),
        ({"railway": "station"}, "station"),
        ({"aeroway": "aerodrome"}, "aerodrome"),
        ({"office": "yes"}, "office"),
        ({"amenity": "cafe;bar"}, "cafe"),
        ({"healthcare": "doctor"}, "doctor"),
        ({"craft": "brewery"}, "brewery"),
        ({"historic": "castle"}, "castle"),
        ({"railway": "tram_stop"}, None),
        ({"natural": "tree"}, None),
    ],
)
def test_points_of_interest_have_their_category(
    extract: SmallExtract, tmp_path: Path, tags: dict[str, str], category: str | None
) -> None:
    extract.node(1, 1, name="X", **tags)
    assert [row.get("category") for row in _read(extract, tmp_path).places] == ([category] if category else [])


def test_settlements_and_quarters_are_places(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, place="village", name="Dorf", population="1 234", name__fr="Village")
    extract.square(1, 1, 0.01, place="suburb", name="Viertel")
    found = _read(extract, tmp_path)
    village, quarter = found.places
    assert (village["kind"], village["population"]) == (PlaceType.LOCALITY, 1234)
    assert _names(village) == {("Village", "fr", "official")}
    assert (quarter["kind"], quarter["source_id"]) == (PlaceType.NEIGHBORHOOD, "way/1")
    assert quarter["south"] == pytest.approx(1)
    assert quarter["east"] == pytest.approx(1.01)
    (area,) = found.rows["area"]
    assert (area["kind"], area["place_source_id"]) == (PlaceType.NEIGHBORHOOD, "way/1")
    assert area["polygon"][:5] == b"\x01\x06\x00\x00\x00"


def test_a_boundary_is_linked_with_its_settlement(extract: SmallExtract, tmp_path: Path) -> None:
    town = extract.node(1.005, 1.005, place="town", name="Stadt")
    outer = extract.square(1, 1, 0.01)
    boundary = {"type": "boundary", "boundary": "administrative", "name": "Stadt"}
    extract.relation([("w", outer, "outer"), ("n", town, "label")], **boundary, admin_level="6", postal_code="123")
    extract.relation([("w", outer, "outer"), ("n", town, "admin_centre")], **boundary, admin_level="8")
    extract.relation(
        [("w", outer, "outer"), ("n", town, "admin_centre")], **{**boundary, "name": "Kreis"}, admin_level="6"
    )
    areas = {row["source_id"]: row for row in _read(extract, tmp_path).rows["area"]}
    labelled, centred, county = (areas[f"relation/{number}"] for number in (1, 2, 3))
    assert (labelled["kind"], labelled["place_source_id"], labelled["postal_code"]) == (
        PlaceType.LOCALITY,
        "node/1",
        "123",
    )
    assert (centred["kind"], centred["place_source_id"]) == (PlaceType.LOCALITY, "node/1")
    assert (county["kind"], county["admin_level"]) == (PlaceType.DISTRICT, 6)
    assert "place_source_id" not in county


def test_postal_codes_have_areas(extract: SmallExtract, tmp_path: Path) -> None:
    outer = extract.square(1, 1, 0.01)
    extract.relation([("w", outer, "outer")], type="boundary", boundary="postal_code", postal_code="10115")
    (area,) = _read(extract, tmp_path).rows["area"]
    assert (area["kind"], area["name"], area["postal_code"]) == (PlaceType.POSTAL_CODE, "10115", "10115")


def test_the_country_of_the_command_line_is_for_records_without_one(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, addr_housenumber="1", addr_street="A")
    extract.node(1, 1, addr_housenumber="2", addr_street="A", addr_country="CH")
    assert [row["country"] for row in _read(extract, tmp_path, country="LI").addresses] == ["LI", "CH"]


def test_a_truncated_extract_is_refused(extract: SmallExtract, tmp_path: Path) -> None:
    for number in range(3_000):
        extract.node(1, 1 + number * 1e-6, addr_housenumber=str(number), addr_street="A")
    whole = extract.write(tmp_path / "whole.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFailed, match=r"cut\.osm\.pbf is no OpenStreetMap file that can be read to its end"):
        read(cut)


def test_a_file_that_is_no_extract_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "not.osm.pbf"
    path.write_bytes(b"hello world, this is no extract" * 100)
    with pytest.raises(ImportFailed, match="no OpenStreetMap file"):
        read(path)


def test_progress_ends_at_one_and_never_falls(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, addr_housenumber="1", addr_street="A")
    shares = _read(extract, tmp_path).shares
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_extracts_are_known_by_their_content_too(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, name="X")
    path = extract.write(tmp_path / "small.osm.pbf").rename(tmp_path / "download")
    assert detect_format([path]) == "osm"


def test_one_file_has_one_version_wherever_it_lies(extract: SmallExtract, tmp_path: Path) -> None:
    extract.node(1, 1, name="X")
    first = extract.write(tmp_path / "a.osm.pbf")
    second = tmp_path / "b.osm.pbf"
    second.write_bytes(first.read_bytes())
    assert version_of("osm", [first]) == version_of("osm", [second])


_REAL = Path(os.environ.get("WAYPOST_SHARED_DATA", Path(__file__).parents[6] / "shared" / "data")) / "osm"


@pytest.mark.skipif(not _REAL.is_dir(), reason=f"no real extracts in {_REAL}; WAYPOST_SHARED_DATA names their folder")
def test_a_real_extract_gives_nearly_all_of_its_addresses() -> None:
    found = read(_REAL / "baltimore.osm.pbf")
    assert len(found.addresses) == 1_331  # one of them by its name
    assert len({row["name"] for row in found.streets}) == 566
    assert not found.bad.count
