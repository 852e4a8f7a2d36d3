"""How an answer came about: every reading considered, with its terms by name."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.forward import ForwardIndex, address_text
from waypost.server.geocoder.match import TERMS
from waypost.server.geocoder.matches import MatchDescriber, QueryText
from waypost.server.geocoder.normalize import new_tokens, tokenize
from waypost.server.model import Explanation, GeocodeQuery, Parse

#: Readings shown.
MAX_PARSES = 50
MAX_CORRECTIONS = 50


def explanation(
    forward: ForwardIndex, describer: Describer, matches: MatchDescriber, query: GeocodeQuery, text: QueryText
) -> Explanation:
    """The readings of a query, best first, without merging those that are one place."""
    if query.address is None:
        found = forward.text(query.text, query.filter, MAX_PARSES, merge=False)
        searched = query.text
    else:
        found = forward.address(query.address, query.filter, MAX_PARSES, merge=False)
        searched = address_text(query.address)
    parses = []
    corrections: dict[str, None] = {}
    for reading in found.readings:
        place = describer.place(reading.row, "", True)
        match = matches.parts(text, found, reading)
        corrections.update(
            (f"{part.text} → {part.matched_text}", None) for part in match if part.outcome.name == "CORRECTED"
        )
        terms = tuple(zip(TERMS, reading.terms, strict=True))
        parses.append(Parse(place.place_id, place.formatted_address, reading.score, terms, match, reading.confidence))
    return Explanation(
        tuple(parses), folded_words(forward, searched), found.scored, tuple(corrections)[:MAX_CORRECTIONS]
    )


def folded_words(forward: ForwardIndex, text: str) -> tuple[str, ...]:
    """The words of a text as they are compared."""
    data = np.frombuffer(text.encode(), np.uint8)
    tokens = new_tokens()
    count = abs(tokenize(*forward.fold, data, 0, data.size, tokens))
    return tuple("".join(map(chr, tokens.char[tokens.word[n]["start"] : tokens.word[n]["end"]])) for n in range(count))
