"""Where two streets meet: "Main St & 2nd Ave", "corner of", "/", "at", "Ecke"."""

from __future__ import annotations

import math

import numpy as np

from waypost.server.gazetteer.imports.layer import WAY_END
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.geocoder.house_points import UNITS_PER_DEGREE
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.postings import from_row, posting_row, posting_type
from waypost.server.geocoder.street_spans import NAME
from waypost.server.geocoder.street_words import CONNECTOR
from waypost.server.model import PlaceType

#: Streets that come this near to each other meet: a wide junction, lines that end at the kerb.
CROSSING_M = 50.0
#: Streets of one name that may meet another one, and how far north or south of it the middle of one may be. In other
#: places those are looked at whose rows are nearest: rows are in the order of the hierarchy, so neighbours come first.
_MAX_PARTNERS = 32
_MEETING_STREETS_M = 20_000.0
#: Pieces of two lines that are compared at most: streets of 500 pieces each.
_MAX_COMPARED = 250_000
_WAY_END = int(WAY_END)
_STREET = int(PlaceType.STREET)
#: Signs between the names of streets that cross: / & @ + and the multiplication sign's second byte.
_SIGNS = (47, 38, 64, 43, 0x97)


@kernel
def find_partners(table, tokens, count, data):  # type: ignore[no-untyped-def]
    """Notes of each named span which one it is said to cross, -1 for none; returns the words of all those, as bits.

    It is noted as SPAN.country, which no other use is made of where a span names something in a layer.
    """
    spans, counts, signs = st.spans_at(table, st.NAMED), st.i64w(table, st.COUNTS), st.signs_of(table)
    words = np.uint64(0)
    total = counts[st.AT_NAMED]
    for left in range(total):
        spans[left].country = -1
    if not _any_join(tokens, count, data, signs):
        return words
    for left in range(total):
        if spans[left].postal != NAME:
            continue
        for right in range(total):
            if spans[right].postal != NAME or spans[right].first < spans[left].last:
                continue
            if not _joined(tokens, data, signs, np.int64(spans[left].last), np.int64(spans[right].first)):
                continue
            best = spans[left].country
            if best < 0 or spans[best].gain < spans[right].gain:
                spans[left].country = right
            words |= spans[left].mask | spans[right].mask
    return words


@kernel
def _any_join(tokens, count, data, signs):  # type: ignore[no-untyped-def]
    """Whether anything in the query may join two streets."""
    for word in range(1, count - 1):
        if signs.kind[word] & CONNECTOR:
            return True
    for word in range(1, count):  # noqa: SIM110 - kernels have no generators
        if _joined(tokens, data, signs, word, word):
            return True
    return False


@kernel
def _joined(tokens, data, signs, end, first):  # type: ignore[no-untyped-def]
    """Whether only what joins crossing streets stands between the words before `end` and those from `first`."""
    if first - end > 2:
        return False
    for word in range(end, first):
        if not signs.kind[word] & CONNECTOR:
            return False
    if first > end:
        return True
    for at in range(tokens.word[end - 1].byte_end, tokens.word[first].byte_start):
        for sign in _SIGNS:
            if data[at] == sign:
                return True
    return False


