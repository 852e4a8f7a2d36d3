"""What the parts of a query say of where a street lies: areas and towns that contain it, its code, towns near it.

Every span is a hint for each of its meanings, as a run of features: features are in the order of the places that
contain them, so that what lies in a place is one run. A hint that no feature of any layer can lie in is left out.
"""

from __future__ import annotations

import math

import numpy as np

from waypost.server.gazetteer.importance import FAME_SHARE, LOG_LARGEST, LOG_NAMES, POPULATION_SHARE
from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.contexts import MAX_AREAS, MAX_CODES, MAX_NEARBY, MAX_POSTINGS, reach_m
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import DIGIT
from waypost.server.geocoder.postings import (
    CODE,
    posting_cost,
    posting_importance,
    posting_kind,
    posting_row,
    posting_type,
)
from waypost.server.geocoder.sorted_arrays import place_of
from waypost.server.geocoder.street_spans import CATEGORY, NAME
from waypost.server.geocoder.street_spans import CODE as POSTAL
from waypost.server.geocoder.street_twins import WHOLE_NAME_COST
from waypost.server.geocoder.vicinity import cell_at, is_vicinity, passes_through
from waypost.server.model import PlaceType

_DISTRICT, _LOCALITY, _NEIGHBORHOOD, _POSTAL_CODE, _STREET, _POI = map(
    int,
    (
        PlaceType.DISTRICT, PlaceType.LOCALITY, PlaceType.NEIGHBORHOOD, PlaceType.POSTAL_CODE, PlaceType.STREET,
        PlaceType.POI,
    ),
)  # fmt: skip

#: What a hint takes its span for. AREA: a country, region or district; TOWN: a locality of the world; CODE_OF: a postal
#: code that features have; SETTLEMENT: a place of a layer; NEAR: a bigger town beside it; BESIDE: what points of
#: interest of some kind are asked near; VICINITY: the place that people name, though features are counted to another.
AREA, TOWN, CODE_OF, SETTLEMENT, NEAR, BESIDE, VICINITY = range(7)
#: Flags of what a street's context was: READING.levels of streets, besides whether another town, code or direction was
#: named.
IN_AREA, IN_TOWN, WITH_CODE, NEAR_TOWN, OTHER_TOWN, OTHER_CODE, IN_VICINITY, OTHER_DIRECTION = (
    1 << bit for bit in range(8)
)

#: Towns of one name that are looked at: more than any name has in one layer.
_MAX_TOWNS = 512
#: Postings of a name in the layers that are looked through for places.
_MAX_PLACES = 512
#: How far around its point a quarter or a settlement of a layer reaches where features do not say that they lie in it.
_SETTLEMENT_REACH_M = {_NEIGHBORHOOD: 1_500.0, _LOCALITY: 2_500.0}
_QUARTER_M, _VILLAGE_M = _SETTLEMENT_REACH_M[_NEIGHBORHOOD], _SETTLEMENT_REACH_M[_LOCALITY]
#: Share of a town's reach in which a smaller place's streets may be meant by its name.
_NEAR_SHARE = 0.5
#: Around a place that points of interest are asked near they are looked for this far at least; around a street or
#: another point of interest so far, and only where it is one of few of its name, as only few places of one name count.
_BESIDE_M, _BESIDE_FEATURE_M = 3_000.0, 1_500.0
_MAX_BESIDE = 8
#: Of so many places of one name it is found out which have features near.
_MAX_NAMESAKES = 128
#: A street that passes through a place has its middle at most so far from it.
_STREET_VICINITY_M = 10_000.0
#: How much less known than the town the place of the street must be, in the terms of importance.py: a suburb of half as
#: many people that has a quarter of the names in other languages. Towns that are nearer to each other than that are
#: each meant by their own names.
LESS_KNOWN = POPULATION_SHARE * math.log10(2) / LOG_LARGEST + FAME_SHARE * math.log2(4) / LOG_NAMES


