from __future__ import annotations

import pytest

from waypost.server.gazetteer.imports.grouping import spelt_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lindenstrasse", "lindenstrase"),
        ("lindenstrasse", "lindenstraasse"),
        ("lindenstrasse", "lindenstrosse"),
        ("lindenstrasse", "lindnestrasse"),
        ("lindenstrasse", "lindenstrass"),
        ("lindenstrasse", "indenstrasse"),
        ("lindenstrasse", "ilndenstrasse"),
    ],
)
def test_one_slip_of_the_pen_is_the_same_name(one: str, other: str) -> None:
    assert spelt_alike(one, other)
    assert spelt_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lindenstrasse", "lindemstrase"),
        ("lindenstrasse", "lnidnestrasse"),
        ("5thavenuenorth", "6thavenuenorth"),
        ("15thavenuenorth", "5thavenuenorth"),
        ("elmroad", "elkroad"),
        ("lindenstrasse", ""),
    ],
)
def test_two_slips_another_number_and_short_names_are_another_one(one: str, other: str) -> None:
    assert not spelt_alike(one, other)
    assert not spelt_alike(other, one)
