"""The house number among the words beside a street's name, and the house of that number, or where it should be.

Numbers stand before the street or behind it, as the country writes; both are tried. What belongs to the name ("Rue du 8
mai 1945") or to the context (a postal code) is none, since spans cover it.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.house_points import UNITS_PER_DEGREE, between, on_range, same_number
from waypost.server.geocoder.houses import EXACT, INTERPOLATED, STREET_ONLY
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import DIGIT, LETTER, hash_text, span_hash
from waypost.server.geocoder.street_words import NUMBER_SIGN, TYPE, UNIT

#: The most digits of a house number; longer ones are something else.
_MOST_DIGITS = 6

#: The most words of a house's name, and the most such houses of a street that are looked at.
_MOST_NAME_WORDS = 6
_MOST_NAMED = 2_048

_BIS = np.array(sorted({hash_text(word) for word in ("bis", "ter", "quater", "quinquies")}), np.uint64)


@kernel
def find_house(table, tokens, count, data, feature, first, last, taken, number_first):  # type: ignore[no-untyped-def]
    """Fills house 0 of the table: the house on `feature`, whose name is words `first` to before `last`.

    `taken` are the words explained or set aside already; `number_first` tells which place of the number is tried first.
    """
    best, other = st.houses_at(table, st.HOUSES)[0], st.houses_at(table, st.HOUSES)[1]
    _clear(best)
    signs = st.signs_of(table)
    before = _number_before(tokens, count, data, taken, first)
    after = _number_after(tokens, count, signs, taken, last)
    one, two = (before, after) if number_first else (after, before)
    if one < 0 and two < 0:
        one = _number_apart(tokens, count, taken)
    if one >= 0:
        _at_number(table, tokens, count, data, feature, one, taken, best)
    if two >= 0 and best.kind != EXACT:
        _clear(other)
        _at_number(table, tokens, count, data, feature, two, taken, other)
        if other.kind == EXACT or (best.kind != INTERPOLATED and other.kind == INTERPOLATED):
            _copy(other, best)
        best.asked = 1
    if best.kind != EXACT:
        _at_name(table, tokens, count, feature, first, last, taken, best)
    if best.mask != 0:
        _take_signs(tokens, count, signs, taken, best)


@kernel
def _clear(house):  # type: ignore[no-untyped-def]
    house.kind = STREET_ONLY
    house.asked = 0
    house.number_from = house.number_to = 0
    house.address = -1
    house.mask = np.uint64(0)
    house.gain = 0.0
    house.error_m = 0.0


@kernel
def _copy(source, target):  # type: ignore[no-untyped-def]
    target.kind = source.kind
    target.number_from = source.number_from
    target.number_to = source.number_to
    target.address = source.address
    target.latitude = source.latitude
    target.longitude = source.longitude
    target.error_m = source.error_m
    target.mask = source.mask
    target.gain = source.gain


@inlined
def _has(bits, word):  # type: ignore[no-untyped-def]
    return (bits >> np.uint64(word)) & np.uint64(1) != 0


@inlined
def _is_digit(char):  # type: ignore[no-untyped-def]
    return np.uint32(48) <= char <= np.uint32(57)


@kernel
def _numeric(tokens, word):  # type: ignore[no-untyped-def]
    """How many digits a word begins with, 0 if it cannot be a house number."""
    if tokens.word[word].kind != DIGIT:
        return 0
    begin, end = tokens.word[word].start, tokens.word[word].end
    digits = 0
    while begin + digits < end and _is_digit(tokens.char[begin + digits]):
        digits += 1
    return digits if digits <= _MOST_DIGITS and end - begin - digits <= 6 else 0


@kernel
def _follows(tokens, count, data, word):  # type: ignore[no-untyped-def]
    """Whether a word may be what follows a number: 2 digits after a sign, 1 a letter, "bis" or a fraction; 0 not."""
    if word == 0:
        return 0
    begin, end = tokens.word[word].start, tokens.word[word].end
    if tokens.word[word].kind == DIGIT:  # A slash has begun another segment.
        gap = tokens.word[word].byte_start - tokens.word[word - 1].byte_end
        byte = data[tokens.word[word - 1].byte_end]
        if gap == 1 and (byte == 47 or byte == 45):
            return 2
        return 1 if gap == 1 and _begins_fraction(tokens, count, data, word) else 0
    if tokens.word[word].kind != LETTER or tokens.word[word].segment != tokens.word[word - 1].segment:
        return 0
    if end - begin == 1 or _is_digit(tokens.char[begin]):  # "½" is of letters, and folds to digits
        return 1
    value = span_hash(tokens.prefix, begin, end)
    for known in _BIS:
        if known == value:
            return 1
    return 0


@kernel
def _begins_fraction(tokens, count, data, word):  # type: ignore[no-untyped-def]
    """Whether a word of digits is the 1 of "1/2", behind the number of a house."""
    if tokens.word[word - 1].kind != DIGIT or word + 1 >= count:
        return False
    above, below = tokens.word[word], tokens.word[word + 1]
    if above.end - above.start != 1 or below.end - below.start != 1:
        return False
    slash = below.byte_start - above.byte_end == 1 and data[above.byte_end] == 47
    return slash and tokens.char[above.start] < tokens.char[below.start]


@kernel
def _number_before(tokens, count, data, taken, first):  # type: ignore[no-untyped-def]
    """The word that may be the house number before a name; -1 if none may."""
    word = first - 1
    for _ in range(3):
        while word >= 0 and _has(taken, word) and word < first - 1:
            word -= 1
        if word < 0 or _has(taken, word) or tokens.word[first].segment - tokens.word[word].segment > 1:
            return -1
        if _numeric(tokens, word) > 0 and not (
            word > 0 and _follows(tokens, count, data, word) and _numeric(tokens, word - 1)
        ):
            return word
        if _follows(tokens, count, data, word) == 0:
            return -1
        word -= 1
    return -1


@kernel
def _number_after(tokens, count, signs, taken, last):  # type: ignore[no-untyped-def]
    """The word that may be the house number behind a name; -1 if none may."""
    word = last
    while word < count and (_has(taken, word) or signs.kind[word] & NUMBER_SIGN):
        if _has(taken, word) and tokens.word[word].kind == DIGIT and word == last:
            return -1
        word += 1
    if word >= count or tokens.word[word].segment - tokens.word[last - 1].segment > 1:
        return -1
    return word if _numeric(tokens, word) > 0 else -1


@kernel
def _number_apart(tokens, count, taken):  # type: ignore[no-untyped-def]
    """The only number that stands alone between commas; -1 if there is none, or several."""
    found = -1
    for word in range(count):
        if _has(taken, word) or _numeric(tokens, word) == 0:
            continue
        alone = (word == 0 or tokens.word[word - 1].segment != tokens.word[word].segment) and (
            word + 1 == count or tokens.word[word + 1].segment != tokens.word[word].segment
        )
        if alone:
            if found >= 0:
                return -1
            found = word
    return found


@kernel
def _at_number(table, tokens, count, data, feature, word, taken, house):  # type: ignore[no-untyped-def]
    """Fills `house` with the house whose number begins at `word`, or what stands for it."""
    offsets, numbers = st.i64(table, st.ADDRESS_OFFSETS), st.u32(table, st.ADDRESS_NUMBER)
    house.asked = 1
    begin = tokens.word[word].start
    digits = _numeric(tokens, word)
    number = np.int64(0)
    for at in range(begin, begin + digits):
        number = number * 10 + np.int64(tokens.char[at]) - 48
    house.number_from = tokens.word[word].byte_start
    house.number_to = tokens.word[word].byte_end
    more = 0
    while more < 2 and word + more + 1 < count and not _has(taken, word + more + 1):
        if _follows(tokens, count, data, word + more + 1) == 0:
            break
        more += 1
    own = np.uint64(1) << np.uint64(word)
    low, high = offsets[feature], offsets[feature + 1]
    at = _first_of(numbers, low, high, number)
    if at < high and np.int64(numbers[at]) == number:
        for further in range(more, -1, -1):
            value = span_hash(tokens.prefix, begin + digits, tokens.word[word + further].end)
            address = _with_suffix(table, at, high, number, value)
            if address < 0:
                continue
            points = st.i32(table, st.ADDRESS_POINT)
            house.kind = EXACT
            house.address = address
            house.latitude = points[2 * address] / UNITS_PER_DEGREE
            house.longitude = points[2 * address + 1] / UNITS_PER_DEGREE
            # "12/3" is flat 3 of house 12 where no house is numbered so.
            while further < more and _follows(tokens, count, data, word + further + 1) == 2:
                further += 1
            _take(tokens, house, word, further, own, ranking.HOUSE_GAIN)
            return
        if number == 0:
            return  # those are all houses without a number
        same_number(table, at, high, number, house)
        _take(tokens, house, word, 0, own, ranking.INTERPOLATED_GAIN)
        return
    if on_range(table, feature, number, house) or between(table, low, at, high, number, house):
        _take(tokens, house, word, more, own, ranking.INTERPOLATED_GAIN)


@kernel
def _at_name(table, tokens, count, feature, first, last, taken, house):  # type: ignore[no-untyped-def]
    """Fills `house` with the house that has a name for a number, where words beside the street's name are it."""
    offsets, numbers = st.i64(table, st.ADDRESS_OFFSETS), st.u32(table, st.ADDRESS_NUMBER)
    low, high = offsets[feature], min(offsets[feature + 1], offsets[feature] + _MOST_NAMED)
    if low >= high or numbers[low] != 0:
        return
    for size in range(_MOST_NAME_WORDS, 0, -1):
        for begin in (first - size, last):
            end = begin + size
            if begin < 0 or end > count or not _is_name(tokens, taken, begin, end):
                continue
            value = span_hash(tokens.prefix, tokens.word[begin].start, tokens.word[end - 1].end)
            address = _with_suffix(table, low, high, np.int64(0), value)
            if address < 0:
                continue
            points = st.i32(table, st.ADDRESS_POINT)
            house.kind = EXACT
            house.asked = 1
            house.number_from = tokens.word[begin].byte_start
            house.address = address
            house.latitude = points[2 * address] / UNITS_PER_DEGREE
            house.longitude = points[2 * address + 1] / UNITS_PER_DEGREE
            house.error_m = 0.0
            _take(tokens, house, begin, size - 1, np.uint64(1) << np.uint64(begin), ranking.HOUSE_GAIN)
            return


