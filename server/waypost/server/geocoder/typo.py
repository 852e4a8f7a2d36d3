"""Which known words a misspelt one may mean: symmetric deletes, then the true distance."""

from __future__ import annotations

import numpy as np
from numba import njit

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
)

#: The most corrections kept for one word, the nearest and then the most famous.
MAX_CORRECTIONS = 10
#: The most words compared with one misspelt word: bounds the work on words with many neighbours.
MAX_COMPARED = 300


@njit(cache=True, nogil=True)
def distance(left, left_size, right, right_size, limit, table):  # type: ignore[no-untyped-def]
    """Optimal string alignment distance of two words, or `limit` + 1 where it is more than `limit`.

    Insertions, deletions, substitutions and swaps of neighbours count one each (Damerau, 1964). Common beginnings
    and ends are set aside, and of the rest only what is within `limit` of the diagonal is computed (Ukkonen, 1985).
    `table` is room for three rows of MAX_LETTERS + 2.
    """
    if abs(left_size - right_size) > limit:
        return limit + 1
    start = 0
    while start < left_size and start < right_size and left[start] == right[start]:
        start += 1
    while left_size > start and right_size > start and left[left_size - 1] == right[right_size - 1]:
        left_size -= 1
        right_size -= 1
    rows, columns = left_size - start, right_size - start
    if rows == 0 or columns == 0:
        return rows + columns
    before, previous, current = 0, 1, 2
    for j in range(min(columns, limit) + 1):
        table[previous, j] = j
    for i in range(1, rows + 1):
        low, high = max(1, i - limit), min(columns, i + limit)
        table[current, low - 1] = i if low == 1 else limit + 1
        if i + limit <= columns:
            table[previous, i + limit] = limit + 1
        least = limit + 1
        for j in range(low, high + 1):
            a, b = left[start + i - 1], right[start + j - 1]
            value = table[previous, j - 1] + (0 if a == b else 1)
            value = min(value, table[previous, j] + 1, table[current, j - 1] + 1)
            if i > 1 and j > 1 and a == right[start + j - 2] and left[start + i - 2] == b:
                value = min(value, table[before, j - 2] + 1)
            table[current, j] = value
            least = min(least, value)
        if least > limit:
            return limit + 1
        before, previous, current = previous, current, before
    return min(table[previous, columns], limit + 1)


@njit(cache=True, nogil=True)
def edits_allowed(size):  # type: ignore[no-untyped-def]
    """How many typing errors a word of `size` letters may have."""
    if size < MIN_LETTERS or size > MAX_LETTERS:
        return 0
    return 2 if size >= TWO_EDITS_FROM else 1


@njit(cache=True, nogil=True)
def corrections(vocabulary, word, size, limit, words, edits):  # type: ignore[no-untyped-def]
    """Known words within 1 to `limit` edits of `word[:size]`: written to `words` and `edits`, nearest first.

    Both have room for MAX_CORRECTIONS. The number written is returned.
    """
    hashes = np.empty(32, np.uint64)
    table = np.empty((3, MAX_LETTERS + 2), np.int64)
    found = 0
    compared = 0
    count, _ = deletion_hashes(word, size, limit, hashes)
    for at in range(count):
        bucket, check = bucket_and_check(hashes[at])
        for entry_at in range(vocabulary.delete_offsets[bucket], vocabulary.delete_offsets[bucket + 1]):
            entry = vocabulary.delete_entries[entry_at]
            if entry >> np.uint32(CHECK_SHIFT) != check:
                continue
            if limit == 1 and (entry >> np.uint32(TWO_SHIFT)) & np.uint32(1):
                continue
            letters = np.int64((entry >> np.uint32(LENGTH_SHIFT)) & np.uint32(15)) + MIN_LETTERS
            if letters < MIN_LETTERS + 15 and abs(letters - size) > limit:
                continue
            candidate = np.int64(entry & np.uint32((1 << WORD_BITS) - 1))
            begin, end = vocabulary.word_offsets[candidate], vocabulary.word_offsets[candidate + 1]
            compared += 1
            if compared > MAX_COMPARED:
                return found
            steps = distance(word, size, vocabulary.word_letters[begin:end], end - begin, limit, table)
            if steps > limit or steps == 0:
                continue
            found = _keep(candidate, steps, words, edits, found)
    return found


@njit(cache=True, nogil=True)
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
