"""Whether a house lies in a place that people name, though its file counts it to another: "Eastern Ave, Fells Point".

Files count a house to the town of the post, or to the city that a quarter belongs to. Who names the place next to the
house means that house; of a place farther off nobody knows whether it has a street of that name itself.
"""

from __future__ import annotations

import numpy as np

from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.house_points import UNITS_PER_DEGREE
from waypost.server.geocoder.houses import STREET_ONLY
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.sorted_arrays import place_of
from waypost.server.geocoder.street_index import CELLS_PER_DEGREE
from waypost.server.model import PlaceType

#: A house is no farther from the place.
_REACH_M = 5_000.0
#: Nor more than so many times as far as from the nearest place, and a bit: where one ends and the next begins is vague.
_TIMES, _VAGUE_M = 1.5, 300.0
_WAY_END = int(WAY_END)
_LOCALITY, _NEIGHBORHOOD = int(PlaceType.LOCALITY), int(PlaceType.NEIGHBORHOOD)


@kernel
def cell_at(table, latitude, longitude):  # type: ignore[no-untyped-def]
    """The place in CELLS of the cell that a point lies in; -1 where no features are near."""
    cells = st.i32(table, st.CELLS)
    south = np.int64(min((latitude + 90.0) * CELLS_PER_DEGREE, 180.0 * CELLS_PER_DEGREE - 1.0))
    west = np.int64(np.floor((longitude + 180.0) * CELLS_PER_DEGREE)) % (360 * CELLS_PER_DEGREE)
    return place_of(cells, south * 360 * CELLS_PER_DEGREE + west)


@kernel
def is_vicinity(places, table, row, latitude, longitude):  # type: ignore[no-untyped-def]
    """Whether a point lies so near to a place of the world that it is named as the place of it."""
    away = distance_m(latitude, longitude, places[row].latitude, places[row].longitude)
    if away > _REACH_M:
        return False
    cell = cell_at(table, latitude, longitude)
    if cell < 0:
        return False
    offsets, towns = st.i32(table, st.TOWN_OFFSETS), st.i32(table, st.TOWNS)
    for at in range(offsets[cell], offsets[cell + 1]):
        town = towns[at]
        if town == row:
            continue
        other = distance_m(latitude, longitude, places[town].latitude, places[town].longitude)
        if away > _TIMES * other + _VAGUE_M:
            return False
    return True


@kernel
def passes_through(places, table, row, feature):  # type: ignore[no-untyped-def]
    """Whether a street passes by where a place of the world is: the vertex, or else the house, nearest to it."""
    least, latitude, longitude = np.inf, 0.0, 0.0
    for offsets, points in (
        (st.i64(table, st.LINE_OFFSETS), st.i32(table, st.LINE)),
        (st.i64(table, st.ADDRESS_OFFSETS), st.i32(table, st.ADDRESS_POINT)),
    ):
        for at in range(offsets[feature], offsets[feature + 1]):
            if points[2 * at] == _WAY_END:
                continue
            north, east = points[2 * at] / UNITS_PER_DEGREE, points[2 * at + 1] / UNITS_PER_DEGREE
            away = abs(north - places[row].latitude) + abs(east - places[row].longitude)
            if away < least:
                least, latitude, longitude = away, north, east
        if least < np.inf:
            break
    return least < np.inf and is_vicinity(places, table, row, latitude, longitude)


@kernel
def in_named_place(places, table, row, house, rows, count):  # type: ignore[no-untyped-def]
    """Whether the house that was found on a feature lies in the place that this passes by, but is not counted to.

    `rows` are the `count` places that the query names.
    """
    base, anchor = st.i64(table, st.BASE)[0], places[row].anchor
    for at in range(count):
        town = rows[at]
        of_type = places[town].place_type == _LOCALITY or places[town].place_type == _NEIGHBORHOOD
        if town >= base or not of_type or town <= anchor <= places[town].last:
            continue
        return house.kind == STREET_ONLY or is_vicinity(places, table, town, house.latitude, house.longitude)
    return False