@kernel
def _is_name(tokens, taken, begin, end):  # type: ignore[no-untyped-def]
    """Whether those words are of one part of the text, and nothing else explains one of them."""
    for word in range(begin, end):
        if _has(taken, word):
            return False
    return tokens.word[begin].segment == tokens.word[end - 1].segment


@kernel
def _take(tokens, house, word, further, own, gain):  # type: ignore[no-untyped-def]
    """Notes that a number and the words that follow it are explained."""
    house.mask = own
    for following in range(word + 1, word + further + 1):
        house.mask |= np.uint64(1) << np.uint64(following)
        gain += tokens.word[following].gain
    house.number_to = tokens.word[word + further].byte_end
    house.gain = max(gain, tokens.word[word].gain) if house.kind == EXACT else gain


@kernel
def _take_signs(tokens, count, signs, taken, house):  # type: ignore[no-untyped-def]
    """Takes "No." before the number too."""
    word = 0
    while not _has(house.mask, word):
        word += 1
    if word > 0 and signs.kind[word - 1] & NUMBER_SIGN and not _has(taken | house.mask, word - 1):
        house.mask |= np.uint64(1) << np.uint64(word - 1)
        house.gain += tokens.word[word - 1].gain


@kernel
def _first_of(numbers, low, high, number):  # type: ignore[no-untyped-def]
    """The first address from `low` to before `high` whose number is not less."""
    while low < high:
        middle = (low + high) // 2
        if np.int64(numbers[middle]) < number:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _with_suffix(table, at, high, number, value):  # type: ignore[no-untyped-def]
    """The first address of that number whose folded suffix has that hash; -1 if there is none."""
    numbers, suffix = st.u32(table, st.ADDRESS_NUMBER), st.u16(table, st.ADDRESS_SUFFIX)
    hashes = st.u64(table, st.SUFFIX_HASH)
    while at < high and np.int64(numbers[at]) == number:
        if hashes[suffix[at]] == value:
            return at
        at += 1
    return np.int64(-1)


