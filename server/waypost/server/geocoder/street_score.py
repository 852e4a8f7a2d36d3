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
from waypost.server.geocoder.normalize import DIGIT, LETTER
from waypost.server.geocoder.postings import posting_cost, posting_kind, posting_row, posting_type
from waypost.server.geocoder.street_hints import (
    IN_TOWN,
    IN_VICINITY,
    NEAR_TOWN,
    OTHER_CODE,
    OTHER_TOWN,
    WITH_CODE,
    read_hints,
)
from waypost.server.geocoder.street_spans import CATEGORY
from waypost.server.geocoder.street_twins import WHOLE_NAME_COST, second_name
from waypost.server.geocoder.street_words import COMPOUND, CONNECTOR, DIRECTION, NUMBER_SIGN, TYPE, UNIT, spelling_check
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
#: The longest postal code of digits alone; longer numbers are something else.
_CODE_DIGITS = 7
#: A place that is named beside a street this near to it may well be its own.
_SAME_TOWN_M = 3_000.0


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
    if spans[span].postal == CATEGORY:
        cost += farness(index.places, table, row, top.rows, told)
    feature = row - st.i64(table, st.BASE)[0]
    aside = st.u64w(table, st.ASIDE)[0]
    aside = np.uint64(0) if aside & spans[span].mask != 0 else aside & ~mask
    explained += spans[span].gain + _worth(tokens, count, aside)
    first, last = np.int64(spans[span].first), np.int64(spans[span].last)
    signs = st.signs_of(table)
    if place_type == _STREET:
        twin = second_name(table, tokens, spans, row, first, last, mask | aside | crossed)
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
            explained += spans[partner].gain - spans[partner].cost + _worth(tokens, count, between)
    if house.kind == STREET_ONLY or house.kind == NO_HOUSE:
        house.latitude, house.longitude = index.places[row].latitude, index.places[row].longitude
    if flags & IN_VICINITY and flags & (IN_TOWN | WITH_CODE | NEAR_TOWN) == 0:
        if not in_named_place(index.places, table, row, house, top.rows, told):
            return 0
        flags |= NEAR_TOWN
    left = ~(mask | aside)
    price, more, _ = weigh_left(index, table, spans, tokens, count, signs, row, first, last, left, flags)
    if price < 0.0 or (
        posting_cost(posting) > _DIRECTION_LEFT_OUT and _beside_direction(count, signs, first, last, left)
    ):
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
def _worth(tokens, count, words):  # type: ignore[no-untyped-def]
    """What explaining words, given as bits, is worth."""
    gain = 0.0
    if words != 0:
        for token in range(count):
            if (words >> np.uint64(token)) & np.uint64(1) != 0:
                gain += tokens.word[token].gain
    return gain


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


