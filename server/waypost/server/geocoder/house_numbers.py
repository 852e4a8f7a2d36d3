"""The house of a number, or of a name, that stands beside a street's name; or where it should be.

Both places of a number are tried, before the name and behind it. Which words may be a number tells words_beside.py.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.house_points import UNITS_PER_DEGREE, between, on_range, same_number
from waypost.server.geocoder.houses import EXACT, INTERPOLATED, STREET_ONLY
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import span_hash
from waypost.server.geocoder.street_words import NUMBER_SIGN
from waypost.server.geocoder.words_beside import follows, has, number_after, number_apart, number_before, numeric

#: The most words of a house's name, and the most such houses of a street that are looked at.
_MOST_NAME_WORDS = 6
_MOST_NAMED = 2_048


@kernel
def find_house(table, tokens, count, data, feature, first, last, taken, number_first):  # type: ignore[no-untyped-def]
    """Fills house 0 of the table: the house on `feature`, whose name is words `first` to before `last`.

    `taken` are the words explained or set aside already; `number_first` tells which place of the number is tried first.
    """
    best, other = st.houses_at(table, st.HOUSES)[0], st.houses_at(table, st.HOUSES)[1]
    _clear(best)
    signs = st.signs_of(table)
    before = number_before(tokens, count, data, taken, first)
    after = number_after(tokens, count, signs, taken, last)
    one, two = (before, after) if number_first else (after, before)
    if one < 0 and two < 0:
        one = number_apart(tokens, count, taken)
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


@kernel
def _at_number(table, tokens, count, data, feature, word, taken, house):  # type: ignore[no-untyped-def]
    """Fills `house` with the house whose number begins at `word`, or what stands for it."""
    offsets, numbers = st.i64(table, st.ADDRESS_OFFSETS), st.u32(table, st.ADDRESS_NUMBER)
    house.asked = 1
    begin = tokens.word[word].start
    digits = numeric(tokens, word)
    number = np.int64(0)
    for at in range(begin, begin + digits):
        number = number * 10 + np.int64(tokens.char[at]) - 48
    house.number_from = tokens.word[word].byte_start
    house.number_to = tokens.word[word].byte_end
    more = 0
    while more < 2 and word + more + 1 < count and not has(taken, word + more + 1):
        if follows(tokens, count, data, word + more + 1) == 0:
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
            while further < more and follows(tokens, count, data, word + further + 1) == 2:
                further += 1
            _take(tokens, house, word, further, own, ranking.HOUSE_GAIN)
            return
        if number == 0:
            return  # those are all houses without a number
        same_number(table, at, high, number, house)
        _take(tokens, house, word, np.int64(0), own, ranking.INTERPOLATED_GAIN)
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
        if has(taken, word):
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
    while not has(house.mask, word):
        word += 1
    if word > 0 and signs.kind[word - 1] & NUMBER_SIGN and not has(taken | house.mask, word - 1):
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
