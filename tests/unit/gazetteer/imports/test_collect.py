from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tests.unit.gazetteer.imports.small_import import address, batch, place, street
from waypost.server.gazetteer.imports.collect import CITY, POSTAL_CODE, Records, collect
from waypost.server.model import PlaceType


def collected(tmp_path: Path, *rows: object) -> Records:
    return collect([batch("address", [row]) for row in rows if isinstance(row, dict)], tmp_path / "ids")


def test_texts_are_numbered_in_their_own_order_whatever_came_first(tmp_path: Path) -> None:
    records = collected(tmp_path, address("2", "Weg", city="Ulm"), address("1", "Allee", city="Bonn"))
    assert records.texts == ["", "1", "2", "Allee", "Bonn", "Ulm", "Weg"]
    assert [records.texts[number] for number in records.addresses.street] == ["Weg", "Allee"]
    assert [records.texts[records.locales[at, CITY]] for at in records.addresses.locale] == ["Ulm", "Bonn"]


def test_equal_places_of_records_are_kept_once(tmp_path: Path) -> None:
    rows = [address(str(n), "Weg", city="Ulm", postal_code="89073") for n in range(5)]
    records = collected(tmp_path, *rows, address("9", "Weg"))
    assert len(records.locales) == 2
    assert len(set(records.addresses.locale.tolist())) == 2
    assert records.texts[records.locales[1, POSTAL_CODE]] == "89073"


def test_source_ids_come_back_in_the_order_of_addresses(tmp_path: Path) -> None:
    rows = [address("1", "Weg", source_id="b"), address("2", "Weg"), address("3", "Weg", source_id="a")]
    records = collected(tmp_path, *rows)
    assert records.source_ids.read().to_pylist() == ["b", "", "a"]
    records.source_ids.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_point_of_interest_with_an_address_gives_one_that_is_less_exact(tmp_path: Path) -> None:
    shops = [
        place("Shop", (1.0, 2.0), PlaceType.POI, number="5", street="Weg"),
        place("Park", (1.0, 2.0), PlaceType.POI, street="Weg"),
        place("Town", (1.0, 2.0), number="5", street="Weg"),
    ]
    records = collect([batch("place", shops), batch("address", [address("7", "Weg")])], tmp_path / "ids")
    assert [records.texts[number] for number in records.addresses.number] == ["5", "7"]
    assert records.addresses.of_place.tolist() == [True, False]


def test_tables_are_in_an_order_of_their_own(tmp_path: Path) -> None:
    ways = [street("B", [(0, 0), (0, 1)], source_id="2"), street("A", [(0, 0), (0, 1)], source_id="1")]
    ways += [street("C", [(0, 0), (0, 1)]), street("C", [(0, 1), (0, 0)])]
    one = collect([batch("street", ways)], tmp_path / "one")
    other = collect([batch("street", [way]) for way in reversed(ways)], tmp_path / "other")
    assert one.streets.equals(other.streets)
    assert one.streets.column("source_id").to_pylist()[:2] == ["1", "2"]


def test_texts_are_brought_onto_one_line(tmp_path: Path) -> None:
    named = {"text": "Old\r\nName", "language": "en", "kind": "official"}
    rows = [address("1", "Long\nStreet", source_id="7\t8")]
    ways = [street("A\nB", [(0, 0), (0, 1)], names=[named])]
    records = collect([batch("address", rows), batch("street", ways)], tmp_path / "ids")
    assert "Long Street" in records.texts
    assert records.source_ids.read().to_pylist() == ["7 8"]
    assert records.streets.column("name").to_pylist() == ["A B"]
    assert records.streets.column("names").to_pylist()[0][0]["text"] == "Old Name"


def test_nothing_at_all_gives_empty_records(tmp_path: Path) -> None:
    records = collect([], tmp_path / "ids")
    assert len(records.addresses) == 0
    assert records.texts == [""]
    assert records.source_ids.read().equals(pa.array([], pa.large_string()))
