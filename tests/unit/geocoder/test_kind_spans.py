"""Words beside a name that say what kind of place is meant."""

from __future__ import annotations

import pytest

from tests.unit.geocoder.forward_world import ask, ids
from waypost.server.geocoder import ranking
from waypost.server.geocoder.kind_words import KIND_WORDS, words_of_kind
from waypost.server.geocoder.normalize import fold_word
from waypost.server.model import MatchOutcome, PlaceType

BERLIN, BERLIN_STATE, AIRPORT = "gn-5", "gn-4", "ap-ksgf"


@pytest.mark.parametrize(
    "text", ["Berlin state", "State of Berlin", "Land Berlin", "Bundesland Berlin, Germany", "provincia de Berlin"]
)
def test_a_word_for_a_region_means_the_region_and_not_its_city(text: str) -> None:
    assert ids(ask(text))[0] == BERLIN_STATE


@pytest.mark.parametrize("text", ["Berlin", "city of Berlin", "Stadt Berlin", "Berlin, state", "Berlin airport"])
def test_the_city_stays_what_is_meant_by_other_words(text: str) -> None:
    assert ids(ask(text))[0] == BERLIN


@pytest.mark.parametrize(
    "text",
    [
        "Springfield airport",
        "Springfield International Airport, Missouri",
        "Flughafen Springfield",
        "Springfield Flughafen, USA",
        "Aeropuerto de Springfield",
        "аэропорт Springfield",
        "SGF airport",
        "airport SGF",
        "Branson National Airport",
    ],
)
def test_airports_answer_to_their_city_and_their_code_with_a_word_for_airport(text: str) -> None:
    assert ids(ask(text))[0] == AIRPORT


def test_the_kind_word_is_part_of_the_name_that_is_told_and_a_term_of_its_own() -> None:
    answer = ask("Flughafen Springfield", explain=True)
    assert next((part.text, part.outcome) for part in answer.results[0].match) == (
        "Flughafen Springfield",
        MatchOutcome.MATCHED,
    )
    assert answer.explanation is not None
    assert dict(answer.explanation.parses[0].terms)["kind_word"] == ranking.KIND_AGREES


def test_a_misspelt_name_keeps_its_kind_word() -> None:
    assert ids(ask("State of Belrin"))[0] == BERLIN_STATE


@pytest.mark.parametrize("text", ["i/l", "I, L", "u/s"])
def test_a_code_is_never_read_across_a_comma_or_a_stroke(text: str) -> None:
    assert not {"gn-6", "gn-7"} & set(ids(ask(text)))


def test_what_stands_for_no_address_is_no_place_to_be_sure_of() -> None:
    assert ask("unknown address").results == ()
    assert ask("n/a").results == ()


def test_kind_words_are_single_words_and_each_is_of_one_group() -> None:
    words = [fold_word(word) for _, languages in KIND_WORDS for text in languages.values() for word in text.split()]
    assert all(words)
    groups = [frozenset(words_of_kind(*types)) for types, _ in KIND_WORDS if len(types) == 1]
    assert not groups[0] & groups[1]
    assert "аэропорт" in words_of_kind(PlaceType.POI)