@kernel
def weigh_left(index, table, spans, tokens, count, signs, row, first, last, left, flags):  # type: ignore[no-untyped-def]
    """What the words that a street leaves over say against it: (cost, flags, those that contradict, as bits).

    `first` to before `last` are the words of its name; the cost is negative where the street cannot be meant.
    """
    places = index.places
    rivals, rival_count = st.rivals_at(table, st.RIVALS), st.i64w(table, st.COUNTS)[st.AT_RIVAL]
    anchor = places[row].anchor
    more, against = 0, np.uint64(0)
    price = 0.0
    settled = flags & (IN_TOWN | WITH_CODE) != 0
    for at in range(rival_count):
        words = rivals[at].mask & left
        other = rivals[at].row
        # Even a small word of the name of another town counts where nothing tells the street's own ("Maryland City").
        town = places[other].place_type == _LOCALITY and not settled
        if words == 0 or (not town and _worth(tokens, count, words) <= ranking.TOWN_WORD_GAIN):
            continue
        # A town that its postal code speaks for is named by that alone.
        postal = places[other].place_type == _POSTAL_CODE or _all_digits(tokens, count, words)
        if not postal:
            if other <= anchor <= places[other].last:
                continue
            away = distance_m(
                places[row].latitude, places[row].longitude, places[other].latitude, places[other].longitude
            )
            if away <= _SAME_TOWN_M:
                continue
        if (postal and not settled) or (not postal and flags & WITH_CODE == 0):
            return -1.0, 0, words
        more |= OTHER_CODE if postal else OTHER_TOWN
        against |= words
        price = max(price, ranking.OTHER_CODE_COST if postal else ranking.OTHER_TOWN_COST)
    other_code = np.uint64(0)
    if settled:
        other_code = _other_code(index, table, tokens, count, spans, places[row].country, first, last, left)
    if other_code & ~against != 0:
        more |= OTHER_CODE
        against |= other_code
        price = max(price, ranking.OTHER_CODE_COST)
    crossing = st.u64w(table, st.ASIDE)[1]
    for token in range(count):
        bit = np.uint64(1) << np.uint64(token)
        if left & ~crossing & bit == 0 or not _telling(tokens, signs, token):
            continue
        if not settled and flags & NEAR_TOWN == 0:
            return -1.0, 0, bit
        # A word right beside the name, where that does not end in a kind of street, belongs to another name.
        same = tokens.word[token].segment == tokens.word[first].segment
        if same and token == first - 1 and signs.kind[first] & TYPE == 0:
            return -1.0, 0, bit
        if same and token == last and signs.kind[last - 1] & (TYPE | COMPOUND) == 0:
            return -1.0, 0, bit
    return price, more, against


@kernel
def _other_code(index, table, tokens, count, spans, country, first, last, left):  # type: ignore[no-untyped-def]
    """Words left over, as bits, that are a postal code: one of that country, or one that is hardly a house number.

    That is a long number which does not stand right beside the street's name, words `first` to before `last`.
    """
    beside = np.uint64(1) << np.uint64(last) if last < count else np.uint64(0)
    if first > 0:
        beside |= np.uint64(1) << np.uint64(first - 1)
    words = np.uint64(0)
    for span in range(st.i64w(table, st.COUNTS)[st.AT_PLACES]):
        if not spans[span].postal or spans[span].mask & ~left != 0:
            continue
        code = posting_row(index.postings[spans[span].head + 1])
        long = spans[span].gain >= ranking.LONG_NUMBER_GAIN and spans[span].mask & beside == 0
        if long or index.places[code].country == country:
            words |= spans[span].mask
    for token in range(count):
        bit, word = np.uint64(1) << np.uint64(token), tokens.word[token]
        digits = word.kind == DIGIT and word.gain >= ranking.LONG_NUMBER_GAIN and word.end - word.start <= _CODE_DIGITS
        if digits and bit & left & ~beside != 0:
            words |= bit
    return words


@kernel
def _beside_direction(count, signs, first, last, left):  # type: ignore[no-untyped-def]
    """Whether a direction beside a name is left over: then the street that has it is another one."""
    before = first > 0 and signs.kind[first - 1] & DIRECTION != 0 and (left >> np.uint64(first - 1)) & np.uint64(1) != 0
    behind = last < count and signs.kind[last] & DIRECTION != 0 and (left >> np.uint64(last)) & np.uint64(1) != 0
    return before or behind


@kernel
def _all_digits(tokens, count, words):  # type: ignore[no-untyped-def]
    """Whether all words, given as bits, have digits."""
    for token in range(count):
        if (words >> np.uint64(token)) & np.uint64(1) != 0 and tokens.word[token].kind != DIGIT:
            return False
    return True


@inlined
def _telling(tokens, signs, token):  # type: ignore[no-untyped-def]
    """Whether a word would name something, if anything did."""
    word = tokens.word[token]
    small = CONNECTOR | NUMBER_SIGN | UNIT | TYPE | DIRECTION
    return word.kind == LETTER and word.gain > ranking.TOWN_WORD_GAIN and signs.kind[token] & small == 0