@kernel
def gather_hints(index, table, tokens, count, spans, found, total, order):  # type: ignore[no-untyped-def]
    """Lists the hints of all spans in `order`; spans from `found` to `total` are those of the layers."""
    counts = st.i64w(table, st.COUNTS)
    counts[st.AT_HINT] = 0
    of_kind = bool(np.bool_(False))  # see normalize.tokenize
    of_poi = bool(np.bool_(False))
    postings = st.u64(table, st.POSTINGS)
    for span in range(found, total):
        of_kind = of_kind or spans[span].postal == CATEGORY
        of_poi = of_poi or (spans[span].postal == NAME and posting_type(postings[spans[span].head + 1]) == _POI)
    for at in range(total):
        span = order[at]
        if span >= found:
            # Who gives the number of a house means that, and not what is near its street.
            beside = (of_kind or of_poi) and not _is_numbered(tokens, count, spans, span)
            _settlements(index.places, table, spans, span, beside)
        elif spans[span].postal:
            _codes(index, table, spans, span)
        else:
            _places(index, table, spans, span, of_kind)


@inlined
def _put(table, span, kind, row, first, end, cost, importance, radius_m):  # type: ignore[no-untyped-def]
    """Appends a hint if there is room."""
    counts = st.i64w(table, st.COUNTS)
    at = counts[st.AT_HINT]
    if at >= st.MAX_HINTS:
        counts[st.AT_BOUND] = 1
    else:
        hints = st.hints_at(table, st.HINTS)
        hints[at].span = span
        hints[at].kind = kind
        hints[at].row = row
        hints[at].first = first
        hints[at].end = end
        hints[at].cost = cost
        hints[at].importance = importance
        hints[at].radius_m = radius_m
        counts[st.AT_HINT] = at + 1


@kernel
def _places(index, table, spans, span, of_kind):  # type: ignore[no-untyped-def]
    """Adds the places of the world that a span may name; `of_kind` tells whether a kind of place is asked for."""
    starts, base = st.i32(table, st.STARTS), st.i64(table, st.BASE)[0]
    areas, towns, nears, besides = 0, 0, 0, 0
    head = spans[span].head
    total = np.int64(index.postings[head])
    for posting_at in range(head + 1, head + 1 + min(total, MAX_POSTINGS)):
        posting = index.postings[posting_at]
        place_type = posting_type(posting)
        if not (spans[span].types >> place_type) & 1 or place_type > _NEIGHBORHOOD:
            continue
        row, kind = posting_row(posting), posting_kind(posting)
        if place_type > _DISTRICT and towns >= _MAX_TOWNS:
            break
        if place_type > _DISTRICT and kind == CODE and posting_importance(posting) < ranking.CONTRADICTING_PLACE:
            continue
        if place_type <= _DISTRICT:
            areas += 1
            if areas > MAX_AREAS:
                continue
        else:
            towns += 1
        first, end = starts[row], starts[index.places[row].last + 1]
        importance = posting_importance(posting)
        cost = 0.0 if kind == CODE else posting_cost(posting) * ranking.CONTEXT_NAME_SHARE
        if first < end:
            what = AREA if place_type <= _DISTRICT else TOWN
            _put(table, span, what, row, base + first, base + end, cost, importance, 0.0)
        if place_type > _DISTRICT and nears < MAX_NEARBY and importance >= ranking.NEARBY_IMPORTANCE:
            nears += 1
            reach = reach_m(importance) * _NEAR_SHARE
            _put(table, span, NEAR, row, 0, 0, cost + ranking.NEAR_TOWN_COST, importance, reach)
        if place_type <= _DISTRICT or besides >= _MAX_BESIDE or towns > _MAX_NAMESAKES or spans[span].edits > 1:
            continue
        place = index.places[row]
        if cell_at(table, place.latitude, place.longitude) >= 0:
            besides += 1
            _put(table, span, VICINITY, row, 0, 0, cost + ranking.VICINITY_COST, importance, _STREET_VICINITY_M)
            if of_kind:
                reach = max(_BESIDE_M, reach_m(importance) * _NEAR_SHARE)
                _put(table, span, BESIDE, row, 0, 0, cost + ranking.NEARBY_CONTEXT_COST, importance, reach)


@kernel
def _codes(index, table, spans, span):  # type: ignore[no-untyped-def]
    """Adds the features that have a postal code of the world."""
    head = spans[span].head
    total = np.int64(index.postings[head])
    for posting_at in range(head + 1, head + 1 + min(total, MAX_CODES)):
        row = posting_row(index.postings[posting_at])
        if spans[span].country < 0 or index.places[row].country == spans[span].country:
            _code(table, span, row)


