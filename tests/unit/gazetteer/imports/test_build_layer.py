from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gazetteer.imports.small_import import (
    BERLIN,
    METRE,
    MUNICH,
    Row,
    address,
    area,
    around,
    at,
    batch,
    build,
    place,
    sample,
    street,
)
from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.compose import compose
from waypost.server.gazetteer.imports.layer import LAYER, WAY_END
from waypost.server.gazetteer.imports.layer_info import LayerInfo
from waypost.server.gazetteer.imports.layer_store import imported
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.model import PlaceType

VILLAGE = at(20_000, 0)


def main_street(north: float = 0.0) -> Row:
    return street("Hauptstraße", [at(north, 0), at(north, 300)], source_id="way/1", category="residential")


def test_addresses_join_the_way_of_their_name_and_are_ordered_by_number() -> None:
    rows = [
        address("12", "Hauptstraße", at(5, 100)),
        address("3a", "Hauptstraße", at(5, 20)),
        address("3", "Hauptstraße", at(5, 10)),
    ]
    found = build(batch("street", [main_street()]), batch("address", rows))
    assert found.features(PlaceType.STREET) == [("Hauptstraße", "gn-3")]
    assert found.numbers(0) == ["3", "3a", "12"]
    assert found.texts("category") == ["residential"]
    assert found.texts("source_id") == ["way/1"]


def test_writings_of_one_name_are_one_street_called_as_its_way_is() -> None:
    rows = [address("1", "Hauptstr."), address("2", "HAUPTSTRASSE"), address("3", "Haupt-Straße")]
    found = build(batch("street", [main_street()]), batch("address", rows))
    assert found.houses() == {("Hauptstraße", "gn-3"): ["1", "2", "3"]}
    assert found.other_names(0) == []


def test_a_street_without_a_way_lies_at_its_addresses() -> None:
    rows = [address(str(number), "Lindenweg", at(0, number * 10)) for number in range(1, 6)]
    found = build(batch("address", rows))
    assert found.houses() == {("Lindenweg", "gn-3"): ["1", "2", "3", "4", "5"]}
    latitude, longitude = (found.layer.arrays[name].item(0) for name in ("latitude", "longitude"))
    assert (latitude, longitude) == pytest.approx(at(0, 30), abs=METRE)


def test_a_street_with_a_way_lies_on_it_near_its_middle() -> None:
    bent = street("Bogen", [at(0, 0), at(0, 200), at(200, 200)])
    found = build(batch("street", [bent]))
    latitude, longitude = (found.layer.arrays[name].item(0) for name in ("latitude", "longitude"))
    north, east = (latitude - MUNICH[0]) / METRE, (longitude - MUNICH[1]) / METRE * np.cos(np.radians(MUNICH[0]))
    assert min(abs(north), abs(east - 200)) < 0.5
    assert np.hypot(north - 100, east - 100) < 110


def test_the_ways_of_a_street_are_kept_each_with_an_end() -> None:
    ways = [street("Weg", [at(0, 0), at(0, 50)], source_id="b"), street("Weg", [at(0, 80), at(0, 90)], source_id="a")]
    found = build(batch("street", ways))
    line = found.layer.arrays["line"]
    ends = np.flatnonzero((line == WAY_END).all(axis=1))
    assert ends.tolist() == [2, 5]
    assert line[0].tolist() == [round(value * 1e7) for value in at(0, 80)]


def test_streets_of_one_name_far_apart_in_one_place_are_two() -> None:
    found = build(batch("street", [main_street(), main_street(8_000)]))
    assert found.features(PlaceType.STREET) == [("Hauptstraße", "gn-3")] * 2


