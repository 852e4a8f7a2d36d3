"""How right the answers to addresses are: layers are made of extracts, or of invented towns, and asked back.

A tenth of the houses is left out of the layers: they must lie where their neighbours say, or be the street. What the
confidence is fitted on is held apart from what it is judged on: it is fitted on invented towns and judged on extracts.
Where there are none, both are invented, and each street with all its houses belongs to one half; so do the towns that
addresses are put into.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.accuracy.fit import write_weights
from tests.accuracy.street_cases import (
    StreetCase,
    TaggedAddress,
    foreign_cases,
    of_half,
    street_sets,
    tagged_addresses,
)
from tests.accuracy.street_town import TOWNS, town_batches
from tests.accuracy.world import Half, half_of
from waypost.server.gazetteer.compose import compose_into
from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.layer_store import imported, open_layer
from waypost.server.gazetteer.imports.readers.osm import read_osm
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch, Credit
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.street_confidence import WEIGHTS_FILE
from waypost.server.model import GeocodeFilter, GeocodeQuery, PlaceType, Precision, Result, ReverseQuery

EXTRACTS = Path(os.environ.get("WAYPOST_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "osm"
#: Extracts: the city and region that their addresses without any lie in, if they lie in one.
CITIES = {"baltimore": ("Baltimore", "MD"), "harrisburg": ("", "PA"), "nyc": ("New York", "NY")}
#: Every house whose number among all, counted as they are read, divides by this is left out of the layer.
_LEFT_OUT = 10
#: An answer is right within this of the house; a street within that.
HOUSE_M, STREET_M = 100.0, 150.0
#: Of the issue, section 4: the least share that must be right.
FLOORS = {"one typo": 0.97, "street only": 0.98, "left out": 0.0}
_FLOOR = 0.99
#: The greatest share of addresses of other towns that may be answered at a house.
MOST_FALSE = 0.005
#: To be sure of a house in another town is worse than to doubt a real one; as with invented places, see fit.py.
_FOREIGN_WEIGHT = 11.0
#: What is drawn from each half.
_SEEDS = {Half.FIT: 11, Half.JUDGE: 7}
_SIZE = 600
_FOREIGN = 2_000


@dataclass(frozen=True, slots=True)
class Town:
    """A layer to be asked about: its name, the addresses in it and those left out, and how they are written."""

    name: str
    known: list[TaggedAddress]
    left_out: list[TaggedAddress]
    number_first: bool


@dataclass(frozen=True, slots=True)
class Share:
    """Of a set: how many were asked, and the share that is right (of foreign addresses: that are answered falsely)."""

    town: str
    name: str
    asked: int
    share: float
    is_met: bool
    missed: tuple[str, ...]


@contextmanager
def layered(data_dir: Path, seed: int, *, invented: bool = False) -> Iterator[tuple[Snapshot, list[Town]]]:
    """The present world with a layer of each extract, or of invented towns; nothing of it stays on disk."""
    store = SnapshotStore(data_dir)
    with store.building() as directory:
        world = store.open_present()
        layers, towns = [], []
        for name, batches, city, region, number_first in _sources(seed, invented or not EXTRACTS.is_dir()):
            known, left_out = _split(batches)
            made = directory / name
            made.mkdir()
            info = build_layer(
                known, world=world, name=name, credit=Credit("", "", "ODbL-1.0", True), source=name, source_version="",
                directory=made,
            )  # fmt: skip
            layers.append(imported(open_layer(made, info)))
            towns.append(
                Town(
                    name, tagged_addresses(known, city, region), tagged_addresses(left_out, city, region), number_first
                )
            )
        target = directory / "snapshot"
        target.mkdir()
        compose_into(target, world, store.path_of(world.snapshot_id), layers)
        yield Snapshot.open(target), towns


def _sources(seed: int, invented: bool) -> Iterator[tuple[str, list[Batch], str, str, bool]]:
    if invented:
        for _, _, country, _, _, number_first in TOWNS:
            yield f"town_{country.lower()}", list(town_batches(country, seed)), "", "", number_first
        return
    for name, (city, region) in CITIES.items():
        path = EXTRACTS / f"{name}.osm.pbf"
        yield name, list(read_osm([path], Wishes(country="US"), BadRecords(), lambda share: None)), city, region, True


def _split(batches: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
    """The records without every tenth address, and those addresses."""
    known, left_out = [], []
    for batch in batches:
        if batch.kind != "address":
            known.append(batch)
            continue
        chosen = pa.array(np.arange(batch.rows.num_rows) % _LEFT_OUT == 0)
        known.append(replace(batch, rows=batch.rows.filter(pc.invert(chosen))))
        left_out.append(replace(batch, rows=batch.rows.filter(chosen)))
    return known, left_out


class StreetExaminer:
    """Asks about the towns of one snapshot."""

    def __init__(self, snapshot: Snapshot, towns: list[Town]) -> None:
        self._snapshot = snapshot
        self._geocoder = Geocoder(snapshot)
        self._towns = [replace(town, known=self._with_cities(town.known), left_out=self._with_cities(town.left_out))
                       for town in towns]  # fmt: skip
        self._base = int(snapshot.array("feature_base").view(np.int64)[0])

    def shares(self) -> Iterator[Share]:
        """What share of each set is right."""
        for town in self._towns:
            for name, cases in self._sets(town, Half.JUDGE).items():
                results = [(case, self.answer(case)) for case in cases]
                missed = tuple(case.text for case, result in results if not self.is_right(case, result, name))
                share = 1.0 - len(missed) / max(1, len(cases))
                yield Share(town.name, name, len(cases), share, share >= FLOORS.get(name, _FLOOR), missed)
            texts = self._foreign(town, Half.JUDGE)
            false = tuple(text for text in texts if _at_house(self.answer(StreetCase(text, town.known[0].point))))
            share = len(false) / max(1, len(texts))
            yield Share(town.name, "other towns", len(texts), share, share <= MOST_FALSE, false)

    def fit(self) -> str:
        """Writes the weights of the confidence, fitted on what else those towns can be asked; tells on how much."""
        features, right, weight = [], [], []
        for town in self._towns:
            sets = self._sets(town, Half.FIT)
            sets["other towns"] = [StreetCase(text, town.known[0].point) for text in self._foreign(town, Half.FIT)]
            for name, cases in sets.items():
                for case in cases:
                    row, values = self._geocoder.features(self._query(case))
                    if row < self._base:
                        continue
                    features.append(values)
                    weight.append(_FOREIGN_WEIGHT if name == "other towns" else 1.0)
                    right.append(float(name != "other towns" and self.is_right(case, self.answer(case), name)))
        judged = np.array(right)
        write_weights(WEIGHTS_FILE, np.array(features), judged, np.array(weight))
        return f"{judged.size} answers, {judged.mean():.1%} of them right"

    def reliability(self) -> list[tuple[float, float, int]]:
        """By tenths of confidence: what was claimed, what is right, and how many answers there are."""
        claims: list[tuple[float, bool]] = []
        for town in self._towns:
            for name, cases in self._sets(town, Half.JUDGE).items():
                for case in cases:
                    result = self.answer(case)
                    if result is not None and result.place.place_type >= PlaceType.STREET:
                        claims.append((result.confidence, self.is_right(case, result, name)))
        tenths = Counter(min(9, int(claim * 10)) for claim, _ in claims)
        table = []
        for tenth in sorted(tenths):
            inside = [(claim, right) for claim, right in claims if min(9, int(claim * 10)) == tenth]
            claimed, held = np.array(inside, float).mean(axis=0)
            table.append((float(claimed), float(held), len(inside)))
        return table

    def answer(self, case: StreetCase) -> Result | None:
        """The best answer to a case."""
        results = self._geocoder.geocode(self._query(case)).results
        return results[0] if results else None

    def is_right(self, case: StreetCase, result: Result | None, name: str) -> bool:
        """Whether an answer is the house, or lies where it should; of a street asked for, whether it passes by it."""
        if result is None or result.place.place_type < PlaceType.STREET:
            return False
        if result.precision == Precision.STREET and name == "street only":
            return self._passes_by(result.place.place_id, case) <= STREET_M
        away = distance_m(result.place.latitude, result.place.longitude, case.point.latitude, case.point.longitude)
        return bool(away <= HOUSE_M)

    def _passes_by(self, place_id: str, case: StreetCase) -> float:
        """Metres from the house of a case to the nearest vertex or address of a street."""
        row = self._snapshot.row_of(place_id)
        feature = (row or 0) - self._base
        nearest = np.inf
        for offsets, points in (("line_offsets", "line"), ("address_offsets", "address_point")):
            first, end = (int(self._snapshot.array(offsets).view(np.int64)[feature + step]) for step in (0, 1))
            own = self._snapshot.array(points)[first:end].reshape(-1, 2).astype(np.float64) / 1e7
            if own.size:
                north = (own[:, 0] - case.point.latitude) * METRES_PER_DEGREE
                east = (own[:, 1] - case.point.longitude) * METRES_PER_DEGREE
                nearest = min(nearest, float(np.hypot(north, east * np.cos(np.radians(case.point.latitude))).min()))
        return nearest

    def _sets(self, town: Town, half: Half) -> dict[str, list[StreetCase]]:
        known, left_out = (of_half(addresses, half) for addresses in (town.known, town.left_out))
        sets = street_sets(known, town.number_first, _SEEDS[half], _SIZE)
        sets["left out"] = street_sets(left_out, town.number_first, _SEEDS[half], _SIZE)["as tagged"]
        return sets

    def _foreign(self, town: Town, half: Half) -> list[str]:
        """Addresses of a town put into those around it that no layer has."""
        snapshot, middle = self._snapshot, town.known[0].point
        places = slice(0, self._base)
        latitude, longitude = (snapshot.array(name)[places].view(np.float64) for name in ("latitude", "longitude"))
        near = (np.abs(latitude - middle.latitude) < 2.0) & (np.abs(longitude - middle.longitude) < 2.5)
        locality = snapshot.array("place_type")[places] == PlaceType.LOCALITY
        starts = snapshot.array("street_starts").view(np.int32)
        rows = np.flatnonzero(near & locality & (starts[:-1] == starts[1:]))
        ids = snapshot.text("place_id")
        rows = np.array([row for row in rows.tolist() if half_of(ids[row]) == half], np.int64)
        names, short, region = snapshot.text("display_name"), snapshot.text("short_name"), snapshot.array("admin1")
        towns = [(names[row], short[int(region[row])]) for row in rows.tolist() if region[row] >= 0]
        own = of_half(town.known, half)
        return foreign_cases(own, towns, town.number_first, _SEEDS[half], _FOREIGN) if towns and own else []

    def _with_cities(self, addresses: list[TaggedAddress]) -> list[TaggedAddress]:
        """The same, those without a city in the one that the nearest address is told to have."""
        told = []
        for address in addresses:
            if not address.city:
                query = ReverseQuery(point=address.point, place_types=frozenset({PlaceType.ADDRESS}))
                results = self._geocoder.reverse(query).results
                postal = results[0].place.postal_address if results else None
                if postal is None or not postal.locality:
                    continue
                address = replace(address, city=postal.locality)
            told.append(address)
        return told

    def _query(self, case: StreetCase) -> GeocodeQuery:
        return GeocodeQuery(text=case.text, filter=GeocodeFilter(focus=case.focus), max_results=1)


def _at_house(result: Result | None) -> bool:
    return result is not None and result.precision in (Precision.ROOFTOP, Precision.INTERPOLATED) and (
        result.place.place_type == PlaceType.ADDRESS
    )  # fmt: skip
