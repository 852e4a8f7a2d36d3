"""The words of all names, arranged for the correction of typing errors by symmetric deletes.

Two words within two edits share a string that each becomes by deleting up to two letters (Garbe, SymSpell, 2012).
For each word the strings that arise from its first letters are hashed into buckets; typo.py does the same to a
misspelt word and compares with the few words that it meets there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.jit import entry, inlined, kernel, njit
from waypost.server.geocoder.normalize import LETTER, FoldTable, new_tokens, span_hash, tokenize

#: Words shorter than this are never corrected: nearly every change of them is another word.
MIN_LETTERS = 4
MAX_LETTERS = 24
#: Letters of a word that are indexed; typing errors behind them are found all the same, since the rest is
#: compared in full (SymSpell's prefix length; 7 is its author's choice for two edits).
PREFIX = 7
#: From this length on two edits are looked for, below one, as in Lucene's AUTO fuzziness (over 5).
TWO_EDITS_FROM = 6

BUCKET_BITS = 22
#: An entry is a word (20 bits), its length less MIN_LETTERS up to 15 (4), whether two letters were deleted (1), and
#: a check on the string's hash (7): nearly all that need no comparison are told without looking at the word.
WORD_BITS = 20
LENGTH_SHIFT, TWO_SHIFT, CHECK_SHIFT = 20, 24, 25


@inlined
def bucket_and_check(value):  # type: ignore[no-untyped-def]
    """Bucket of a string's hash, and 7 bits that tell apart what shares a bucket."""
    mixed = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    return np.int64(mixed >> np.uint64(64 - BUCKET_BITS)), np.uint32(mixed & np.uint64(0x7F))


@kernel
def letter_set(letters, begin, end):  # type: ignore[no-untyped-def]
    """The letters from `begin` to before `end` as 32 bits; letters of other scripts share bits."""
    bits = np.uint32(0)
    for at in range(begin, end):
        bits |= np.uint32(1) << np.uint32(letters[at] & 31)
    return bits


@kernel
def deletion_hashes(word, size, edits, out):  # type: ignore[no-untyped-def]
    """Hashes of the strings that `word[:size]`'s prefix becomes by deleting up to `edits` (0 to 2) letters.

    Written to `out` (at least 29), fewest deletions first, without those that repeat. Returned is their number, and
    the number of those with fewer than two deletions.
    """
    length = min(size, PREFIX)
    count = 0
    single = 0
    for deletions in range(edits + 1):
        for first in range(length if deletions >= 1 else 1):
            for second in range(first + 1, length if deletions == 2 else first + 2):
                value = np.uint64(14695981039346656037)
                for at in range(length):
                    if (deletions >= 1 and at == first) or (deletions == 2 and at == second):
                        continue
                    value = (value ^ np.uint64(word[at])) * np.uint64(1099511628211)
                known = False
                for earlier in range(count):
                    if out[earlier] == value:
                        known = True
                        break
                if not known:
                    out[count] = value
                    count += 1
        if deletions < 2:
            single = count
    return count, single


