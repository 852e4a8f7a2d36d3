from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.server.geocoder.spans import Words
from waypost.server.geocoder.typo import corrections, distance, edits_allowed, learn, new_corrections
from waypost.server.geocoder.vocabulary import MAX_LETTERS, MIN_LETTERS, TWO_EDITS_FROM, letter_set
from waypost.server.geocoder.warmup import sample_snapshot

WORDS = st.text("abc", max_size=9)
#: Of these a and 1 (and α and б) share a slot of the table of letters, and some a bit of the set of letters.
LETTERS = "abcαβχбвг\u0661日"


def slow_distance(left: str, right: str) -> int:
    """Optimal string alignment, straight from its recurrence."""
    table = np.zeros((len(left) + 1, len(right) + 1), int)
    table[:, 0], table[0, :] = range(len(left) + 1), range(len(right) + 1)
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            same = left[i - 1] == right[j - 1]
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (not same))
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return int(table[-1, -1])


def letters(word: str, dtype: type[np.unsignedinteger] = np.uint32) -> np.ndarray:
    return np.array([ord(char) for char in word], dtype)


def fast_distance(left: str, right: str) -> int:
    room = new_corrections()
    learn(letters(left), len(left), room)
    return int(distance(len(left), letters(f"x{right}x", np.uint16), 1, 1 + len(right), room))


@given(WORDS.filter(bool), WORDS)
@settings(max_examples=2000, deadline=None)
def test_the_distance_is_that_of_its_definition(left: str, right: str) -> None:
    assert fast_distance(left, right) == slow_distance(left, right)


@given(st.text(LETTERS, min_size=1, max_size=MAX_LETTERS), st.text(LETTERS, min_size=1, max_size=MAX_LETTERS))
@settings(deadline=None)
def test_the_distance_of_long_words_in_any_script_is_that_of_its_definition(left: str, right: str) -> None:
    assert fast_distance(left, right) == slow_distance(left, right)


@given(WORDS.filter(bool), WORDS.filter(bool))
@settings(max_examples=2000, deadline=None)
def test_words_near_to_each_other_have_nearly_the_same_letters(left: str, right: str) -> None:
    sets = [int(letter_set(letters(word), 0, len(word))) for word in (left, right)]
    assert (sets[0] ^ sets[1]).bit_count() <= 2 * slow_distance(left, right) - abs(len(left) - len(right))


def known(word: str, limit: int) -> dict[str, int]:
    """Corrections of a word in the sample's vocabulary, nearest first."""
    snapshot = sample_snapshot()
    vocabulary = Words._make(snapshot.array(f"forward_{name}") for name in Words._fields)
    room = new_corrections()
    count = corrections(vocabulary, letters(word), len(word), limit, 3, room)
    rows, edits = room.words[3, :count], room.edits[3, :count]
    offsets, chars = vocabulary.word_offsets, vocabulary.word_letters
    texts = ["".join(map(chr, chars[offsets[row] : offsets[row + 1]])) for row in rows]
    return dict(zip(texts, edits.tolist(), strict=True))


@pytest.mark.parametrize(
    ("written", "meant", "edits"),
    [
        ("berln", "berlin", 1),
        ("berllin", "berlin", 1),
        ("bertin", "berlin", 1),
        ("ebrlin", "berlin", 1),
        ("munihc", "munich", 1),
        ("missuori", "missouri", 1),
        ("springfeild", "springfield", 1),
        ("sprngfeild", "springfield", 2),
        ("deutchlant", "deutschland", 2),
        ("мюнхин", "мюнхен", 1),
    ],
)
def test_misspelt_words_are_found(written: str, meant: str, edits: int) -> None:
    assert known(written, edits)[meant] == edits


def test_two_errors_are_not_found_where_one_is_allowed() -> None:
    assert "springfield" not in known("sprngfeild", 1)


def test_a_known_word_is_no_correction_of_itself() -> None:
    assert "berlin" not in known("berlin", 2)


def test_longer_words_may_have_more_errors() -> None:
    allowed = [int(edits_allowed(size)) for size in range(MAX_LETTERS + 2)]
    assert allowed[:MIN_LETTERS] == [0] * MIN_LETTERS
    assert set(allowed[MIN_LETTERS:TWO_EDITS_FROM]) == {1}
    assert set(allowed[TWO_EDITS_FROM : MAX_LETTERS + 1]) == {2}
    assert allowed[MAX_LETTERS + 1] == 0
