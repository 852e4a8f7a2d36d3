"""Street names to signs that are equal whenever people would call two writings one street.

One pass over the words that normalize.py has made of a text, the same for names and for queries: "Hauptstr.",
"Haupt Straße" and "HAUPTSTRASSE" are one, "N. 5th Ave" and "North Fifth Avenue" too. A word of a class becomes the
class's sign, a code point that no text has; all others stay. Borders between words do not count, but between digits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder import street_word_lists as lists
from waypost.server.geocoder.jit import entry, inlined, kernel
from waypost.server.geocoder.normalize import (
    DIGIT,
    HASH_BASE,
    LETTER,
    MAX_CHARS,
    MAX_TOKENS,
    FoldTable,
    hash_text,
    new_tokens,
    span_hash,
    tokenize,
)
from waypost.server.geocoder.postings import mix

#: What a word can be; a word may be several ("No." and "N").
#: COMPOUND: a kind of street is its ending.
TYPE, DIRECTION, ARTICLE, CONNECTOR, UNIT, NUMBER_SIGN, ORDINAL, COMPOUND = (1 << bit for bit in range(8))

#: Signs begin here, in Unicode's private use area; between digits of two words stands the first.
_SIGNS = 0xE000
_BORDER = np.uint32(_SIGNS)
#: Slots of the table of words, a power of two and more than twice their number; bounded, so that it stays in the cache.
_SLOTS = 2048
#: Longest ending of a compound, and the fewest letters that must stand before it.
_LONGEST_ENDING = max(map(len, lists.ENDINGS))
_SHORTEST_STEM = 3


class Signs(NamedTuple):
    """A text in signs: `char` and the hashes of its beginnings `prefix` as in normalize.Tokens.

    Word i is `char[start[i]:end[i]]`, nothing where it went into the word before; `kind` has its bits.
    """

    char: npt.NDArray[np.uint32]
    prefix: npt.NDArray[np.uint64]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]


#: A word of the lists: its hash, the signs that it becomes (up to two; if none, it stays), and what it is.
_ENTRY = np.dtype([("hash", np.uint64), ("first", np.uint32), ("second", np.uint32), ("kind", np.uint8)])


def _class_signs() -> dict[str, int]:
    """The sign of every word that has one of its own kind only."""
    signs: dict[str, int] = {}
    free = _SIGNS + 1
    for group in (*lists.TYPES, *lists.SAME):
        words = group.split()
        # A word in two lists joins them: "dr" is a drive and a doctor.
        sign = next((signs[word] for word in words if word in signs), free)
        free = max(free, sign + 1)
        for word in words:
            signs.setdefault(word, sign)
    return signs


def _words() -> dict[str, tuple[int, int, int]]:
    """Of every word its two signs and its kind."""
    found: dict[str, tuple[int, int, int]] = {}

    def add(word: str, first: int, second: int, kind: int) -> None:
        known = found.get(word, (0, 0, 0))
        found[word] = (known[0] or first, known[1] if known[0] else second, known[2] | kind)

    types = {word for group in lists.TYPES for word in group.split()}
    compass = {letter: _SIGNS + 0x200 + at for at, letter in enumerate("nsew")}
    for letters, words in lists.DIRECTIONS.items():
        for word in words.split():
            second = compass[letters[1]] if len(letters) > 1 else 0
            add(word, compass[letters[0]], second, DIRECTION)
    for word, sign in _class_signs().items():
        add(word, sign, 0, TYPE if word in types else 0)
    for digits, words in lists.ORDINALS.items():
        for word in words.split():
            first, second = (ord(digit) for digit in digits.ljust(2, "\0"))
            add(word, first, second, ORDINAL)
    for listed, kind in (
        (lists.ARTICLES, ARTICLE),
        (lists.CONNECTORS, CONNECTOR),
        (lists.UNITS, UNIT),
        (lists.NUMBER_SIGNS, NUMBER_SIGN),
    ):
        for word in listed.split():
            add(word, 0, 0, kind)
    return found


def _table(words: dict[str, tuple[int, int, int]]) -> npt.NDArray[np.void]:
    """The words by open addressing on the low bits of their hashes."""
    table = np.zeros(_SLOTS, _ENTRY)
    for word, (first, second, kind) in sorted(words.items()):
        value = hash_text(word)
        slot = int(_mixed(value))
        while table[slot]["hash"] != 0:
            slot = (slot + 1) % _SLOTS
        table[slot] = (value, first, second, kind)
    return table


def _mixed(value: np.uint64) -> int:
    return (int(value) ^ (int(value) >> 29)) % _SLOTS


_LISTED = _words()
WORDS = _table(_LISTED)
_ENDING_TABLE = _table({ending: _LISTED[ending] for ending in lists.ENDINGS})
_DOTTED = np.zeros(128, np.uint32)
for _letter, _word in lists.DOTTED_ENDINGS.items():
    _DOTTED[ord(_letter)] = _LISTED[_word][0]
_PAIR_TABLE = _table({pair: _LISTED[pair] for pair in lists.PAIRS})
#: Letters that an ending can end in, as bits of the low five bits of their code points.
_LAST_LETTERS = np.uint32(sum({1 << (ord(ending[-1]) & 31) for ending in lists.ENDINGS}))
_ORDINAL_ENDINGS = np.array([hash_text(ending) for ending in lists.ORDINAL_ENDINGS], np.uint64)


def new_signs() -> Signs:
    """Room for the signs of one text."""
    return Signs(
        np.empty(2 * MAX_CHARS, np.uint32),
        np.zeros(2 * MAX_CHARS + 1, np.uint64),
        np.empty(MAX_TOKENS + 1, np.int32),
        np.empty(MAX_TOKENS + 1, np.int32),
        np.empty(MAX_TOKENS + 1, np.uint8),
    )


@inlined
def _entry(table, value):  # type: ignore[no-untyped-def]
    """The slot of a word's hash, -1 where it is not listed."""
    slot = np.int64((value ^ (value >> np.uint64(29))) & np.uint64(_SLOTS - 1))
    while table[slot].hash != value:
        if table[slot].hash == 0:
            return np.int64(-1)
        slot = (slot + 1) & (_SLOTS - 1)
    return slot


