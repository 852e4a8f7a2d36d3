"""Which known words a misspelt one may mean: symmetric deletes, then the true distance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.instructions import prefetch, set_bits
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import MAX_TOKENS
from waypost.server.geocoder.vocabulary import (
    CHECK_SHIFT,
    LENGTH_SHIFT,
    MAX_LETTERS,
    MIN_LETTERS,
    TWO_EDITS_FROM,
    TWO_SHIFT,
    WORD_BITS,
    bucket_and_check,
    deletion_hashes,
    letter_set,
)

#: The most corrections kept for one word, the nearest and then the most famous.
MAX_CORRECTIONS = 10
#: The most words compared with one misspelt word, and the most entries of the index read for it: bounds on the work for
#: words with many neighbours. The commonest strings come first, and in each string's list the most famous words.
MAX_COMPARED = 300
MAX_READ = 4096
#: Slots of the table that tells words met before; a power of two.
_SEEN = 1024
#: Slots of the table of a word's letters; a power of two.
_LETTER_SLOTS = 64
#: The longest text that `distance` compares with others: one bit a letter, and a slot stays free.
LONGEST_LEARNT = 63


class Corrections(NamedTuple):
    """Room for the corrections of one query's words.

    `words` and `edits` (tokens, MAX_CORRECTIONS) are what each may mean; `known` says how many, -1 where a word was not
    looked up. The rest is for `corrections` and `distance`.
    """

    words: npt.NDArray[np.int64]
    edits: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint64]
    letter: npt.NDArray[np.uint32]
    places: npt.NDArray[np.uint64]
    met: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int64]


def new_corrections() -> Corrections:
    """Room for the corrections of one query."""
    return Corrections(
        np.empty((MAX_TOKENS, MAX_CORRECTIONS), np.int64),
        np.empty((MAX_TOKENS, MAX_CORRECTIONS), np.int64),
        np.empty(MAX_TOKENS, np.int64),
        np.empty(32, np.uint64),
        np.empty(_LETTER_SLOTS, np.uint32),
        np.empty(_LETTER_SLOTS, np.uint64),
        np.empty(MAX_COMPARED, np.int64),
        np.empty(_SEEN, np.int64),
    )


@kernel
def learn(word, size, room):  # type: ignore[no-untyped-def]
    """Notes in which places of `word[:size]` each letter stands, for `distance`."""
    room.letter[:] = 0
    for at in range(size):
        slot = _slot(room.letter, word[at])
        if room.letter[slot] == 0:
            room.letter[slot] = word[at]
            room.places[slot] = 0
        room.places[slot] |= np.uint64(1) << np.uint64(at)


@inlined
def _slot(table, letter):  # type: ignore[no-untyped-def]
    """Where a letter lies in the table, or would; open addressing, and less than half of the slots are taken."""
    slot = np.int64(letter) & (_LETTER_SLOTS - 1)
    while table[slot] != 0 and table[slot] != letter:
        slot = (slot + 1) & (_LETTER_SLOTS - 1)
    return slot


@inlined
def distance(size, other, begin, end, room):  # type: ignore[no-untyped-def]
    """Optimal string alignment distance of the learnt word of `size` letters and `other[begin:end]`.

    Insertions, deletions, substitutions and swaps of neighbours count one each (Damerau, 1964); a column of the
    table of distances is one step on 64-bit words (Hyyroe, "A bit-vector algorithm for computing Levenshtein and
    Damerau edit distances", 2003).
    """
    one = np.uint64(1)
    last = np.uint64(size - 1)
    up, down, diagonal, before = ~np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    steps = size
    for at in range(begin, end):
        slot = _slot(room.letter, other[at])
        match = room.places[slot] if room.letter[slot] != 0 else np.uint64(0)
        swapped = ((~diagonal & match) << one) & before
        diagonal = (((match & up) + up) ^ up) | match | down | swapped
        rising = down | ~(diagonal | up)
        falling = diagonal & up
        steps += np.int64((rising >> last) & one) - np.int64((falling >> last) & one)
        rising = (rising << one) | one
        up = (falling << one) | ~(diagonal | rising)
        down = rising & diagonal
        before = match
    return steps


@kernel
def edits_allowed(size):  # type: ignore[no-untyped-def]
    """How many typing errors a word of `size` letters may have."""
    if size < MIN_LETTERS or size > MAX_LETTERS:
        return 0
    return 2 if size >= TWO_EDITS_FROM else 1


@kernel
def corrections(vocabulary, word, size, limit, token, room):  # type: ignore[no-untyped-def]
    """Known words within 1 to `limit` edits of `word[:size]`: written to the `token`'s part of `room`, nearest first.

    The number written is returned.
    """
    words, edits = room.words[token], room.edits[token]
    met = _meet(vocabulary, word, size, limit, room)
    for at in range(met):
        prefetch(vocabulary.word_letters, vocabulary.word_offsets[room.met[at]])
    learn(word, size, room)
    found = int(np.int64(0))  # see normalize.tokenize
    for at in range(met):
        candidate = room.met[at]
        begin, end = vocabulary.word_offsets[candidate], vocabulary.word_offsets[candidate + 1]
        steps = distance(size, vocabulary.word_letters, begin, end, room)
        if 0 < steps <= limit:
            found = _keep(candidate, steps, words, edits, found)
    return found


@kernel
def _meet(vocabulary, word, size, limit, room):  # type: ignore[no-untyped-def]
    """Lists in `room.met` the known words that `word[:size]` may be within `limit` edits of; how many.

    They share a string of the symmetric deletes, are of a fitting length, and have nearly the same set of letters.
    Profiled: each look at a word is a cache miss, so as few as possible are left to compare.
    """
    count, _ = deletion_hashes(word, size, limit, room.hashes)
    for at in range(count):
        prefetch(vocabulary.delete_offsets, bucket_and_check(room.hashes[at])[0])
    for at in range(count):
        prefetch(vocabulary.delete_entries, np.int64(vocabulary.delete_offsets[bucket_and_check(room.hashes[at])[0]]))
    room.seen[:] = -1
    letters = letter_set(word, 0, size)
    met = 0
    read = 0
    for at in range(count):
        bucket, check = bucket_and_check(room.hashes[at])
        for entry_at in range(vocabulary.delete_offsets[bucket], vocabulary.delete_offsets[bucket + 1]):
            read += 1
            if read > MAX_READ:
                return met
            entry = vocabulary.delete_entries[entry_at]
            if entry >> np.uint32(CHECK_SHIFT) != check:
                continue
            if limit == 1 and (entry >> np.uint32(TWO_SHIFT)) & np.uint32(1):
                continue
            length = np.int64((entry >> np.uint32(LENGTH_SHIFT)) & np.uint32(15)) + MIN_LETTERS
            longer = abs(length - size) if length < MIN_LETTERS + 15 else 0
            if longer > limit:
                continue
            candidate = np.int64(entry & np.uint32((1 << WORD_BITS) - 1))
            # A substitution changes at most two letters of the set, an insertion or a deletion one, a swap none.
            if set_bits(vocabulary.word_sets[candidate] ^ letters) > 2 * limit - longer:
                continue
            if room.seen[candidate & (_SEEN - 1)] == candidate:
                continue
            room.seen[candidate & (_SEEN - 1)] = candidate
            if met == MAX_COMPARED:
                return met
            room.met[met] = candidate
            prefetch(vocabulary.word_offsets, candidate)
            met += 1
    return met


@kernel
def _keep(candidate, steps, words, edits, found):  # type: ignore[no-untyped-def]
    """Enters a word into the lists ordered by edits and then by fame (words are numbered by fame)."""
    place = found
    for at in range(found):
        if words[at] == candidate:
            return found
    while place > 0 and (edits[place - 1] > steps or (edits[place - 1] == steps and words[place - 1] > candidate)):
        place -= 1
    if place >= MAX_CORRECTIONS:
        return found
    last = min(found, MAX_CORRECTIONS - 1)
    for at in range(last, place, -1):
        words[at] = words[at - 1]
        edits[at] = edits[at - 1]
    words[place] = candidate
    edits[place] = steps
    return min(found + 1, MAX_CORRECTIONS)