def test_a_street_through_three_places_is_three_features() -> None:
    villages = [place(name, at(20_000, east), category="village") for name, east in (("A-Dorf", 0), ("B-Dorf", 6000))]
    bounds = [area("A-Dorf", *around(at(20_000, 0), 3_000)), area("B-Dorf", *around(at(20_000, 6_000), 3_000))]
    long_way = street("Landstraße", [at(20_000, -2_000), at(20_000, 8_000), at(20_000, 30_000)])
    found = build(batch("place", villages), batch("area", bounds), batch("street", [long_way]))
    streets = found.features(PlaceType.STREET)
    assert streets == [("Landstraße", place) for place in ("A-Dorf, gn-2", "B-Dorf, gn-2", "gn-3")]
    # Cut at the border, to a sixty-fourth of the segment.
    boxes = found.layer.arrays["box"][[at for at, kind in enumerate(found.kinds) if kind == PlaceType.STREET]]
    border = at(20_000, 3_000)[1]
    assert sum(abs(box[3] - border) < 0.003 for box in boxes) == 1


def test_a_boundary_beats_the_nearest_place_and_what_the_source_says_beats_both() -> None:
    records = [
        batch("place", [place("Dorf", VILLAGE, category="village")]),
        batch("area", [area("Dorf", *around(VILLAGE, 9_000))]),
        batch(
            "address",
            [
                address("1", "Im Dorf", at(8_000, 0, VILLAGE)),
                address("2", "Zur Stadt", at(8_000, 0, VILLAGE), city="München"),
                address("3", "Draußen", at(-12_000, 0, VILLAGE)),
            ],
        ),
    ]
    assert build(*records).houses() == {
        ("Im Dorf", "Dorf, gn-2"): ["1"],
        ("Zur Stadt", "gn-3"): ["2"],
        ("Draußen", "gn-3"): ["3"],
    }


@pytest.mark.parametrize("city", ["München", "MUENCHEN", "Munich", "München 3", "Munich, Bavaria", "Munich (BY)"])
def test_the_city_is_found_however_it_is_written(city: str) -> None:
    city = city.replace("UE", "U")
    found = build(batch("address", [address("1", "Weg", at(30_000, 0), city=city)]))
    assert list(found.houses()) == [("Weg", "gn-3")]


def test_a_city_of_that_name_too_far_away_is_another_one() -> None:
    rows = [address("1", "Weg", MUNICH, city="Berlin")]
    assert list(build(batch("address", rows)).houses()) == [("Weg", "gn-3")]


def test_a_village_that_only_addresses_name_becomes_a_settlement_of_its_own() -> None:
    rows = [address(str(number), "Gasse", at(0, number, VILLAGE), city="Oberhausen") for number in (1, 2, 3)]
    found = build(batch("address", rows))
    assert found.features(PlaceType.LOCALITY) == [("Oberhausen", "gn-2")]
    assert found.houses() == {("Gasse", "Oberhausen, gn-2"): ["1", "2", "3"]}


def test_a_settlement_that_the_world_has_is_no_feature() -> None:
    settlements = [place("München", at(300, 300)), place("Weiler", at(30_000, 0), category="hamlet")]
    found = build(batch("place", settlements))
    assert found.features(PlaceType.LOCALITY) == [("Weiler", "gn-2")]


def test_a_quarter_contains_the_streets_within_its_boundary() -> None:
    quarter = area("Au", *around(at(2_000, 0), 500), kind=int(PlaceType.NEIGHBORHOOD), admin_level=10)
    found = build(batch("area", [quarter]), batch("address", [address("1", "Ohlmüllerstraße", at(2_000, 0))]))
    assert found.houses() == {("Ohlmüllerstraße", "Au, gn-3"): ["1"]}
    assert found.features(PlaceType.NEIGHBORHOOD) == [("Au", "gn-3")]


def test_a_street_that_only_passes_through_a_quarter_is_none_of_its() -> None:
    quarter = area("Au", *around(at(0, 150), 100), kind=int(PlaceType.NEIGHBORHOOD), admin_level=10)
    found = build(batch("area", [quarter]), batch("street", [main_street()]))
    assert found.features(PlaceType.STREET) == [("Hauptstraße", "gn-3")]


def test_a_city_without_letters_is_no_settlement() -> None:
    rows = [address(str(number), "Weg", city="7") for number in range(1, 9)]
    found = build(batch("address", rows))
    assert found.features(PlaceType.LOCALITY) == []
    assert list(found.houses()) == [("Weg", "gn-3")]


