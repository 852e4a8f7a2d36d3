"""Names that are torn out of a part of the query: Champs out of "Champs-Élysées, Paris", Pennsylvania out of a street.

Commas part a query into names. A span that takes only some words of its part is what that part means if the reading
explains the others too ("10115 Berlin, Germany"); else it is likely a piece of another name, of a street or a company
that no layer has. Surely it is one beside a kind of street, with commas or without: "rue de Lyon", "Sunset Blvd".
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder.generic_words import BEFORE_NAME, BEHIND_NAME
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import DIGIT, LETTER, MAX_TOKENS, hash_text, span_hash

_HYPHEN = 45
_NINE = 57
#: Of a span that is the kind of street itself ("Bath Road" is not Road near Bath): the last word, which no query has.
_KIND_ITSELF = np.uint64(1) << np.uint64(MAX_TOKENS - 1)
#: What "St" is folded to, and its bytes as it is written.
_SAINT = hash_text("saint")
_ST_BYTES = 2


@kernel
def mark_parts(tokens, count, data):  # type: ignore[no-untyped-def]
    """Sets for each word the words of its part, and those that a hyphen joins to it, both as bits.

    A query without commas is one part, about which this tells nothing: no words of a part are set then. Numbers, words
    that say nothing and words of kinds are no pieces of a name; scripts without spaces have no words to tear apart.
    """
    parted = count > 0 and tokens.word[count - 1].segment != tokens.word[0].segment
    first = 0
    words = np.uint64(0)
    for token in range(count):
        if tokens.word[token].segment != tokens.word[first].segment:
            for earlier in range(first, token):
                tokens.word[earlier].part = words
            first, words = token, np.uint64(0)
        named = _may_name(tokens, token)
        if parted and named:
            words |= np.uint64(1) << np.uint64(token)
        tokens.word[token].joined = np.uint64(0)
        if named and token > 0 and _may_name(tokens, token - 1):
            gap = tokens.word[token - 1].byte_end
            if gap + 1 == tokens.word[token].byte_start and data[gap] == _HYPHEN:
                tokens.word[token].joined = np.uint64(1) << np.uint64(token - 1)
                tokens.word[token - 1].joined |= np.uint64(1) << np.uint64(token)
    for earlier in range(first, count):
        tokens.word[earlier].part = words
    for token in range(count):
        tokens.word[token].street_before = tokens.word[token].street_behind = np.uint64(0)
    for token in range(count):
        if tokens.word[token].street != 0:
            _mark_street(tokens, count, token, parted)


@kernel
def _mark_street(tokens, count, kind, parted):  # type: ignore[no-untyped-def]
    """Tells the word beside a kind of street that it stands there, if it is part of the street's name.

    Of the kinds that stand on either side, "Eastern Avenue Baltimore" has its name before, "avenue de Lyon" behind it;
    "8 Avenue New York" may have either, and tells nothing without commas.
    """
    bit = np.uint64(1) << np.uint64(kind)
    street = tokens.word[kind].street
    behind = kind + 1
    while behind < count and tokens.word[behind].gain == ranking.FILLER_GAIN:
        behind += 1
    either = street & BEFORE_NAME and street & BEHIND_NAME
    before = _ends_name(tokens, kind)
    beyond = behind < count and tokens.word[behind].segment == tokens.word[kind].segment
    follows_kind = not either or behind > kind + 1 or (parted and not before)
    if street & BEFORE_NAME and beyond and tokens.word[behind].kind == LETTER and follows_kind:
        tokens.word[behind].street_before = bit
        return
    if street & BEHIND_NAME and before and not _is_saint(tokens, kind, beyond):
        tokens.word[kind - 1].street_behind = bit


@kernel
def _ends_name(tokens, kind):  # type: ignore[no-untyped-def]
    """Whether the name of a street stands before its kind: a word, an ordinal, or a second number ("23 8 Ave")."""
    word = kind - 1
    if word < 0 or tokens.word[word].segment != tokens.word[kind].segment:
        return False
    if tokens.word[word].kind == LETTER:
        return tokens.word[word].gain > ranking.FILLER_GAIN
    ordinal = tokens.char[tokens.word[word].end - 1] > _NINE
    return ordinal or (word > 0 and tokens.word[word - 1].kind == DIGIT)


@kernel
def _is_saint(tokens, kind, beyond):  # type: ignore[no-untyped-def]
    """Whether a word is a saint rather than a street: both are "saint" once folded.

    "St" before a name is one, unless a house number begins the part ("12 Paris St Boston").
    """
    if span_hash(tokens.prefix, tokens.word[kind].start, tokens.word[kind].end) != _SAINT:
        return False
    if tokens.word[kind].byte_end - tokens.word[kind].byte_start != _ST_BYTES:
        return True
    first = kind
    while first > 0 and tokens.word[first - 1].segment == tokens.word[kind].segment:
        first -= 1
    return beyond and tokens.word[first].kind != DIGIT


@kernel
def _may_name(tokens, token):  # type: ignore[no-untyped-def]
    return tokens.word[token].kind == LETTER and tokens.word[token].gain > ranking.KIND_GAIN


@kernel
def note_neighbours(tokens, spans, span):  # type: ignore[no-untyped-def]
    """Sets what stands beside the words of a span in its part: other words, and those that a hyphen joins to them.

    And the kind of street that they are the name of.
    """
    first, last, mask = spans[span].first, spans[span].last, spans[span].mask
    spans[span].beside = tokens.word[first].part & ~mask
    spans[span].joined = (tokens.word[first].joined | tokens.word[last - 1].joined) & ~mask
    spans[span].street = (tokens.word[first].street_before | tokens.word[last - 1].street_behind) & ~mask
    if last - first == 1 and first > 0 and tokens.word[first - 1].street_behind & mask != 0:
        spans[span].street |= _KIND_ITSELF


@kernel
def broken_cost(spans, span, chosen, contexts, mask):  # type: ignore[no-untyped-def]
    """What it costs that the naming span, or one of its chosen contexts, is torn out of its part.

    `mask` are the words that the reading explains, as bits. Contexts that name a street are not even chosen.
    """
    if names_street(spans, span, mask):
        return spans[span].gain + ranking.BROKEN_STREET_COST
    cost = _torn(spans, span, mask)
    for at in range(min(contexts, chosen.size)):
        cost += _torn(spans, chosen[at], mask)
    return cost


@kernel
def is_torn(spans, span, mask):  # type: ignore[no-untyped-def]
    """Whether a span stands beside words of its part, or is joined to some, that a reading leaves out."""
    return (spans[span].beside | spans[span].joined | spans[span].street) & ~mask != 0


@kernel
def names_street(spans, span, mask):  # type: ignore[no-untyped-def]
    """Whether a span is a piece of a street's name, since a reading leaves out the kind of street beside it."""
    return spans[span].street & ~mask != 0


@kernel
def follows_name(tokens, token, mask):  # type: ignore[no-untyped-def]
    """Whether a word stands behind one that may name something and that a reading leaves out, with no comma between."""
    before = token - 1
    return (
        before >= 0
        and tokens.word[before].segment == tokens.word[token].segment
        and _may_name(tokens, before)
        and (mask >> np.uint64(before)) & np.uint64(1) == 0
    )


@kernel
def ends_street(tokens, token):  # type: ignore[no-untyped-def]
    """Whether a word may be the kind of street that a name before it ends in: "St" is hardly São Tomé there."""
    return tokens.word[token].street & BEHIND_NAME != 0 and _ends_name(tokens, token)


@kernel
def _torn(spans, span, mask):  # type: ignore[no-untyped-def]
    cost = 0.0
    if spans[span].beside & ~mask != 0:
        cost += ranking.BROKEN_PART_COST
    if spans[span].joined & ~mask != 0:
        cost += ranking.BROKEN_COMPOUND_COST
    return cost
