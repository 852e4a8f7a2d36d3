from __future__ import annotations

import itertools

import pytest

from tests.unit.geocoder.forward_world import ask, ids
from waypost.server.model import MatchOutcome, MatchPart, NoticeCode, PlaceType, PostalAddress


def written(parts: tuple[MatchPart, ...]) -> list[MatchPart]:
    return [part for part in parts if part.outcome != MatchOutcome.INFERRED]


@pytest.mark.parametrize(
    "text",
    [
        "München, Bayern",
        "😀 Мюнхен; Deutschland",
        "Mu\u0308nchen, Bayern",
        "柏林Deutschland",
        "𠀀 柏林",
        "ＢＥＲＬＩＮ　１０１１５",
        "Straße 5, 10115 Berlin",
        "\u200fBerlin\u200e",
        "Sprïngfeld, Illinos",
        "48.137, 11.575",
        "München 48.137, 11.575",
        "4HX8+QP München",
    ],
)
def test_offsets_count_code_points_of_the_text(text: str) -> None:
    results = ask(text).results
    assert results
    for result in results:
        parts = written(result.match)
        assert parts
        for part in parts:
            assert part.text == text[part.start : part.end]
        assert all(left.end <= right.start for left, right in itertools.pairwise(parts))


def test_parts_are_in_the_order_of_the_text_and_then_what_was_inferred() -> None:
    match = ask("IL, Springfield").results[0].match
    assert [(part.text, part.outcome, part.matched_text) for part in match] == [
        ("IL", MatchOutcome.MATCHED, "Illinois"),
        ("Springfield", MatchOutcome.MATCHED, "Springfield"),
        ("", MatchOutcome.INFERRED, "United States"),
    ]


def test_a_corrected_part_names_what_was_meant() -> None:
    part = ask("Spirngfield, IL").results[0].match[0]
    assert part == MatchPart(
        "Spirngfield", "query", 0, 11, MatchOutcome.CORRECTED, PlaceType.LOCALITY, "Springfield", "gn-8"
    )


def test_an_area_elsewhere_contradicts_and_lowers_confidence() -> None:
    answer = ask("Berlin, USA")
    outcomes = {part.text: part.outcome for part in answer.results[0].match}
    assert MatchOutcome.CONTRADICTED in outcomes.values()
    assert [(notice.code, notice.field_paths) for notice in answer.notices] == [(NoticeCode.CONTRADICTION, ("query",))]
    assert answer.results[0].confidence < ask("Berlin").results[0].confidence


@pytest.mark.parametrize(
    ("piece", "alone"),
    [
        ("12 Berlin Street, Munich", "Berlin, Munich"),  # a name out of that of a street
        ("12 Main US Munich", "US, Munich"),  # and a code behind it
    ],
)
def test_a_piece_of_another_name_contradicts_nothing(piece: str, alone: str) -> None:
    assert {part.outcome for part in written(ask(piece).results[0].match)} == {
        MatchOutcome.UNUSED,
        MatchOutcome.MATCHED,
    }
    assert ask(piece).notices == ()
    assert [notice.code for notice in ask(alone).notices] == [NoticeCode.CONTRADICTION]


ILLINOIS = PostalAddress(locality="Springfield", administrative_area="IL", region_code="US")


def test_fields_of_an_address_are_matched_as_what_they_are() -> None:
    answer = ask(ILLINOIS._replace(address_lines=("c/o Müller", "Main St 5"), postal_code="62701"))
    assert ids(answer)[0] == "pc-us-62701"
    assert answer.notices == ()
    fields = {part.field: (part.text, part.start, part.place_type) for part in written(answer.results[0].match)}
    assert fields["address.locality"] == ("Springfield", 0, PlaceType.LOCALITY)
    assert fields["address.administrative_area"] == ("IL", 0, PlaceType.REGION)
    assert fields["address.postal_code"] == ("62701", 0, PlaceType.POSTAL_CODE)
    assert fields["address.region_code"] == ("US", 0, PlaceType.COUNTRY)


def test_a_field_is_not_matched_as_what_it_is_not() -> None:
    # Missouri is no locality, and a postal code is none either.
    assert ids(ask(PostalAddress(postal_code="Berlin"))) == []
    assert ids(ask(PostalAddress(locality="10115"))) == []


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (ILLINOIS._replace(region_code="DE"), "address.region_code"),
        (ILLINOIS._replace(administrative_area="Bavaria"), "address.administrative_area"),
        (ILLINOIS._replace(locality="Munich"), "address.locality"),
    ],
)
def test_contradicting_fields_are_named_and_lower_confidence(wrong: PostalAddress, path: str) -> None:
    answer = ask(wrong)
    assert [(notice.code, notice.field_paths) for notice in answer.notices] == [(NoticeCode.CONTRADICTION, (path,))]
    against = [part for part in answer.results[0].match if part.outcome == MatchOutcome.CONTRADICTED]
    assert {part.field for part in against} == {path}
    assert answer.results[0].confidence < ask(ILLINOIS).results[0].confidence


def test_positions_count_within_each_field() -> None:
    address = PostalAddress(address_lines=("Ödön von Horváth", "柏林 x"), locality="münchen", region_code="DE")
    fields = {
        "address.address_lines": "Ödön von Horváth\n柏林 x",
        "address.locality": "münchen",
        "address.region_code": "DE",
    }
    for result in ask(address).results:
        for part in written(result.match):
            assert fields[part.field][part.start : part.end] == part.text