def test_what_is_imported_does_not_depend_on_layers_that_are_there_already(sample_dir: Path, tmp_path: Path) -> None:
    rows = [address(str(number), "Gasse", at(0, number, VILLAGE), city="Oberhausen") for number in (1, 2, 3)]
    first = build(batch("address", rows))
    own_dir = shutil.copytree(sample_dir, tmp_path / "data")
    compose(own_dir, [imported(first.layer)])
    with_layer = SnapshotStore(own_dir).open_present()
    assert with_layer.row_count > sample().row_count
    rows.append(address("9", "Seitenweg", at(10, 10, VILLAGE)))
    records = [batch("address", rows)]
    assert build(*records, world=with_layer).info == build(*records).info


def test_addresses_by_place_hang_on_the_settlement_of_that_name() -> None:
    rows = [{**address(number, "", at(0, 100, VILLAGE)), "place": "Weiler"} for number in ("1", "2")]
    found = build(batch("place", [place("Weiler", VILLAGE, category="hamlet")]), batch("address", rows))
    assert found.houses() == {("Weiler", "gn-2"): ["1", "2"]}
    assert found.features(PlaceType.STREET) == []


def test_addresses_by_a_place_that_is_no_feature_have_one_like_a_street() -> None:
    rows = [{**address("7", ""), "place": "Munich"}]
    found = build(batch("address", rows))
    assert found.features(PlaceType.STREET) == [("Munich", "gn-3")]
    assert found.texts("category") == ["place"]


def test_addresses_that_name_the_town_of_the_post_take_the_way_of_the_village_with_them() -> None:
    way = street("Feldweg", [at(0, 0, VILLAGE), at(0, 400, VILLAGE)])
    rows = [address(str(number), "Feldweg", at(3, number * 10, VILLAGE), city="München") for number in (2, 4, 30)]
    untagged = [address("12", "Feldweg", at(3, 120, VILLAGE))]
    found = build(
        batch("place", [place("Dorf", VILLAGE, category="village")]),
        batch("street", [way]), batch("address", rows + untagged),
    )  # fmt: skip
    assert found.features(PlaceType.STREET) == [("Feldweg", "gn-3")]
    assert found.houses() == {("Feldweg", "gn-3"): ["2", "4", "12", "30"]}


def test_a_slip_of_the_pen_in_the_name_is_the_way_beside_the_house() -> None:
    ways = [street("Lindenstraße", [at(0, 0), at(0, 300)]), street("5th Avenue North", [at(90, 0), at(90, 300)])]
    rows = [
        address("1", "Lindenstraße", at(5, 20)),
        address("2", "Lindnestraße", at(5, 40)),
        address("3", "Lindenstrase", at(5, 60)),
        address("4", "Lindenstraße", at(300, 900)),
        address("6", "6th Avenue North", at(90, 60)),
    ]
    found = build(batch("street", ways), batch("address", rows))
    assert found.houses() == {("Lindenstraße", "gn-3"): ["1", "2", "3", "4"], ("6th Avenue North", "gn-3"): ["6"]}
    assert "Lindnestraße" in found.other_names(found.names.index("Lindenstraße"))


def test_addresses_by_another_name_of_a_way_are_on_it() -> None:
    names = [
        {"text": "Storgatan", "language": "sv", "kind": "official"},
        {"text": "Altgasse", "language": "", "kind": "x"},
    ]
    way = street("Pääkatu", [at(0, 0), at(0, 300)], names=names)
    found = build(batch("street", [way]), batch("address", [address("1", "Storgatan", at(5, 20))]))
    assert found.houses() == {("Pääkatu", "gn-3"): ["1"]}
    assert found.other_names(0) == ["Storgatan", "Altgasse"]
    assert found.texts("alias_language") == ["sv", ""]


def test_a_building_and_its_entrance_are_one_house_and_far_ones_are_two() -> None:
    rows = [
        address("5", "Weg", at(0, 0), source_id="way/1"),
        address("5", "Weg", at(0, 8), source_id="node/9"),
        address("5", "Weg", at(0, 90), source_id="way/2"),
    ]
    found = build(batch("address", rows))
    assert found.numbers(0) == ["5", "5"]
    assert found.texts("address_source") == ["node/9", "way/2"]
    assert found.info.repeated_addresses == 1