@inlined
def _put(signs, size, char):  # type: ignore[no-untyped-def]
    signs.char[size] = char
    signs.prefix[size + 1] = signs.prefix[size] * HASH_BASE + np.uint64(char) + np.uint64(1)
    return size + 1


@inlined
def _digit(char):  # type: ignore[no-untyped-def]
    return np.uint32(48) <= char <= np.uint32(57)


@kernel
def to_signs(tokens, count, data, signs):  # type: ignore[no-untyped-def]
    """Fills `signs` from the `count` words of `tokens`, whose bytes are in `data`."""
    size = 0
    signs.prefix[0] = np.uint64(0)
    joined = False
    for word in range(count):
        begin, end = tokens.word[word].start, tokens.word[word].end
        kind = tokens.word[word].kind
        signs.kind[word] = 0
        if joined:  # The second of a pair is in the first.
            joined = False
            signs.start[word] = signs.end[word] = size
            continue
        slot = _entry(WORDS, span_hash(tokens.prefix, begin, end)) if kind in (LETTER, DIGIT) else np.int64(-1)
        if kind == LETTER and end - begin == 1 and word + 1 < count:
            last = tokens.word[word + 1].end
            if last - begin <= 4:
                pair = _entry(_PAIR_TABLE, span_hash(tokens.prefix, begin, last))
                if pair >= 0:
                    signs.start[word] = size
                    size = _put(signs, size, _PAIR_TABLE[pair].first)
                    signs.end[word] = size
                    signs.kind[word] = _PAIR_TABLE[pair].kind
                    joined = True
                    continue
        if slot >= 0:
            signs.kind[word] = WORDS[slot].kind
        if slot >= 0 and WORDS[slot].first != 0:
            if size > 0 and _digit(WORDS[slot].first) and _digit(signs.char[size - 1]):
                size = _put(signs, size, _BORDER)
            signs.start[word] = size
            size = _put(signs, size, WORDS[slot].first)
            if WORDS[slot].second != 0:
                size = _put(signs, size, WORDS[slot].second)
            signs.end[word] = size
            continue
        if size > 0 and _digit(tokens.char[begin]) and _digit(signs.char[size - 1]):
            size = _put(signs, size, _BORDER)
        signs.start[word] = size
        stop, sign = end, np.uint32(0)
        if kind == DIGIT:
            stop = _without_ordinal(tokens, begin, end)
            if stop < end:
                signs.kind[word] |= ORDINAL
        elif kind == LETTER and end - begin > _SHORTEST_STEM:
            stop, sign = _stem(tokens, begin, end, data, tokens.word[word].byte_end)
        for at in range(begin, stop):
            size = _put(signs, size, tokens.char[at])
        if sign != 0:
            size = _put(signs, size, sign)
            signs.kind[word] |= COMPOUND
        signs.end[word] = size


