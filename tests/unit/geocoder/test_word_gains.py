from __future__ import annotations

import numpy as np

from waypost.server.geocoder import ranking
from waypost.server.geocoder.normalize import DIGIT, LETTER, WORD, Tokens
from waypost.server.geocoder.word_gains import word_gains


def gains(*words: tuple[str, int, int]) -> list[float]:
    """Worth of words given as (folded text, kind, segment)."""
    chars = np.array([ord(char) for word, _, _ in words for char in word], np.uint32)
    prefix = np.zeros(chars.size + 1, np.uint64)
    base = int(np.uint64(0x9E3779B97F4A7C15))
    for at, char in enumerate(chars.tolist()):
        prefix[at + 1] = (int(prefix[at]) * base + char + 1) & 0xFFFFFFFFFFFFFFFF
    tokens = Tokens(chars, prefix, np.zeros(len(words), WORD))
    start = 0
    for at, (word, kind, segment) in enumerate(words):
        tokens.word[at]["start"], tokens.word[at]["end"] = start, start + len(word)
        tokens.word[at]["kind"], tokens.word[at]["segment"] = kind, segment
        start += len(word)
    word_gains(tokens, len(words))
    return [float(gain) for gain in tokens.word["gain"]]


def test_longer_words_are_worth_more_up_to_a_bound() -> None:
    short, long, longer = gains(("rom", LETTER, 0), ("muenchen", LETTER, 0), ("springfield", LETTER, 0))
    assert short < long == longer


def test_house_numbers_are_worth_less_than_postal_codes() -> None:
    assert gains(("12", DIGIT, 0), ("10115", DIGIT, 0)) == [ranking.SHORT_NUMBER_GAIN, ranking.LONG_NUMBER_GAIN]


def test_fillers_are_worth_little_unless_they_may_be_codes() -> None:
    assert gains(("hotel", LETTER, 0), ("near", LETTER, 0), ("rom", LETTER, 0))[1] == ranking.FILLER_GAIN
    # "Wilmington, DE": alone between commas; "Gary IN 46402": before a number.
    assert gains(("wilmington", LETTER, 0), ("de", LETTER, 1))[1] > ranking.WORD_GAIN
    assert gains(("gary", LETTER, 0), ("in", LETTER, 0), ("46402", DIGIT, 0))[1] > ranking.WORD_GAIN


def test_kinds_of_places_are_worth_less_than_names() -> None:
    assert gains(("orange", LETTER, 0), ("county", LETTER, 0))[1] == ranking.KIND_GAIN
    assert gains(("x", LETTER, 0), ("berlin", LETTER, 0))[0] == ranking.LETTER_WORD_GAIN


def test_stand_ins_for_an_address_are_worth_little_unless_anything_else_is_said() -> None:
    assert max(gains(("unknown", LETTER, 0), ("address", LETTER, 0))) == ranking.PLACEHOLDER_GAIN
    assert max(gains(("n", LETTER, 0), ("a", LETTER, 1))) <= ranking.PLACEHOLDER_GAIN
    assert gains(("none", LETTER, 0), ("piedmont", LETTER, 1))[0] > ranking.WORD_GAIN
    assert gains(("na", LETTER, 0))[0] > ranking.WORD_GAIN
