"""Lookups of houses, both ways: a generated town beside the world, and what the world's own lookups cost then."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from tests.bench.engine_rates import forward_rate, reverse_rate
from tests.bench.figures import Figure, at_least, rate
from tests.bench.questions import Questions
from tests.bench.rounds import Effort, alternate
from waypost.server.gazetteer.compose import compose
from waypost.server.gazetteer.features import Arrays, ImportedLayer
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import Attribution, GeocodeQuery, Layer, PlaceType

#: The town: streets with houses on both sides, 12 metres apart, as many as a large city has.
_STREETS = 2_000
_HOUSES = 150
_SOUTH, _WEST = 52.40, 13.20
_ANCHOR = "gn-2950159"
_UNITS = 10_000_000
#: Twenty times twenty times five words make the names of its streets.
_FIRSTS = (
    "Ahorn Berg Dorf Eichen Fichten Garten Hafen Insel Kirch Linden Markt Nord Ost Park Rosen Schul Tal Ufer Wald Zoll"
)
_SECONDS = (
    "acker bach brunnen feld graben hain hof kamp lauf mühlen quell rain see stein teich tor turm weiher wiesen winkel"
)
_KINDS = ("straße", "weg", "platz", "allee", "gasse")
_RADIUS_M = 50_000.0


def street_names() -> list[str]:
    """The names of the town's streets, no two of them one."""
    return [f"{first}{second}{kind}" for first in _FIRSTS.split() for second in _SECONDS.split() for kind in _KINDS]


def address_texts(count: int, seed: int) -> list[str]:
    """Addresses in the town, as people write them."""
    rng = np.random.default_rng(seed)
    names = street_names()
    streets, houses = rng.integers(0, _STREETS, count).tolist(), rng.integers(1, _HOUSES + 1, count).tolist()
    return [f"{names[street]} {house}, 10115 Berlin" for street, house in zip(streets, houses, strict=True)]


