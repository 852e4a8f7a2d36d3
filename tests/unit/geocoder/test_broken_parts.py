"""Names beside kinds of streets: which words of a query are more likely a street's name than a place's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.geocoder.forward_world import ask, fold_table, ids
from waypost.server.geocoder import street_word_lists as lists
from waypost.server.geocoder.broken_parts import mark_parts
from waypost.server.geocoder.normalize import new_tokens, tokenize
from waypost.server.geocoder.ranking import BROKEN_STREET_COST, LETTER_GAIN, WORD_GAIN
from waypost.server.geocoder.word_gains import word_gains
from waypost.server.model import MatchOutcome

MUNICH, BERLIN, IN_ILLINOIS, IN_MISSOURI = "gn-3", "gn-5", "gn-8", "gn-10"


def _beside_streets(text: str) -> str:
    """The words of a text that stand beside a kind of street, with blanks between."""
    data = np.frombuffer(text.encode(), np.uint8)
    tokens = new_tokens()
    count = tokenize(*fold_table(), data, 0, data.size, tokens)
    word_gains(tokens, count)
    mark_parts(tokens, count, data)
    marked = (word for word in tokens.word[:count] if word["street_before"] or word["street_behind"])
    return " ".join(text.encode()[word["byte_start"] : word["byte_end"]].decode() for word in marked)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("12 Ulm Road, Bonn", "Ulm"),
        ("12 Ulm Rd Bonn", "Ulm"),
        ("Ulm Avenue Bonn", "Ulm"),
        ("New Ulm Drive, Bonn", "Ulm"),
        ("Ulmer Str. 5, Bonn", "Ulmer"),
        ("Ulm Allee Bonn", "Ulm"),
        ("Ulm gatan 5, Umeå", "Ulm"),
        ("rue d'Ulm, Paris", "d'Ulm"),
        ("5, rue de la Ulm Paris", "Ulm"),
        ("avenue de Ulm, Paris", "Ulm"),
        ("10 Avenue Ulm, Paris", "Ulm"),
        ("Bonn Avenue de Ulm", "Ulm"),
        ("Via Ulm 3, Roma", "Ulm"),
        ("Piazza Ulm Roma", "Ulm"),
        ("Calle de los Ulm, Lima", "Ulm"),
        ("Rua Ulm 7, Lisboa", "Ulm"),
        ("ul. Ulm 7, Wrocław", "Ulm"),
        ("náměstí Ulm, Praha", "Ulm"),
        ("Str. Ulm 4, Cluj", "Ulm"),
        ("12 Ulm St Bonn", "Ulm"),
        ("Ulm St., Bonn", "Ulm"),
        ("Ulm Street", "Ulm"),
    ],
)
def test_a_name_beside_a_kind_of_street_is_the_streets(text: str, named: str) -> None:
    assert _beside_streets(text) == named


@pytest.mark.parametrize(
    "text",
    [
        "Street, Somerset",  # a town
        "Street Somerset",
        "Rue, Somme",
        "Grove Oklahoma",
        "Terrace, BC",
        "Avenue, MD",
        "350 5th Avenue New York",  # the avenue's name is a number
        "23 8 Ave New York",
        "8 Avenue New York",  # nobody knows
        "Hartford CT",  # codes
        "Warszawa PL",
        "Ulm Saint Bonn",  # a saint
        "Bury St Edmunds",
        "Mont Saint Martin, France",
        "Lindenstraße 5, Bonn",  # one word
        "Park, Bonn",
    ],
)
def test_what_no_name_of_a_street_stands_beside_marks_nothing(text: str) -> None:
    marked = _beside_streets(text)
    assert marked in ("", "5th", "8")


def test_all_kinds_that_stand_beside_names_are_kinds_of_streets() -> None:
    kinds = {*lists.BEFORE_NAMES.split(), *lists.BEHIND_NAMES.split()}
    assert kinds <= {word for group in lists.TYPES for word in group.split()}


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        ("rue de Springfield, Berlin", BERLIN),
        ("Springfield Rd Munich", MUNICH),
        ("Via Berlin 3, Springfield, MO", IN_MISSOURI),
        ("12 Munich St Springfield IL", IN_ILLINOIS),
        ("Springfield Street Berlin", BERLIN),
    ],
)
def test_the_town_is_meant_and_not_what_its_street_is_named_after(text: str, place_id: str) -> None:
    assert ids(ask(text))[0] == place_id


def test_a_piece_of_a_streets_name_explains_nothing_and_is_no_context() -> None:
    answer = ask("Illinois Avenue, Springfield", explain=True)
    assert answer.explanation is not None
    terms = {parse.place_id: dict(parse.terms) for parse in answer.explanation.parses}
    assert terms["gn-7"]["broken_part"] == pytest.approx(-(WORD_GAIN + 8 * LETTER_GAIN + BROKEN_STREET_COST))
    assert terms[IN_ILLINOIS]["context"] == 0.0
    assert ("Illinois Avenue", MatchOutcome.UNUSED) in [(part.text, part.outcome) for part in answer.results[0].match]


@pytest.mark.parametrize("text", ["Munich St, Springfield, IL", "9 Berlin St., Springfield IL"])
def test_a_kind_of_street_is_no_code_that_contradicts(text: str) -> None:
    assert not ask(text).notices
