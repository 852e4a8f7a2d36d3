from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from tests.unit.geocoder.forward_world import NO_FILTER, ask, ids
from tests.unit.geocoder.house_world import house_geocoder
from waypost.server.errors import InvalidArgument, NotFound
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.match import TERMS
from waypost.server.model import (
    GeocodeFilter,
    GeocodeQuery,
    MatchOutcome,
    NoticeCode,
    PlaceQuery,
    PlaceType,
    Point,
    PostalAddress,
    Precision,
)


@pytest.mark.parametrize(
    "text", ["48.137, 11.575", "N 48.137 E 11.575", "48°08′13″N 11°34′30″E", "geo:48.137,11.575", "8FWH4HX8+QP"]
)
def test_a_position_in_the_text_is_answered_by_what_is_there(text: str) -> None:
    assert ids(ask(text))[0] == "gn-3"


def test_a_short_plus_code_counts_from_the_place_beside_it_or_the_focus() -> None:
    assert ids(ask("4HX8+QP Munich"))[0] == "gn-3"
    focus = GeocodeFilter(focus=Point(latitude=48.0, longitude=11.5))
    assert ids(ask("4HX8+QP", focus))[0] == "gn-3"


def test_no_part_reaches_over_a_plus_code_in_the_midst_of_it() -> None:
    parts = ask("Munich somewhere 4HX8+QP else").results[0].match
    assert [(part.text, part.start, part.outcome) for part in parts] == [
        ("Munich", 0, MatchOutcome.MATCHED),
        ("somewhere", 7, MatchOutcome.UNUSED),
        ("4HX8+QP", 17, MatchOutcome.MATCHED),
        ("else", 25, MatchOutcome.UNUSED),
    ]


def test_the_place_beside_a_short_plus_code_is_told_as_matched() -> None:
    parts = ask("4HX8+QP Munich, somewhere").results[0].match
    told = [(part.text, part.start, part.outcome, part.place_id) for part in parts]
    assert told == [
        ("4HX8+QP", 0, MatchOutcome.MATCHED, ""),
        ("Munich", 8, MatchOutcome.MATCHED, "gn-3"),
        ("somewhere", 16, MatchOutcome.UNUSED, ""),
    ]
    parts = ask("8FWH4HX8+QP Munich").results[0].match
    assert [(part.text, part.outcome) for part in parts][1:] == [("Munich", MatchOutcome.UNUSED)]


def test_filters_hold_for_positions_too() -> None:
    countries = frozenset({PlaceType.COUNTRY})
    assert ids(ask("48.137, 11.575", GeocodeFilter(place_types=countries))) == ["gn-1"]
    assert ids(ask("48.137, 11.575", GeocodeFilter(region_codes=("US",)))) == []
    answer = ask("48.137, 11.575", GeocodeFilter(place_types=frozenset({PlaceType.STREET})))
    assert NoticeCode.LAYER_MISSING in [notice.code for notice in answer.notices]


