"""Names that are torn out of a part of the query: Champs out of "Champs-Élysées, Paris", Pennsylvania out of a street.

Commas part a query into names. A span that takes only some words of its part is what that part means if the reading
explains the others too ("10115 Berlin, Germany"); else it is likely a piece of another name, of a street or a company
that no layer has.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.normalize import LETTER

_HYPHEN = 45


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


@kernel
def _may_name(tokens, token):  # type: ignore[no-untyped-def]
    return tokens.word[token].kind == LETTER and tokens.word[token].gain > ranking.KIND_GAIN


@kernel
def note_neighbours(tokens, spans, span):  # type: ignore[no-untyped-def]
    """Sets what stands beside the words of a span in its part, and what a hyphen joins to them."""
    first, last, mask = spans[span].first, spans[span].last, spans[span].mask
    spans[span].beside = tokens.word[first].part & ~mask
    spans[span].joined = (tokens.word[first].joined | tokens.word[last - 1].joined) & ~mask


@kernel
def broken_cost(spans, span, chosen, contexts, mask):  # type: ignore[no-untyped-def]
    """What it costs that the naming span, or one of its chosen contexts, is torn out of its part.

    `mask` are the words that the reading explains, as bits.
    """
    cost = _torn(spans, span, mask)
    for at in range(min(contexts, chosen.size)):
        cost += _torn(spans, chosen[at], mask)
    return cost


@kernel
def is_torn(spans, span, mask):  # type: ignore[no-untyped-def]
    """Whether a span stands beside words of its part, or is joined to some, that a reading leaves out."""
    return (spans[span].beside | spans[span].joined) & ~mask != 0


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
def _torn(spans, span, mask):  # type: ignore[no-untyped-def]
    cost = 0.0
    if spans[span].beside & ~mask != 0:
        cost += ranking.BROKEN_PART_COST
    if spans[span].joined & ~mask != 0:
        cost += ranking.BROKEN_COMPOUND_COST
    return cost
