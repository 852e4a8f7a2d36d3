from __future__ import annotations

import pyarrow as pa
import pytest

from tests.unit.geocoder.forward_world import ask, ids
from tests.unit.geocoder.street_sample import Feature, street_snapshot
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.ranking import BROKEN_COMPOUND_COST, BROKEN_PART_COST
from waypost.server.geocoder.sample import Arrays
from waypost.server.model import Box, GeocodeFilter, GeocodeQuery, MatchOutcome, NoticeCode, PlaceType, Point

MUNICH, BERLIN, BERLIN_STATE = "gn-3", "gn-5", "gn-4"
IN_ILLINOIS, IN_MISSOURI = "gn-8", "gn-10"
CODE_10115, CODE_62701 = "pc-de-10115", "pc-us-62701"


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        ("Munich", MUNICH),
        ("MUNICH", MUNICH),
        ("munchen", MUNICH),
        ("Muenchen", MUNICH),
        ("Mu\u0308nchen", MUNICH),
        ("ＭＵＮＩＣＨ", MUNICH),
        ("мюнхен", MUNICH),
        ("柏林", BERLIN),
        ("Springfield, IL", IN_ILLINOIS),
        ("springfield il", IN_ILLINOIS),
        ("Springfield, MO", IN_MISSOURI),
        ("Missouri Springfield", IN_MISSOURI),
        ("US-MO springfield", IN_MISSOURI),
        ("Spring-Field Illinois USA", IN_ILLINOIS),
        ("Spirngfield, Illinos", IN_ILLINOIS),
        ("DE-BY", "gn-2"),
        ("usa", "gn-6"),
        ("10115", CODE_10115),
        ("10115 Berlin", CODE_10115),
        ("D-10115", CODE_10115),
        ("62701-1234", CODE_62701),
        ("62701, Illinois", CODE_62701),
    ],
)
def test_the_place_meant_is_the_best_answer(text: str, place_id: str) -> None:
    assert ids(ask(text))[0] == place_id


@pytest.mark.parametrize("text", ["Atlantis", "10116", "1O115", "62702", "90210-1234", ",,,", "  . "])
def test_what_is_not_there_has_no_answer(text: str) -> None:
    assert ask(text).results == ()


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        ("Illinois Road, Springfield, MO", IN_MISSOURI),
        ("Springfield Road, Berlin", BERLIN),
        ("Berlin-Chaussee, Munich", MUNICH),
        ("10115 Berlin, Germany", CODE_10115),
        ("Springfield Illinois, USA", IN_ILLINOIS),
        ("Acme Munich, Germany", MUNICH),
    ],
)
def test_a_name_torn_out_of_its_part_is_weak_where_the_rest_stays_unexplained(text: str, place_id: str) -> None:
    assert ids(ask(text))[0] == place_id


def test_what_a_torn_name_costs_is_a_term_of_its_score() -> None:
    def torn(text: str) -> dict[str, float]:
        explanation = ask(text, explain=True).explanation
        assert explanation is not None
        return {parse.place_id: dict(parse.terms)["broken_part"] for parse in explanation.parses}

    assert torn("Acme Munich, Germany")[MUNICH] == -BROKEN_PART_COST
    costs = torn("Berlin-Chaussee, Munich")
    assert (costs[BERLIN], costs[MUNICH]) == (-(BROKEN_PART_COST + BROKEN_COMPOUND_COST), 0.0)


def test_digits_are_never_corrected() -> None:
    answer = ask("Berlin 10116")
    assert CODE_10115 not in ids(answer)
    outcomes = {part.text: part.outcome for part in answer.results[0].match}
    assert outcomes["10116"] in (MatchOutcome.UNUSED, MatchOutcome.CONTRADICTED)


def test_words_without_meaning_are_left_over_and_told() -> None:
    answer = ask("Acme GmbH, München, Bayern")
    assert ids(answer)[0] == MUNICH
    assert [part.outcome for part in answer.results[0].match][:3] == [
        MatchOutcome.UNUSED,
        MatchOutcome.MATCHED,
        MatchOutcome.MATCHED,
    ]


def test_leaving_words_over_costs_confidence() -> None:
    assert ask("München, Bayern").results[0].confidence > ask("Acme, München, Bayern").results[0].confidence


def test_a_doubtful_name_is_less_sure_than_one_with_its_region() -> None:
    assert ask("Springfield").results[0].confidence < 0.6 < ask("Springfield, IL").results[0].confidence


def test_a_city_and_the_region_of_its_name_are_one_answer_unless_the_type_is_asked_for() -> None:
    assert ids(ask("Berlin")) == [BERLIN]
    assert ids(ask("Berlin", GeocodeFilter(place_types=frozenset({PlaceType.REGION})))) == [BERLIN_STATE]
    both = frozenset({PlaceType.REGION, PlaceType.LOCALITY})
    assert ids(ask("Berlin", GeocodeFilter(place_types=both))) == [BERLIN, BERLIN_STATE]


