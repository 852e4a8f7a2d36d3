"""Names with a word beside them that says what kind of place is meant: "Lagos State", "Aeropuerto de Barajas".

Such a word and the name become one more span, which only places of that kind answer to. Airports answer to all names of
the city that they serve, in the index as "München airport" whatever the language of the word.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder.broken_parts import note_neighbours
from waypost.server.geocoder.generic_words import FILLER, PLACEHOLDER, generic
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import HAN, POWERS, hash_text, span_hash
from waypost.server.geocoder.postings import find
from waypost.server.geocoder.spans import MAX_SPANS
from waypost.server.model import PlaceType

#: The word that stands for all words for airports in the index.
AIRPORT = "airport"
_AIRPORT_HASH, _AIRPORT_LETTERS = hash_text(AIRPORT), len(AIRPORT)
_AIRPORTS = 1 << PlaceType.POI
#: Words of a city's name that are looked up beside a word for an airport.
_CITY_WORDS = 4
#: Types that a span's words say are meant lie so many bits above those that its field allows.
MEANT_SHIFT = 16
_NO_KINDS = np.int32(FILLER | PLACEHOLDER)


@kernel
def agrees(types, place_type):  # type: ignore[no-untyped-def]
    """Whether a word of a span says that a place of this type is meant; `types` are those of the span."""
    return (types >> MEANT_SHIFT >> place_type) & 1 != 0


@kernel
def add_kind_spans(index, tokens, count, field_types, spans, begin, found):  # type: ignore[no-untyped-def]
    """Extends the spans from `begin` to before `found` by kind words beside them; the new number of spans."""
    total = found
    for span in range(begin, found):
        first, last = np.int64(spans[span].first), np.int64(spans[span].last)
        if spans[span].postal:
            continue
        inside = np.int32(0)
        for token in range(first, last):
            inside |= kind_at(tokens, token)
        if inside != 0:
            # "Orange County" is a name as it is, and a county.
            if last - first > 1:
                spans[span].types |= inside << MEANT_SHIFT
            continue
        before, after = _beside(tokens, count, first, last)
        if before >= 0:
            total = _extend(tokens, spans, found, total, span, before, last, kind_at(tokens, before))
        if after >= 0:
            total = _extend(tokens, spans, found, total, span, first, after + 1, kind_at(tokens, after))
    if begin == 0:
        for token in range(count):
            if kind_at(tokens, token) & _AIRPORTS:
                total = _add_airports(index, tokens, count, field_types, spans, found, total, token)
    return total


@kernel
def kind_at(tokens, token):  # type: ignore[no-untyped-def]
    """Bits of the place types that a word is a kind word for, 0 for any other word."""
    if tokens.word[token].gain != ranking.KIND_GAIN:
        return np.int32(0)
    return generic(span_hash(tokens.prefix, tokens.word[token].start, tokens.word[token].end)) & ~_NO_KINDS


@kernel
def _beside(tokens, count, first, last):  # type: ignore[no-untyped-def]
    """The kind words before and behind the words `first` to before `last`, -1 for none; fillers may lie between."""
    before = first - 1
    while before >= 0 and tokens.word[before].gain == ranking.FILLER_GAIN:
        before -= 1
    if before >= 0 and (tokens.word[before].segment != tokens.word[first].segment or kind_at(tokens, before) == 0):
        before = -1
    after = last
    while after < count and tokens.word[after].gain == ranking.FILLER_GAIN:
        after += 1
    if after < count and tokens.word[after].segment == tokens.word[last - 1].segment and kind_at(tokens, after) != 0:
        return before, after
    return before, -1


@kernel
def _extend(tokens, spans, found, total, span, first, last, meant):  # type: ignore[no-untyped-def]
    """Adds a span with the places of `span` that are of a type in `meant`, explaining the words `first` to `last`."""
    types = spans[span].types & meant
    if types == 0 or total >= MAX_SPANS or _is_name(spans, found, first, last):
        return total
    spans[total] = spans[span]
    spans[total].types = types | (meant << MEANT_SHIFT)
    _cover(tokens, spans, total, first, last)
    return total + 1


@kernel
def _cover(tokens, spans, span, first, last):  # type: ignore[no-untyped-def]
    """Lets a span explain the words from `first` to before `last`, too."""
    for token in range(first, last):
        bit = np.uint64(1) << np.uint64(token)
        if spans[span].mask & bit == 0:
            spans[span].mask |= bit
            spans[span].gain += tokens.word[token].gain
    spans[span].first = first
    spans[span].last = last
    note_neighbours(tokens, spans, span)


@kernel
def _is_name(spans, found, first, last):  # type: ignore[no-untyped-def]
    """Whether the words are a name as they are: nobody who writes "Mexico City" means a town called Mexico."""
    for span in range(found):
        if spans[span].first == first and spans[span].last == last and spans[span].edits == 0:
            return True
    return False


@kernel
def _add_airports(index, tokens, count, field_types, spans, found, total, word):  # type: ignore[no-untyped-def]
    """Adds the airports whose city or short name stands before or behind a word for an airport."""
    for behind in range(2):
        at = word + 1 if behind else word - 1
        while 0 <= at < count and tokens.word[at].gain == ranking.FILLER_GAIN:
            at += 1 if behind else -1
        for size in range(1, _CITY_WORDS + 1):
            first, last = (at, at + size) if behind else (at - size + 1, at + 1)
            if first < 0 or last > count or tokens.word[first].segment != tokens.word[word].segment:
                break
            if tokens.word[last - 1].segment != tokens.word[word].segment or tokens.word[first].kind == HAN:
                break
            city = span_hash(tokens.prefix, tokens.word[first].start, tokens.word[last - 1].end)
            head = find(index.slots, city * POWERS[_AIRPORT_LETTERS] + _AIRPORT_HASH)
            begin, end = min(first, word), max(last, word + 1)
            types = field_types[tokens.word[first].field] & _AIRPORTS
            if head == 0 or types == 0 or total >= MAX_SPANS or _is_name(spans, found, begin, end):
                continue
            spans[total].mask = np.uint64(0)
            spans[total].gain = 0.0
            spans[total].cost = 0.0
            spans[total].head = head
            spans[total].edits = 0
            spans[total].postal = 0
            spans[total].types = types | (_AIRPORTS << MEANT_SHIFT)
            spans[total].country = -1
            spans[total].word = -1
            _cover(tokens, spans, total, begin, end)
            total += 1
    return total