@kernel
def crossing_of(places, table, spans, partner, row):  # type: ignore[no-untyped-def]
    """The street named by span `partner` that street `row` crosses: (its row, latitude, longitude); row -1 if none.

    Those of the same place first: a street may meet one that is cut where the next place begins. Sets AT_BOUND where it
    finds none and has not looked at all.
    """
    postings, starts, base = st.u64(table, st.POSTINGS), st.i32(table, st.STARTS), st.i64(table, st.BASE)[0]
    anchor = places[row].anchor
    head = spans[partner].head
    last = head + 1 + np.int64(spans[partner].count)
    found, least = np.int64(-1), CROSSING_M
    latitude = longitude = 0.0
    own = from_row(postings, head + 1, last, base + starts[anchor])
    not_all = False
    for everywhere in range(2):
        at, end = own, base + starts[anchor + 1]
        if everywhere:
            begin = from_row(postings, head + 1, last, base)
            at, end = max(begin, own - _MAX_PARTNERS // 2), np.int64(places.size)
            not_all = at > begin or at + _MAX_PARTNERS < last
        for other_at in range(at, min(at + _MAX_PARTNERS, last)):
            other = posting_row(postings[other_at])
            if other >= end or (everywhere and found >= 0):
                break
            if other == row or posting_type(postings[other_at]) != _STREET or not _may_meet(places, row, other):
                continue
            north, east, away = nearest(table, row - base, other - base)
            if away <= least:
                found, least = other, away
                latitude, longitude = north, east
    if found < 0 and not_all:
        st.i64w(table, st.COUNTS)[st.AT_BOUND] = 1
    return found, latitude, longitude


@inlined
def _may_meet(places, row, other):  # type: ignore[no-untyped-def]
    """Whether two streets are near enough to each other to be worth comparing."""
    apart = abs(places[row].latitude - places[other].latitude) * METRES_PER_DEGREE
    return places[row].country == places[other].country and apart <= _MEETING_STREETS_M


@inlined
def _metres(units, other, scale):  # type: ignore[no-untyped-def]
    return (units - other) / UNITS_PER_DEGREE * METRES_PER_DEGREE * scale


@kernel
def nearest(table, one, other):  # type: ignore[no-untyped-def]
    """Where the lines of two features come nearest to each other: (latitude, longitude, metres between them)."""
    offsets, line = st.i64(table, st.LINE_OFFSETS), st.i32(table, st.LINE)
    low, high = offsets[one], offsets[one + 1]
    other_low, other_high = offsets[other], offsets[other + 1]
    best = np.inf
    latitude = longitude = 0.0
    if (high - low) * (other_high - other_low) > _MAX_COMPARED:
        st.i64w(table, st.COUNTS)[st.AT_BOUND] = 1
        return latitude, longitude, best
    if low == high or other_low == other_high:
        return latitude, longitude, best
    scale = math.cos(math.radians(line[2 * low] / UNITS_PER_DEGREE))
    for _swap in range(2):
        for at in range(low, high):
            if line[2 * at] == _WAY_END:
                continue
            for end in range(other_low, other_high):
                if line[2 * end] == _WAY_END:
                    continue
                begin = end - 1 if end > other_low and line[2 * end - 2] != _WAY_END else end
                away, share = _from_piece(line, at, begin, end, scale)
                if away > 0.0 and begin < end and at > low and line[2 * at - 2] != _WAY_END:
                    meets = _meeting(line, at - 1, at, begin, end)
                    if meets >= 0.0:
                        away, share = 0.0, meets
                if away < best:
                    best = away
                    latitude = line[2 * begin] + share * (np.float64(line[2 * end]) - line[2 * begin])
                    longitude = line[2 * begin + 1] + share * (np.float64(line[2 * end + 1]) - line[2 * begin + 1])
        low, high, other_low, other_high = other_low, other_high, low, high
    return latitude / UNITS_PER_DEGREE, longitude / UNITS_PER_DEGREE, best


@inlined
def _from_piece(line, at, begin, end, scale):  # type: ignore[no-untyped-def]
    """Metres from a vertex to a piece of a line, and the share of the piece where that is."""
    up = _metres(np.float64(line[2 * at]), line[2 * begin], 1.0)
    right = _metres(np.float64(line[2 * at + 1]), line[2 * begin + 1], scale)
    along_up = _metres(np.float64(line[2 * end]), line[2 * begin], 1.0)
    along_right = _metres(np.float64(line[2 * end + 1]), line[2 * begin + 1], scale)
    size = along_up * along_up + along_right * along_right
    share = 0.0
    if size > 0.0:
        share = min(1.0, max(0.0, (up * along_up + right * along_right) / size))
    return math.hypot(up - share * along_up, right - share * along_right), share


@inlined
def _meeting(line, begin, end, other_begin, other_end):  # type: ignore[no-untyped-def]
    """The share of the other piece where a piece crosses it; negative if it does not."""
    up, right = np.float64(line[2 * end]) - line[2 * begin], np.float64(line[2 * end + 1]) - line[2 * begin + 1]
    other_up = np.float64(line[2 * other_end]) - line[2 * other_begin]
    other_right = np.float64(line[2 * other_end + 1]) - line[2 * other_begin + 1]
    from_up = np.float64(line[2 * begin]) - line[2 * other_begin]
    from_right = np.float64(line[2 * begin + 1]) - line[2 * other_begin + 1]
    turn = other_up * right - other_right * up
    share, own = -1.0, -1.0
    if turn != 0.0:
        share = (from_up * right - from_right * up) / turn
        own = (from_up * other_right - from_right * other_up) / turn
    return share if 0.0 <= share <= 1.0 and 0.0 <= own <= 1.0 else -1.0
