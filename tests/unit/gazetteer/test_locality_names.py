"""Localities found by the names that another source writes."""

from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.locality_names import LocalityNames, comparable
from waypost.server.gazetteer.texts import text_array

KNOWN = LocalityNames(
    np.array([1, 1, 1, 1, 1, 1, 2, 2], np.int32),
    text_array(["Bourg-en-Bresse", "Budapest", "São Paulo", "京都市", "Wien", "Mississauga", "Wien", "København"]),
    np.array([10, 11, 12, 13, 14, 15, 24, 25], np.int32),
)


@pytest.mark.parametrize(
    ("area", "name", "locality"),
    [
        (1, "BOURG EN BRESSE", 10),
        (1, "Budapest 13. ker.", 11),
        (1, "Sao Paulo", 12),
        (1, "京都市左京区下鴨西高木町", 13),
        (1, "Wien, Innere Stadt", 14),
        (1, "Innere Stadt, Wien", 14),
        (1, "Mississauga (Erin Mills / Western Business Park)", 15),
        (2, "Wien", 24),
        (2, "København K", 25),
        (1, "København", -1),
        (1, "", -1),
        (-1, "Wien", -1),
        (1, "Nirgendwo", -1),
    ],
)
def test_a_name_is_found_within_its_area_in_any_writing(area: int, name: str, locality: int) -> None:
    assert KNOWN.find(np.array([area], np.int32), text_array([name])).tolist() == [locality]


def test_the_whole_name_is_preferred_to_a_part_of_it() -> None:
    names = LocalityNames(np.zeros(2, np.int32), text_array(["San", "San José"]), np.array([1, 2], np.int32))
    assert names.find(np.zeros(1, np.int32), text_array(["San José"])).tolist() == [2]


def test_of_two_localities_with_one_name_the_first_is_meant() -> None:
    names = LocalityNames(np.zeros(2, np.int32), text_array(["Neustadt", "Neustadt"]), np.array([8, 9], np.int32))
    assert names.find(np.zeros(1, np.int32), text_array(["neustadt"])).tolist() == [8]


def test_case_accents_and_hyphens_do_not_count() -> None:
    assert (
        len(set(comparable(text_array(["Bourg-en-Bresse", "BOURG EN BRESSÉ", " bourg  en bresse "])).to_pylist())) == 1
    )
