from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.geocoder.forward_world import NO_FILTER, ask, sample_geocoder, words
from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.texts import MAX_QUERY_CODE_POINTS
from waypost.server.model import MatchOutcome

#: Letters of every script, marks, symbols and what is unassigned, but no surrogates, which no UTF-8 has.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
#: Pieces of queries, so that random texts come near to places.
PIECES = st.sampled_from(
    ["Munich", "münchen", "Мюнхен", "柏林", "Berlin", "Berlim", "Springfield", "Sprngfeild", "IL", "US-MO", "Illinois",
     "Bavaria", "DE", "D-10115", "10115", "62701-1234", "Deutschland", "USA", "near", "48.1", "4HX8+QP", "12", ",",
     "\n", " ", "😀", "\u0308", "\u200f"]
)  # fmt: skip
QUERIES = st.one_of(st.lists(PIECES, min_size=1, max_size=12).map(" ".join), ANY_TEXT, st.text("abeil,1 ", min_size=1))
TEXTS = QUERIES.map(lambda text: text[:MAX_QUERY_CODE_POINTS]).filter(lambda text: text.strip() != "")


@given(ANY_TEXT)
@example("St. Louis")
@example("ⅷ½㍻㌀ﷺ")
@example("İßŉǰΐև")
@example("葛\U000e0100飾区")
def test_normalising_twice_is_once(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once


#: Id and confidence, None without an answer, "invalid" where the text is refused.
Outcome: TypeAlias = "tuple[str, float] | str | None"


def best(text: str, wanted: int) -> Outcome:
    """Id and confidence of the best answer, None without one, "invalid" where the text is refused."""
    try:
        answer = ask(text, wanted=wanted)
    except InvalidArgument:
        return "invalid"
    assert len(answer.results) <= wanted
    return (answer.results[0].place.place_id, answer.results[0].confidence) if answer.results else None


def rows(texts: list[str]) -> list[Outcome]:
    """The same of every text, asked as a column."""
    table = sample_geocoder().geocode_texts(pa.array(texts), NO_FILTER, ("status", "place_id", "confidence"))
    return [
        (row["place_id"], row["confidence"])
        if row["status"] == "matched"
        else {"unmatched": None}.get(row["status"], "invalid")
        for row in table.to_pylist()
    ]


def assert_same(left: Outcome, right: Outcome) -> None:
    if isinstance(left, tuple) and isinstance(right, tuple):
        assert left[0] == right[0]
        assert left[1] == pytest.approx(right[1], abs=1e-6)
    else:
        assert left == right


@given(TEXTS)
@settings(max_examples=400, deadline=None)
@example("\U0001f5fa\ufe0f")
@example("Berlin, USA")
@example("geo:95,11")
def test_one_result_five_results_and_a_column_have_the_same_best_answer(text: str) -> None:
    one = best(text, 1)
    assert_same(one, best(text, 5))
    assert_same(one, rows([text])[0])


@given(st.lists(TEXTS, min_size=2, max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_text_is_answered_in_a_column_as_alone(texts: list[str]) -> None:
    for together, text in zip(rows(texts), texts, strict=True):
        assert_same(together, rows([text])[0])


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_terms_add_up_confidence_is_a_probability_and_parts_lie_in_the_text(text: str) -> None:
    try:
        answer = ask(text, explain=True)
    except InvalidArgument:
        return
    for result in answer.results:
        assert 0.0 <= result.confidence <= 1.0
        for part in result.match:
            assert part.outcome == MatchOutcome.INFERRED or part.text == text[part.start : part.end]
    for parse in answer.explanation.parses if answer.explanation else ():
        assert 0.0 <= parse.confidence <= 1.0
        assert sum(value for _, value in parse.terms) == pytest.approx(parse.score, abs=1e-9)


@pytest.mark.parametrize("text", ["," * 10_000, "😀" * 512, "🗺️🏴‍☠️", "\u200f" * 512, "\ufffd" * 512, "((((" * 128])
def test_texts_without_words_have_no_answer(text: str) -> None:
    assert best(text, 5) is None


@pytest.mark.parametrize("text", ["1 " * 256, "a " * 256, "Berlin " * 73, "柏林" * 256, "48.1 11.5 " * 51, "x" * 512])
def test_texts_of_many_words_are_answered(text: str) -> None:
    assert_same(best(text, 1), rows([text[:MAX_QUERY_CODE_POINTS]])[0])


@given(ANY_TEXT, ANY_TEXT)
@settings(max_examples=50, deadline=None)
def test_nul_makes_a_row_invalid(before: str, after: str) -> None:
    text = f"{before}\0{after}"
    assert rows([text]) == ["invalid"]
