"""Names without administrative words."""

from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.derived_names import (
    airport_parts,
    country_of,
    inverted_names,
    with_sign,
    without_airport_words,
    without_area_words,
    without_sign,
)
from waypost.server.gazetteer.texts import text_array


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Los Angeles County", "Los Angeles"),
        ("Province of Rome", "Rome"),
        ("Free State of Bavaria", "Bavaria"),
        ("Département de la Moselle", "Moselle"),
        ("Provincia de Buenos Aires", "Buenos Aires"),
        ("Landkreis Harz", "Harz"),
        ("Canton of Zug", "Zug"),
        ("Kyiv Oblast", "Kyiv"),
        ("Московская область", "Московская"),
        ("Lublin Voivodeship", "Lublin"),
        ("Osaka Prefecture", "Osaka"),
        ("Cairo Governorate", "Cairo"),
        ("Beijing Shi", "Beijing"),
        ("Seoul-teukbyeolsi", "Seoul"),
        ("广东省", "广东"),
        ("東京都", "東京"),
        ("新疆维吾尔自治区", "新疆"),
        ("부산광역시", "부산"),
        ("경기도", "경기"),
        ("استان تهران", "تهران"),
        ("Tỉnh Quảng Nam", "Quảng Nam"),
        ("prefektura Tokio", "Tokio"),
        ("Barcelona Probintzia", "Barcelona"),
        ("кантон Берн", "Берн"),
        ("রাজস্থান রাজ্য", "রাজস্থান"),
        ("カリフォルニア州", "カリフォルニア"),
        ("加利福尼亚州", "加利福尼亚"),
        ("캘리포니아 주", "캘리포니아"),
        ("จังหวัดเชียงใหม่", "เชียงใหม่"),
        ("ខេត្តសៀមរាប", "សៀមរាប"),
        ("ကယ်လီဖိုးနီးယားပြည်နယ်", "ကယ်လီဖိုးနီးယား"),
    ],
)
def test_areas_lose_their_administrative_word(name: str, expected: str) -> None:
    indexes, names = without_area_words(text_array([name]))
    assert set(names.to_pylist()) == {expected}
    assert set(indexes.tolist()) == {0}


@pytest.mark.parametrize(
    "name", ["California", "京都", "成都", "Land", "County", "津市", "北海道", "Maryland", "杭州", "福州"]
)
def test_nothing_is_taken_where_no_name_would_be_left_or_the_word_is_part_of_it(name: str) -> None:
    indexes, names = without_area_words(text_array([name]))
    assert len(indexes) == len(names) == 0


def test_towns_are_known_with_and_without_their_sign() -> None:
    assert without_sign(text_array(["札幌市", "札幌", "부산시", "Paris"]))[1].to_pylist() == ["札幌", "부산"]
    names, countries = (
        text_array(["札幌", "横浜市", "北京", "부산", "Sapporo"]),
        text_array(["JP", "JP", "CN", "KR", "JP"]),
    )
    indexes, longer = with_sign(names, countries, np.full(5, 1_000_000))
    assert dict(zip(indexes.tolist(), longer.to_pylist(), strict=True)) == {0: "札幌市", 2: "北京市", 3: "부산시"}


def test_a_town_loses_the_word_for_town_that_is_written_together_with_it() -> None:
    names = text_array(["မန္တလေးမြို့", "ក្រុងបាត់ដំបង", "เทศบาลนครเชียงใหม่"])
    assert set(without_sign(names)[1].to_pylist()) == {"မန္တလေး", "បាត់ដំបង", "เชียงใหม่"}


def test_towns_in_kana_are_cities_by_law_from_50000_people_on() -> None:
    names, people = text_array(["さいたま", "ニセコ"]), np.array([1_300_000, 5_000])
    assert with_sign(names, text_array(["JP", "JP"]), people)[1].to_pylist() == ["さいたま市"]


def test_countries_are_known_with_the_word_for_country_that_is_written_together_with_them() -> None:
    assert country_of("ไทย", "th") == "ประเทศไทย"
    assert country_of("ประเทศไทย", "th") == ""
    assert country_of("Thailand", "en") == ""


@pytest.mark.parametrize(
    ("name", "city", "expected"),
    [
        ("London Heathrow Airport", "London", ["Heathrow"]),
        ("Amsterdam Airport Schiphol", "Amsterdam", ["Schiphol"]),
        ("Leonardo Da Vinci (Fiumicino) International Airport", "Rome", ["Leonardo Da Vinci", "Fiumicino"]),
        ("Madrid–Barajas Airport", "Madrid", ["Barajas"]),
        ("Paris-Orly Airport", "Paris", ["Orly"]),
        ("Munich International Airport", "Munich", []),
        ("Springfield City Airport", "Springfield", []),
    ],
)
def test_airports_are_known_by_what_is_left_beside_their_city(name: str, city: str, expected: list[str]) -> None:
    assert airport_parts(name, city) == expected


def test_the_sign_of_a_city_is_not_given_to_villages() -> None:
    assert len(with_sign(text_array(["野尻"]), text_array(["JP"]), np.array([2_000]))[0]) == 0


def test_inverted_names_of_iso_3166_are_put_upright() -> None:
    indexes, spoken, alone = inverted_names(text_array(["Madrid, Comunidad de", "Berlin", "Tatarstan, Respublika"]))
    assert indexes.tolist() == [0, 2]
    assert spoken.to_pylist() == ["Comunidad de Madrid", "Respublika Tatarstan"]
    assert alone.to_pylist() == ["Madrid", "Tatarstan"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("London Heathrow Airport", "London Heathrow"),
        ("Munich International Airport", "Munich"),
        ("John F Kennedy International Airport", "John F Kennedy"),
        ("Ramstein Air Base", "Ramstein"),
        ("Airport", ""),
        ("Lonely", ""),
    ],
)
def test_airports_lose_the_words_for_airport(name: str, expected: str) -> None:
    assert without_airport_words(text_array([name])).to_pylist() == [expected]