def build_vocabulary(
    fold: FoldTable, texts: TextColumn, names: npt.NDArray[np.int64], worth: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays "forward_word_*" and "forward_delete_*" from the names at the given positions of `texts`.

    Words are in order of falling worth, the best of the names that they occur in, so that of the words that
    could be meant the likelier are met first.
    """
    capacity = int(np.diff(texts.offsets)[names].sum())
    hashes, origin, starts, lengths, chars = _collect(
        fold.entries, fold.pool, texts.offsets, texts.data, names, capacity, new_tokens()
    )
    order = np.lexsort((-worth[origin], hashes))
    first = np.ones(order.size, bool)
    first[1:] = hashes[order[1:]] != hashes[order[:-1]]
    chosen = order[first]
    chosen = chosen[np.lexsort((hashes[chosen], -worth[origin[chosen]]))][: (1 << WORD_BITS) - 1]

    offsets = np.zeros(chosen.size + 1, np.int32)
    offsets[1:] = np.cumsum(lengths[chosen])
    letters, sets = np.empty(int(offsets[-1]), np.uint16), np.empty(chosen.size, np.uint32)
    _gather(chars, starts[chosen], lengths[chosen], offsets, letters, sets)
    buckets = np.zeros((1 << BUCKET_BITS) + 1, np.uint32)
    entries = _index_deletions(letters, offsets, buckets, np.empty(64, np.uint64))
    return {
        "forward_word_hash": hashes[chosen],
        "forward_word_offsets": offsets,
        "forward_word_letters": letters,
        "forward_word_sets": sets,
        "forward_delete_offsets": buckets,
        "forward_delete_entries": entries,
    }


@njit(cache=True, nogil=True)
def _collect(entries, pool, offsets, data, names, capacity, tokens):  # type: ignore[no-untyped-def]
    """Every word of the names: hash, the name it is from, and where its letters lie in the last array."""
    hashes = np.empty(capacity, np.uint64)
    origin = np.empty(capacity, np.int64)
    starts = np.empty(capacity, np.int64)
    lengths = np.empty(capacity, np.int32)
    chars = np.empty(capacity * 2, np.uint16)
    count = 0
    used = 0
    for position in range(names.size):
        name = names[position]
        found = abs(tokenize(entries, pool, data, offsets[name], offsets[name + 1], tokens))
        for token in range(found):
            begin, end = tokens.word[token].start, tokens.word[token].end
            if tokens.word[token].kind != LETTER or end - begin < MIN_LETTERS or end - begin > MAX_LETTERS:
                continue
            plain = True
            for at in range(begin, end):
                if tokens.char[at] > 0xFFFF:
                    plain = False
            if not plain or count >= capacity or used + end - begin > chars.size:
                continue
            hashes[count] = span_hash(tokens.prefix, begin, end)
            origin[count] = position
            starts[count] = used
            lengths[count] = end - begin
            for at in range(begin, end):
                chars[used] = tokens.char[at]
                used += 1
            count += 1
    return hashes[:count], origin[:count], starts[:count], lengths[:count], chars[:used]


@entry
def _gather(chars, starts, lengths, offsets, letters, sets):  # type: ignore[no-untyped-def]
    """Fills the letters of each word, and the set of them."""
    for word in range(starts.size):
        for at in range(lengths[word]):
            letters[offsets[word] + at] = chars[starts[word] + at]
        sets[word] = letter_set(letters, np.int64(offsets[word]), np.int64(offsets[word + 1]))


@njit(cache=True, nogil=True)
def _index_deletions(letters, offsets, buckets, hashes):  # type: ignore[no-untyped-def]
    """Buckets of words by the hashes of their deletions: fills offsets (2^BUCKET_BITS + 1 zeros), returns entries."""
    for word in range(offsets.size - 1):
        size = offsets[word + 1] - offsets[word]
        count, _ = deletion_hashes(letters[offsets[word] :], size, 2 if size >= TWO_EDITS_FROM - 1 else 1, hashes)
        for at in range(count):
            bucket, _ = bucket_and_check(hashes[at])
            buckets[bucket + 1] += 1
    for bucket in range(1 << BUCKET_BITS):
        buckets[bucket + 1] += buckets[bucket]
    fill = buckets[:-1].copy()
    entries = np.empty(buckets[-1], np.uint32)
    for word in range(offsets.size - 1):
        size = offsets[word + 1] - offsets[word]
        count, single = deletion_hashes(letters[offsets[word] :], size, 2 if size >= TWO_EDITS_FROM - 1 else 1, hashes)
        for at in range(count):
            bucket, check = bucket_and_check(hashes[at])
            entries[fill[bucket]] = (
                np.uint32(word)
                | np.uint32(min(size - MIN_LETTERS, 15)) << np.uint32(LENGTH_SHIFT)
                | np.uint32(1 if at >= single else 0) << np.uint32(TWO_SHIFT)
                | check << np.uint32(CHECK_SHIFT)
            )
            fill[bucket] += np.uint32(1)
    return entries