@kernel
def _code(table, span, row):  # type: ignore[no-untyped-def]
    """Adds the features that have a postal code."""
    rows = st.i32(table, st.CODE_ROWS)
    at = place_of(rows, np.int64(row))
    if at >= 0:
        first, last = st.i32(table, st.CODE_FIRST)[at], st.i32(table, st.CODE_LAST)[at]
        _put(table, span, CODE_OF, row, first, last + 1, 0.0, ranking.CODE_FAME, 0.0)


@kernel
def _settlements(places, table, spans, span, beside):  # type: ignore[no-untyped-def]
    """Adds the places and postal codes of the layers that a span names; with `beside`, what else one may ask near."""
    if spans[span].postal != NAME and spans[span].postal != POSTAL:
        return
    postings, starts, base = st.u64(table, st.POSTINGS), st.i32(table, st.STARTS), st.i64(table, st.BASE)[0]
    head = spans[span].head
    for posting_at in range(head + 1, head + 1 + min(np.int64(spans[span].count), _MAX_PLACES)):
        posting = postings[posting_at]
        place_type = posting_type(posting)
        if not (spans[span].types >> place_type) & 1:
            continue
        row = posting_row(posting)
        if place_type == _POSTAL_CODE:
            _code(table, span, row)
        elif place_type in (_LOCALITY, _NEIGHBORHOOD):
            anchor = places[row].anchor
            reach = _QUARTER_M if place_type == _NEIGHBORHOOD else _VILLAGE_M
            cost = posting_cost(posting) * ranking.CONTEXT_NAME_SHARE
            _put(
                table, span, SETTLEMENT, row, base + starts[anchor], base + starts[places[anchor].last + 1], cost,
                ranking.STREET_WORTH, reach,
            )  # fmt: skip
        elif beside and place_type in (_STREET, _POI) and spans[span].count <= _MAX_BESIDE:
            if posting_cost(posting) > WHOLE_NAME_COST:
                continue
            cost = posting_cost(posting) + ranking.NEARBY_CONTEXT_COST
            _put(table, span, BESIDE, row, 0, 0, cost, ranking.STREET_WORTH, _BESIDE_FEATURE_M)


@inlined
def _is_numbered(tokens, count, spans, span):  # type: ignore[no-untyped-def]
    """Whether a number stands right beside the words of a span."""
    first, last = spans[span].first, spans[span].last
    return (first > 0 and tokens.word[first - 1].kind == DIGIT) or (last < count and tokens.word[last].kind == DIGIT)


@kernel
def has_code(table, feature, code):  # type: ignore[no-untyped-def]
    """Whether a feature has a postal code."""
    offsets, rows = st.i64(table, st.POSTAL_OFFSETS), st.i32(table, st.POSTAL_ROWS)
    for at in range(offsets[feature], offsets[feature + 1]):  # noqa: SIM110 - kernels have no generators
        if rows[at] == code:
            return True
    return False


@kernel
def holds(places, table, hint, row, of_kind):  # type: ignore[no-untyped-def]
    """What it costs that a hint says where feature `row` lies; negative if it lies elsewhere.

    `of_kind` tells whether the feature is asked for by its kind. A point of interest that is asked for by name may be
    beside a street, or another one: "Starbucks near Perry Street".
    """
    if hint.kind == BESIDE:
        named = places[row].place_type == _POI and hint.row >= st.i64(table, st.BASE)[0]
        asked = (of_kind or named) and hint.row != row
        return hint.cost if asked and _within_m(places, row, hint.row, hint.radius_m) else -1.0
    if hint.kind == VICINITY:
        return hint.cost if not of_kind and _may_pass(places, table, row, hint.row) else -1.0
    if hint.kind == NEAR:
        return hint.cost if _is_near(places, table, hint, row) else -1.0
    inside = hint.first <= row < hint.end
    if hint.kind == CODE_OF:
        return hint.cost if inside and has_code(table, row - st.i64(table, st.BASE)[0], hint.row) else -1.0
    if hint.kind == SETTLEMENT and hint.row != row:
        within = st.i32(table, st.WITHIN)[row - st.i64(table, st.BASE)[0]]
        if inside and within == hint.row:
            return hint.cost
        near = _within_m(places, row, hint.row, hint.radius_m)
        return hint.cost + ranking.NEARBY_CONTEXT_COST if near else -1.0
    return hint.cost if inside and hint.row != row else -1.0


