"""The sample gazetteer as a geocoder, and what tests of the forward engine ask of it again and again."""

from __future__ import annotations

from functools import cache

import numpy as np

from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.normalize import MAX_TOKENS, FoldTable, build_fold_table, new_tokens, tokenize
from waypost.server.geocoder.warmup import sample_snapshot
from waypost.server.model import Answer, GeocodeFilter, GeocodeQuery, PostalAddress

NO_FILTER = GeocodeFilter()


@cache
def sample_geocoder() -> Geocoder:
    """One geocoder of the process over the sample; it keeps no state between questions."""
    return Geocoder(sample_snapshot())


def ask(
    question: str | PostalAddress, restriction: GeocodeFilter = NO_FILTER, *, wanted: int = 5, explain: bool = False
) -> Answer:
    text, address = (question, None) if isinstance(question, str) else ("", question)
    query = GeocodeQuery(text=text, address=address, filter=restriction, max_results=wanted, explain=explain)
    return sample_geocoder().geocode(query)


def ids(answer: Answer) -> list[str]:
    return [result.place.place_id for result in answer.results]


@cache
def fold_table() -> FoldTable:
    return build_fold_table()


def words(text: str) -> list[str]:
    """The folded words of a text; of one with too many words, the first MAX_TOKENS."""
    data = np.frombuffer(text.encode(), np.uint8)
    tokens = new_tokens()
    count = abs(tokenize(*fold_table(), data, 0, data.size, tokens))
    assert count <= MAX_TOKENS
    return ["".join(map(chr, tokens.char[token["start"] : token["end"]])) for token in tokens.word[:count]]
