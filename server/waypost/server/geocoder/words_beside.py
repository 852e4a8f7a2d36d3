"""What the words beside a street's name may be: the number of a house, a part of one or a person in it, or its kind.

Numbers stand before the street or behind it, as the country writes. What belongs to the name ("Rue du 8 mai 1945") or
to the context (a postal code) is none, since spans cover it.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import DIGIT, LETTER, hash_text, span_hash
from waypost.server.geocoder.street_words import NUMBER_SIGN, TYPE, UNIT

#: The most digits of a house number; longer ones are something else.
_MOST_DIGITS = 6

_BIS = np.array(sorted({hash_text(word) for word in ("bis", "ter", "quater", "quinquies")}), np.uint64)


@inlined
def has(bits, word):  # type: ignore[no-untyped-def]
    """Whether a word is among those whose bits are set."""
    return (bits >> np.uint64(word)) & np.uint64(1) != 0


@inlined
def _is_digit(char):  # type: ignore[no-untyped-def]
    return np.uint32(48) <= char <= np.uint32(57)


@kernel
def numeric(tokens, word):  # type: ignore[no-untyped-def]
    """How many digits a word begins with, 0 if it cannot be a house number."""
    if tokens.word[word].kind != DIGIT:
        return 0
    begin, end = tokens.word[word].start, tokens.word[word].end
    digits = 0
    while begin + digits < end and _is_digit(tokens.char[begin + digits]):
        digits += 1
    return digits if digits <= _MOST_DIGITS and end - begin - digits <= 6 else 0


@kernel
def follows(tokens, count, data, word):  # type: ignore[no-untyped-def]
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
def number_before(tokens, count, data, taken, first):  # type: ignore[no-untyped-def]
    """The word that may be the house number before a name; -1 if none may."""
    word = first - 1
    for _ in range(3):
        while word >= 0 and has(taken, word) and word < first - 1:
            word -= 1
        if word < 0 or has(taken, word) or tokens.word[first].segment - tokens.word[word].segment > 1:
            return -1
        if numeric(tokens, word) > 0 and not (
            word > 0 and follows(tokens, count, data, word) and numeric(tokens, word - 1)
        ):
            return word
        if follows(tokens, count, data, word) == 0:
            return -1
        word -= 1
    return -1


@kernel
def number_after(tokens, count, signs, taken, last):  # type: ignore[no-untyped-def]
    """The word that may be the house number behind a name; -1 if none may."""
    word = last
    while word < count and (has(taken, word) or signs.kind[word] & NUMBER_SIGN):
        if has(taken, word) and tokens.word[word].kind == DIGIT and word == last:
            return -1
        word += 1
    if word >= count or tokens.word[word].segment - tokens.word[last - 1].segment > 1:
        return -1
    return word if numeric(tokens, word) > 0 else -1


@kernel
def number_apart(tokens, count, taken):  # type: ignore[no-untyped-def]
    """The only number that stands alone between commas; -1 if there is none, or several."""
    found = -1
    for word in range(count):
        if has(taken, word) or numeric(tokens, word) == 0:
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
        if inside and signs.kind[beside] & TYPE and tokens.word[beside].segment == segment and not has(taken, beside):
            return beside
    return -1
