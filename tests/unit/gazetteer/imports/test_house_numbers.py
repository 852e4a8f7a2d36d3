from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.gazetteer.imports.house_numbers import (
    MAX_HOUSES,
    MAX_NAME,
    MAX_SUFFIX,
    HouseNumber,
    fold_suffix,
    house_number,
    read_house_numbers,
)


def shown(text: str, country: str = "") -> list[str]:
    return [house.shown for house in read_house_numbers(text, country)]


@pytest.mark.parametrize(
    ("written", "number", "suffix", "folded"),
    [
        ("12", 12, "", ""),
        (" 012 ", 12, "", ""),
        ("12a", 12, "a", "a"),
        ("12 A", 12, " A", "a"),
        ("12 bis", 12, " bis", "bis"),
        ("12BIS", 12, "BIS", "bis"),
        ("12ter", 12, "ter", "ter"),
        ("12/3", 12, "/3", "3"),
        ("12 / 3", 12, "/3", "3"),
        ("12/A", 12, "/A", "a"),
        ("12-1", 12, "-1", "1"),
        ("12-H", 12, "-H", "h"),
        ("1/2", 1, "/2", "2"),
        ("12 1/2", 12, " 1/2", "12"),
        ("12½", 12, " 1/2", "12"),
        ("№ 12", 12, "", ""),
        ("N° 12", 12, "", ""),
        ("No. 12", 12, "", ""),
        ("Nr 12b", 12, "b", "b"),
        ("N12", 12, "", ""),
        ("#12", 12, "", ""),
        ("д. 12", 12, "", ""),
        ("12 к3", 12, " к3", "к3"),
        ("１２", 12, "", ""),
        ("１−２−３", 1, "-2-3", "23"),
        ("1-2-3", 1, "-2-3", "23"),
        ("1丁目2番3号", 1, "-2-3", "23"),
        ("12番地", 12, "", ""),
        ("12號", 12, "", ""),
        ("١٢", 12, "", ""),
        ("12.", 12, "", ""),
        ("5. krs./Floor 5", 5, "", ""),
        ("A12", 0, "A12", "a12"),
        ("Villa Rosa", 0, "Villa Rosa", "villarosa"),
        ("Villa Rosa, rear", 0, "Villa Rosa", "villarosa"),
        ("Smith & Sons", 0, "Smith & Sons", "smithandsons"),
        ("The Old Schoolhouse Cottage", 0, "The Old Schoolhouse Cottage", "theoldschoolhousecottage"),
    ],
)
def test_a_number_is_its_leading_digits_and_what_follows(written: str, number: int, suffix: str, folded: str) -> None:
    assert read_house_numbers(written) == (HouseNumber(number, suffix, folded),)


@pytest.mark.parametrize("written", ["", " ", "s/n", "S/N", "sn", "s. n.", "SNC", "б/н", "0", "-", "?", "None"])
def test_what_says_that_there_is_no_number_gives_none(written: str) -> None:
    assert read_house_numbers(written) == ()


@pytest.mark.parametrize("written", ["1" * 10, "1" * 500, "12" + "x" * (MAX_SUFFIX + 1), "y" * (MAX_NAME + 1)])
def test_what_is_too_long_for_a_number_gives_none(written: str) -> None:
    assert read_house_numbers(written) == ()


@pytest.mark.parametrize(
    ("written", "houses"),
    [
        ("12;14", ["12", "14"]),
        ("12,14", ["12", "14"]),
        ("12, 14", ["12", "14"]),
        ("12 & 14", ["12", "14"]),
        ("12 und 14", ["12", "14"]),
        ("12;12", ["12"]),
        ("26, 14. krs.", ["26"]),
        ("12a,b", ["12a", "12b"]),
        ("12,14-18", ["12", "14-18", "14", "16", "18"]),
        ("12, Villa Rosa", ["12"]),
    ],
)
def test_a_list_gives_each_of_its_houses(written: str, houses: list[str]) -> None:
    assert shown(written) == houses


@pytest.mark.parametrize(
    ("written", "houses"),
    [
        ("12-16", ["12-16", "12", "14", "16"]),
        ("12 – 16", ["12-16", "12", "14", "16"]),
        ("12-13", ["12-13", "12", "13"]),
        ("12-15", ["12-15", "12", "13", "14", "15"]),
        ("12-14a", ["12-14a", "12", "14a"]),
        ("12a-14", ["12a-14", "12a", "14"]),
        ("12a-c", ["12a-c", "12a", "12b", "12c"]),
    ],
)
def test_a_range_gives_itself_and_its_houses(written: str, houses: list[str]) -> None:
    assert shown(written, "DE") == houses


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("37-12", "US"),
        ("37-61", "US"),
        ("94-100", "US"),
        ("12-14", "NL"),
        ("1-2", "JP"),
        ("12-14", "KR"),
        ("16-12", "DE"),
        ("12-112", "DE"),
        ("12-41", "DE"),
        ("12/14", "AT"),
        ("12/3", "PL"),
        ("N6412", "US"),
    ],
)
def test_where_a_hyphen_or_slash_adds_to_the_number_it_is_no_range(written: str, country: str) -> None:
    assert shown(written, country) == [written]


def test_blocks_of_hundreds_are_ranges_in_north_america() -> None:
    assert shown("1200-1204", "US") == ["1200-1204", "1200", "1202", "1204"]


def test_czech_numbers_are_found_by_the_one_along_the_street_too() -> None:
    assert shown("2021/12a", "CZ") == ["2021/12a", "12a"]


def test_a_polish_building_of_two_numbers_has_both() -> None:
    assert shown("12/14", "PL") == ["12/14", "12", "14"]


@given(
    number=st.integers(1, 999_999_999),
    suffix=st.sampled_from(["", "a", " A", "bis", " bis", " ter", "/3", "/A", "-H", "-2-3", " 1/2", " к3", "b/2"]),
)
def test_a_number_as_shown_reads_as_itself(number: int, suffix: str) -> None:
    house = house_number(number, suffix)
    assert read_house_numbers(house.shown, "NL")[0] == house


@given(st.text(max_size=60), st.sampled_from(["", "US", "DE", "CZ", "PL", "NL"]))
def test_any_text_gives_few_houses_each_once_and_no_error(text: str, country: str) -> None:
    houses = read_house_numbers(text, country)
    assert len(houses) <= MAX_HOUSES
    assert len({(house.number, house.folded) for house in houses}) == len(houses)
    for house in houses:
        assert 0 <= house.number < 2**32
        assert house.shown
        assert house.folded == fold_suffix(house.suffix)
