"""A layer of a few streets in the sample's Springfield and Berlin: enough to compile all kernels and to test them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.imports.layer import LAYER, WAY_END
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.model import PlaceType

Arrays = dict[str, "npt.NDArray[np.generic] | TextColumn"]
Degrees = tuple[float, float]

UNITS = 10_000_000
NO_POSTAL = 65_535


@dataclass(frozen=True)
class SampleAddress:
    """An address: its number and what follows, where it is (latitude, longitude), its postal code, the source's id."""

    number: int
    point: Degrees
    suffix: str = ""
    postal_code: str = ""
    source_id: str = ""


@dataclass(frozen=True)
class SampleFeature:
    """A feature as layers have them: `within` is the source id of another, `aliases` are (text, language, kind).

    `ways` are the vertices of each way, `ranges` (first, last, step, point of first, point of last).
    """

    source_id: str
    kind: PlaceType
    name: str
    anchor: str
    point: Degrees
    within: str = ""
    aliases: Sequence[tuple[str, str, str]] = ()
    category: str = ""
    population: int = 0
    postal_codes: Sequence[str] = ()
    addresses: Sequence[SampleAddress] = ()
    ways: Sequence[Sequence[Degrees]] = ()
    ranges: Sequence[tuple[int, int, int, Degrees, Degrees]] = field(default=())


def layer_arrays(features: Sequence[SampleFeature]) -> Arrays:
    """The arrays of imports/layer.LAYER for those features, writable."""
    features = sorted(features, key=lambda each: (each.anchor, each.kind, each.name, each.source_id))
    at = {feature.source_id: number for number, feature in enumerate(features)}
    addresses = [sorted(each.addresses, key=lambda a: (a.number, a.suffix, a.source_id)) for each in features]
    codes = [_codes(each, own) for each, own in zip(features, addresses, strict=True)]
    postal_codes = ["", *sorted({code for each in codes for code in each})]
    suffixes = ["", *sorted({address.suffix for own in addresses for address in own} - {""})]
    lines = [_line(feature.ways) for feature in features]
    values: Mapping[str, Sequence[object]] = {
        "kind": [int(each.kind) for each in features],
        "name": [each.name for each in features],
        "alias_offsets": _offsets([each.aliases for each in features]),
        "alias_text": [alias[0] for each in features for alias in each.aliases],
        "alias_kind": [ALIAS_KINDS.index(alias[2]) for each in features for alias in each.aliases],
        "alias_language": [alias[1] for each in features for alias in each.aliases],
        "latitude": [each.point[0] for each in features],
        "longitude": [each.point[1] for each in features],
        "box": [_box(each, own) for each, own in zip(features, addresses, strict=True)],
        "anchor": [each.anchor for each in features],
        "within": [at[each.within] if each.within else -1 for each in features],
        "postal_offsets": _offsets(codes),
        "postal_list": [postal_codes.index(code) for each in codes for code in each],
        "category": [each.category for each in features],
        "population": [each.population for each in features],
        "source_id": [each.source_id for each in features],
        "postal_codes": postal_codes,
        "address_offsets": _offsets(addresses),
        "address_number": [address.number for own in addresses for address in own],
        "address_suffix": [suffixes.index(address.suffix) for own in addresses for address in own],
        "address_point": [_units(address.point) for own in addresses for address in own],
        "address_postal": [
            each.index(address.postal_code) if address.postal_code else NO_POSTAL
            for each, own in zip(codes, addresses, strict=True)
            for address in own
        ],
        "suffixes": suffixes,
        "address_source": [address.source_id for own in addresses for address in own],
        "range_offsets": _offsets([each.ranges for each in features]),
        "range_numbers": [each[:3] for feature in features for each in feature.ranges],
        "range_points": [(*_units(each[3]), *_units(each[4])) for feature in features for each in feature.ranges],
        "line_offsets": _offsets(lines),
        "line": [vertex for line in lines for vertex in line],
    }
    return {name: _column(name, values[name]) for name in LAYER}


def _codes(feature: SampleFeature, addresses: Sequence[SampleAddress]) -> list[str]:
    own = [address.postal_code for address in addresses if address.postal_code]
    found = {*own, *feature.postal_codes}
    return sorted(found, key=lambda code: (-own.count(code), code))


def _line(ways: Sequence[Sequence[Degrees]]) -> list[tuple[int, int]]:
    vertices: list[tuple[int, int]] = []
    for way in ways:
        vertices += [(WAY_END, WAY_END)] * bool(vertices) + [_units(point) for point in way]
    return vertices


def _box(feature: SampleFeature, addresses: Sequence[SampleAddress]) -> tuple[float, float, float, float]:
    points = [point for way in feature.ways for point in way] + [address.point for address in addresses]
    if not points:
        return (float("nan"),) * 4
    latitudes, longitudes = zip(*points, strict=True)
    return min(latitudes), min(longitudes), max(latitudes), max(longitudes)


def _units(point: Degrees) -> tuple[int, int]:
    return round(point[0] * UNITS), round(point[1] * UNITS)


def _offsets(parts: Sequence[Sequence[object]]) -> list[int]:
    return [0, *np.cumsum([len(part) for part in parts]).tolist()]


def _column(name: str, values: Sequence[object]) -> npt.NDArray[np.generic] | TextColumn:
    dtype, shape = LAYER[name].dtype, LAYER[name].shape
    if dtype == "text":
        return TextColumn.from_arrow(pa.array(values, pa.large_string()))
    array = np.array(values, dtype)
    _, _, width = shape.partition(", ")
    return array.reshape(-1, int(width)) if width else array


def sample_layer() -> Arrays:
    """The layer, writable."""
    street, poi, quarter = PlaceType.STREET, PlaceType.POI, PlaceType.NEIGHBORHOOD
    main = ((39.8000, -89.6500), (39.8040, -89.6500))
    return layer_arrays(
        [
            SampleFeature(
                "w1", street, "Main Street", "gn-8", (39.8020, -89.6500), "n1", [("Calle Mayor", "es", "official")],
                "residential", ways=[main], ranges=[(100, 140, 2, (39.8030, -89.6498), (39.8038, -89.6498))],
                addresses=[
                    SampleAddress(10, (39.8002, -89.6498), "", "62701", "n10"),
                    SampleAddress(12, (39.8006, -89.6498), "", "62701", "n12"),
                    SampleAddress(12, (39.8007, -89.6498), " bis", "62701", "n13"),
                    SampleAddress(30, (39.8024, -89.6498), "", "62702", "n30"),
                ],
            ),
            SampleFeature(
                "w2", street, "2nd Avenue", "gn-8", (39.8020, -89.6510), "", (), "residential",
                ways=[((39.8020, -89.6540), (39.8020, -89.6480))],
            ),
            SampleFeature("n1", quarter, "Old Town", "gn-8", (39.8010, -89.6490), category="suburb"),
            SampleFeature("n2", poi, "Town Museum", "gn-8", (39.8015, -89.6495), category="museum"),
            SampleFeature(
                "w3", street, "Hauptstraße", "gn-5", (52.5201, 13.4100), category="residential", postal_codes=["10115"],
                ways=[((52.5190, 13.4100), (52.5210, 13.4100))],
                addresses=[
                    SampleAddress(1, (52.5192, 13.4102), "", "10115", "n51"),
                    SampleAddress(1, (52.5193, 13.4102), "a", "10115", "n52"),
                    SampleAddress(2, (52.5192, 13.4098), "", "10115", "n53"),
                ],
            ),
        ]
    )  # fmt: skip
