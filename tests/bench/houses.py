"""Reverse lookups to the house: a generated town beside the world, and what the world's own lookups cost then."""

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
from waypost.server.model import Attribution, Layer, PlaceType

#: The town: streets with houses on both sides, 12 metres apart, as many as a large city has.
_STREETS = 2_000
_HOUSES = 150
_SOUTH, _WEST = 52.40, 13.20
_ANCHOR = "gn-2950159"
_UNITS = 10_000_000
_RADIUS_M = 50_000.0


def town_layer() -> ImportedLayer:
    """A layer of _STREETS streets, each with _HOUSES houses, in Berlin."""
    street, house = np.arange(_STREETS), np.arange(_HOUSES)
    south = np.rint((_SOUTH + (street % 100) * 0.0022) * _UNITS).astype(np.int64)
    west = np.rint((_WEST + street // 100 * 0.02) * _UNITS).astype(np.int64)
    latitude = south[:, None] + np.where(house % 2, 1_500, -1_500)
    longitude = west[:, None] + house // 2 * 1_800
    count = _STREETS * _HOUSES
    names = [f"Straße {number}" for number in street]
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


def house_figures(data_dir: Path, world: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Rates in the town, and of the world's lookups with the town beside those without it."""
    count = effort.rows(120_000)
    addresses = frozenset({PlaceType.ADDRESS})
    with geocoder_with_town(data_dir) as town:
        for types in (frozenset(), addresses):
            houses_rate(town, 1_000, 0, types)
        texts = questions.texts(effort.rows(40_000))
        forward_rate(town, texts[:1_000])
        found = alternate(
            {
                "houses": lambda number: houses_rate(town, count, number),
                "addresses": lambda number: houses_rate(town, count, number, addresses),
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
    for name in ("reverse", "forward"):
        share = found.ratio(name, f"{name} alone")
        figures.append(
            Figure(
                f"{name} of the world with a street layer", rate(found.median(name)),
                f"without {rate(found.median(f'{name} alone'))}", f"{share:.0%}", "≥ 90%", share >= 0.9,
            )
        )  # fmt: skip
    return figures
