"""Scores one street, point of interest or place of a layer as what a query means, in the terms of match.py.

A street speaks for itself by its name, the house, and what the rest of the query says of where it lies. Where the rest
says that it lies elsewhere it is no answer at all: another town's house is worse than the town alone.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.crossings import crossing_of
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.house_numbers import find_house
from waypost.server.geocoder.houses import CROSSING, EXACT, INTERPOLATED, NO_HOUSE, STREET_ONLY
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.kinds_near import farness
from waypost.server.geocoder.match import (
    BROKEN_PART,
    CODE_BESIDE,
    CONTEXT,
    EXPLAINED,
    FOCUS,
    IMPORTANCE,
    KIND_WORD,
    NAME,
    TYPING,
    passes,
    place_for,
)
from waypost.server.geocoder.postings import posting_cost, posting_kind, posting_row, posting_type
from waypost.server.geocoder.street_hints import (
    IN_TOWN,
    IN_VICINITY,
    NEAR_TOWN,
    OTHER_DIRECTION,
    WITH_CODE,
    read_hints,
)
from waypost.server.geocoder.street_left_over import number_beside, weigh_left, worth_of
from waypost.server.geocoder.street_spans import CATEGORY
from waypost.server.geocoder.street_twins import WHOLE_NAME_COST, second_name
from waypost.server.geocoder.street_words import COMPOUND, TYPE, spelling_check
from waypost.server.geocoder.vicinity import in_named_place
from waypost.server.geocoder.words_beside import kind_beside
from waypost.server.model import PlaceType

_LOCALITY, _POSTAL_CODE, _STREET, _ADDRESS, _POI = map(
    int, (PlaceType.LOCALITY, PlaceType.POSTAL_CODE, PlaceType.STREET, PlaceType.ADDRESS, PlaceType.POI)
)

#: What became of a try, as bits: among the answers, or even with the house that was asked for (or none was).
ACCEPTED, WITH_HOUSE = 1, 2
#: Streets that one query tries at most, about two milliseconds.
MAX_TRIED = 2_000
#: Names that cost more than this leave a direction out, or nearly as much.
_DIRECTION_LEFT_OUT = 0.55


@kernel
def try_street(index, table, tokens, count, data, spans, span, posting, whole, limits, top):  # type: ignore[no-untyped-def]
    """Scores the feature of `posting` as named by `span`; what became of it, as bits."""
    counts, seen = st.i64w(table, st.COUNTS), st.i64w(table, st.SEEN_KEYS)
    row, place_type = posting_row(posting), posting_type(posting)
    key = (row << np.int64(10)) + span + 1
    slot = (row * 7 + span) & (st.SEEN - 1)
    if seen[slot] == key:
        return 0
    seen[slot] = key
    counts[st.AT_TRIED] += 1
    if counts[st.AT_TRIED] > MAX_TRIED:
        counts[st.AT_BOUND] = 1
        return 0
    allowed = limits.types[0]
    asked_type = place_type
    if (allowed >> place_type) & 1 == 0 and place_type <= _STREET:
        asked_type = _ADDRESS
    if not (spans[span].types >> place_type) & 1 or not passes(index.places, limits, row, asked_type):
        return 0
    if posting_cost(posting) > WHOLE_NAME_COST and _is_apart(tokens, spans, span):
        return 0
    partner = np.int64(spans[span].country) if place_type == _STREET else np.int64(-1)
    crossing, latitude, longitude = np.int64(-1), 0.0, 0.0
    crossed = np.uint64(0)
    if partner >= 0:
        crossing, latitude, longitude = crossing_of(index.places, table, spans, partner, row)
        crossed = spans[partner].mask if crossing >= 0 else crossed
    told, mask, explained, cost, edits, fame, flags = read_hints(
        index.places, table, spans, span, row, crossed, top.chosen, top.rows
    )
    if place_type == _POI and (spans[span].postal == CATEGORY or _beside_feature(table, top.rows, told)):
        cost += farness(index.places, table, row, top.rows, told)
    feature = row - st.i64(table, st.BASE)[0]
    aside = st.u64w(table, st.ASIDE)[0]
    aside = np.uint64(0) if aside & spans[span].mask != 0 else aside & ~mask
    explained += spans[span].gain + worth_of(tokens, count, aside)
    first, last = np.int64(spans[span].first), np.int64(spans[span].last)
    signs = st.signs_of(table)
    if place_type == _STREET:
        twin = second_name(table, tokens, spans, np.int64(span), row, first, last, mask | aside | crossed)
        if twin >= 0:
            mask |= spans[twin].mask
            explained += spans[twin].gain - spans[twin].cost
            edits += spans[twin].edits
            first, last = min(first, np.int64(spans[twin].first)), max(last, np.int64(spans[twin].last))
        beside = kind_beside(tokens, count, signs, mask | aside, first, last)
        if beside >= 0:
            mask |= np.uint64(1) << np.uint64(beside)
            explained += ranking.BESIDE_KIND_SHARE * tokens.word[beside].gain
            first, last = min(first, beside), max(last, beside + 1)
    house = st.houses_at(table, st.HOUSES)[0]
    house.kind = NO_HOUSE
    house.asked = 0
    house.mask = np.uint64(0)
    if place_type != _POI:
        find_house(
            table, tokens, count, data, feature, first, last, mask | aside,
            _number_first(table, index.places[row].country),
        )  # fmt: skip
        if (allowed >> _ADDRESS) & 1 == 0 and house.kind in (EXACT, INTERPOLATED):
            house.kind = STREET_ONLY
        if house.kind == STREET_ONLY and place_type != _STREET:
            house.kind = NO_HOUSE
        if asked_type == _ADDRESS and house.kind not in (EXACT, INTERPOLATED):
            return 0
        mask |= house.mask
        explained += house.gain if house.mask != 0 else 0.0
        if crossing >= 0 and house.kind == STREET_ONLY:
            house.kind = CROSSING
            house.latitude, house.longitude = latitude, longitude
            between = _between(spans[span].last, spans[partner].first)
            mask |= crossed | between
            explained += spans[partner].gain - spans[partner].cost + worth_of(tokens, count, between)
    if house.kind == STREET_ONLY or house.kind == NO_HOUSE:
        house.latitude, house.longitude = index.places[row].latitude, index.places[row].longitude
    if flags & IN_VICINITY and flags & (IN_TOWN | WITH_CODE | NEAR_TOWN) == 0:
        if not in_named_place(index.places, table, row, house, top.rows, told):
            return 0
        flags |= NEAR_TOWN
    left = ~(mask | aside)
    price, more, _ = weigh_left(index, table, spans, tokens, count, signs, row, first, last, left, flags)
    other_direction = more & OTHER_DIRECTION != 0
    if price < 0.0 or (posting_cost(posting) > _DIRECTION_LEFT_OUT and other_direction):
        return 0
    # Stops and stations bear the names of streets, but have neither numbers nor crossings.
    if place_type == _POI and signs.kind[last - 1] & (TYPE | COMPOUND) != 0:
        crossed_by = st.u64w(table, st.ASIDE)[1] & spans[span].mask != 0
        if other_direction or crossed_by or number_beside(tokens, count, first, last, left) != 0:
            return 0
    flags |= more
    worth = ranking.POI_WORTH if place_type == _POI else ranking.STREET_WORTH
    name = -posting_cost(posting)
    if spelling_check(tokens, spans[span].first, spans[span].last) == posting >> np.uint64(48):
        name += ranking.SPELLING_BONUS
    focus = 0.0
    if limits.focus[0] == limits.focus[0]:
        away = distance_m(house.latitude, house.longitude, limits.focus[0], limits.focus[1])
        focus = ranking.FOCUS_WEIGHT / (1.0 + away / ranking.FOCUS_HALF_M)
        focus += ranking.STREET_FOCUS_WEIGHT / (1.0 + away / ranking.STREET_FOCUS_HALF_M)
    context = ranking.CONTEXT_WEIGHT * fame - cost
    score = worth + explained + name - spans[span].cost + context - price + focus
    state = ACCEPTED
    if house.kind in (EXACT, CROSSING) or (house.asked == 0 and (partner < 0 or spans[partner].mask & mask != 0)):
        state |= WITH_HOUSE
    place = place_for(top, row, score)
    if place < 0:
        return state
    reading = top.reading[place]
    reading.row = row
    reading.score = score
    reading.span = span
    reading.mask = mask | aside
    reading.edits = edits + spans[span].edits
    reading.levels = flags
    reading.kind = posting_kind(posting)
    reading.terms[IMPORTANCE] = worth
    reading.terms[EXPLAINED] = explained
    reading.terms[NAME] = name
    reading.terms[TYPING] = -spans[span].cost
    reading.terms[CODE_BESIDE] = -price
    reading.terms[CONTEXT] = context
    reading.terms[FOCUS] = focus
    reading.terms[KIND_WORD] = reading.terms[BROKEN_PART] = 0.0
    reading.house = house.kind
    reading.number_from = house.number_from if house.asked else 0
    reading.number_to = house.number_to if house.asked else 0
    reading.crossing = crossing if house.kind == CROSSING else np.int64(-1)
    reading.address = house.address if house.kind == EXACT else -1
    reading.latitude = house.latitude
    reading.longitude = house.longitude
    reading.error_m = house.error_m if house.kind == INTERPOLATED else 0.0
    return state


@kernel
def _is_apart(tokens, spans, span):  # type: ignore[no-untyped-def]
    """Whether something stands within the words of a span that parts one name from the next as a rule."""
    return tokens.word[spans[span].first].segment != tokens.word[spans[span].last - 1].segment


@inlined
def _beside_feature(table, rows, count):  # type: ignore[no-untyped-def]
    """Whether one of the first `count` rows is that of a feature."""
    for row in rows[:count]:  # noqa: SIM110 - kernels have no generators
        if row >= st.i64(table, st.BASE)[0]:
            return True
    return False


@inlined
def _between(end, first):  # type: ignore[no-untyped-def]
    """The words from `end` to before `first`, as bits."""
    words = np.uint64(0)
    for word in range(end, first):
        words |= np.uint64(1) << np.uint64(word)
    return words


@kernel
def _number_first(table, country):  # type: ignore[no-untyped-def]
    """Whether a country writes the number before the street."""
    for row in st.i32(table, st.NUMBER_FIRST):  # noqa: SIM110 - kernels have no generators
        if row == country:
            return True
    return False