@kernel
def set_aside(tokens, count, data, signs):  # type: ignore[no-untyped-def]
    """The words, as bits, that name a part of a house or a person in it: "Apt 4B", "2. Stock", "c/o Miller"."""
    aside = np.uint64(0)
    for word in range(count):
        one = np.uint64(1) << np.uint64(word)
        segment = tokens.word[word].segment
        if signs.kind[word] & UNIT:
            after = word + 1 < count and tokens.word[word + 1].segment == segment
            if after and _unit_number(tokens, word + 1):
                aside |= one | one << np.uint64(1)
            elif word > 0 and tokens.word[word - 1].segment == segment and tokens.word[word - 1].kind == DIGIT:
                alone = word == 1 or tokens.word[word - 2].segment != segment
                if alone or tokens.word[word - 2].kind == DIGIT:
                    aside |= one | one >> np.uint64(1)
        letters = tokens.word[word].end - tokens.word[word].start
        if letters == 1 and word + 1 < count and tokens.char[tokens.word[word].start] == 99:
            following = tokens.word[word + 1]
            slash = data[tokens.word[word].byte_end] == 47
            if slash and following.end - following.start == 1 and tokens.char[following.start] == 111:
                for name in range(word, count):
                    if tokens.word[name].segment == segment:
                        aside |= np.uint64(1) << np.uint64(name)
    return aside


@kernel
def _unit_number(tokens, word):  # type: ignore[no-untyped-def]
    """Whether a word is the number or letter of a part of a house."""
    size = tokens.word[word].end - tokens.word[word].start
    return size <= 5 and (tokens.word[word].kind == DIGIT or size == 1)


@kernel
def kind_beside(tokens, count, signs, taken, first, last):  # type: ignore[no-untyped-def]
    """The word beside a name that is a kind of street and left over ("ul." before Długa); -1 if there is none."""
    segment = tokens.word[first].segment
    for beside in (first - 1, last):
        inside = 0 <= beside < count
        if inside and signs.kind[beside] & TYPE and tokens.word[beside].segment == segment and not _has(taken, beside):
            return beside
    return -1
