"""Points of interest of one kind near a place that is named: "pharmacy near Vaduz", the nearest to its middle first."""

from __future__ import annotations

import math

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.postings import from_row, posting_row
from waypost.server.geocoder.sorted_arrays import place_of
from waypost.server.geocoder.street_index import CELLS_PER_DEGREE
from waypost.server.model import PlaceType

#: Points of interest that are measured for one place at most, a fraction of a millisecond.
_MAX_MEASURED = 20_000
_DISTRICT = int(PlaceType.DISTRICT)


@kernel
def nearest_of_kind(places, table, spans, span, latitude, longitude, radius_m, first, end):  # type: ignore[no-untyped-def]
    """Fills NEAREST with the postings of a span that lie nearest to a point: how many.

    They are within the radius, or one of the features (rows) `first` to before `end`.
    """
    cells, offsets = st.i32(table, st.CELLS), st.i32(table, st.CELL_OFFSETS)
    listed, starts, base = st.i32(table, st.CELL_PLACES), st.i32(table, st.STARTS), st.i64(table, st.BASE)[0]
    found, left = _measure(
        places, table, spans, span, latitude, longitude, np.inf, np.int64(first), np.int64(end), np.int64(0),
        np.int64(_MAX_MEASURED),
    )  # fmt: skip
    reach = radius_m / METRES_PER_DEGREE
    wide = reach / max(0.05, math.cos(math.radians(latitude)))
    columns = 360 * CELLS_PER_DEGREE
    west = np.int64(math.floor((longitude + 180.0 - wide) * CELLS_PER_DEGREE))
    east = min(np.int64(math.floor((longitude + 180.0 + wide) * CELLS_PER_DEGREE)), west + columns - 1)
    south = np.int64(max(0.0, latitude + 90.0 - reach) * CELLS_PER_DEGREE)
    north = np.int64(min(180.0 - 1e-9, latitude + 90.0 + reach) * CELLS_PER_DEGREE)
    for row in range(south, north + 1):
        for column in range(west, east + 1):
            cell = row * columns + column % columns
            at = place_of(cells, cell)
            if at < 0:
                continue
            for place in range(offsets[at], offsets[at + 1]):
                anchor = listed[place]
                found, left = _measure(
                    places, table, spans, span, latitude, longitude, radius_m, np.int64(base + starts[anchor]),
                    np.int64(base + starts[anchor + 1]), found, left,
                )  # fmt: skip
    if left <= 0:
        st.i64w(table, st.COUNTS)[st.AT_BOUND] = 1
    return found


@kernel
def _measure(places, table, spans, span, latitude, longitude, radius_m, first, end, found, left):  # type: ignore[no-untyped-def]
    """Keeps the nearest of the postings in a run of features: (how many are kept, how many more may be measured)."""
    postings = st.u64(table, st.POSTINGS)
    head = spans[span].head
    last = head + 1 + np.int64(spans[span].count)
    at = from_row(postings, head + 1, last, first)
    scale = math.cos(math.radians(latitude))
    while at < last and posting_row(postings[at]) < end and left > 0:
        place = places[posting_row(postings[at])]
        east = (place.longitude - longitude + 540.0) % 360.0 - 180.0
        away = math.hypot(place.latitude - latitude, east * scale) * METRES_PER_DEGREE
        if away <= radius_m:
            found = _keep(st.i64w(table, st.NEAREST), st.f64w(table, st.NEAREST_M), found, at, away)
        at += 1
        left -= 1
    return found, left


@inlined
def _keep(nearest, metres, found, posting, away):  # type: ignore[no-untyped-def]
    """Puts a posting among the nearest, if it is one of them and not there yet; how many there are."""
    at = found
    for known in range(found):
        if nearest[known] == posting:
            return found
    while at > 0 and metres[at - 1] > away:
        if at < nearest.size:
            nearest[at], metres[at] = nearest[at - 1], metres[at - 1]
        at -= 1
    if at < nearest.size:
        nearest[at], metres[at] = posting, away
    return min(found + 1, nearest.size)


@kernel
def farness(places, table, row, rows, count):  # type: ignore[no-untyped-def]
    """What it costs that feature `row` lies away from the finest of the `count` places `rows` that it is asked near."""
    importance = st.f32(table, st.IMPORTANCE)
    finest = np.int64(-1)
    for at in range(count):
        if places[rows[at]].place_type <= _DISTRICT:
            continue
        if finest < 0 or importance[rows[at]] < importance[finest]:
            finest = rows[at]
    if finest < 0:
        return 0.0
    away = distance_m(places[row].latitude, places[row].longitude, places[finest].latitude, places[finest].longitude)
    return ranking.FAR_KIND_COST * away / (away + ranking.FAR_KIND_HALF_M)
