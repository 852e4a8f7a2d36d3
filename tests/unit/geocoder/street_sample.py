"""The sample gazetteer with streets: rows and arrays as a snapshot with imported layers has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.gazetteer.schema import CATEGORIES, HOUSE
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.address_index import build_address_index
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.normalize import hash_text
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import Arrays, sample_arrays
from waypost.server.geocoder.street_index import build_street_index
from waypost.server.geocoder.warmup import _SAMPLE_LAYER, _flat
from waypost.server.model import PlaceType, Precision, SnapshotInfo

#: Rows of the sample that streets lie in.
MUNICH, BERLIN, ILLINOIS_SPRINGFIELD, MISSOURI_SPRINGFIELD = 2, 4, 7, 9
#: Rows of its postal codes: 10115 in Berlin, 62701 in Springfield, Illinois.
CODE_BERLIN, CODE_SPRINGFIELD = 11, 14

_PRECISION = {PlaceType.STREET: Precision.STREET, PlaceType.POI: Precision.ROOFTOP}

Line = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Feature:
    """A street, or what else a layer holds; addresses are (number, suffix, latitude, longitude)."""

    anchor: int
    name: str
    addresses: Sequence[tuple[int, str, float, float]] = ()
    line: Line = ()
    codes: Sequence[int] = ()
    kind: PlaceType = PlaceType.STREET
    aliases: Sequence[str] = ()
    category: str = "residential"
    ranges: Sequence[tuple[int, int, int, float, float, float, float]] = ()
    point: tuple[float, float] | None = None
    within: int = -1
    layer_codes: Sequence[str] = field(default=())


Edit = Callable[[Arrays], None]


def street_snapshot(features: Sequence[Feature], edit: Edit | None = None) -> Snapshot:
    """The sample, as `edit` leaves it, with those features, in the order of their anchors."""
    arrays = street_arrays(features, edit)
    return Snapshot(SnapshotInfo("streets", 0.0, False, (_SAMPLE_LAYER,), 0), _flat(arrays))


def street_arrays(features: Sequence[Feature], edit: Edit | None = None) -> Arrays:
    """All arrays of that snapshot."""
    features = sorted(features, key=lambda feature: feature.anchor)
    arrays = sample_arrays()
    if edit is not None:
        edit(arrays)
    arrays.update(build_forward_index(arrays))
    arrays.update(build_reverse_index(arrays | build_place_records(arrays)))
    base = len(np.asarray(arrays["anchor"]))
    categories = [*CATEGORIES, HOUSE, *sorted({feature.category for feature in features})]
    points = [_point(feature) for feature in features]
    rows = np.arange(base, base + len(features))
    anchors = np.array([feature.anchor for feature in features])

    def extend(name: str, values: object) -> None:
        known = np.asarray(arrays[name])
        arrays[name] = np.concatenate([known, np.broadcast_to(np.asarray(values, known.dtype), (len(features),))])

    extend("precision", [_PRECISION.get(feature.kind, Precision.LOCALITY) for feature in features])
    for name in ("accuracy_m", "layer", "location_source", "time_zone"):
        extend(name, np.asarray(arrays[name])[anchors])
    for name in ("country", "admin1", "admin2", "locality"):
        extend(name, np.asarray(arrays[name])[anchors])
    extend("place_type", [int(feature.kind) for feature in features])
    arrays["category"] = np.concatenate(
        [np.asarray(arrays["category"], np.uint16), [categories.index(feature.category) for feature in features]]
    ).astype(np.uint16)
    extend("latitude", [point[0] for point in points])
    extend("longitude", [point[1] for point in points])
    extend("population", 0)
    extend("importance", 0.1)
    extend("location_from", -1)
    extend("anchor", anchors)
    extend("last", rows)
    ids = [f"test-s{number}" for number in range(len(features))]
    for name, texts in (
        ("place_id", ids), ("source_id", ids), ("display_name", [feature.name for feature in features]),
        ("short_name", [""] * len(features)), ("formatted_address", [feature.name for feature in features]),
    ):  # fmt: skip
        arrays[name] = _text([*_list(arrays[name]), *texts])
    arrays["place_id_order"] = np.argsort(np.array(_list(arrays["place_id"])), kind="stable").astype(np.int32)
    names = [[feature.name, *feature.aliases] for feature in features]
    offsets = np.asarray(arrays["alias_offsets"], np.int64)
    arrays["alias_offsets"] = np.concatenate([offsets, offsets[-1] + np.cumsum([len(each) for each in names])])
    flat = [name for each in names for name in each]
    arrays["alias_text"] = _text([*_list(arrays["alias_text"]), *flat])
    arrays["alias_language"] = _text([*_list(arrays["alias_language"]), *[""] * len(flat)])
    arrays["alias_kind"] = np.concatenate(
        [np.asarray(arrays["alias_kind"], np.uint8), [min(at, 2) for each in names for at in range(len(each))]]
    ).astype(np.uint8)
    arrays["category_names"] = _text(categories)
    arrays["imported_layers"] = np.array([1], np.int64)
    arrays["feature_base"] = np.array([base], np.int64)
    arrays.update(_houses(features))
    arrays.update(build_place_records(arrays))
    arrays.update(build_street_index(arrays))
    arrays.update(build_address_index(arrays))
    return arrays


def _houses(features: Sequence[Feature]) -> Arrays:
    addresses = [sorted(feature.addresses) for feature in features]
    suffixes = sorted({"", *(address[1] for each in addresses for address in each)})
    flat = [address for each in addresses for address in each]
    ranges = [each for feature in features for each in feature.ranges]
    lines = [
        [*((round(a * 1e7), round(b * 1e7)) for a, b in feature.line), (WAY_END, WAY_END)] if feature.line else []
        for feature in features
    ]
    codes = [list(feature.codes) for feature in features]
    return {
        "feature_within": np.array([feature.within for feature in features], np.int32),
        "feature_postal_offsets": _offsets(codes),
        "feature_postal_rows": np.array([code for each in codes for code in each], np.int32),
        "address_offsets": _offsets(addresses),
        "address_number": np.array([address[0] for address in flat], np.uint32),
        "address_suffix": np.array([suffixes.index(address[1]) for address in flat], np.uint16),
        "address_point": np.array(
            [(round(address[2] * 1e7), round(address[3] * 1e7)) for address in flat], np.int32
        ).reshape(-1, 2),
        "feature_postal_codes": np.zeros(sum(map(len, codes)), np.uint32),
        "postal_code_texts": _text([""]),
        "address_postal": np.full(len(flat), 65535, np.uint16),
        "address_source": _text([str(number) for number in range(len(flat))]),
        "suffix_text": _text(suffixes),
        "suffix_id": _text([suffix.strip() for suffix in suffixes]),
        "suffix_hash": np.array([_hash(suffix) for suffix in suffixes], np.uint64),
        "range_offsets": _offsets([feature.ranges for feature in features]),
        "range_numbers": np.array([each[:3] for each in ranges], np.uint32).reshape(-1, 3),
        "range_points": np.array([[round(each * 1e7) for each in row[3:]] for row in ranges], np.int32).reshape(-1, 4),
        "line_offsets": _offsets(lines),
        "line": np.array([point for line in lines for point in line], np.int32).reshape(-1, 2),
    }


def _hash(suffix: str) -> np.uint64:
    return hash_text("".join(char for char in suffix.lower() if char.isalnum()))


def _point(feature: Feature) -> tuple[float, float]:
    if feature.point is not None:
        return feature.point
    points = feature.line or [address[2:] for address in feature.addresses]
    middle = points[len(points) // 2]
    return middle[0], middle[1]


def _offsets(lists: Sequence[Sequence[object]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.cumsum([0, *map(len, lists)], dtype=np.int64)


def _text(texts: Sequence[str]) -> TextColumn:
    return TextColumn.from_arrow(pa.array(texts, pa.large_string()))


def _list(column: object) -> list[str]:
    assert isinstance(column, TextColumn)
    texts: list[str] = column.to_arrow().to_pylist()
    return texts
