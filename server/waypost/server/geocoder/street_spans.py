"""The spans of a query that name something in the layers: a street, a place, a postal code, a kind of place."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder import streets as st
from waypost.server.geocoder.instructions import prefetch
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import DIGIT, HAN, POWERS, span_hash
from waypost.server.geocoder.postings import POSTAL_SALT, expect, find
from waypost.server.geocoder.spans import MAX_CODE_LETTERS, MAX_CODE_WORDS, MAX_CORRECTED
from waypost.server.geocoder.street_index import CATEGORY_SALT
from waypost.server.geocoder.street_words import ARTICLE, CONNECTOR, UNIT, signs_hash
from waypost.server.geocoder.typo import corrections, edits_allowed
from waypost.server.geocoder.vocabulary import MIN_LETTERS

#: The longest name looked up, and the longest name of a category, in words.
MAX_WORDS = 12
_CATEGORY_WORDS = 3
#: Words around a corrected one that are looked up with it.
_CORRECTED_WORDS = 5
#: SPAN.postal: what the words are.
NAME, CODE, CATEGORY = range(3)


@kernel
def find_named(table, tokens, count, field_types):  # type: ignore[no-untyped-def]
    """Lists every run of words that names something in the layers."""
    slots, postings = st.u64(table, st.SLOTS), st.u64(table, st.POSTINGS)
    signs, counts = st.signs_of(table), st.i64w(table, st.COUNTS)
    counts[st.AT_NAMED] = 0
    for first in range(count):
        for last in range(first + 1, min(first + MAX_WORDS, count) + 1):
            if tokens.word[last - 1].field != tokens.word[first].field:
                break
            expect(slots, signs_hash(signs, first, last))
    for first in range(count):
        digits = False
        only_small = True
        for last in range(first + 1, min(first + MAX_WORDS, count) + 1):
            word = tokens.word[last - 1]
            if word.field != tokens.word[first].field:
                break
            # A comma, a stroke or a bracket may be part of a name ("New Harvest Ministries, Inc.").
            apart = word.segment != tokens.word[first].segment
            digits = digits or word.kind == DIGIT
            only_small = only_small and signs.kind[last - 1] & (ARTICLE | CONNECTOR) != 0
            if signs.start[first] == signs.end[last - 1] or (only_small and last - first < count):
                continue
            types = field_types[tokens.word[first].field]
            value = signs_hash(signs, first, last)
            head = find(slots, value)
            if head != 0:
                _add(table, tokens, first, last, head, postings, types, np.int64(NAME))
            if apart:
                continue
            if last - first <= _CATEGORY_WORDS and not digits:
                head = find(slots, value ^ CATEGORY_SALT)
                if head != 0:
                    _add(table, tokens, first, last, head, postings, types, np.int64(CATEGORY))
            begin, end = tokens.word[first].start, word.end
            if digits and last - first <= MAX_CODE_WORDS and end - begin <= MAX_CODE_LETTERS:
                head = find(slots, span_hash(tokens.prefix, begin, end) ^ POSTAL_SALT)
                if head != 0:
                    _add(table, tokens, first, last, head, postings, types, np.int64(CODE))
    counts[st.AT_EXACT] = counts[st.AT_NAMED]


@kernel
def _add(table, tokens, first, last, head, postings, types, what):  # type: ignore[no-untyped-def]
    """Appends an uncorrected span, if there is room; whether there was."""
    spans, counts = st.spans_at(table, st.NAMED), st.i64w(table, st.COUNTS)
    at = counts[st.AT_NAMED]
    if at >= st.MAX_NAMED:
        counts[st.AT_BOUND] = 1
        return False
    mask = np.uint64(0)
    gain = 0.0
    for token in range(first, last):
        mask |= np.uint64(1) << np.uint64(token)
        gain += tokens.word[token].gain
    spans[at].first = first
    spans[at].last = last
    spans[at].mask = mask
    spans[at].gain = gain
    spans[at].head = head
    prefetch(postings, head)
    spans[at].count = np.int64(postings[head])
    spans[at].edits = 0
    spans[at].cost = 0.0
    spans[at].postal = what
    spans[at].types = types
    spans[at].country = -1
    spans[at].word = -1
    counts[st.AT_NAMED] = at + 1
    return True


@kernel
def correct_named(table, tokens, count, field_types, limit, settled, room):  # type: ignore[no-untyped-def]
    """Adds the spans in which one word is corrected by up to `limit` edits, behind those that are exact.

    Which words are corrected is as in spans.add_corrections; returned is whether anything was added.
    """
    words, counts = st.street_words_of(table), st.i64w(table, st.COUNTS)
    counts[st.AT_NAMED] = counts[st.AT_EXACT]
    signs = st.signs_of(table)
    known = room.known
    known[:count] = -1
    for _ in range(min(count, MAX_CORRECTED)):
        longest = int(np.int64(-1))
        for token in range(count):
            size = tokens.word[token].end - tokens.word[token].start
            kind = tokens.word[token].kind
            skip = (settled >> np.uint64(token)) & np.uint64(1) != 0 or signs.kind[token] & UNIT != 0
            if known[token] >= 0 or skip or kind in (HAN, DIGIT) or _edits(size) == 0:
                continue
            if longest < 0 or size > tokens.word[longest].end - tokens.word[longest].start:
                longest = token
        if longest < 0:
            break
        begin, end = tokens.word[longest].start, tokens.word[longest].end
        allowed = min(limit, _edits(end - begin))
        known[longest] = corrections(words, tokens.char[begin:end], end - begin, allowed, longest, room)
    for token in range(count):
        for at in range(known[token]):
            _add_corrected(table, tokens, count, field_types, token, room.words[token, at], room.edits[token, at])
    return counts[st.AT_NAMED] > counts[st.AT_EXACT]


@kernel
def _edits(size):  # type: ignore[no-untyped-def]
    """How many typing errors a word may have: one more length than among places, since a street has few rivals."""
    return 1 if size == MIN_LETTERS - 1 else edits_allowed(size)


@kernel
def _add_corrected(table, tokens, count, field_types, token, word, edits):  # type: ignore[no-untyped-def]
    """Adds the names around `token` that exist once it is another word."""
    slots, postings = st.u64(table, st.SLOTS), st.u64(table, st.POSTINGS)
    signs, spans = st.signs_of(table), st.spans_at(table, st.NAMED)
    counts, ends = st.i64w(table, st.COUNTS), st.i32(table, st.WORD_OFFSETS)
    key, size = st.u64(table, st.WORD_KEY)[word], st.i32(table, st.WORD_SIZE)[word]
    letters = ends[word + 1] - ends[word]
    for first in range(max(0, token + 1 - _CORRECTED_WORDS), token + 1):
        for last in range(token + 1, min(count, first + _CORRECTED_WORDS) + 1):
            if tokens.word[first].segment != tokens.word[last - 1].segment:
                continue
            begin, end = signs.start[token], signs.end[token]
            whole = span_hash(signs.prefix, signs.start[first], begin) * POWERS[size] + key
            rest = signs.end[last - 1] - end
            whole = whole * POWERS[rest] + span_hash(signs.prefix, end, signs.end[last - 1])
            head = find(slots, whole)
            if head == 0:
                continue
            types = field_types[tokens.word[first].field]
            if not _add(table, tokens, first, last, head, postings, types, np.int64(NAME)):
                return
            at = counts[st.AT_NAMED] - 1
            spans[at].edits = edits
            spans[at].cost = edits * (ranking.EDIT_COST + ranking.EDIT_SHORT_COST / letters)
            spans[at].word = word