def test_a_postal_code_that_two_countries_have_gives_both() -> None:
    assert set(ids(ask("55555"))) == {"pc-de-55555", "pc-us-55555"}


def test_region_codes_restrict() -> None:
    assert ids(ask("Berlin", GeocodeFilter(region_codes=("US",)))) == []
    assert ids(ask("Berlin", GeocodeFilter(region_codes=("US", "DE")))) == [BERLIN]
    assert ids(ask("Berlin", GeocodeFilter(region_codes=("FR",)))) == []


@pytest.mark.parametrize(
    ("west", "east", "found"),
    [(-91.0, -80.0, [IN_ILLINOIS]), (-95.0, -91.0, [IN_MISSOURI]), (100.0, -92.0, [IN_MISSOURI]), (100.0, 120.0, [])],
)
def test_bounds_restrict_also_across_the_antimeridian(west: float, east: float, found: list[str]) -> None:
    assert ids(ask("Springfield", GeocodeFilter(bounds=Box(south=30, west=west, north=45, east=east)))) == found


@pytest.mark.parametrize(
    ("south", "north", "found"), [(39.0, 40.0, [IN_ILLINOIS]), (36.0, 38.0, [IN_MISSOURI]), (-90.0, 0.0, [])]
)
def test_bounds_restrict_by_latitude(south: float, north: float, found: list[str]) -> None:
    assert ids(ask("Springfield", GeocodeFilter(bounds=Box(south=south, west=-180, north=north, east=180)))) == found


def test_the_focus_reorders_what_is_ambiguous() -> None:
    for point, best in (((39.8, -89.6), IN_ILLINOIS), ((37.2, -93.3), IN_MISSOURI)):
        focus = Point(latitude=point[0], longitude=point[1])
        assert ids(ask("Springfield", GeocodeFilter(focus=focus)))[0] == best


@pytest.mark.parametrize("text", ["Springfield, MO", "Berlin", "Munich", "10115 Berlin", "US-IL"])
def test_the_focus_neither_drops_answers_nor_moves_what_is_clear(text: str) -> None:
    focus = Point(latitude=39.8, longitude=-89.6)
    without, near = ids(ask(text)), ids(ask(text, GeocodeFilter(focus=focus)))
    assert near[0] == without[0]
    assert set(near) == set(without)


def test_as_many_results_as_asked_for() -> None:
    assert [len(ask("Springfield, IL", wanted=wanted).results) for wanted in (1, 2, 50)] == [1, 2, 3]


def test_a_type_without_a_layer_is_told() -> None:
    answer = ask("Berlin", GeocodeFilter(place_types=frozenset({PlaceType.STREET})))
    assert answer.results == ()
    assert [notice.code for notice in answer.notices] == [NoticeCode.LAYER_MISSING]
    assert "STREET" in answer.notices[0].detail


def test_a_type_with_a_layer_is_not_said_to_be_missing() -> None:
    assert ask("Berlin", GeocodeFilter(place_types=frozenset({PlaceType.REGION}))).notices == ()


def test_too_many_words_are_told() -> None:
    assert NoticeCode.TRUNCATED in [notice.code for notice in ask("Munich " + "x " * 100).notices]
    assert NoticeCode.TRUNCATED not in [notice.code for notice in ask("Munich " + "x " * 60).notices]


@pytest.mark.parametrize(
    ("text", "place_id"),
    [("55-555", "pc-us-55555"), ("55 555", "pc-us-55555"), ("55555", "pc-de-55555"), ("55-555 Germany", "pc-de-55555")],
)
def test_a_postal_code_is_that_of_the_country_which_writes_it_so(text: str, place_id: str) -> None:
    def edit(arrays: Arrays) -> None:
        for name, sign in (("display_name", "place_id"), ("alias_text", "")):
            column, ids_of = arrays[name], arrays["place_id"]
            assert isinstance(column, TextColumn)
            assert isinstance(ids_of, TextColumn)
            texts = column.to_arrow().to_pylist()
            at = ids_of.to_arrow().to_pylist().index("pc-us-55555") if sign else len(texts) - 2
            assert texts[at] == "55555"
            texts[at] = "55-555"
            arrays[name] = TextColumn.from_arrow(pa.array(texts, pa.large_string()))

    geocoder = Geocoder(street_snapshot([Feature(4, "Weg", line=[(52.5, 13.4), (52.6, 13.4)])], edit))
    assert geocoder.geocode(GeocodeQuery(text=text)).results[0].place.place_id == place_id
