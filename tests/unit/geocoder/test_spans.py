from __future__ import annotations

import numpy as np
import pytest

from waypost.server.geocoder import ranking
from waypost.server.geocoder.spans import truncated_length

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
