"""Texts and points about distinct places of the snapshot, drawn by the square root of their population."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tests.accuracy.noise import with_typos
from tests.accuracy.world import Half, World
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.model import PlaceType
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2 as places

Coordinates = npt.NDArray[np.float64]
_SEED = 20_261_122
#: Standard deviation of the points around the places, in degrees: about 10 km, in towns and between them.
_SPREAD_DEGREES = 0.1


class Questions:
    """Draws anew at each call; within a call no place comes twice."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._world = World(snapshot, Half.JUDGE)
        self._towns = np.flatnonzero((self._world.place_type == PlaceType.LOCALITY) & (self._world.admin1 >= 0))
        self._numbers = np.random.default_rng(_SEED)
        self._chance = random.Random(_SEED)

    def texts(self, count: int) -> list[str]:
        """As many "City, Region, Country"."""
        world = self._world
        rows = world.by_population(self._towns, count, self._numbers).tolist()
        return [
            f"{world.name(row)}, {world.name(int(world.admin1[row]))}, {world.name(int(world.country[row]))}"
            for row in rows
        ]

    def misspelt(self, count: int, typos: int) -> list[str]:
        """The same with as many typing errors in each; texts without words that are long enough are left out."""
        changed = (with_typos(text, typos, self._chance) for text in self.texts(count + count // 5 + 10))
        return [text for text in changed if text is not None][:count]

    def one_in_ten_misspelt(self, count: int) -> list[str]:
        """The same with one typing error in every tenth text."""
        texts = self.texts(count)
        texts[::10] = [with_typos(text, 1, self._chance) or text for text in texts[::10]]
        return texts

    def points(self, count: int) -> tuple[Coordinates, Coordinates]:
        """Latitudes and longitudes of points in and around as many places."""
        rows = self._world.by_population(self._towns, count, self._numbers)
        shift = self._numbers.normal(0, _SPREAD_DEGREES, (2, rows.size))
        latitude = np.clip(self._world.latitude[rows] + shift[0], -90, 90)
        longitude = np.clip(self._world.longitude[rows] + shift[1], -180, 180)
        return latitude.astype(np.float64), longitude.astype(np.float64)

    def unary(self, count: int, max_results: int) -> list[bytes]:
        """Geocode requests in FULL view as they go over the wire."""
        return [
            pb.GeocodeRequest(query=text, max_results=max_results).SerializeToString() for text in self.texts(count)
        ]

    def batches(self, batches: int, size: int, max_results: int, *, full: bool = True) -> list[bytes]:
        """BatchLookup requests as they go over the wire."""
        view = places.PLACE_VIEW_FULL if full else places.PLACE_VIEW_BASIC
        lookups = [
            pb.Lookup(geocode=pb.GeocodeRequest(query=text, max_results=max_results, view=view))
            for text in self.texts(batches * size)
        ]
        groups = (lookups[start : start + size] for start in range(0, len(lookups), size))
        return [pb.BatchLookupRequest(lookups=group).SerializeToString() for group in groups]


def tables(texts: list[str], rows: int) -> list[bytes]:
    """The messages of one StreamTables call over the texts, each with as many rows; the first has the options."""
    messages = []
    for start in range(0, len(texts), rows):
        table = pa.table({"query": texts[start : start + rows]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        message = pb.StreamTablesRequest(arrow_stream=sink.getvalue().to_pybytes())
        if not start:
            message.options.geocode.SetInParent()
        messages.append(message.SerializeToString())
    return messages
