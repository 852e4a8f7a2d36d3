"""Scores what a query may mean: each name in it as the place meant, and the other names as its context.

A reading is one place and the parts of the query that speak for it: the span that names it, and its contexts, spans
that name an area containing it, a bigger place near it, or (for a postal code) the place that it belongs to. The score
is a sum of the terms of TERMS.

Profiled: of a "City, Region, Country" row a third is cache misses of the lookups, a third the scoring of 21 candidates.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import ranking
from waypost.server.geocoder.broken_parts import broken_cost
from waypost.server.geocoder.contexts import MAX_POSTINGS, read_contexts
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.houses import NO_HOUSE
from waypost.server.geocoder.jit import Whole, inlined, kernel
from waypost.server.geocoder.kind_spans import MEANT_SHIFT, agrees
from waypost.server.geocoder.postings import (
    CODE,
    posting_cost,
    posting_importance,
    posting_kind,
    posting_row,
    posting_type,
)
from waypost.server.model import PlaceType

_DISTRICT = int(PlaceType.DISTRICT)
_POSTAL_CODE = int(PlaceType.POSTAL_CODE)
_POI = int(PlaceType.POI)
#: Types of a span from this on say that its words mean some of them.
_MEANT = 1 << MEANT_SHIFT

#: The addends of a score, in the order of Top.terms.
TERMS = (
    "importance", "explained_words", "name", "typing_errors", "code_beside_words", "context", "focus", "kind_word",
    "broken_part",
)  # fmt: skip
IMPORTANCE, EXPLAINED, NAME, TYPING, CODE_BESIDE, CONTEXT, FOCUS, KIND_WORD, BROKEN_PART = range(9)

#: Contexts of one reading that are told; a query of 64 words hardly has more.
MAX_PARTS = 16
#: More than sums of a few terms can differ by rounding: readings of equal score must all be seen, so that their
#: order is the same however many are kept.
_ROUNDING = 1e-9

#: A reading: row, score, the span that names it, all words explained as bits, typing errors, levels of context,
#: kind of name, the house as in houses.HOUSE (flat, since numba hands on nested records badly), and the addends of the
#: score.
READING = np.dtype(
    [
        ("row", np.int64),
        ("score", np.float64),
        ("mask", np.uint64),
        ("span", np.int32),
        ("edits", np.int32),
        ("levels", np.int32),
        ("kind", np.int32),
        ("house", np.int32),
        ("number_from", np.int32),
        ("number_to", np.int32),
        ("crossing", np.int32),
        ("address", np.int64),
        ("latitude", np.float64),
        ("longitude", np.float64),
        ("error_m", np.float64),
        ("terms", np.float64, len(TERMS)),
    ]
)


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


def new_top(capacity: Whole) -> Top:
    """Room for the `capacity` best readings."""
    return Top(
        np.empty(capacity, READING), np.zeros(2, np.int64), np.empty(MAX_PARTS, np.int64), np.empty(MAX_PARTS, np.int64)
    )


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
    hope += ranking.WHOLE_CODE_BONUS + ranking.KIND_AGREES * contexts.size[4]
    for at in range(found):
        span = order[at]
        total = spans[span].count
        truncated = truncated or total > MAX_POSTINGS
        head = spans[span].head
        country = spans[span].country
        types = spans[span].types
        for posting_at in range(head + 1, head + 1 + min(total, MAX_POSTINGS)):
            posting = postings[posting_at]
            place_type = posting_type(posting)
            base = ranking.IMPORTANCE_WEIGHT * posting_importance(posting) - posting_cost(posting) - spans[span].cost
            if types >= _MEANT:
                base += ranking.KIND_AGREES * agrees(types, place_type)
            bar = _bar(top, slack)
            if base + hope < bar:
                if place_type > _DISTRICT and types < _MEANT:
                    break  # postings behind the areas are in falling order of this
                continue
            if not (types >> place_type) & 1:
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
    broken = broken_cost(spans, span, top.chosen, levels, mask)
    score = base + explained + context - beside - broken + focus
    place = place_for(top, row, score)
    if place < 0:
        return
    top.reading[place].row = row
    top.reading[place].score = score
    top.reading[place].span = span
    top.reading[place].mask = mask
    top.reading[place].edits = edits
    top.reading[place].levels = levels
    top.reading[place].kind = posting_kind(posting)
    top.reading[place].house = NO_HOUSE
    top.reading[place].address = -1
    top.reading[place].number_from = top.reading[place].number_to = 0
    top.reading[place].terms[IMPORTANCE] = ranking.IMPORTANCE_WEIGHT * importance
    top.reading[place].terms[EXPLAINED] = explained
    top.reading[place].terms[NAME] = -posting_cost(posting)
    top.reading[place].terms[TYPING] = -spans[span].cost
    top.reading[place].terms[CODE_BESIDE] = -beside
    top.reading[place].terms[CONTEXT] = context
    top.reading[place].terms[FOCUS] = focus
    top.reading[place].terms[BROKEN_PART] = -broken
    top.reading[place].terms[KIND_WORD] = (
        ranking.KIND_AGREES if agrees(spans[span].types, posting_type(posting)) else 0.0
    )


@kernel
def place_for(top, row, score):  # type: ignore[no-untyped-def]
    """Makes room for a reading at its rank, -1 if it is not among the best; a row is kept once, at its best.

    Equal scores are ordered by row, so that the order of evaluation never shows.
    """
    size = top.size[0]
    capacity = top.reading.size
    for at in range(size):
        if top.reading[at].row == row:
            if top.reading[at].score >= score:
                return -1
            _shift(top, at, size - 1, np.int64(-1))
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
    _shift(top, place, min(size, capacity - 1), np.int64(1))
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
