from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from waypost.server.gazetteer.feature_ids import feature_ids, short_key
from waypost.server.model import PlaceType


def ids(
    names: Sequence[str],
    kind: PlaceType = PlaceType.STREET,
    anchor: str = "gn-1",
    within: str = "",
    sources: Sequence[str] | None = None,
) -> list[str]:
    def texts(value: Sequence[str] | str) -> pa.Array:
        return pa.array([value] * len(names) if isinstance(value, str) else list(value), pa.large_string())

    found = feature_ids(
        texts("osm"), np.full(len(names), kind, np.uint8), texts(names), texts(anchor), texts(within),
        texts(sources if sources is not None else [str(number) for number in range(len(names))]),
    )  # fmt: skip
    return [str(each) for each in found.to_pylist()]


def test_an_id_is_made_of_what_a_feature_is() -> None:
    (street,) = ids(["Main Street"])
    assert street.startswith("osm-s")
    assert len(street) == len("osm-s") + 12
    others = [
        *ids(["Main Street"], PlaceType.POI), *ids(["Main Street"], anchor="gn-2"), *ids(["Main Street"], within="X"),
        *ids(["Main Streets"]),
    ]  # fmt: skip
    assert len({street, *others}) == 5


def test_case_and_punctuation_are_no_part_of_an_id() -> None:
    assert ids(["Main-Street"]) == ids(["MAIN STREET"])
    assert ids(["Straße"]) != ids(["Strase"])
    assert ids(["улица Ленина"]) != ids(["улица Мира"])


def test_features_that_are_alike_are_told_apart_in_the_order_of_their_sources() -> None:
    found = ids(["A", "B", "A", "A"], sources=["w3", "w0", "w1", "w2"])
    assert [each.rpartition("-")[2] if each.count("-") > 1 else "" for each in found] == ["3", "", "", "2"]


def test_the_key_of_a_layer_leaves_room_for_a_house_number() -> None:
    assert short_key("osm") == "osm"
    long, other = short_key("the-whole-of-switzerland-2026"), short_key("the-whole-of-switzerland-2027")
    assert len(long) == 20
    assert long != other
