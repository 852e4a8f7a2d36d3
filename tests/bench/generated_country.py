"""A country of addresses that are made up while they are read: streets of French names in the real towns of France.

Towns have as many addresses as they have people, by and large, and streets of twenty-five houses on average.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.imports.records import ADDRESS, Batch
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.model import PlaceType

_BATCH_ROWS = 65_536
_KINDS = ("Rue", "Avenue", "Chemin", "Place", "Impasse", "Allée", "Route", "Boulevard")
_LINKS = ("de la", "du", "des", "Jean", "Marie", "Victor", "Général")
_STEMS = ("Mou", "Ber", "Cha", "Fon", "Pra", "Gar", "Lav", "Roc")
_ENDS = ("lin", "ger", "tan", "tai", "rie", "ong")
_SUFFIXES = ("", " bis", "A", "B", " ter")
_MOST_NUMBERS = 120
_STREET_HOUSES = 25
#: Half the width of a town in degrees, and what each of its addresses adds to it.
_TOWN, _TOWN_GROWTH = 0.004, 0.00002


class Country:
    """So many addresses; the same ones whenever they are read. `with_city` tells whether they name their town."""

    def __init__(self, world: Snapshot, addresses: int, *, with_city: bool) -> None:
        france = world.row_of("gn-3017382")
        assert france is not None
        chosen = (world.array("place_type") == PlaceType.LOCALITY) & (world.array("country") == france)
        towns = np.flatnonzero(chosen)
        self._latitude = world.array("latitude")[towns].astype(np.float64)
        self._longitude = world.array("longitude")[towns].astype(np.float64)
        self._names = pa.array([world.text("display_name")[int(row)] for row in towns])
        people = np.maximum(world.array("population")[towns].astype(np.float64), 500.0) ** 0.8
        self._sizes = np.random.default_rng(7).multinomial(addresses, people / people.sum())
        names = [f"{link} {stem}{end}" for link in _LINKS for stem in _STEMS for end in _ENDS]
        streets = [f"{kind} {name}" for kind in _KINDS for name in names]
        self._streets = pa.array(streets)
        self._numbers = pa.array([f"{number}{suffix}" for number in range(1, _MOST_NUMBERS) for suffix in _SUFFIXES])
        self._with_city = with_city

    def __iter__(self) -> Iterator[Batch]:
        random = np.random.default_rng(3)
        town_of = np.repeat(np.arange(len(self._sizes), dtype=np.int32), self._sizes)
        for start in range(0, len(town_of), _BATCH_ROWS):
            yield Batch("address", self._rows(town_of[start : start + _BATCH_ROWS], start, random))

    def _rows(self, town: npt.NDArray[np.int32], start: int, random: np.random.Generator) -> pa.RecordBatch:
        count = len(town)
        street = (random.random(count) * np.maximum(self._sizes[town] // _STREET_HOUSES, 3)).astype(np.int64)
        number = random.integers(1, _MOST_NUMBERS, count)
        suffix = np.where(random.random(count) < 0.07, random.integers(1, len(_SUFFIXES), count), 0)
        # Where in its town a street begins, by its number; its houses go on to the north-east.
        reach = _TOWN + _TOWN_GROWTH * np.sqrt(self._sizes[town])
        north, east = ((street * factor % 65_521) / 65_521 - 0.5 for factor in (40_503, 30_011))
        columns = {
            "number": self._numbers.take(pa.array((number - 1) * len(_SUFFIXES) + suffix)),
            "street": self._streets.take(pa.array((town * 7_919 + street * 104_729) % len(self._streets))),
            "postal_code": pa.array((10_000 + town * 3 % 89_999).astype("U5")),
            "country": pa.array(["FR"]).take(pa.array(np.zeros(count, np.int8))),
            "latitude": pa.array(self._latitude[town] + 2 * north * reach + number * 1e-4),
            "longitude": pa.array(self._longitude[town] + 2 * east * reach + number * 7e-5),
            "source_id": pa.array(np.arange(start, start + count).astype("U9")),
        }
        if self._with_city:
            columns["city"] = self._names.take(pa.array(town))
        nothing = pa.nulls(count, pa.string())
        return pa.record_batch([columns.get(field.name, nothing) for field in ADDRESS], schema=ADDRESS)
