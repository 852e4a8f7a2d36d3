"""Scores what a query may mean: each name in it as the place meant, and the other names as its context.

A reading is one place and the parts of the query that speak for it: the span that names it, and spans that
name an area containing it, a bigger place near it, or (for a postal code) the place that it belongs to. Since
rows are in hierarchy order, containment is a comparison of row numbers. The score is a sum of the terms of TERMS.

Profiled: of a "City, Region, Country" row a third is cache misses of the lookups; handing a dozen arrays to each inner
function, by value, doubled the rest, so the functions that run once a candidate are inlined.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from waypost.server.geocoder import ranking
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.instructions import lowest_bit, prefetch
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.postings import (
    CODE,
    posting_cost,
    posting_importance,
    posting_kind,
    posting_row,
    posting_type,
)
from waypost.server.geocoder.spans import MAX_SPANS
from waypost.server.model import PlaceType

_DISTRICT = int(PlaceType.DISTRICT)
_LOCALITY = int(PlaceType.LOCALITY)
_POSTAL_CODE = int(PlaceType.POSTAL_CODE)
_POI = int(PlaceType.POI)

#: The addends of a score, in the order of Top.terms.
TERMS = ("importance", "explained_words", "name", "typing_errors", "code_beside_words", "context", "focus")
IMPORTANCE, EXPLAINED, NAME, TYPING, CODE_BESIDE, CONTEXT, FOCUS = range(7)

#: Bounds of one query: postings read of one name, areas and bigger places that one span offers as context,
#: places that a postal code is compared with.
MAX_POSTINGS = 2048
MAX_AREAS = 32
MAX_AREAS_ALL = 1024
MAX_NEARBY = 3
MAX_CODES = 96
#: Contexts of one reading that are told; a query of 64 words hardly has more.
MAX_PARTS = 16
#: More than sums of a few terms can differ by rounding: readings of equal score must all be seen, so that their
#: order is the same however many are kept.
_ROUNDING = 1e-9


#: An area that a span may name as context: the span, the area's row, what it costs, its importance.
AREA = np.dtype([("span", np.int64), ("row", np.int64), ("cost", np.float64), ("importance", np.float64)])
#: A bigger place that a span may name as context: the span, the place's row, the rows of its country, which tell
#: without a look at a place whether that can be near at all, its importance, and how far its name reaches in metres.
#: A span that is a postal code has one entry with row -1.
NEARBY = np.dtype(
    [
        ("span", np.int64),
        ("row", np.int64),
        ("country", np.int32),
        ("country_last", np.int32),
        ("importance", np.float64),
        ("radius_m", np.float64),
    ]
)
#: A span that may name a bigger place or a postal code: its words as bits, their worth, the greatest importance.
NEAR_SPAN = np.dtype([("mask", np.uint64), ("gain", np.float64), ("importance", np.float64)])

#: A reading: row, score, the span that names it, all words explained as bits, typing errors, levels of context,
#: kind of name, and the addends of the score.
READING = np.dtype(
    [
        ("row", np.int64),
        ("score", np.float64),
        ("mask", np.uint64),
        ("span", np.int32),
        ("edits", np.int32),
        ("levels", np.int32),
        ("kind", np.int32),
        ("terms", np.float64, len(TERMS)),
    ]
)


class Contexts(NamedTuple):
    """What the spans of a query offer as context, those first that are taken first.

    The areas' first rows and numbers of further rows lie apart, since they are compared with every candidate. `size` is
    the number of areas, of `near`, of `near_span`, and whether a span is a postal code.
    """

    first: npt.NDArray[np.int32]
    further: npt.NDArray[np.uint32]
    area: npt.NDArray[np.void]
    near: npt.NDArray[np.void]
    near_span: npt.NDArray[np.void]
    size: npt.NDArray[np.int64]


class Filter(NamedTuple):
    """What restricts and biases answers.

    Allowed types as bits, rows of allowed countries (empty: all), `box` south, west, north, east (NaN: none), `focus`
    latitude and longitude (NaN: none).
    """

    types: npt.NDArray[np.int64]
    countries: npt.NDArray[np.int64]
    box: npt.NDArray[np.float64]
    focus: npt.NDArray[np.float64]


class Top(NamedTuple):
    """The best readings so far, best first: `size[0]` of them, of `size[1]` that were scored.

    `chosen` and `rows` are room for read_contexts.
    """

    reading: npt.NDArray[np.void]
    size: npt.NDArray[np.int64]
    chosen: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def new_contexts():  # type: ignore[no-untyped-def]
    """Room for the contexts of one query."""
    return Contexts(
        np.empty(MAX_AREAS_ALL, np.int32),
        np.empty(MAX_AREAS_ALL, np.uint32),
        np.empty(MAX_AREAS_ALL, AREA),
        np.empty(MAX_NEARBY * MAX_SPANS, NEARBY),
        np.empty(MAX_SPANS, NEAR_SPAN),
        np.zeros(4, np.int64),
    )


@njit(cache=True, nogil=True)
def new_top(capacity):  # type: ignore[no-untyped-def]
    """Room for the `capacity` best readings."""
    return Top(
        np.empty(capacity, READING), np.zeros(2, np.int64), np.empty(MAX_PARTS, np.int64), np.empty(MAX_PARTS, np.int64)
    )


@kernel
def gather_contexts(postings, places, spans, count, order, contexts):  # type: ignore[no-untyped-def]
    """Counts the postings of the spans, and lists the areas and bigger places that each may name, in `order`."""
    for span in range(count):
        spans[span].count = np.int64(postings[spans[span].head])
    areas = 0
    nears = 0
    near_spans = 0
    contexts.size[3] = 0
    for at in range(count):
        span = order[at]
        if spans[span].postal:
            contexts.size[3] = 1
            contexts.near[nears].span = span
            contexts.near[nears].row = -1
            nears += 1
            contexts.near_span[near_spans].mask = spans[span].mask
            contexts.near_span[near_spans].gain = spans[span].gain
            contexts.near_span[near_spans].importance = 0.0
            near_spans += 1
            continue
        area_from, near_from, greatest = areas, nears, 0.0
        head = spans[span].head
        for posting_at in range(head + 1, head + 1 + min(spans[span].count, MAX_POSTINGS)):
            posting = postings[posting_at]
            place_type = posting_type(posting)
            if not (spans[span].types >> place_type) & 1:
                continue
            if place_type <= _DISTRICT:
                if areas - area_from < MAX_AREAS and areas < MAX_AREAS_ALL:
                    row = posting_row(posting)
                    contexts.first[areas] = row
                    contexts.further[areas] = places[row].last - row
                    contexts.area[areas].span = span
                    contexts.area[areas].row = row
                    # A code in the place of context is as good as a name.
                    contexts.area[areas].cost = (
                        0.0 if posting_kind(posting) == CODE else posting_cost(posting) * ranking.CONTEXT_NAME_SHARE
                    )
                    contexts.area[areas].importance = posting_importance(posting)
                    areas += 1
                continue
            if nears - near_from >= MAX_NEARBY or posting_kind(posting) == CODE:
                break
            if place_type == _LOCALITY:
                row = posting_row(posting)
                importance = posting_importance(posting)
                country = places[row].country
                contexts.near[nears].span = span
                contexts.near[nears].row = row
                prefetch(places, row)
                contexts.near[nears].importance = importance
                contexts.near[nears].radius_m = _reach_m(importance)
                contexts.near[nears].country = country
                contexts.near[nears].country_last = places[country].last
                nears += 1
                greatest = max(greatest, importance)
        if nears > near_from:
            contexts.near_span[near_spans].mask = spans[span].mask
            contexts.near_span[near_spans].gain = spans[span].gain
            contexts.near_span[near_spans].importance = greatest
            near_spans += 1
    contexts.size[0] = areas
    contexts.size[1] = nears
    contexts.size[2] = near_spans


@kernel
def _reach_m(importance):  # type: ignore[no-untyped-def]
    """How far around a place of some importance its name serves as context, in metres."""
    share = max(0.0, importance - ranking.NEARBY_IMPORTANCE) / (1.0 - ranking.NEARBY_IMPORTANCE)
    return ranking.NEARBY_RADIUS_MIN_M + share * (ranking.NEARBY_RADIUS_MAX_M - ranking.NEARBY_RADIUS_MIN_M)


@kernel
def nearby(postings, places, spans, near, row, anchor, last):  # type: ignore[no-untyped-def]
    """What it costs that a bigger place is near to the place `row`, or a postal code in it; negative if it is not.

    Returned are (cost, row of the bigger place or code, its importance).
    """
    if near.row >= 0:
        if near.row == anchor:
            same = near.row == row
            return ranking.SAME_PLACE_COST if same else 0.0, near.row, 0.0 if same else near.importance
        cost = ranking.NEARBY_CONTEXT_COST if _within(places, row, near.row, near.radius_m) else -1.0
        return cost, near.row, near.importance
    head = spans[near.span].head
    country = spans[near.span].country
    for at in range(head + 1, head + 1 + min(spans[near.span].count, MAX_CODES)):
        code = posting_row(postings[at])
        if country >= 0 and places[code].country != country:
            continue
        inside = row <= places[code].anchor <= last
        if inside or _within(places, row, code, 2 * ranking.NEARBY_RADIUS_MIN_M):
            return ranking.FINER_CONTEXT_COST, code, 0.0
    return -1.0, np.int64(-1), 0.0


@kernel
def _within(places, left, right, radius_m):  # type: ignore[no-untyped-def]
    """Whether two places of one country lie within a radius; most pairs are told apart by latitude alone."""
    a, b = places[left], places[right]
    if a.country != b.country or abs(a.latitude - b.latitude) * METRES_PER_DEGREE > radius_m:
        return False
    return distance_m(a.latitude, a.longitude, b.latitude, b.longitude) <= radius_m


@kernel
def passes(places, limits, row, place_type):  # type: ignore[no-untyped-def]
    """Whether a place is of an allowed type, country and box."""
    if not (limits.types[0] >> place_type) & 1:
        return False
    if limits.countries.size > 0:
        inside = False
        for country in limits.countries:
            if country == places[row].country:
                inside = True
                break
        if not inside:
            return False
    if limits.box[0] == limits.box[0]:
        latitude, longitude = places[row].latitude, places[row].longitude
        if latitude < limits.box[0] or latitude > limits.box[2]:
            return False
        if limits.box[1] <= limits.box[3]:
            return limits.box[1] <= longitude <= limits.box[3]
        return longitude >= limits.box[1] or longitude <= limits.box[3]
    return True


@kernel
def by_gain(spans, count, order):  # type: ignore[no-untyped-def]
    """Numbers of the spans by falling worth, into `order`: the longest names are taken as context first."""
    for span in range(count):
        order[span] = span
        at = span
        while at > 0:
            before = order[at - 1]
            if spans[before].gain - spans[before].cost >= spans[span].gain - spans[span].cost:
                break
            order[at] = before
            at -= 1
        order[at] = span


@kernel
def score_spans(postings, places, spans, found, contexts, order, whole, capitals, limits, slack, top):  # type: ignore[no-untyped-def]
    """Scores every reading and keeps the best in `top`; true if a bound left postings unread.

    `whole` is what explaining all words would be worth; `capitals` tells that the query is one short word in capitals.
    Readings that are more than `slack` worse than the best may be left out.
    """
    truncated = False
    hope = whole + ranking.FOCUS_WEIGHT * (limits.focus[0] == limits.focus[0])
    if contexts.size[3]:
        hope += ranking.LONG_NUMBER_GAIN
    if found > 1:
        hope += ranking.CONTEXT_WEIGHT
    hope += ranking.WHOLE_CODE_BONUS
    for at in range(found):
        span = order[at]
        total = spans[span].count
        truncated = truncated or total > MAX_POSTINGS
        head = spans[span].head
        country = spans[span].country
        for posting_at in range(head + 1, head + 1 + min(total, MAX_POSTINGS)):
            posting = postings[posting_at]
            place_type = posting_type(posting)
            base = ranking.IMPORTANCE_WEIGHT * posting_importance(posting) - posting_cost(posting) - spans[span].cost
            bar = _bar(top, slack)
            if base + hope < bar:
                if place_type > _DISTRICT:
                    break  # postings behind the areas are in falling order of this
                continue
            if not (spans[span].types >> place_type) & 1:
                continue
            row = posting_row(posting)
            if country >= 0 and places[row].country != country:
                continue
            if passes(places, limits, row, place_type):
                _score(postings, places, spans, found, contexts, span, posting, base, whole, capitals, limits, bar, top)
    return truncated


@inlined
def _bar(top, slack):  # type: ignore[no-untyped-def]
    """The score that a reading must reach to matter."""
    bar = -np.inf
    if top.size[0] > 0:
        bar = top.reading[0].score - slack
    if top.size[0] == top.reading.size:
        bar = max(bar, top.reading[top.reading.size - 1].score)
    return bar - _ROUNDING


@kernel
def read_contexts(  # type: ignore[no-untyped-def]
    postings, places, spans, contexts, span, row, place_type, importance, enough, chosen, rows
):
    """Chooses the spans that speak for the place `row` as named by `span`, in the order of `contexts`.

    Fills `chosen` and `rows` with the spans and what they are taken for, and returns (how many, words explained as
    bits, their worth, cost, typing errors, greatest importance of a context). Areas are tried for all spans first,
    since that compares row numbers alone and needs no look at the places, a cache miss each; the rest only if the
    score could then pass `enough`.
    """
    postal = place_type == _POSTAL_CODE
    anchor = np.int64(places[row].anchor) if postal else row
    mask = spans[span].mask
    explained = spans[span].gain
    cost = 0.0
    edits = spans[span].edits
    fame = 0.0
    count = 0
    row32 = np.int32(anchor)
    for block in range(0, contexts.size[0], 64):
        size = min(64, contexts.size[0] - block)
        inside = np.uint64(0)
        for at in range(size):
            # One comparison without a branch: rows before the area are huge as unsigned numbers.
            within = np.uint32(row32 - contexts.first[block + at]) <= contexts.further[block + at]
            inside |= np.uint64(within) << np.uint64(at)
        while inside != 0:
            at = block + lowest_bit(inside)
            inside &= inside - np.uint64(1)
            other = contexts.area[at].span
            if spans[other].mask & mask != 0:
                continue
            same = contexts.area[at].row == row
            price = contexts.area[at].cost + (ranking.SAME_PLACE_COST if same else 0.0)
            which = at
            # One span counts once, as the cheapest area that it names and that contains the place.
            while inside != 0 and contexts.area[block + lowest_bit(inside)].span == other:
                at = block + lowest_bit(inside)
                inside &= inside - np.uint64(1)
                same_too = contexts.area[at].row == row
                price_too = contexts.area[at].cost + (ranking.SAME_PLACE_COST if same_too else 0.0)
                if price_too < price:
                    price, which, same = price_too, at, same_too
            price += spans[other].cost
            # Context that costs more than it explains is left as unused words.
            if price < spans[other].gain:
                mask |= spans[other].mask
                explained += spans[other].gain
                cost += price
                edits += spans[other].edits
                if not same:
                    fame = max(fame, contexts.area[which].importance)
                if count < chosen.size:
                    chosen[count], rows[count] = other, contexts.area[which].row
                    count += 1
    rest = 0.0
    hope = fame
    for at in range(contexts.size[2]):
        if contexts.near_span[at].mask & mask == 0:
            rest += contexts.near_span[at].gain
            hope = max(hope, contexts.near_span[at].importance)
    if rest == 0.0 or explained - cost + rest + ranking.CONTEXT_WEIGHT * hope < enough:
        return count, mask, explained, cost, edits, fame
    rest = 0.0
    hope = fame
    least = 0.0 if postal else max(importance, ranking.NEARBY_IMPORTANCE)
    counted = np.int64(-1)
    for at in range(contexts.size[1]):
        near = contexts.near[at]
        if near.span == counted or spans[near.span].mask & mask != 0:
            continue
        if near.row < 0 or (near.importance >= least and near.country <= anchor <= near.country_last):
            counted = near.span
            rest += spans[counted].gain
            hope = max(hope, near.importance if near.row >= 0 else 0.0)
    if rest == 0.0 or explained - cost + rest + ranking.CONTEXT_WEIGHT * hope < enough:
        return count, mask, explained, cost, edits, fame
    last = np.int64(places[row].last) if place_type <= _DISTRICT else anchor
    for at in range(contexts.size[1]):
        near = contexts.near[at]
        if near.row >= 0 and near.row != anchor:
            less_known = near.importance <= importance
            if less_known or last != anchor or not near.country <= anchor <= near.country_last:
                continue
        other = near.span
        if spans[other].mask & mask != 0:
            continue
        price, which, weight = nearby(postings, places, spans, near, row, anchor, last)
        if price >= 0.0 and price + spans[other].cost < spans[other].gain:
            mask |= spans[other].mask
            explained += spans[other].gain
            cost += price + spans[other].cost
            edits += spans[other].edits
            fame = max(fame, weight)
            if count < chosen.size:
                chosen[count], rows[count] = other, which
                count += 1
    return count, mask, explained, cost, edits, fame


@inlined
def _score(  # type: ignore[no-untyped-def]
    postings, places, spans, found, contexts, span, posting, base, whole, capitals, limits, bar, top
):
    """Scores one reading: the place of `posting` as named by `span`, with all context that fits."""
    top.size[1] += 1
    row = posting_row(posting)
    importance = posting_importance(posting)
    focus = 0.0
    if limits.focus[0] == limits.focus[0]:
        away = distance_m(places[row].latitude, places[row].longitude, limits.focus[0], limits.focus[1])
        focus = ranking.FOCUS_WEIGHT / (1.0 + away / ranking.FOCUS_HALF_M)
    enough = bar - base - focus
    levels, mask, explained, cost, edits, fame = read_contexts(
        postings, places, spans, contexts, span, row, posting_type(posting), importance, enough, top.chosen, top.rows
    )
    if explained - cost + ranking.CONTEXT_WEIGHT * max(fame, 1.5) < enough:
        return
    beside = 0.0
    if posting_kind(posting) == CODE and levels == 0 and found > 1:
        for at in range(found):
            if spans[at].mask & ~mask != 0:
                beside = ranking.CODE_BESIDE_WORDS_COST
                break
    context = ranking.CONTEXT_WEIGHT * fame - cost
    several = spans[span].last - spans[span].first > 1 and posting_type(posting) not in (_POSTAL_CODE, _POI)
    if levels == 0 and several and spans[span].gain >= whole - _ROUNDING:
        context += ranking.WHOLE_QUERY_BONUS
        if posting_kind(posting) == CODE:
            context += ranking.WHOLE_CODE_BONUS
    if capitals and levels == 0 and posting_kind(posting) == CODE:
        context += ranking.WHOLE_CODE_BONUS
    score = base + explained + context - beside + focus
    place = _place_for(top, row, score)
    if place < 0:
        return
    top.reading[place].row = row
    top.reading[place].score = score
    top.reading[place].span = span
    top.reading[place].mask = mask
    top.reading[place].edits = edits
    top.reading[place].levels = levels
    top.reading[place].kind = posting_kind(posting)
    top.reading[place].terms[IMPORTANCE] = ranking.IMPORTANCE_WEIGHT * importance
    top.reading[place].terms[EXPLAINED] = explained
    top.reading[place].terms[NAME] = -posting_cost(posting)
    top.reading[place].terms[TYPING] = -spans[span].cost
    top.reading[place].terms[CODE_BESIDE] = -beside
    top.reading[place].terms[CONTEXT] = context
    top.reading[place].terms[FOCUS] = focus


@kernel
def _place_for(top, row, score):  # type: ignore[no-untyped-def]
    """Makes room for a reading at its rank, -1 if it is not among the best; a row is kept once, at its best.

    Equal scores are ordered by row, so that the order of evaluation never shows.
    """
    size = top.size[0]
    capacity = top.reading.size
    for at in range(size):
        if top.reading[at].row == row:
            if top.reading[at].score >= score:
                return -1
            _shift(top, at, size - 1, -1)
            size -= 1
            break
    place = size
    while place > 0 and (
        top.reading[place - 1].score < score
        or (top.reading[place - 1].score == score and top.reading[place - 1].row > row)
    ):
        place -= 1
    if place >= capacity:
        top.size[0] = size
        return -1
    _shift(top, place, min(size, capacity - 1), 1)
    top.size[0] = min(size + 1, capacity)
    return place


@kernel
def _shift(top, place, end, step):  # type: ignore[no-untyped-def]
    """Moves the readings between `place` and `end` by one: down the ranking (1) or up over `place` (-1)."""
    if step > 0:
        for at in range(end, place, -1):
            top.reading[at] = top.reading[at - 1]
    else:
        for at in range(place, end):
            top.reading[at] = top.reading[at + 1]
