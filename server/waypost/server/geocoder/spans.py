"""The spans of a query that name something: every run of words that a name, a code or a correction fits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import ranking
from waypost.server.geocoder.broken_parts import note_neighbours
from waypost.server.geocoder.instructions import prefetch
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.geocoder.normalize import DIGIT, HAN, POWERS, span_hash
from waypost.server.geocoder.postings import POSTAL_SALT, expect, find
from waypost.server.geocoder.typo import corrections, edits_allowed

#: The longest name looked up, in words, and in Han characters.
MAX_WORDS = 8
MAX_HAN = 12
#: The longest postal code in words ("D 101 15") and letters.
MAX_CODE_WORDS = 3
MAX_CODE_LETTERS = 10
#: Spans kept of one query; more are left out and the answer says so.
MAX_SPANS = 200
#: Words of one query that are corrected, longest first; a correction costs about 10 µs.
MAX_CORRECTED = 8
#: Neighbouring words that are both corrected ("Sna Fransisco") try this many corrections of each.
_PAIRED = 4
#: Longest name that a corrected word is looked up in, in words.
_CORRECTED_WORDS = 4

ANY_TYPE = 0xFFFF


#: What the kernels read of a place; 32 bytes, half a cache line. The fields are those of schema.PLACES.
PLACE = np.dtype(
    [
        ("anchor", np.int32),
        ("last", np.int32),
        ("country", np.int32),
        ("place_type", np.uint8),
        ("padding", np.uint8, 3),
        ("latitude", np.float64),
        ("longitude", np.float64),
    ]
)

#: A span: words `first` to before `last`, as bits too (`mask`), what explaining them is worth, position and number
#: of its postings, typing errors corrected and their cost, whether it is a postal code, the place types that its
#: field allows (bits; 16 bits above those that its words say are meant), the only country that it can be in (-1:
#: any), the word that a correction put in (-1), and as bits the other words of its part of the query and those that a
#: hyphen joins to it.
SPAN = np.dtype(
    [
        ("first", np.int32),
        ("last", np.int32),
        ("mask", np.uint64),
        ("gain", np.float64),
        ("cost", np.float64),
        ("head", np.int64),
        ("count", np.int32),
        ("edits", np.int32),
        ("postal", np.int32),
        ("types", np.int32),
        ("country", np.int32),
        ("word", np.int32),
        ("beside", np.uint64),
        ("joined", np.uint64),
    ]
)


class Words(NamedTuple):
    """The vocabulary of a snapshot; all read-only. See vocabulary.py."""

    word_hash: npt.NDArray[np.uint64]
    word_offsets: npt.NDArray[np.int32]
    word_letters: npt.NDArray[np.uint16]
    word_sets: npt.NDArray[np.uint32]
    delete_offsets: npt.NDArray[np.uint32]
    delete_entries: npt.NDArray[np.uint32]


class Index(NamedTuple):
    """What the kernels read of a snapshot besides; all read-only. See index.py."""

    entries: npt.NDArray[np.uint32]
    pool: npt.NDArray[np.uint32]
    slots: npt.NDArray[np.uint64]
    postings: npt.NDArray[np.uint64]
    truncating: npt.NDArray[np.int32]
    places: npt.NDArray[np.generic]


@kernel
def _add(spans, count, first, last, tokens, head, postings, types):  # type: ignore[no-untyped-def]
    """Appends an uncorrected span, but for its count; the new number of spans, negative if there is no room."""
    if count >= MAX_SPANS:
        return -1
    mask = np.uint64(0)
    gain = 0.0
    for token in range(first, last):
        mask |= np.uint64(1) << np.uint64(token)
        gain += tokens.word[token].gain
    spans[count].first = first
    spans[count].last = last
    spans[count].mask = mask
    spans[count].gain = gain
    spans[count].head = head
    prefetch(postings, head)
    spans[count].edits = 0
    spans[count].cost = 0.0
    spans[count].postal = 0
    spans[count].types = types
    spans[count].country = -1
    spans[count].word = -1
    note_neighbours(tokens, spans, count)
    return count + 1


@kernel
def _expect_names(index, tokens, count):  # type: ignore[no-untyped-def]
    """Begins to fetch what find_spans will look up: a cache miss a name, and most names are looked up in vain."""
    for first in range(count):
        limit = MAX_HAN if tokens.word[first].kind == HAN else MAX_WORDS
        begin = tokens.word[first].start
        for last in range(first, min(first + limit, count)):
            if tokens.word[last].segment != tokens.word[first].segment:
                break
            value = span_hash(tokens.prefix, begin, tokens.word[last].end)
            expect(index.slots, value)
            if tokens.word[last].kind == DIGIT:
                expect(index.slots, value ^ POSTAL_SALT)


@kernel
def find_spans(index, tokens, count, field_types, spans):  # type: ignore[no-untyped-def]
    """Fills `spans` with every run of words that is a name or postal code; how many, negative if truncated."""
    _expect_names(index, tokens, count)
    found = np.int64(0)
    for first in range(count):
        limit = MAX_HAN if tokens.word[first].kind == HAN else MAX_WORDS
        digits = False
        for last in range(first + 1, min(first + limit, count) + 1):
            if tokens.word[last - 1].field != tokens.word[first].field:
                break
            begin, end = tokens.word[first].start, tokens.word[last - 1].end
            # Names do not go over a comma, but for a few that are the whole query ("Bonaire, Sint Eustatius and
            # Saba"); codes never do: "n/a" is not Namibia.
            if tokens.word[last - 1].segment != tokens.word[first].segment and (
                last - first != count or end - begin <= ranking.LONGEST_CODE
            ):
                continue
            if last - first == 1 and tokens.word[first].gain == ranking.FILLER_GAIN:
                continue
            digits = digits or tokens.word[last - 1].kind == DIGIT
            value = span_hash(tokens.prefix, begin, end)
            types = field_types[tokens.word[first].field]
            head = find(index.slots, value)
            if head != 0:
                found = _add(spans, found, first, last, tokens, head, index.postings, types)
                if found < 0:
                    return -MAX_SPANS
            if digits and last - first <= MAX_CODE_WORDS and end - begin <= MAX_CODE_LETTERS:
                found = _find_codes(index, tokens, first, last, types, spans, found)
                if found < 0:
                    return -MAX_SPANS
    return found


@kernel
def _find_codes(index, tokens, first, last, types, spans, found):  # type: ignore[no-untyped-def]
    """Adds the postal codes that the words are, in full or by the part of the code that the data has."""
    begin, end = tokens.word[first].start, tokens.word[last - 1].end
    head = find(index.slots, span_hash(tokens.prefix, begin, end) ^ POSTAL_SALT)
    if head != 0:
        found = _add(spans, found, first, last, tokens, head, index.postings, types)
        if found < 0:
            return found
        spans[found - 1].postal = 1
        _value_code(spans, found - 1, tokens, first, end - begin)
    for country in range(index.truncating.size):
        size = truncated_length(tokens.char, begin, end, country)
        if size == 0 or index.truncating[country] < 0:
            continue
        head = find(index.slots, span_hash(tokens.prefix, begin, begin + size) ^ POSTAL_SALT)
        if head != 0:
            found = _add(spans, found, first, last, tokens, head, index.postings, types)
            if found < 0:
                return found
            spans[found - 1].postal = 1
            spans[found - 1].country = index.truncating[country]
            _value_code(spans, found - 1, tokens, first, end - begin)
    return found


@kernel
def _value_code(spans, span, tokens, first, size):  # type: ignore[no-untyped-def]
    """A postal code in short pieces ("M5V 3L9") explains as much as one in digits; three bare digits do not."""
    mixed = not _digit(tokens.char[tokens.word[first].start]) and size >= 3
    if mixed or size >= 4:
        pieces = spans[span].last - spans[span].first
        spans[span].gain = max(spans[span].gain, ranking.LONG_NUMBER_GAIN + ranking.LETTER_GAIN * (pieces - 1))


@inlined
def _digit(char):  # type: ignore[no-untyped-def]
    return np.uint32(48) <= char <= np.uint32(57)


@kernel
def truncated_length(char, begin, end, country):  # type: ignore[no-untyped-def]
    """Letters of a whole postal code that the data knows, 0 if it is no whole code of that country.

    `country` counts in ranking.TRUNCATING_COUNTRIES; the shapes are those of the Universal Postal Union's
    addressing guides.
    """
    size = end - begin
    pattern = np.uint32(0)
    for at in range(begin, end):
        pattern = (pattern << np.uint32(1)) | np.uint32(1 if _digit(char[at]) else 0)
    if country == 0:  # GB: the data has areas, the one or two letters that A9 9AA to AA9A 9AA begin with
        area = 1 if _digit(char[begin + 1]) else 2
        inward = pattern & np.uint32(7) == 4 and 5 <= size <= 7
        outward = size - 3 if inward else size
        ok = area < outward <= area + 2 and not _digit(char[begin]) and _digit(char[begin + area])
        return area if ok else 0
    if country == 1:  # CA: A1A 1A1
        return 3 if size == 6 and pattern == 0b010101 else 0
    if country == 2:  # NL: 1234 AB
        return 4 if size == 6 and pattern == 0b111100 else 0
    return 5 if size == 9 and pattern == 0b111111111 else 0  # US: 12345-6789


@kernel
def add_corrections(index, words, tokens, count, field_types, spans, found, limit, settled, room):  # type: ignore[no-untyped-def]
    """Adds the spans in which one word, or two neighbours, are corrected by up to `limit` edits; the new number.

    Digits are never corrected, nor words in `settled` (bits). Words are taken longest first, MAX_CORRECTED at the
    most.
    """
    words_of, edits_of, known = room.words, room.edits, room.known
    known[:count] = -1
    for _ in range(min(count, MAX_CORRECTED)):
        longest = int(np.int64(-1))
        for token in range(count):
            size = tokens.word[token].end - tokens.word[token].start
            kind = tokens.word[token].kind
            settled_word = (settled >> np.uint64(token)) & np.uint64(1) != 0
            # Words that mean no place are known, and not misspelt names.
            meant = tokens.word[token].gain > ranking.KIND_GAIN
            if known[token] >= 0 or settled_word or kind in (HAN, DIGIT) or edits_allowed(size) == 0 or not meant:
                continue
            if longest < 0 or size > tokens.word[longest].end - tokens.word[longest].start:
                longest = token
        if longest < 0:
            break
        begin, end = tokens.word[longest].start, tokens.word[longest].end
        allowed = min(limit, edits_allowed(end - begin))
        known[longest] = corrections(words, tokens.char[begin:end], end - begin, allowed, longest, room)
    for token in range(count):
        for at in range(known[token]):
            found = _add_corrected(
                index, words, tokens, count, field_types, spans, found, token, words_of[token, at],
                edits_of[token, at], np.int64(-1), np.int64(0),
            )  # fmt: skip
        if token + 1 < count:
            for at in range(min(known[token], _PAIRED)):
                for following in range(min(known[token + 1], _PAIRED)):
                    found = _add_corrected(
                        index, words, tokens, count, field_types, spans, found, token, words_of[token, at],
                        edits_of[token, at], words_of[token + 1, following], edits_of[token + 1, following],
                    )  # fmt: skip
    return found


@kernel
def _add_corrected(  # type: ignore[no-untyped-def]
    index, words, tokens, count, field_types, spans, found, token, word, edits, next_word, next_edits
):
    """Adds the names around `token` that exist once it, and perhaps the next one, is another word."""
    value = words.word_hash[word]
    size = words.word_offsets[word + 1] - words.word_offsets[word]
    cost = _edit_cost(edits, size)
    final = token + 1
    if next_word >= 0:
        next_size = words.word_offsets[next_word + 1] - words.word_offsets[next_word]
        value = value * POWERS[next_size] + words.word_hash[next_word]
        size += next_size
        cost += _edit_cost(next_edits, next_size)
        final = token + 2
    for first in range(max(0, final - _CORRECTED_WORDS), token + 1):
        for last in range(final, min(count, first + _CORRECTED_WORDS) + 1):
            # Nobody writes a comma inside a name, and misspells it besides.
            if tokens.word[first].segment != tokens.word[last - 1].segment:
                continue
            begin, end = tokens.word[token].start, tokens.word[final - 1].end
            whole = span_hash(tokens.prefix, tokens.word[first].start, begin) * POWERS[size] + value
            rest = tokens.word[last - 1].end - end
            whole = whole * POWERS[rest] + span_hash(tokens.prefix, end, tokens.word[last - 1].end)
            head = find(index.slots, whole)
            if head == 0:
                continue
            added = _add(spans, found, first, last, tokens, head, index.postings, field_types[tokens.word[first].field])
            if added < 0:
                return found
            found = added
            spans[found - 1].edits = edits + next_edits
            spans[found - 1].cost = cost
            spans[found - 1].word = word
    return found


@kernel
def _edit_cost(edits, size):  # type: ignore[no-untyped-def]
    return edits * (ranking.EDIT_COST + ranking.EDIT_SHORT_COST / size)