def test_the_address_of_a_shop_counts_only_where_no_address_has_the_number() -> None:
    shops = [
        place("Bäckerei", at(0, 60), PlaceType.POI, number="5", street="Weg", category="bakery", source_id="node/1"),
        place("Kiosk", at(0, 70), PlaceType.POI, number="7", street="Weg", category="kiosk", source_id="node/2"),
    ]
    found = build(batch("place", shops), batch("address", [address("5", "Weg", source_id="way/5")]))
    assert found.features(PlaceType.POI) == [("Bäckerei", "gn-3"), ("Kiosk", "gn-3")]
    assert found.houses() == {("Weg", "gn-3"): ["5", "7"]}
    assert found.texts("address_source") == ["way/5", "node/2"]


def test_a_house_inside_of_a_range_gives_way_to_one_of_its_own() -> None:
    rows = [address("12-16", "Weg", at(0, 0)), address("14", "Weg", at(0, 40))]
    found = build(batch("address", rows))
    assert found.numbers(0) == ["12", "12-16", "14", "16"]
    assert found.points(0)[2] == pytest.approx(at(0, 40), abs=1e-6)


def test_an_address_without_a_city_lies_where_the_others_of_its_postal_code_do() -> None:
    dorf = place("Dorf", VILLAGE, category="village")
    rows = [address(str(n), "Gasse", at(0, n, VILLAGE), city="München", postal_code="85999") for n in range(1, 5)]
    rows += [address("1", "Neuweg", VILLAGE, postal_code="85999"), address("1", "Altweg", VILLAGE)]
    found = build(batch("place", [dorf]), batch("address", rows))
    assert set(found.houses()) == {("Gasse", "gn-3"), ("Neuweg", "gn-3"), ("Altweg", "Dorf, gn-2")}


def test_a_section_of_a_town_gives_way_to_the_town_of_its_postal_code() -> None:
    section = place("Mitte", at(900, 0, BERLIN), category="village")
    rows = [address("1", "A-Weg", at(900, 0, BERLIN), postal_code="10115"), address("1", "B-Weg", at(900, 0, BERLIN))]
    found = build(batch("place", [section]), batch("address", rows))
    assert set(found.houses()) == {("A-Weg", "gn-5"), ("B-Weg", "Mitte, gn-4")}


def test_postal_codes_of_a_street_come_by_frequency_and_each_house_has_its_own() -> None:
    codes = {"1": "80331", "2": "80333", "3": "80333", "4": None}
    rows = [address(number, "Weg", postal_code=code) for number, code in codes.items()]
    found = build(batch("address", rows))
    weg = found.names.index("Weg")
    assert found.codes(weg) == ["80333", "80331"]
    assert found.layer.arrays["address_postal"].tolist() == [1, 0, 0, 65_535]


def test_a_postal_code_is_a_feature_only_where_the_world_has_no_point_for_it() -> None:
    rows = [address("1", "A", BERLIN, postal_code="10115"), address("2", "B", at(0, 9, BERLIN), postal_code="10999")]
    found = build(batch("address", rows))
    assert found.features(PlaceType.POSTAL_CODE) == [("10999", "gn-5")]


def test_an_address_without_a_code_has_that_of_the_boundary_around_it() -> None:
    bounds = area("80331", *around(MUNICH, 400), kind=int(PlaceType.POSTAL_CODE), postal_code="80331", admin_level=0)
    found = build(batch("area", [bounds]), batch("address", [address("1", "Weg")]))
    assert found.codes(found.names.index("Weg")) == ["80331"]


def test_a_number_range_is_cut_where_houses_are_known() -> None:
    line = [value for vertex in (at(10, 0), at(10, 100)) for value in vertex]
    known = [address("4", "Weg", at(10, 20)), address("3", "Weg", at(-10, 20))]
    ranges = [{"street": "Weg", "first": 10, "last": 2, "step": 2, "line": line[2:] + line[:2]}]
    found = build(batch("address", known), batch("range", ranges))
    assert found.layer.arrays["range_numbers"].tolist() == [[2, 4, 2], [4, 10, 2]]
    ends = found.layer.arrays["range_points"].astype(np.int64) / 1e7
    assert ends[0].tolist() == pytest.approx([*at(10, 0), *at(10, 20)], abs=1e-6)
    assert ends[1].tolist() == pytest.approx([*at(10, 20), *at(10, 100)], abs=1e-6)


