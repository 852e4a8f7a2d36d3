"""What the other names of a query say for a place: areas that contain it, bigger places near it, its postal code.

Since rows are in hierarchy order, containment is a comparison of row numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import ranking
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.instructions import lowest_bit, prefetch
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.kind_spans import MEANT_SHIFT, agrees
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

#: Bounds of one query: postings read of one name, areas and bigger places that one span offers as context,
#: places that a postal code is compared with.
MAX_POSTINGS = 2048
MAX_AREAS = 32
MAX_AREAS_ALL = 1024
MAX_NEARBY = 3
MAX_CODES = 96

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


class Contexts(NamedTuple):
    """What the spans of a query offer as context, those first that are taken first.

    The areas' first rows and numbers of further rows lie apart, since they are compared with every candidate. `size` is
    the number of areas, of `near`, of `near_span`, whether a span is a postal code, and how many have a kind word.
    """

    first: npt.NDArray[np.int32]
    further: npt.NDArray[np.uint32]
    area: npt.NDArray[np.void]
    near: npt.NDArray[np.void]
    near_span: npt.NDArray[np.void]
    size: npt.NDArray[np.int64]


def new_contexts() -> Contexts:
    """Room for the contexts of one query."""
    return Contexts(
        np.empty(MAX_AREAS_ALL, np.int32),
        np.empty(MAX_AREAS_ALL, np.uint32),
        np.empty(MAX_AREAS_ALL, AREA),
        np.empty(MAX_NEARBY * MAX_SPANS, NEARBY),
        np.empty(MAX_SPANS, NEAR_SPAN),
        np.zeros(5, np.int64),
    )


@kernel
def gather_contexts(postings, places, spans, count, order, contexts):  # type: ignore[no-untyped-def]
    """Counts the postings of the spans, and lists the areas and bigger places that each may name, in `order`."""
    for span in range(count):
        spans[span].count = np.int64(postings[spans[span].head])
    areas = 0
    nears = 0
    near_spans = 0
    contexts.size[3] = contexts.size[4] = 0
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
        contexts.size[4] += spans[span].types >= 1 << MEANT_SHIFT
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
                    # "Lviv, Lviv Oblast" does not mean the oblast.
                    if agrees(spans[span].types, place_type):
                        contexts.area[areas].cost -= ranking.KIND_AGREES
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
                contexts.near[nears].radius_m = reach_m(importance)
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
def reach_m(importance):  # type: ignore[no-untyped-def]
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
