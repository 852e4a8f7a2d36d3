"""Small imports over the sample world (Munich, Berlin, two Springfields), and what tests ask of their layers."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.layer_info import LayerInfo
from waypost.server.gazetteer.imports.layer_store import OpenLayer, open_layer
from waypost.server.gazetteer.imports.records import SCHEMAS, Batch, Credit
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.warmup import sample_snapshot
from waypost.server.model import PlaceType

CREDIT = Credit("© Testers", "https://example.org/", "CC0-1.0", share_alike=False)
MUNICH, BERLIN = (48.13743, 11.57549), (52.52437, 13.41053)
#: A metre in degrees of latitude.
METRE = 1 / 111_195

Row = dict[str, object]
Line = list[tuple[float, float]]


def at(metres_north: float, metres_east: float, origin: tuple[float, float] = MUNICH) -> tuple[float, float]:
    """Latitude and longitude of a point that many metres from another one."""
    latitude = origin[0] + metres_north * METRE
    return latitude, origin[1] + metres_east * METRE / float(np.cos(np.radians(origin[0])))


def address(number: str, street: str, point: tuple[float, float] = MUNICH, **more: object) -> Row:
    return {"number": number, "street": street, "latitude": point[0], "longitude": point[1], **more}


def street(name: str, line: Line, **more: object) -> Row:
    return {"name": name, "line": [value for vertex in line for value in vertex], **more}


def place(name: str, point: tuple[float, float], kind: PlaceType = PlaceType.LOCALITY, **more: object) -> Row:
    return {"name": name, "kind": int(kind), "latitude": point[0], "longitude": point[1], **more}


def area(name: str, south: float, west: float, north: float, east: float, **more: object) -> Row:
    """A rectangle, by default the boundary of a settlement."""
    polygon = shapely.to_wkb(shapely.box(west, south, east, north))
    return {"kind": int(PlaceType.LOCALITY), "admin_level": 8, "name": name, "polygon": polygon, **more}


def around(point: tuple[float, float], metres: float) -> tuple[float, float, float, float]:
    """South, west, north, east of a square around a point."""
    (south, west), (north, east) = at(-metres, -metres, point), at(metres, metres, point)
    return south, west, north, east


def batch(kind: str, rows: Iterable[Row]) -> Batch:
    listed = [{name: row.get(name) for name in SCHEMAS[kind].names} for row in rows]
    return Batch(kind, pa.RecordBatch.from_pylist(listed, schema=SCHEMAS[kind]))


@cache
def sample() -> Snapshot:
    """The sample, made once."""
    return sample_snapshot()


@cache
def _folder() -> Path:
    """Where layers lie while the tests run: their arrays are mapped."""
    folder = Path(tempfile.mkdtemp(prefix="waypost-layers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def build(*batches: Batch, world: Snapshot | None = None) -> Import:
    """The layer of those records over the sample, or over another world."""
    directory = Path(tempfile.mkdtemp(dir=_folder()))
    info = build_layer(
        batches, world=world or sample(), name="test", credit=CREDIT, source="test", source_version="1",
        directory=directory,
    )  # fmt: skip
    return Import(info, open_layer(directory, info))


class Import:
    """A layer, to be asked by name."""

    def __init__(self, info: LayerInfo, layer: OpenLayer) -> None:
        self.info = info
        self.layer = layer
        self.kinds = [PlaceType(kind) for kind in layer.arrays["kind"].tolist()]
        self.names = self.texts("name")

    def texts(self, column: str) -> list[str]:
        texts = self.layer.texts[column]
        return [texts[number] for number in range(len(texts))]

    def within(self, feature: int) -> str:
        """The place of a feature: "village, id of the world's place"."""
        around = int(self.layer.arrays["within"][feature])
        anchor = self.layer.texts["anchor"][feature]
        return f"{self.names[around]}, {anchor}" if around >= 0 else anchor

    def features(self, kind: PlaceType) -> list[tuple[str, str]]:
        """Name and place of every feature of a kind."""
        return [(self.names[at], self.within(at)) for at, found in enumerate(self.kinds) if found == kind]

    def run(self, offsets: str, feature: int) -> range:
        first, last = self.layer.arrays[offsets][feature : feature + 2].tolist()
        return range(first, last)

    def numbers(self, feature: int) -> list[str]:
        """The house numbers of a feature as shown."""
        arrays = self.layer.arrays
        found = []
        for house in self.run("address_offsets", feature):
            number = int(arrays["address_number"][house])
            suffix = self.layer.texts["suffixes"][int(arrays["address_suffix"][house])]
            found.append(f"{number}{suffix}" if number else suffix)
        return found

    def houses(self) -> dict[tuple[str, str], list[str]]:
        """The house numbers of every feature that has some, by name and place."""
        found: dict[tuple[str, str], list[str]] = {}
        for feature, name in enumerate(self.names):
            if self.numbers(feature):
                found.setdefault((name, self.within(feature)), []).extend(self.numbers(feature))
        return found

    def codes(self, feature: int) -> list[str]:
        codes = self.layer.arrays["postal_list"]
        return [self.layer.texts["postal_codes"][int(codes[at])] for at in self.run("postal_offsets", feature)]

    def other_names(self, feature: int) -> list[str]:
        return [self.layer.texts["alias_text"][at] for at in self.run("alias_offsets", feature)]

    def points(self, feature: int) -> list[tuple[float, float]]:
        """The points of the houses of a feature in degrees."""
        chosen = self.layer.arrays["address_point"][list(self.run("address_offsets", feature))]
        points = chosen.reshape(-1, 2).astype(np.int64) / 1e7
        return [(float(latitude), float(longitude)) for latitude, longitude in points]