@pytest.mark.parametrize("text", ["geo:95,11", "geo:48,181", "48°61′N 11°00′E", "95.5 N, 11.5 E"])
def test_positions_that_cannot_be_are_refused_alone_and_invalid_in_a_column(geocoder: Geocoder, text: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        ask(text)
    assert [violation.field for violation in raised.value.violations] == ["query"]
    table = geocoder.geocode_texts(pa.array(["Munich", text]), NO_FILTER, ("status", "reason"))
    assert table.to_pylist() == [
        {"status": "matched", "reason": None},
        {"status": "invalid", "reason": "OUT_OF_RANGE"},
    ]


def test_a_place_is_found_by_its_id(geocoder: Geocoder) -> None:
    assert geocoder.place(PlaceQuery(place_id="gn-3")).display_name == "Munich"
    with pytest.raises(NotFound) as raised:
        geocoder.place(PlaceQuery(place_id="gn-999"))
    assert raised.value.resource_name == "places/gn-999"


def test_the_basic_view_has_no_match_and_is_as_sure(geocoder: Geocoder) -> None:
    full, basic = (geocoder.geocode(GeocodeQuery(text="Springfield, IL", full=full)) for full in (True, False))
    assert [(r.place.place_id, r.confidence) for r in full.results] == [
        (r.place.place_id, r.confidence) for r in basic.results
    ]
    assert all(result.match == () for result in basic.results)


def test_the_basic_view_names_contradicting_fields_as_the_full_one_does(geocoder: Geocoder) -> None:
    address = PostalAddress(locality="Springfield", administrative_area="IL", region_code="DE")
    full, basic = (geocoder.geocode(GeocodeQuery(address=address, full=full)) for full in (True, False))
    assert full.notices == basic.notices
    assert full.notices[0].field_paths == ("address.region_code",)


def test_the_basic_view_names_contradictions_as_the_full_one_does(geocoder: Geocoder) -> None:
    full, basic = (geocoder.geocode(GeocodeQuery(text="Berlin, USA", full=full)) for full in (True, False))
    assert full.notices == basic.notices


def test_an_explanation_tells_words_corrections_and_every_term() -> None:
    explanation = ask("Spirngfield, Illinois", explain=True).explanation
    assert explanation is not None
    assert explanation.tokens == ("spirngfield", "illinois")
    assert "Spirngfield → Springfield" in explanation.corrections
    assert explanation.candidates_scored >= len(explanation.parses) > 1
    assert explanation.parses[0].place_id == "gn-8"
    for parse in explanation.parses:
        assert tuple(name for name, _ in parse.terms) == TERMS
        assert sum(value for _, value in parse.terms) == pytest.approx(parse.score, abs=1e-9)
    assert [parse.score for parse in explanation.parses] == sorted(
        (parse.score for parse in explanation.parses), reverse=True
    )


TEXTS = ("Berlin", "Spirngfield, Illinos", "10115 Berlin", "München, Bayern", "48.137, 11.575", "Atlantis", "USA")


def test_one_result_is_what_a_column_has_and_the_first_of_five(geocoder: Geocoder) -> None:
    columns = geocoder.geocode_texts(pa.array(TEXTS), NO_FILTER, ("place_id", "confidence")).to_pylist()
    for text, row in zip(TEXTS, columns, strict=True):
        one, five = (geocoder.geocode(GeocodeQuery(text=text, max_results=wanted)).results for wanted in (1, 5))
        assert one == five[:1]
        assert [result.place.place_id for result in one] == ([row["place_id"]] if row["place_id"] else [])
        assert [result.confidence for result in one] == pytest.approx([row["confidence"]] * len(one), abs=1e-6)


def test_threads_do_not_disturb_each_other(geocoder: Geocoder) -> None:
    queries = [GeocodeQuery(text=text, language_code=tag) for text in TEXTS for tag in ("", "de")]
    alone = [geocoder.geocode(query) for query in queries]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(geocoder.geocode, queries * 20)) == alone * 20


def test_nothing_is_explained_unasked() -> None:
    assert ask("Berlin").explanation is None


def test_the_layers_of_the_answers_are_named() -> None:
    assert ask("Berlin").layers == ("places",)
    assert ask("Atlantis").layers == ()


def test_each_point_of_a_column_has_the_number_of_its_own_house() -> None:
    geocoder = house_geocoder()
    texts = [f"39.80{500 + step}, -89.6500" for step in range(5, 75, 10)] + ["Main Street 12, Springfield", "39.8, -89"]
    table = geocoder.geocode_texts(pa.array(texts), GeocodeFilter(), RESULT_COLUMNS).to_pylist()
    numbers = set()
    for row, text in zip(table, texts, strict=True):
        result = geocoder.geocode(GeocodeQuery(text=text, max_results=1)).results[0]
        assert (row["place_id"], row["formatted_address"]) == (
            result.place.place_id,
            result.place.formatted_address,
        )
        if result.precision == Precision.INTERPOLATED:
            numbers.add(row["formatted_address"])
    assert len(numbers) >= 5
