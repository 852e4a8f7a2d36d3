"""Streets whose signs bear two names, one in each language: "Annankatu - Annegatan 25"."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import streets as st
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.postings import from_row, posting_cost, posting_row
from waypost.server.geocoder.street_spans import NAME

#: Names that cost more than this are not the whole name of a street: its kind or its direction is left out.
WHOLE_NAME_COST = 0.45


@kernel
def second_name(table, tokens, spans, span, row, first, last, taken):  # type: ignore[no-untyped-def]
    """The span right beside words `first` to before `last` that names street `row` too; -1 if there is none.

    `taken` are the words, as bits, that are explained already, `span` among them with the first name. Both are whole
    names: "Jonestown Road, Jonestown" says where the street is.
    """
    counts = st.i64w(table, st.COUNTS)
    best = np.int64(-1)
    if not _names(table, spans, span, row):
        return best
    for other in range(counts[st.AT_PLACES], counts[st.AT_PLACES] + counts[st.AT_NAMED]):
        if spans[other].postal != NAME or spans[other].mask & taken != 0:
            continue
        # Beyond a comma or a stroke, "Saxton" behind "Paxton St" is no misspelt Paxton, but a town.
        apart = tokens.word[spans[other].first].segment != tokens.word[first].segment
        if apart and spans[other].edits > 0:
            continue
        beside = spans[other].first == last or spans[other].last == first
        if beside and (best < 0 or spans[other].gain > spans[best].gain) and _names(table, spans, other, row):
            best = np.int64(other)
    return best


@kernel
def _names(table, spans, span, row):  # type: ignore[no-untyped-def]
    """Whether a span is a whole name of a feature."""
    postings = st.u64(table, st.POSTINGS)
    head = spans[span].head
    end = head + 1 + np.int64(spans[span].count)
    at = from_row(postings, head + 1, end, row)
    return at < end and posting_row(postings[at]) == row and posting_cost(postings[at]) <= WHOLE_NAME_COST
