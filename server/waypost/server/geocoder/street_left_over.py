"""What the words that a street leaves over say against it: another town, postal code or direction, or another name."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import DIGIT, LETTER
from waypost.server.geocoder.postings import posting_row
from waypost.server.geocoder.street_hints import IN_TOWN, NEAR_TOWN, OTHER_CODE, OTHER_DIRECTION, OTHER_TOWN, WITH_CODE
from waypost.server.geocoder.street_words import COMPOUND, CONNECTOR, DIRECTION, NUMBER_SIGN, TYPE, UNIT
from waypost.server.model import PlaceType

_LOCALITY, _POSTAL_CODE = int(PlaceType.LOCALITY), int(PlaceType.POSTAL_CODE)

#: The longest postal code of digits alone; longer numbers are something else.
_CODE_DIGITS = 7
#: The most digits of a number that is taken for a house's though it is a postal code somewhere: those of every country
#: of short codes.
_HOUSE_DIGITS = 4
#: A place that is named beside a street this near to it may well be its own.
_SAME_TOWN_M = 3_000.0


@inlined
def worth_of(tokens, count, words):  # type: ignore[no-untyped-def]
    """What explaining words, given as bits, is worth."""
    gain = 0.0
    if words != 0:
        for token in range(count):
            if (words >> np.uint64(token)) & np.uint64(1) != 0:
                gain += tokens.word[token].gain
    return gain


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
    number = number_beside(tokens, count, first, last, left)
    for at in range(rival_count):
        words = rivals[at].mask & left
        other = rivals[at].row
        # Even a small word of the name of another town counts where nothing tells the street's own ("Maryland City").
        town = places[other].place_type == _LOCALITY and not settled
        if words == 0 or (not town and worth_of(tokens, count, words) <= ranking.TOWN_WORD_GAIN):
            continue
        # A town that its postal code speaks for is named by that alone.
        postal = places[other].place_type == _POSTAL_CODE or _all_digits(tokens, count, words)
        if postal and words == number:
            continue
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
    before = first - 1
    while before > 0 and tokens.word[before].gain == ranking.KIND_GAIN:  # "Empire State Building" is not any building
        before -= 1
    for token in range(count):
        bit = np.uint64(1) << np.uint64(token)
        if left & ~crossing & bit == 0 or not _telling(tokens, signs, token):
            continue
        if not settled and flags & NEAR_TOWN == 0:
            return -1.0, 0, bit
        # A word right beside the name, where that does not end in a kind of street, belongs to another name.
        same = tokens.word[token].segment == tokens.word[first].segment
        if same and token == before and signs.kind[first] & TYPE == 0:
            return -1.0, 0, bit
        if same and token == last and signs.kind[last - 1] & (TYPE | COMPOUND) == 0:
            return -1.0, 0, bit
    direction = direction_beside(tokens, count, signs, first, last, left)
    if direction != 0:
        more |= OTHER_DIRECTION
        against |= direction
        price = max(price, ranking.OTHER_DIRECTION_COST)
    return price, more, against


@kernel
def number_beside(tokens, count, first, last, left):  # type: ignore[no-untyped-def]
    """The word, as a bit, that is the number of a house if it is one, rather than a postal code somewhere.

    The only number beside the name, of no more than four digits: "1724 Thames Street" is not in 1724 Oslo.
    """
    number = np.uint64(0)
    for word in (np.int64(first) - 1, np.int64(last)):
        if 0 <= word < count and tokens.word[word].kind == DIGIT:
            bit = np.uint64(1) << np.uint64(word)
            if number != 0 or tokens.word[word].end - tokens.word[word].start > _HOUSE_DIGITS:
                return np.uint64(0)
            number = bit & left
    return number


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
def direction_beside(tokens, count, signs, first, last, left):  # type: ignore[no-untyped-def]
    """The directions beside a name that are left over, as bits: the street that has them may be another one."""
    words = np.uint64(0)
    for word in (np.int64(first) - 1, np.int64(last)):
        if not 0 <= word < count or tokens.word[word].segment != tokens.word[first].segment:
            continue
        bit = np.uint64(1) << np.uint64(word)
        # Behind a name "e" is more likely an "and".
        connects = word == last and signs.kind[word] & CONNECTOR != 0
        if signs.kind[word] & DIRECTION != 0 and left & bit != 0 and not connects:
            words |= bit
    return words


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