@kernel
def _is_near(places, table, hint, row):  # type: ignore[no-untyped-def]
    """Whether a bigger town's name may stand for the place that a feature lies in."""
    importance = st.f32(table, st.IMPORTANCE)
    if importance[places[row].anchor] > hint.importance - LESS_KNOWN:
        return False
    return _within_m(places, row, hint.row, hint.radius_m)


@kernel
def _may_pass(places, table, row, town):  # type: ignore[no-untyped-def]
    """Whether a feature of another place lies in the vicinity of a place, or passes by it if it is a street."""
    if town <= places[row].anchor <= places[town].last:
        return False
    if places[row].place_type == _STREET:
        if not _within_m(places, row, town, _STREET_VICINITY_M):
            return False
        return passes_through(places, table, town, row - st.i64(table, st.BASE)[0])
    return is_vicinity(places, table, town, places[row].latitude, places[row].longitude)


@kernel
def _within_m(places, left, right, radius_m):  # type: ignore[no-untyped-def]
    a, b = places[left], places[right]
    if a.country != b.country or abs(a.latitude - b.latitude) * METRES_PER_DEGREE > radius_m:
        return False
    return distance_m(a.latitude, a.longitude, b.latitude, b.longitude) <= radius_m


@kernel
def read_hints(places, table, spans, span, row, other_words, chosen, rows):  # type: ignore[no-untyped-def]
    """Chooses the spans that speak for feature `row` as named by `span`, the most telling first.

    `other_words`, as bits, are those of something else: of the street that is crossed ("A & East Baltimore Street").
    Fills `chosen` and `rows` with the spans and what they are taken for, and returns (how many, words explained as
    bits, their worth, cost, typing errors, greatest importance of a context, flags of what they are).
    """
    hints, total = st.hints_at(table, st.HINTS), st.i64w(table, st.COUNTS)[st.AT_HINT]
    mask, of_kind = spans[span].mask, spans[span].postal == CATEGORY
    explained, cost, fame = 0.0, 0.0, 0.0
    edits, count, flags = 0, 0, 0
    beside = bool(np.bool_(False))  # see normalize.tokenize
    at = 0
    while at < total:
        other = hints[at].span
        end = at + 1
        while end < total and hints[end].span == other:
            end += 1
        if spans[other].mask & (mask | other_words) == 0:
            best, price = -1, np.inf
            for option in range(at, end):
                if best >= 0 and hints[best].kind != AREA and hints[option].cost >= price:
                    continue
                asked = holds(places, table, hints[option], row, of_kind)
                if asked < 0.0:
                    continue
                # A city says more than a region of its name that contains it too.
                finer = best >= 0 and hints[best].kind == AREA and hints[option].kind != AREA
                coarser = best >= 0 and hints[best].kind != AREA and hints[option].kind == AREA
                if finer or (asked < price and not coarser):
                    best, price = option, asked
            price += spans[other].cost
            # A street says little of the town: what else is named may still be another one.
            beside_feature = best >= 0 and hints[best].kind == BESIDE and hints[best].row >= st.i64(table, st.BASE)[0]
            # Who names one thing beside two streets means where these cross, and no stop that is called as the town.
            again = beside_feature and not of_kind and beside
            if best >= 0 and price < spans[other].gain and not again:
                beside = beside or beside_feature
                mask |= spans[other].mask
                explained += spans[other].gain
                cost += price
                edits += spans[other].edits
                kind = hints[best].kind
                if kind != SETTLEMENT and not beside_feature:
                    fame = max(fame, hints[best].importance)
                flags |= IN_AREA if beside_feature else _flag(kind)
                if count < chosen.size:
                    chosen[count], rows[count] = other, hints[best].row
                    count += 1
        at = end
    return count, mask, explained, cost, edits, fame, flags


@inlined
def _flag(kind):  # type: ignore[no-untyped-def]
    flag = IN_TOWN
    if kind == AREA:
        flag = IN_AREA
    elif kind == CODE_OF:
        flag = WITH_CODE
    elif kind in (NEAR, BESIDE):
        flag = NEAR_TOWN
    elif kind == VICINITY:
        flag = IN_VICINITY
    return flag
