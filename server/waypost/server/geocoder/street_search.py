"""Finds the streets that a query may mean, and scores them beside the places.

For each span that names a street, the streets of that name in the places that the other spans name are tried, or with
their postal code; failing that those near a bigger town that is named, near the focus, or in the country or region that
is named; else all, where the name is rare.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.crossings import find_partners
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.houses import EXACT
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.kinds_near import nearest_of_kind
from waypost.server.geocoder.match import by_gain
from waypost.server.geocoder.postings import from_row, posting_row
from waypost.server.geocoder.sorted_arrays import place_of
from waypost.server.geocoder.street_hints import (
    AREA,
    BESIDE,
    CODE_OF,
    IN_TOWN,
    NEAR,
    SETTLEMENT,
    TOWN,
    VICINITY,
    WITH_CODE,
    gather_hints,
)
from waypost.server.geocoder.street_index import CELLS_PER_DEGREE
from waypost.server.geocoder.street_score import ACCEPTED, WITH_HOUSE, try_street
from waypost.server.geocoder.street_spans import CATEGORY, CODE, correct_named, find_named
from waypost.server.geocoder.street_words import to_signs
from waypost.server.geocoder.words_beside import set_aside

#: Streets of one name that are tried in one run of features, and without any hint: one town has hardly more.
_MAX_IN_RUN = 32
_MAX_RARE = 32
#: Points of interest of one kind in a region or with a postal code that are tried.
_MAX_OF_KIND = 256
#: Places whose streets are tried around a point.
_MAX_AROUND = 400
#: How far around the focus a street is looked for.
_FOCUS_REACH_M = 25_000.0


@kernel
def prepare(table, tokens, count, data, field_types):  # type: ignore[no-untyped-def]
    """Reads the query in signs, and lists what it may name in the layers."""
    signs, counts = st.signs_of(table), st.i64w(table, st.COUNTS)
    to_signs(tokens, count, data, signs)
    counts[st.AT_BOUND] = counts[st.AT_TRIED] = 0
    find_named(table, tokens, count, field_types)
    st.u64w(table, st.ASIDE)[0] = set_aside(tokens, count, data, signs)


@kernel
def any_named(table):  # type: ignore[no-untyped-def]
    """Whether the query may name anything in the layers."""
    return st.i64w(table, st.COUNTS)[st.AT_NAMED] > 0


@kernel
def forget_corrections(table):  # type: ignore[no-untyped-def]
    """Leaves what the query names without corrections."""
    counts = st.i64w(table, st.COUNTS)
    counts[st.AT_NAMED] = counts[st.AT_EXACT]


@kernel
def correct(table, tokens, count, field_types, edits, settled, room):  # type: ignore[no-untyped-def]
    """Lists what the query may name besides once a word that is not `settled` is corrected; whether there is any."""
    return correct_named(table, tokens, count, field_types, edits, settled, room)


@kernel
def score_streets(index, table, tokens, count, data, spans, found, order, whole, limits, top):  # type: ignore[no-untyped-def]
    """Scores the readings that are streets, or else in the layers, and keeps the best in `top` beside the places.

    The named spans are put behind the `found` that there are; true if a bound left something out.
    """
    counts = st.i64w(table, st.COUNTS)
    named = st.spans_at(table, st.NAMED)
    total = found + counts[st.AT_NAMED]
    counts[st.AT_PLACES] = found
    _note_rivals(table, top)
    crossing = find_partners(table, tokens, count, data)
    for at in range(counts[st.AT_NAMED]):
        spans[found + at] = named[at]
        if named[at].country >= 0:
            spans[found + at].country = named[at].country + found
    st.u64w(table, st.ASIDE)[1] = crossing
    by_gain(spans, total, order)
    gather_hints(index, table, spans, found, total, order)
    st.i64w(table, st.SEEN_KEYS)[:] = 0
    for at in range(total):
        span = order[at]
        if span >= found and spans[span].postal != CODE:
            _of_span(index, table, tokens, count, data, spans, span, whole, limits, top)
    return counts[st.AT_BOUND] != 0


@kernel
def _note_rivals(table, top):  # type: ignore[no-untyped-def]
    """Keeps the readings of places alone; of the best those that every way of asking knows."""
    rivals, counts = st.rivals_at(table, st.RIVALS), st.i64w(table, st.COUNTS)
    size = 0
    for at in range(min(top.size[0], st.MAX_RIVALS)):
        if top.reading[at].score >= top.reading[0].score - ranking.RIVAL_SLACK:
            rivals[size].row = top.reading[at].row
            rivals[size].mask = top.reading[at].mask
            size += 1
    counts[st.AT_RIVAL] = size


@kernel
def _of_span(index, table, tokens, count, data, spans, span, whole, limits, top):  # type: ignore[no-untyped-def]
    """Tries the streets that a span may mean, those that the rest of the query speaks for first."""
    hints, total = st.hints_at(table, st.HINTS), st.i64w(table, st.COUNTS)[st.AT_HINT]
    if spans[span].postal == CATEGORY and _of_kind(index, table, tokens, count, data, spans, span, whole, limits, top):
        return
    state = 0
    for at in range(total):
        fits = spans[hints[at].span].mask & spans[span].mask == 0
        if fits and hints[at].kind in (TOWN, CODE_OF, SETTLEMENT):
            state |= _in_run(
                index, table, tokens, count, data, spans, span, np.int64(hints[at].first), np.int64(hints[at].end),
                whole, limits, top,
            )  # fmt: skip
    if state & WITH_HOUSE or _is_found(top, spans[span].mask):
        return
    for at in range(total):
        if hints[at].kind in (NEAR, VICINITY) and spans[hints[at].span].mask & spans[span].mask == 0:
            place = index.places[hints[at].row]
            state |= _around(
                index, table, tokens, count, data, spans, span, place.latitude, place.longitude, hints[at].radius_m,
                whole, limits, top,
            )  # fmt: skip
    if state & ACCEPTED:
        return
    if limits.focus[0] == limits.focus[0]:
        state |= _around(
            index, table, tokens, count, data, spans, span, limits.focus[0], limits.focus[1], _FOCUS_REACH_M, whole,
            limits, top,
        )  # fmt: skip
    if state & ACCEPTED:
        return
    hinted = False
    for at in range(total):
        if spans[hints[at].span].mask & spans[span].mask != 0:
            continue
        hinted = True
        if hints[at].kind == AREA:
            state |= _in_run(
                index, table, tokens, count, data, spans, span, np.int64(hints[at].first), np.int64(hints[at].end),
                whole, limits, top,
            )  # fmt: skip
    if state & ACCEPTED or spans[span].postal == CATEGORY:
        return
    if spans[span].count <= _MAX_RARE:
        base = st.i64(table, st.BASE)[0]
        _in_run(index, table, tokens, count, data, spans, span, base, np.int64(2**31 - 1), whole, limits, top)
    elif not hinted:
        st.i64w(table, st.COUNTS)[st.AT_BOUND] = 1


@inlined
def _is_found(top, words):  # type: ignore[no-untyped-def]
    """Whether the best reading is the very house in the town that was named, and explains these words, too."""
    return (
        top.size[0] > 0
        and top.reading[0].house == EXACT
        and top.reading[0].levels & (IN_TOWN | WITH_CODE) != 0
        and words & ~top.reading[0].mask == 0
    )


@kernel
def _of_kind(index, table, tokens, count, data, spans, span, whole, limits, top):  # type: ignore[no-untyped-def]
    """Tries the points of interest of a kind that are nearest to what the rest of the query names, or to the focus.

    Whether one is among the answers.
    """
    hints, total = st.hints_at(table, st.HINTS), st.i64w(table, st.COUNTS)[st.AT_HINT]
    postings, nearest = st.u64(table, st.POSTINGS), st.i64w(table, st.NEAREST)
    state = 0
    for at in range(total + 1):
        if at < total:
            if hints[at].kind not in (TOWN, SETTLEMENT, BESIDE) or spans[hints[at].span].mask & spans[span].mask != 0:
                continue
            place, radius_m = index.places[hints[at].row], hints[at].radius_m
            latitude, longitude = place.latitude, place.longitude
            inside = hints[at].kind == TOWN
            first, end = (hints[at].first, hints[at].end) if inside else (np.int32(0), np.int32(0))
        elif state & ACCEPTED or limits.focus[0] != limits.focus[0]:
            break
        else:
            latitude, longitude, radius_m = limits.focus[0], limits.focus[1], _FOCUS_REACH_M
            first, end = np.int32(0), np.int32(0)
        found = nearest_of_kind(index.places, table, spans, span, latitude, longitude, radius_m, first, end)
        for near in range(found):
            state |= try_street(
                index, table, tokens, count, data, spans, span, postings[nearest[near]], whole, limits, top
            )
    return state & ACCEPTED != 0


@kernel
def _in_run(index, table, tokens, count, data, spans, span, first, end, whole, limits, top):  # type: ignore[no-untyped-def]
    """Tries the postings of a span in a run of features."""
    postings, counts = st.u64(table, st.POSTINGS), st.i64w(table, st.COUNTS)
    head = spans[span].head
    last = head + 1 + np.int64(spans[span].count)
    at = from_row(postings, head + 1, last, first)
    most = _MAX_OF_KIND if spans[span].postal == CATEGORY else _MAX_IN_RUN
    state = 0
    tried = 0
    while at < last and posting_row(postings[at]) < end:
        if tried >= most:
            counts[st.AT_BOUND] = 1
            break
        state |= try_street(index, table, tokens, count, data, spans, span, postings[at], whole, limits, top)
        tried += 1
        at += 1
    return state


@kernel
def _around(index, table, tokens, count, data, spans, span, latitude, longitude, radius_m, whole, limits, top):  # type: ignore[no-untyped-def]
    """Tries the postings of a span in the places that have streets around a point."""
    cells, offsets = st.i32(table, st.CELLS), st.i32(table, st.CELL_OFFSETS)
    listed, starts, base = st.i32(table, st.CELL_PLACES), st.i32(table, st.STARTS), st.i64(table, st.BASE)[0]
    reach = radius_m / METRES_PER_DEGREE
    wide = reach / max(0.05, np.cos(np.radians(latitude)))
    first_row = np.int64(max(0.0, latitude + 90.0 - reach) * CELLS_PER_DEGREE)
    last_row = np.int64(min(180.0 - 1e-9, latitude + 90.0 + reach) * CELLS_PER_DEGREE)
    first_column = np.int64(np.floor((longitude + 180.0 - wide) * CELLS_PER_DEGREE))
    last_column = min(np.int64(np.floor((longitude + 180.0 + wide) * CELLS_PER_DEGREE)), first_column + 360)
    postings, counts = st.u64(table, st.POSTINGS), st.i64w(table, st.COUNTS)
    head = spans[span].head
    last = head + 1 + np.int64(spans[span].count)
    scale = np.cos(np.radians(latitude))
    state = 0
    visited = 0
    for row in range(first_row, last_row + 1):
        for column in range(first_column, last_column + 1):
            cell = row * 360 * CELLS_PER_DEGREE + column % (360 * CELLS_PER_DEGREE)
            found = place_of(cells, cell)
            if found < 0:
                continue
            for place in range(offsets[found], offsets[found + 1]):
                visited += 1
                if visited > _MAX_AROUND:
                    counts[st.AT_BOUND] = 1
                    return state
                anchor = listed[place]
                end = base + starts[anchor + 1]
                at = from_row(postings, head + 1, last, base + starts[anchor])
                tried = 0
                while at < last and posting_row(postings[at]) < end:
                    named = index.places[posting_row(postings[at])]
                    if _is_within(named.latitude - latitude, named.longitude - longitude, scale, radius_m):
                        if tried == _MAX_IN_RUN:
                            counts[st.AT_BOUND] = 1
                            break
                        tried += 1
                        state |= try_street(
                            index, table, tokens, count, data, spans, span, postings[at], whole, limits, top
                        )
                    at += 1
    return state


@inlined
def _is_within(up, right, scale, radius_m):  # type: ignore[no-untyped-def]
    """Whether a difference of points in degrees is no longer than a radius; `scale` is that of longitudes."""
    right = ((right + 540.0) % 360.0 - 180.0) * scale
    reach = radius_m / METRES_PER_DEGREE
    return up * up + right * right <= reach * reach