def town_layer() -> ImportedLayer:
    """A layer of _STREETS streets, each with _HOUSES houses, in Berlin."""
    street, house = np.arange(_STREETS), np.arange(_HOUSES)
    south = np.rint((_SOUTH + (street % 100) * 0.0022) * _UNITS).astype(np.int64)
    west = np.rint((_WEST + street // 100 * 0.02) * _UNITS).astype(np.int64)
    latitude = south[:, None] + np.where(house % 2, 1_500, -1_500)
    longitude = west[:, None] + house // 2 * 1_800
    count = _STREETS * _HOUSES
    names = street_names()
    ends = np.column_stack([south, west, south, west + _HOUSES * 900]).reshape(-1, 2)
    nothing = np.zeros(_STREETS + 1, np.int64)
    numbers: Arrays = {
        "kind": np.full(_STREETS, PlaceType.STREET, np.uint8),
        "alias_offsets": nothing,
        "alias_kind": np.zeros(0, np.uint8),
        "latitude": south / _UNITS,
        "longitude": (west + _HOUSES * 450) / _UNITS,
        "box": np.column_stack([south, west, south, west + _HOUSES * 900]).astype(np.float32) / _UNITS,
        "within": np.full(_STREETS, -1, np.int32),
        "postal_offsets": np.arange(_STREETS + 1),
        "postal_list": np.ones(_STREETS, np.uint32),
        "population": np.zeros(_STREETS, np.uint32),
        "address_offsets": np.arange(_STREETS + 1) * _HOUSES,
        "address_number": np.tile(house + 1, _STREETS).astype(np.uint32),
        "address_suffix": np.zeros(count, np.uint16),
        "address_point": np.column_stack([latitude.ravel(), longitude.ravel()]).astype(np.int32),
        "address_postal": np.zeros(count, np.uint16),
        "range_offsets": nothing,
        "range_numbers": np.zeros((0, 3), np.uint32),
        "range_points": np.zeros((0, 4), np.int32),
        "line_offsets": np.arange(_STREETS + 1) * 2,
        "line": ends.astype(np.int32),
    }
    texts = {
        "name": names,
        "anchor": [_ANCHOR] * _STREETS,
        "category": ["residential"] * _STREETS,
        "source_id": names,
        "postal_codes": ["", "10115"],
        "suffixes": [""],
        "address_source": [f"h{number}" for number in range(count)],
    }
    for name in ("alias_text", "alias_language"):
        numbers[name] = TextColumn.from_arrow(pa.array([], pa.large_string()))
    columns = {name: TextColumn.from_arrow(pa.array(values, pa.large_string())) for name, values in texts.items()}
    credit = Attribution("town", "generated", "", "CC0-1.0", False)
    return ImportedLayer(Layer("town", "A generated town", "generated", "1", count, credit), {**numbers, **columns})


@contextmanager
def geocoder_with_town(data_dir: Path) -> Iterator[Geocoder]:
    """The present gazetteer composed with the town, in a folder of its own."""
    store = SnapshotStore(data_dir)
    present = str(store.present_id())
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(store.path_of(present), folder / "snapshots" / present)
        (folder / "present").write_text(present + "\n", encoding="ascii")
        compose(folder, [town_layer()])
        yield Geocoder(SnapshotStore(folder).open_present())


def houses_rate(geocoder: Geocoder, count: int, seed: int, place_types: frozenset[PlaceType] = frozenset()) -> float:
    """Rows a second from coordinates in the town to all result columns."""
    rng = np.random.default_rng(seed)
    latitude = _SOUTH + rng.uniform(0, 0.22, count)
    longitude = _WEST + rng.uniform(0, 0.4, count)
    start = time.perf_counter()
    geocoder.reverse_points(latitude, longitude, place_types, _RADIUS_M, RESULT_COLUMNS)
    return count / (time.perf_counter() - start)


def addresses_of_one_thread(town: Geocoder, count: int, tails_us: list[float]) -> float:
    """Median microseconds of one address from Python with the full result; the 99th percentile goes to `tails_us`."""
    taken_us = []
    for text in address_texts(count, len(tails_us)):
        start = time.perf_counter_ns()
        town.geocode(GeocodeQuery(text=text, max_results=1))
        taken_us.append((time.perf_counter_ns() - start) / 1_000)
    tails_us.append(float(np.percentile(taken_us, 99)))
    return float(np.median(taken_us))


def house_figures(data_dir: Path, world: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Rates in the town, and of the world's lookups with the town beside those without it."""
    count = effort.rows(120_000)
    addresses = frozenset({PlaceType.ADDRESS})
    with geocoder_with_town(data_dir) as town:
        for types in (frozenset(), addresses):
            houses_rate(town, 1_000, 0, types)
        texts = questions.texts(effort.rows(40_000))
        forward_rate(town, texts[:1_000])
        tails_us: list[float] = []
        addresses_of_one_thread(town, 200, [])
        found = alternate(
            {
                "houses": lambda number: houses_rate(town, count, number),
                "addresses": lambda number: houses_rate(town, count, number, addresses),
                "column": lambda number: forward_rate(town, address_texts(effort.rows(40_000), number)),
                "one": lambda _: addresses_of_one_thread(town, effort.rows(4_000), tails_us),
                "reverse": lambda _: reverse_rate(town, questions, count),
                "reverse alone": lambda _: reverse_rate(world, questions, count),
                "forward": lambda _: forward_rate(town, texts),
                "forward alone": lambda _: forward_rate(world, texts),
            },
            effort.rounds,
        )
    figures = [
        at_least("reverse to the house, all columns, on an idle machine", found.median("houses"), 400_000),
        at_least("reverse, ADDRESS only, on an idle machine", found.median("addresses"), 400_000),
    ]
    figures.append(at_least("addresses in a column, on an idle machine", found.median("column"), 80_000))
    for name, taken_us, most_us in (("p50", found.median("one"), 60), ("p99", float(np.median(tails_us)), 400)):
        text = f"{taken_us:.0f} µs"
        title = f"one address from Python, {name}, on an idle machine"
        figures.append(Figure(title, text, "", text, f"≤ {most_us} µs", taken_us <= most_us))
    for name in ("reverse", "forward"):
        share = found.ratio(name, f"{name} alone")
        figures.append(
            Figure(
                f"{name} of the world with a street layer", rate(found.median(name)),
                f"without {rate(found.median(f'{name} alone'))}", f"{share:.0%}", "≥ 90%", share >= 0.9,
            )
        )  # fmt: skip
    return figures
