from __future__ import annotations

import numpy as np
import pytest

from tests.unit.geocoder.forward_world import fold_table
from waypost.server.geocoder import ranking
from waypost.server.geocoder.normalize import new_tokens, tokenize
from waypost.server.geocoder.spans import is_written_as_in_britain, truncated_length

GB, CA, NL, US = range(len(ranking.TRUNCATING_COUNTRIES))


@pytest.mark.parametrize(
    ("country", "code", "known"),
    [
        (GB, "m11ae", "m"),
        (GB, "m601nw", "m"),
        (GB, "cr26xh", "cr"),
        (GB, "dn551pt", "dn"),
        (GB, "w1a1hq", "w"),
        (GB, "ec1a1bb", "ec"),
        (GB, "sw1a", "sw"),
        (GB, "m1", "m"),
        (GB, "sw", ""),
        (GB, "10115", ""),
        (GB, "abc1", ""),
        (CA, "k1a0b6", "k1a"),
        (CA, "k1a0b", ""),
        (CA, "11a0b6", ""),
        (NL, "1234ab", "1234"),
        (NL, "1234", ""),
        (NL, "ab1234", ""),
        (US, "627011234", "62701"),
        (US, "62701", ""),
        (US, "6270a1234", ""),
    ],
)
def test_whole_postal_codes_are_cut_to_what_the_data_has(country: int, code: str, known: str) -> None:
    char = np.array([ord(letter) for letter in code], np.uint32)
    assert code[: truncated_length(char, 0, char.size, country)] == known


@pytest.mark.parametrize(
    ("text", "written"),
    [("W1 1TH", True), ("w11th", True), ("SW1A 1AA", True), ("EC 1A 1BB", True), ("W 11th", False), ("N 12TH", False)],
)
def test_an_ordinal_behind_a_direction_is_no_postal_code_of_britain(text: str, written: bool) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    tokens = new_tokens()
    count = tokenize(*fold_table(), data, 0, data.size, tokens)
    assert is_written_as_in_britain(tokens, 0, count) is written
