"""Kinds and languages of names, told by their letters."""

from __future__ import annotations

import pytest

from waypost.server.gazetteer.alias_kinds import (
    ALTERNATE,
    CODE,
    TRANSLITERATION,
    classify_alternate_names,
    languages_of_scripts,
)
from waypost.server.gazetteer.texts import text_array


@pytest.mark.parametrize("name", ["lndn", "byjng", "lun dun", "los-anjelesi", "shyngw  wakayama", "krnl branډsn"])
def test_latin_names_without_a_capital_are_machine_transliterations(name: str) -> None:
    assert classify_alternate_names(text_array([name])).tolist() == [TRANSLITERATION]


@pytest.mark.parametrize(
    "name", ["Londres", "'s-Gravenhage", "İstanbul", "Лондон", "東京", "ลอนดอน", "L.A.", "ǅakovica"]
)
def test_names_as_people_write_them_are_alternate_names(name: str) -> None:
    assert classify_alternate_names(text_array([name])).tolist() == [ALTERNATE]


@pytest.mark.parametrize("name", ["LON", "LHR", "NYC", "LA", "UK", "EGLL"])
def test_two_to_four_capitals_are_codes(name: str) -> None:
    assert classify_alternate_names(text_array([name])).tolist() == [CODE]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("서울", "ko"),
        ("Αθήνα", "el"),
        ("กรุงเทพ", "th"),
        ("თბილისი", "ka"),
        ("Երևան", "hy"),
        ("東京タワー", "ja"),
        ("東京", ""),
        ("Paris", ""),
        ("Москва", ""),
        ("القاهرة", ""),
        ("ירושלים", ""),
    ],
)
def test_a_language_is_told_only_where_the_script_proves_it(name: str, language: str) -> None:
    assert languages_of_scripts(text_array([name])).to_pylist() == [language]
