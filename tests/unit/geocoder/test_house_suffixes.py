from __future__ import annotations

from waypost.server.geocoder.house_suffixes import folded_suffixes, suffix_hashes, suffix_ids


def test_additions_compare_by_letters_and_digits_alone() -> None:
    assert folded_suffixes(["", " bis", "Bis", "/3", "a", " A"]) == ["", "bis", "bis", "3", "a", "a"]
    hashes = suffix_hashes([" bis", "Bis", "a", "b"])
    assert hashes[0] == hashes[1]
    assert len(set(hashes.tolist())) == 3


def test_ids_are_plain_and_tell_12_3_from_123() -> None:
    ids = suffix_ids(["", " bis", "/3", "а", "a very long addition"])
    assert ids[:3] == ["", "bis", "-3"]
    assert all(text.startswith("_") and text.isascii() for text in ids[3:])
    assert len(set(ids)) == 5
