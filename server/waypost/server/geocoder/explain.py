"""How an answer came about: every reading considered, with its terms by name."""

from __future__ import annotations

from collections.abc import Sequence

from waypost.server.geocoder.forward import ForwardIndex, Questions
from waypost.server.geocoder.match import TERMS
from waypost.server.geocoder.normalize import new_tokens, tokenize
from waypost.server.model import Explanation, Parse, Result

#: Readings shown.
MAX_PARSES = 50
MAX_CORRECTIONS = 50


def explanation(
    results: Sequence[Result],
    scores: Sequence[float],
    terms: Sequence[Sequence[float]],
    words: tuple[str, ...],
    scored: int,
) -> Explanation:
    """The readings of a query, best first, with the addends of each one's score."""
    corrections: dict[str, None] = {}
    parses = []
    for result, score, addends in zip(results, scores, terms, strict=True):
        corrections.update(
            (f"{part.text} → {part.matched_text}", None) for part in result.match if part.outcome.name == "CORRECTED"
        )
        named = tuple(zip(TERMS, addends, strict=True))
        place = result.place
        parses.append(Parse(place.place_id, place.formatted_address, score, named, result.match, result.confidence))
    return Explanation(tuple(parses), words, scored, tuple(corrections)[:MAX_CORRECTIONS])


def folded_words(forward: ForwardIndex, questions: Questions) -> tuple[str, ...]:
    """The words of the first text as they are compared."""
    tokens = new_tokens()
    data, _ = questions.first()
    count = abs(tokenize(*forward.fold, data, 0, data.size, tokens))
    return tuple("".join(map(chr, tokens.char[tokens.word[n]["start"] : tokens.word[n]["end"]])) for n in range(count))