def test_numbers_that_cannot_be_read_and_streets_without_letters_are_left_out_and_counted() -> None:
    rows = [address("s/n", "Weg"), address("1", "Weg"), address("2", "—")]
    found = build(batch("address", rows))
    assert found.houses() == {("Weg", "gn-3"): ["1"]}
    assert found.info.unread_numbers == 1


def test_records_of_nothing_are_refused() -> None:
    with pytest.raises(ImportFailed, match="no address"):
        build(batch("address", []))


def test_the_layer_has_every_array_in_its_type() -> None:
    found = build(batch("street", [main_street()]), batch("address", [address("1", "Hauptstraße", source_id="n1")]))
    for name, column in LAYER.items():
        if column.dtype == "text":
            assert name in found.layer.texts
        else:
            assert found.layer.arrays[name].dtype == column.dtype, name
    assert found.info.addresses == 1
    assert found.info.features == {"street": 1}


#: Everything at once, so that each step has something to put in order.
_MIXED = [
    *[
        ("address", address(f"{n}{s}", name, at(n * 7, (n * 37) % 500), **said, source_id=f"n{n}{s}"))
        for n in range(1, 9)
        for s in ("", "a")
        for name in ("Hauptstraße", "Hauptstr.", "Weg")
        for said in ({"postal_code": "80331"}, {"city": "Oberhausen", "postal_code": "80999"})
    ],
    *[("street", street(name, [at(0, 0), at(60, 500)])) for name in ("Hauptstraße", "Weg", "Am Anger")],
    *[("place", place(name, at(9_000 * n, 0), category="hamlet")) for n, name in ((2, "Weiler"), (3, "Einöde"))],
    *[("place", place("Apotheke", at(n, n), PlaceType.POI, category="pharmacy")) for n in range(3)],
    ("area", area("Weiler", *around(at(18_000, 0), 900))),
    ("area", area("Au", *around(at(0, 0), 200), kind=int(PlaceType.NEIGHBORHOOD), admin_level=10)),
    ("range", {"street": "Weg", "first": 1, "last": 9, "step": 2, "line": [*at(0, 0), *at(60, 500)]}),
]  # fmt: skip


def _batches(rows: list[tuple[str, Row]], size: int) -> list[Batch]:
    batches: list[Batch] = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        batches.extend(batch(kind, [row for of, row in part if of == kind]) for kind in sorted({of for of, _ in part}))
    return batches


@pytest.fixture(scope="module")
def in_order() -> LayerInfo:
    return build(*_batches(_MIXED, 7)).info


@pytest.mark.parametrize(("seed", "size"), [(1, 3), (2, 11), (3, 40), (4, 1000), (5, 17)])
def test_the_order_of_records_and_batches_never_matters(in_order: LayerInfo, seed: int, size: int) -> None:
    rows = random.Random(seed).sample(_MIXED, len(_MIXED))
    assert build(*_batches(rows, size)).info == in_order


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.sampled_from(["", "a", " bis"]), st.sampled_from(["Weg", "Gasse", "Ring"])),
        min_size=1, max_size=40, unique=True,
    )
)  # fmt: skip
def test_every_address_is_in_the_layer_once(written: list[tuple[int, str, str]]) -> None:
    rows = [address(f"{number}{suffix}", name, at(number * 30, 0)) for number, suffix, name in written]
    houses = build(batch("address", rows)).houses()
    found = sorted((name, number) for (name, _), numbers in houses.items() for number in numbers)
    assert found == sorted((name, f"{number}{suffix}") for number, suffix, name in written)


def test_a_batch_may_come_with_nulls_everywhere() -> None:
    nothing = batch("address", [address("1", "Weg")]).rows
    assert nothing.column("city").null_count == 1
    assert isinstance(nothing, pa.RecordBatch)
    assert build(Batch("address", nothing)).info.addresses == 1
