"""What a layer needs of the world: its settlements by name and by nearness, and its postal codes.

Rows of the world are used while a layer is built; what is kept of them are place ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.compose import world_arrays
from waypost.server.gazetteer.geometry import nearest, unit_vectors
from waypost.server.gazetteer.imports.points import Floats, Ints
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.normalize import SYNONYMS, fold_words
from waypost.server.geocoder.reverse import ReverseIndex
from waypost.server.geocoder.reverse_index import (
    LEAST_POPULATION,
    OUTSIDE_WEIGHT,
    URBAN_DENSITY,
    WEIGHT_POWER,
    build_reverse_index,
)
from waypost.server.model import LocationSource, PlaceType

#: Points asked about at a time.
_SLICE = 262_144
#: As far as the world is asked for a settlement.
_REACH_M = 50_000.0
#: Names by which people would call a settlement.
_NAME_KINDS = [ALIAS_KINDS.index(kind) for kind in ("primary", "official", "alternate", "derived")]
_LOCALITY = frozenset({PlaceType.LOCALITY})


def settlement_key(name: str) -> str:
    """What two names of one settlement have in common: "St. Paul" and "saint-paul"."""
    words = fold_words(name)
    return "".join(SYNONYMS.get(word, word) for word in words) if len(words) > 1 else "".join(words)


class WorldPlaces:
    """The settlements of a snapshot. Points are in degrees, places are rows."""

    def __init__(self, world: Snapshot) -> None:
        self._world = world
        self.row_count = _own_rows(world)
        own = slice(0, self.row_count)
        self.place_type = world.array("place_type").astype(np.uint8, copy=False)[own]
        self.latitude = world.array("latitude").astype(np.float64, copy=False)[own]
        self.longitude = world.array("longitude").astype(np.float64, copy=False)[own]
        self.population = world.array("population").astype(np.uint32, copy=False)[own]
        self.country = world.array("country").astype(np.int32, copy=False)[own]
        self.admin1 = world.array("admin1").astype(np.int32, copy=False)[own]
        self.admin2 = world.array("admin2").astype(np.int32, copy=False)[own]
        self._reverse = ReverseIndex(_without_layers(world, self.row_count))
        self._codes: dict[int, str] = {}

    def place_id(self, row: int) -> str:
        """The id by which a layer names the row."""
        return self._world.text("place_id")[row]

    def country_codes(self, rows: Ints) -> list[str]:
        """Of each place the ISO 3166-1 code of its country."""
        codes = self._codes
        for row in np.unique(self.country[rows]).tolist():
            codes.setdefault(row, self._world.text("short_name")[row])
        return [codes[row] for row in self.country[rows].tolist()]

    def at(self, latitude: Floats, longitude: Floats) -> Ints:
        """Of each point the settlement that people would name; where there is none near, the finest area.

        That is the answer of a reverse lookup. A point at sea has the nearest settlement, however far.
        """
        rows = np.empty(len(latitude), np.int32)
        for start in range(0, len(latitude), _SLICE):
            part = slice(start, start + _SLICE)
            points = np.ascontiguousarray(latitude[part]), np.ascontiguousarray(longitude[part])
            found = self._reverse.batch(*points, _LOCALITY, _REACH_M)
            row = found.locality_row.copy()
            for coarser in (found.admin2_row, found.admin1_row, found.country_row):
                row = np.where(row < 0, coarser, row)
            lost = np.flatnonzero(row < 0)
            if len(lost):
                row[lost] = self._nearest(points[0][lost], points[1][lost])
            rows[part] = row
        return rows

    def _nearest(self, latitude: Floats, longitude: Floats) -> Ints:
        towns = np.flatnonzero((self.place_type == PlaceType.LOCALITY) & np.isfinite(self.latitude))
        targets = unit_vectors(self.latitude[towns], self.longitude[towns])
        rows: Ints = towns[nearest(unit_vectors(latitude, longitude), targets)].astype(np.int32)
        return rows

    def localities_within(self, south: float, west: float, north: float, east: float) -> Ints:
        """Rows of the settlements in a box, ascending; its west and east may pass the antimeridian."""
        inside = (self.latitude >= south) & (self.latitude <= north)
        inside &= (self.longitude - west) % 360.0 <= east - west
        rows: Ints = np.flatnonzero(inside & (self.place_type == PlaceType.LOCALITY)).astype(np.int32)
        return rows

    def by_name(self, rows: Ints) -> dict[str, list[int]]:
        """Those of the rows that bear a name, by settlement_key."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for row in rows.tolist():
            for key in dict.fromkeys(self._keys(row)):
                found[key].append(row)
        return dict(found)

    def _keys(self, row: int) -> Iterator[str]:
        world = self._world
        offsets, kinds, texts = world.array("alias_offsets"), world.array("alias_kind"), world.text("alias_text")
        for alias in range(int(offsets[row]), int(offsets[row + 1])):
            if kinds[alias] in _NAME_KINDS:
                key = settlement_key(texts[alias])
                if key:
                    yield key

    def score(self, rows: Ints, away_m: Floats) -> Floats:
        """What a reverse lookup weighs: the smaller, the likelier it is that people name that settlement."""
        return settlement_score(self.population[rows], away_m, LEAST_POPULATION)

    def town_of_code(self, country: str, code: str) -> int:
        """The row of the settlement that a postal code names, -1 where the world does not know."""
        row = self._world.row_of(f"pc-{country}-{normalized_code(code)}".lower())
        return -1 if row is None else int(self._world.array("locality")[row])

    def has_postal_point(self, country: str, code: str) -> bool:
        """Whether the world knows where a postal code is by a point of its own."""
        row = self._world.row_of(f"pc-{country}-{normalized_code(code)}".lower()) if country and code else None
        return row is not None and bool(self._world.array("location_source")[row] == LocationSource.OWN)


def settlement_score(population: npt.NDArray[np.generic], away_m: Floats, least: float) -> Floats:
    """Distance divided by weight, as place_grid.score_at; see reverse_index.py for what the constants mean."""
    people = np.maximum(population.astype(np.float64), least)
    outside = np.maximum(away_m - np.sqrt(people / (np.pi * URBAN_DENSITY)), 0.0)
    score: Floats = away_m / people**WEIGHT_POWER + outside / OUTSIDE_WEIGHT
    return score


def normalized_code(code: str) -> str:
    """A postal code without what is written or left out at will."""
    return "".join(char for char in code.upper() if char.isalnum())


def _own_rows(world: Snapshot) -> int:
    """How many rows are the world's own: those of layers that it was composed with stand behind them."""
    return int(world.array("feature_base")[0]) if world.has("feature_base") else world.row_count


def _without_layers(world: Snapshot, own_rows: int) -> Snapshot:
    """The world as it is without layers, to be asked for places: what is imported must not depend on them."""
    if int(world.array("reverse_rows")[:, 0].max(initial=0)) < own_rows:
        return world
    own = world_arrays(world)
    own.update(build_reverse_index(own))
    arrays = {name: column for name, column in own.items() if not isinstance(column, TextColumn)}
    for array in arrays.values():
        array.flags.writeable = False
    ids = own["place_id"]
    assert isinstance(ids, TextColumn)  # noqa: S101 - schema.PLACES says so
    return Snapshot(world.info, {**arrays, "place_id.offsets": ids.offsets, "place_id.bytes": ids.data})