@kernel
def _without_ordinal(tokens, begin, end):  # type: ignore[no-untyped-def]
    """Where the digits of an ordinal end ("5th"); `end` of what is none."""
    stop = begin
    while stop < end and _digit(tokens.char[stop]):
        stop += 1
    if stop > begin and stop < end:
        value = span_hash(tokens.prefix, stop, end)
        for ending in _ORDINAL_ENDINGS:
            if ending == value:
                return stop
    return end


@kernel
def _stem(tokens, begin, end, data, byte_end):  # type: ignore[no-untyped-def]
    """Where the ending of a compound begins, and its sign; (`end`, 0) of what has none."""
    last = tokens.char[end - 1]
    if byte_end < data.size and data[byte_end] == 46 and last < 128 and _DOTTED[last] != 0:
        return end - 1, _DOTTED[last]
    if (_LAST_LETTERS >> (last & np.uint32(31))) & np.uint32(1) == 0:
        return end, np.uint32(0)
    for size in range(min(_LONGEST_ENDING, end - begin - _SHORTEST_STEM), 1, -1):
        slot = _entry(_ENDING_TABLE, span_hash(tokens.prefix, end - size, end))
        if slot >= 0:
            return end - size, _ENDING_TABLE[slot].first
    return end, np.uint32(0)


@inlined
def signs_hash(signs, first, last):  # type: ignore[no-untyped-def]
    """Hash of the signs of the words from `first` to before `last`."""
    return span_hash(signs.prefix, signs.start[first], signs.end[last - 1])


@inlined
def spelling_check(tokens, first, last):  # type: ignore[no-untyped-def]
    """16 bits that tell most writings of one street apart: which of two streets in one town is written just so."""
    value = span_hash(tokens.prefix, tokens.word[first].start, tokens.word[last - 1].end)
    return mix(value) >> np.uint64(48)


def street_keys(fold: FoldTable, names: TextColumn) -> npt.NDArray[np.uint64]:
    """Of each name a number that is equal for all writings of it; 0 of a name without letters and digits."""
    keys = np.zeros(len(names), np.uint64)
    _fill_keys(fold.entries, fold.pool, names.offsets, names.data, new_tokens(), new_signs(), keys)
    return keys


@entry
def _fill_keys(entries, pool, offsets, data, tokens, signs, keys):  # type: ignore[no-untyped-def]
    for name in range(keys.size):
        count = abs(tokenize(entries, pool, data, offsets[name], offsets[name + 1], tokens))
        if count > 0:
            to_signs(tokens, count, data, signs)
            keys[name] = signs_hash(signs, 0, count)
