"""Cuts the ways of streets where one place ends and the next begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints, ranges, separation_m, to_units

#: The border is found to a sixty-fourth of the segment that crosses it.
_HALVINGS = 6
#: Shorter pieces belong to their neighbour: a street along a border, or a bend into the next place.
_SHORTEST_PIECE_M = 60.0


@dataclass(slots=True)
class Pieces:
    """Parts of ways that lie in one place each.

    `way` (pieces,) row of the way, `place` its place; piece p has the vertices `offsets[p]` to `offsets[p + 1]`, in
    1e-7 degrees, two at least.
    """

    way: Int64s
    place: Ints
    offsets: Int64s
    latitude: Ints
    longitude: Ints

    def __len__(self) -> int:
        return len(self.way)


def vertices_of(line: pa.Array) -> tuple[Int64s, Floats, Floats]:
    """Offsets of lines and the latitudes and longitudes of their vertices, from a column of records._LINE."""
    lengths = pc.fill_null(pc.list_value_length(line), 0).to_numpy().astype(np.int64) // 2
    flat = line.flatten().to_numpy(zero_copy_only=False)
    return np.append(0, np.cumsum(lengths)), flat[0::2], flat[1::2]


def longest_steps_m(line: pa.Array) -> Floats:
    """Of each line the metres between the two of its vertices that follow each other farthest apart."""
    offsets, latitude, longitude = vertices_of(line)
    longest = np.zeros(len(offsets) - 1)
    if len(latitude) > 1:
        step = separation_m(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
        several = np.flatnonzero(np.diff(offsets) >= 2)
        # From the first vertex to the last but one; between two lines there is no step.
        bounds = np.column_stack([offsets[several], offsets[several + 1] - 1]).ravel()
        longest[several] = np.maximum.reduceat(np.append(step, 0.0), bounds)[::2]
    return longest


def cut_ways(line: pa.Array, places_at: Callable[[Floats, Floats], Ints]) -> Pieces:
    """The pieces of all lines that have two vertices at least; `places_at` tells the place of points in degrees."""
    offsets, latitude, longitude = vertices_of(line)
    size = np.diff(offsets)
    ways = np.flatnonzero(size >= 2)
    first, last = offsets[ways], offsets[ways + 1] - 1
    # A way whose ends and middle lie in one place is taken to lie in it as a whole.
    sampled = np.concatenate([first, (first + last) // 2, last])
    found = places_at(latitude[sampled], longitude[sampled]).reshape(3, -1)
    one = (found[0] == found[1]) & (found[1] == found[2])
    crossing = ways[~one]
    cut = _cut(crossing, offsets, latitude, longitude, places_at)
    whole = ways[one]
    pieces = _gathered(
        np.concatenate([whole, cut.way]),
        np.concatenate([found[0][one], cut.place]),
        [(offsets[whole], size[whole], to_units(latitude), to_units(longitude)),
         (cut.offsets[:-1], np.diff(cut.offsets), cut.latitude, cut.longitude)],
    )  # fmt: skip
    return pieces


def _gathered(way: Int64s, place: Ints, sources: list[tuple[Int64s, Int64s, Ints, Ints]]) -> Pieces:
    """Pieces ordered by way, and along it, from (first vertices, sizes, latitudes, longitudes) of several sources."""
    order = np.argsort(way, kind="stable")
    latitude = [units[ranges(first, size)] for first, size, units, _ in sources]
    longitude = [units[ranges(first, size)] for first, size, _, units in sources]
    size = np.concatenate([sizes for _, sizes, _, _ in sources])
    begin = np.cumsum(size) - size
    picked = ranges(begin[order], size[order])
    return Pieces(
        way[order],
        place[order],
        np.append(0, np.cumsum(size[order])),
        np.concatenate(latitude)[picked],
        np.concatenate(longitude)[picked],
    )


def _cut(
    ways: Int64s, offsets: Int64s, latitude: Floats, longitude: Floats, places_at: Callable[[Floats, Floats], Ints]
) -> Pieces:
    """The pieces of ways that lie in several places."""
    size = offsets[ways + 1] - offsets[ways]
    vertex = ranges(offsets[ways], size)
    lat, lon = latitude[vertex], longitude[vertex]
    way = np.repeat(ways, size)
    place = places_at(lat, lon)
    changing = np.flatnonzero((way[1:] == way[:-1]) & (place[1:] != place[:-1]))
    share = _border_share(changing, lat, lon, place, places_at)
    # The border becomes a vertex of both pieces: of the first as its end, of the second as its beginning.
    border_lat = lat[changing] + share * (lat[changing + 1] - lat[changing])
    border_lon = lon[changing] + share * (lon[changing + 1] - lon[changing])
    at = np.repeat(changing + 1, 2)
    lat = np.insert(lat, at, np.repeat(border_lat, 2))
    lon = np.insert(lon, at, np.repeat(border_lon, 2))
    way = np.insert(way, at, np.repeat(way[changing], 2))
    place = np.insert(place, at, np.column_stack([place[changing], place[changing + 1]]).ravel())
    place = _without_slivers(way, place, lat, lon)
    # Between two pieces of one place the border is no cut, only a vertex.
    begins = np.flatnonzero(np.append(len(way) > 0, (way[1:] != way[:-1]) | (place[1:] != place[:-1])))
    return Pieces(way[begins], place[begins], np.append(begins, len(way)), to_units(lat), to_units(lon))


def _border_share(
    changing: Int64s, lat: Floats, lon: Floats, place: Ints, places_at: Callable[[Floats, Floats], Ints]
) -> Floats:
    """How far along each segment its first place reaches, found by halving."""
    low, high = np.zeros(len(changing)), np.ones(len(changing))
    for _ in range(_HALVINGS if len(changing) else 0):
        middle = (low + high) / 2
        found = places_at(
            lat[changing] + middle * (lat[changing + 1] - lat[changing]),
            lon[changing] + middle * (lon[changing + 1] - lon[changing]),
        )
        still = found == place[changing]
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return (low + high) / 2


def _without_slivers(way: Int64s, place: Ints, lat: Floats, lon: Floats) -> Ints:
    """The places of vertices, where those of short pieces are the place of the longer piece beside them."""
    if not len(way):
        return place
    begins = np.flatnonzero(np.append(True, (way[1:] != way[:-1]) | (place[1:] != place[:-1])))
    ends = np.append(begins[1:], len(way))
    step = np.append(0.0, separation_m(lat[:-1], lon[:-1], lat[1:], lon[1:]))
    step[begins] = 0.0
    length = np.add.reduceat(step, begins)
    piece_way, piece_place = way[begins], place[begins].copy()
    for piece in np.flatnonzero(length < _SHORTEST_PIECE_M).tolist():
        beside = [
            other
            for other in (piece - 1, piece + 1)
            if 0 <= other < len(begins) and piece_way[other] == piece_way[piece] and length[other] > length[piece]
        ]
        if beside:
            piece_place[piece] = piece_place[max(beside, key=lambda other: length[other])]
    return np.repeat(piece_place, ends - begins)
