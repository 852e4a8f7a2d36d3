from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from tests.unit.geocoder.forward_world import fold_table, words
from waypost.server.geocoder.normalize import (
    DIGIT,
    HAN,
    LETTER,
    MAX_TOKENS,
    Tokens,
    fold_words,
    hash_text,
    new_tokens,
    span_hash,
    tokenize,
)


def tokens_of(text: bytes) -> tuple[Tokens, int]:
    tokens = new_tokens()
    data = np.frombuffer(text, np.uint8)
    return tokens, int(tokenize(*fold_table(), data, 0, data.size, tokens))


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("MÜNCHEN", "munchen"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("Ⅻ", "xii"),
        ("ＢＥＲＬＩＮ", "berlin"),
        ("ﾄｳｷｮｳ", "トウキョウ"),
        ("とうきょう", "トウキョウ"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("МОСКВА", "москва"),
        ("١٢٣٤٥", "12345"),
        ("१२३", "123"),
        ("طهران", "طهـــران"),
        ("Hawaiʻi", "hawai'i"),
        ("臺北", "台北"),
    ],
)
def test_case_accents_width_and_script_variants_fold_to_one(written: str, same: str) -> None:
    assert words(written) == words(same) != []


@pytest.mark.parametrize("name", ["München", "São Tomé", "Việt Nam", "Ḩamāh", "Йошкар-Ола", "강남구", "ガガ", "दिल्ली"])
def test_composed_and_decomposed_letters_are_the_same(name: str) -> None:
    assert words(unicodedata.normalize("NFC", name)) == words(unicodedata.normalize("NFD", name)) != []


@pytest.mark.parametrize("text", ["12½", "12 ½", "12 1/2", "12½ "])
def test_a_fraction_is_a_word_of_its_own(text: str) -> None:
    assert "".join(words(text)) == "1212"
    assert words(text)[0] == "12"
    assert fold_words(text)[0] == "12"


def test_what_stands_behind_a_fraction_is_the_next_word() -> None:
    assert words("8¾weg") == ["8", "34", "weg"]
    tokens, count = tokens_of("8¾weg".encode())
    assert tokens.word["kind"][:count].tolist() == [DIGIT, LETTER, LETTER]


def test_the_mark_of_the_japanese_post_says_that_a_code_is_japanese() -> None:
    assert words("〒100-0001") == ["日", "本", "100", "0001"]


def test_vowel_signs_are_no_accents() -> None:
    assert words("दिल्ली") != words("दल्ल")
    assert words("ガ") != words("カ")


@pytest.mark.parametrize(
    ("short", "long"), [("St. Louis", "Saint Louis"), ("Mt Everest", "MOUNT everest"), ("Ft Worth", "Fort Worth")]
)
def test_abbreviations_stand_for_their_word(short: str, long: str) -> None:
    assert words(short) == words(long)


def test_abbreviations_are_whole_words() -> None:
    assert words("Steyr Stade") == ["steyr", "stade"]


def test_hashes_ignore_where_words_end() -> None:
    hashes = set()
    for writing in ("New York", "new-york", "NEWYORK", "New\u00a0York", "new.york"):
        tokens, count = tokens_of(writing.encode())
        hashes.add(int(span_hash(tokens.prefix, 0, tokens.word[count - 1]["end"])))
    assert hashes == {int(hash_text("newyork"))}


def test_each_han_character_is_a_word_and_digits_beside_them_are_one() -> None:
    tokens, count = tokens_of("東京100号A1".encode())
    assert words("東京100号A1") == ["東", "京", "100", "号", "a1"]
    assert tokens.word["kind"][:count].tolist() == [HAN, HAN, DIGIT, HAN, DIGIT]


def test_commas_of_every_script_part_segments() -> None:
    for comma in ",;、，،\n":
        tokens, count = tokens_of(f"a{comma}b".encode())
        assert tokens.word["segment"][:count].tolist() == [0, 1]
    tokens, count = tokens_of(b"a-b c")
    assert tokens.word["segment"][:count].tolist() == [0, 0, 0]
    assert set(tokens.word["kind"][:count].tolist()) == {LETTER}


def test_positions_are_bytes_of_the_source() -> None:
    source = "«Ґданьск», Łódź".encode()
    tokens, count = tokens_of(source)
    spans = [source[word["byte_start"] : word["byte_end"]].decode() for word in tokens.word[:count]]
    assert spans == ["Ґданьск", "Łódź"]


def test_too_many_words_are_cut_and_said_to_be() -> None:
    _, count = tokens_of(b"a " * MAX_TOKENS)
    assert count == MAX_TOKENS
    _, count = tokens_of(b"a " * (MAX_TOKENS + 1))
    assert count == -MAX_TOKENS


@pytest.mark.parametrize(
    "text", [b"", b" ", b",,,", "😀🗺️".encode(), b"\x80\xff\xc0", b"\xf0\x9f\x98", "\u200f\u200e".encode()]
)
def test_what_has_no_letters_has_no_words(text: bytes) -> None:
    assert tokens_of(text)[1] == 0


def test_malformed_utf8_separates() -> None:
    tokens, count = tokens_of(b"ab\xffcd\xe2")
    assert tokens.word["end"][:count].tolist() == [2, 4]
