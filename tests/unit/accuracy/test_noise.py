from __future__ import annotations

import random
import re

import pytest

from tests.accuracy.noise import NameChain, street_named, with_noise, with_typos

TEXT = "10115 Charlottenburg, Brandenburg 44"


def _changed_span(before: str, after: str) -> tuple[str, str]:
    """What is left of two texts without their common beginning and end."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


def test_a_typo_changes_one_letter_or_swaps_two() -> None:
    chance = random.Random(1)
    kinds = set()
    for _ in range(500):
        changed = with_typos(TEXT, 1, chance)
        assert changed is not None
        old, new = _changed_span(TEXT, changed)
        assert (len(old), len(new)) in {(1, 1), (1, 0), (0, 1), (2, 2)}
        assert len(old) < 2 or old == new[::-1]
        kinds.add((len(old), len(new)))
    assert len(kinds) == 4


@pytest.mark.parametrize("count", [1, 2])
def test_digits_never_have_typos(count: int) -> None:
    chance = random.Random(1)
    for _ in range(500):
        changed = with_typos(TEXT, count, chance)
        assert changed is not None
        assert changed != TEXT
        assert changed.startswith("10115 ")
        assert changed.endswith(" 44")


@pytest.mark.parametrize("text", ["Rom 00100", "Ulm", "12345678"])
def test_short_words_are_left_alone(text: str) -> None:
    assert with_typos(text, 1, random.Random(1)) is None


def test_two_typos_need_two_words_or_a_long_one() -> None:
    assert with_typos("Paris", 2, random.Random(1)) is None
    chance = random.Random(1)
    for _ in range(500):
        changed = with_typos("7 Wolfenbüttel 7", 2, chance)
        assert changed is not None
        assert changed != "7 Wolfenbüttel 7"
        assert changed[:2] + changed[-2:] == "7  7"


def test_noise_keeps_the_text_whole() -> None:
    chance = random.Random(1)

    assert all(with_noise("Lyon, France", chance).endswith("Lyon, France") for _ in range(50))


def test_the_same_seed_invents_the_same_names() -> None:
    chain = NameChain(["Hamburg", "Homburg", "Marburg", "Magdeburg", "Merseburg", "Hammelburg"])
    first, second = random.Random(7), random.Random(7)

    assert [chain.invent(first) for _ in range(20)] == [chain.invent(second) for _ in range(20)]


@pytest.mark.parametrize(("country", "kinds"), [("FR", "rue|avenue|boulevard|Place"), ("IT", "Via|Viale|Piazza|Corso")])
def test_a_street_named_after_a_place_is_written_as_its_country_writes(country: str, kinds: str) -> None:
    chance = random.Random(1)
    streets = {street_named("Lyon", country, chance) for _ in range(200)}
    assert all(re.search(rf"({kinds})( de)? Lyon", street) for street in streets)
    assert any(street[0].isdigit() or street[-1].isdigit() for street in streets)
    assert any(not re.search(r"\d", street) for street in streets)
