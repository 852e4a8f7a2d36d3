from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.geocoder.reverse_world import index, name_of, row_of, world
from waypost.server.geocoder.reverse import DEFAULT_TYPES, ReverseHits
from waypost.server.geocoder.reverse_batch import BLOCK_ROWS, INVALID, MATCHED, UNMATCHED
from waypost.server.geocoder.reverse_confidence import POSTAL_COLUMN_LEAST
from waypost.server.model import NoticeCode, PlaceType

DEFAULT: frozenset[PlaceType] = frozenset()
LOCALITY = frozenset({PlaceType.LOCALITY})
RADIUS_M = 50_000.0

CENTRE_OF_BERLIN = (52.5163, 13.3777)
SAHARA = (23.5, 5.2)
GULF_OF_GUINEA = (0.0, 0.0)


def ask(
    point: tuple[float, float],
    types: frozenset[PlaceType] = DEFAULT,
    radius_m: float = RADIUS_M,
    max_results: int = 5,
) -> ReverseHits:
    return index().nearest(*point, types, radius_m, max_results)


def names(hits: ReverseHits) -> list[str]:
    return [name_of(hit.row) for hit in hits.hits]


def test_a_city_is_named_rather_than_its_nearer_section() -> None:
    assert names(ask((52.4979, 13.3777), LOCALITY, max_results=2)) == ["Berlin", "Schöneberg"]


def test_a_section_is_named_at_its_own_centre() -> None:
    assert names(ask((52.48442, 13.34929), LOCALITY, max_results=1)) == ["Schöneberg"]


def test_a_large_city_does_not_swallow_a_town_behind_its_fields() -> None:
    assert names(ask((51.454, 4.867), LOCALITY, max_results=1)) == ["Baarle-Nassau"]


def test_the_default_is_the_locality_with_what_contains_it_most_specific_first() -> None:
    found = ask((43.615, -116.205))
    assert names(found) == ["Boise", "83702", "US", "US"]
    assert [hit.distance_m for hit in found.hits][2:] == [0.0, 0.0]
    assert found.notices == ()


def test_results_are_cut_from_the_coarse_end() -> None:
    assert names(ask((43.615, -116.205), max_results=2)) == ["Boise", "83702"]


def test_types_asked_for_come_once_and_the_finest_fills_the_room() -> None:
    types = frozenset({PlaceType.LOCALITY, PlaceType.COUNTRY})
    assert names(ask(CENTRE_OF_BERLIN, types, max_results=4)) == ["Berlin", "Schöneberg", "Potsdam", "DE"]


def test_airports_are_found_by_distance() -> None:
    found = ask(CENTRE_OF_BERLIN, frozenset({PlaceType.POI}), max_results=3)
    assert names(found) == ["Tempelhof", "Berlin Brandenburg"]
    assert found.hits[0].distance_m < found.hits[1].distance_m


def test_a_place_beyond_the_radius_is_not_named_but_contains_the_point_all_the_same() -> None:
    found = ask(CENTRE_OF_BERLIN, radius_m=1_000.0)
    assert names(found) == ["DE", "DE"]
    assert found.notices == (NoticeCode.TOO_FAR,)


def test_the_best_within_a_small_radius_may_be_another_than_the_best_of_all() -> None:
    point = (52.4979, 13.3777)
    assert names(ask(point, LOCALITY, radius_m=2_800.0, max_results=1)) == ["Schöneberg"]


def test_far_from_everything_the_country_is_known_and_too_far_is_said() -> None:
    assert names(ask(SAHARA)) == ["DZ"]
    assert ask(SAHARA).notices == (NoticeCode.TOO_FAR,)
    nothing = ask(SAHARA, LOCALITY)
    assert nothing.hits == ()
    assert nothing.notices == (NoticeCode.TOO_FAR,)
    assert name_of(nothing.country_row) == "DZ"


def test_at_sea_nothing_is_named() -> None:
    found = ask(GULF_OF_GUINEA)
    assert found == ReverseHits((), -1, (NoticeCode.AT_SEA,), -1, math.inf)
    assert index().country_at(*GULF_OF_GUINEA) is None


def test_the_equator_and_the_prime_meridian_are_places_like_others() -> None:
    assert name_of(index().country_at(0.0, 10.0) or 0) == "GA"
    assert name_of(index().country_at(51.0, 0.0) or 0) == "GB"
    assert names(ask((0.3365, 6.7273), LOCALITY)) == ["São Tomé"]


def test_near_a_border_the_other_country_and_its_distance_are_told() -> None:
    found = ask((47.66033, 9.17582))
    assert names(found)[0] == "Konstanz"
    assert name_of(found.country_row) == "DE"
    assert NoticeCode.NEAR_BORDER in found.notices
    assert name_of(found.other_country_row) == "CH"
    assert 0.0 < found.border_m < 3_000.0
    country = found.hits[-1]
    assert 0.5 <= country.confidence < 0.998


def test_settlements_have_a_say_where_the_map_is_rough() -> None:
    """The map draws the border north of this Swiss town's centre, nearer to it than it is exact."""
    assert names(ask((47.65051, 9.17504), LOCALITY, max_results=1)) == ["Kreuzlingen"]


def test_an_island_that_the_map_lacks_is_land_around_its_place() -> None:
    found = ask((-8.53, 179.2))
    assert names(found)[0] == "Funafuti"
    assert name_of(found.country_row) == "TV"
    assert ask((-8.53, 179.6)).notices == (NoticeCode.AT_SEA,)


def test_an_island_off_a_foreign_coast_keeps_its_country() -> None:
    found = ask((36.1497, 29.5914))
    assert names(found)[0] == "Kastellorizo"
    assert name_of(found.country_row) == "GR"
    assert name_of(found.other_country_row) == "TR"


def test_a_place_recorded_in_another_country_is_found_in_that_of_the_map() -> None:
    found = ask((26.738, -11.672))
    assert names(found)[0] == "Smara"
    assert name_of(found.country_row) == "EH"


@pytest.mark.parametrize("longitude", [-180.0, 180.0])
def test_the_antimeridian_is_no_border(longitude: float) -> None:
    found = ask((-16.81, longitude), LOCALITY, max_results=2)
    assert set(names(found)) == {"West of the line", "East of the line"}
    assert NoticeCode.NEAR_BORDER not in found.notices
    assert all(hit.distance_m < 10_000 for hit in found.hits)


def test_the_poles_are_antarctica_and_sea() -> None:
    assert ask((90.0, 0.0)).notices == (NoticeCode.AT_SEA,)
    for longitude in (-180.0, -60.0, 0.0, 120.0, 180.0):
        found = ask((-90.0, longitude), LOCALITY)
        assert names(found) == ["Pole Village"]
        assert found.hits[0].distance_m == pytest.approx(2_224, abs=2)


def test_a_radius_over_the_pole_finds_what_lies_beyond_it() -> None:
    assert names(ask((-89.95, -60.0), LOCALITY, radius_m=8_000.0)) == ["Pole Village"]


def test_far_north_the_window_is_wide_enough() -> None:
    found = ask((78.6, 13.4), LOCALITY, radius_m=500_000.0)
    assert set(names(found)) == {"Longyearbyen", "Ny-Ålesund"}


def test_codes_that_share_one_point_share_the_confidence() -> None:
    konstanz = ask((47.6603, 9.1758), frozenset({PlaceType.POSTAL_CODE}), max_results=1).hits[0]
    boise = ask((43.6322, -116.2052), frozenset({PlaceType.POSTAL_CODE}), max_results=1).hits[0]
    assert name_of(konstanz.row) == "78462"
    assert konstanz.confidence < 0.5 < boise.confidence


def test_columns_leave_out_codes_that_are_quite_unsure_and_single_answers_tell_how_sure_they_are() -> None:
    columns = index().batch(np.array([47.6603]), np.array([9.1758]), DEFAULT, RADIUS_M)
    assert columns.postal_row[0] == row_of("78462")
    assert columns.postal_confidence[0] >= POSTAL_COLUMN_LEAST
    far = index().batch(np.array([47.81]), np.array([9.1758]), DEFAULT, RADIUS_M)
    assert far.postal_row[0] == -1
    postal = [hit for hit in ask((47.81, 9.1758)).hits if name_of(hit.row) == "78462"]
    assert 0.0 < postal[0].confidence < POSTAL_COLUMN_LEAST


POINTS = [
    CENTRE_OF_BERLIN, SAHARA, GULF_OF_GUINEA, (47.6603, 9.1758), (-16.81, 180.0), (-90.0, 0.0), (90.0, 0.0),
    (43.615, -116.205), (52.4, 13.1), (26.738, -11.672), (46.9, 8.9), (36.1497, 29.5914),
]  # fmt: skip


@pytest.mark.parametrize(
    "types", [DEFAULT, LOCALITY, *(frozenset({kind}) for kind in sorted(DEFAULT_TYPES)), frozenset({PlaceType.POI})]
)
@pytest.mark.parametrize("radius_m", [3_000.0, 50_000.0, 400_000.0])
def test_a_column_has_the_first_result_of_each_point(types: frozenset[PlaceType], radius_m: float) -> None:
    latitude, longitude = np.array(POINTS).T.copy()
    columns = index().batch(latitude, longitude, types, radius_m)
    for row, point in enumerate(POINTS):
        single = ask(point, types, radius_m)
        first = single.hits[0] if single.hits else None
        assert columns.answer_row[row] == (first.row if first else -1)
        assert columns.distance_m[row] == (first.distance_m if first else 0.0)
        assert columns.confidence[row] == pytest.approx(first.confidence if first else 0.0)
        assert columns.country_row[row] == single.country_row
        assert columns.status[row] == (MATCHED if first else UNMATCHED)
        assert columns.notices[row] == sum(1 << code for code in single.notices)


def test_a_column_of_several_blocks_answers_each_point_as_alone() -> None:
    chance = np.random.default_rng(7)
    places = np.array(POINTS)[chance.integers(0, len(POINTS), 2 * BLOCK_ROWS + 3)]
    latitude, longitude = np.clip((places + chance.normal(0.0, 0.3, places.shape)).T, [[-90], [-180]], [[90], [180]])
    latitude[::17] = np.nan
    columns = index().batch(latitude.copy(), longitude.copy(), DEFAULT, RADIUS_M)
    for row, point in enumerate(zip(latitude.tolist(), longitude.tolist(), strict=True)):
        if math.isnan(point[0]):
            assert columns.status[row] == INVALID
            assert columns.answer_row[row] == columns.country_row[row] == -1
            continue
        hits = ask(point).hits
        assert columns.answer_row[row] == (hits[0].row if hits else -1)
        assert columns.distance_m[row] == (hits[0].distance_m if hits else 0.0)
        assert columns.country_row[row] == ask(point).country_row


def test_a_column_tells_what_contains_the_answer() -> None:
    columns = index().batch(np.array([43.615]), np.array([-116.205]), DEFAULT, RADIUS_M)
    assert columns.locality_row[0] == row_of("Boise")
    assert columns.admin1_row[0] == columns.country_row[0] == row_of("US")
    assert columns.postal_row[0] == row_of("83702")


def test_bad_coordinates_are_invalid_rows_and_disturb_no_other() -> None:
    latitude = np.array([np.nan, 52.5, 91.0, np.inf, 52.5, 52.5])
    longitude = np.array([13.4, np.nan, 13.4, 13.4, 180.0001, 13.4])
    columns = index().batch(latitude, longitude, DEFAULT, RADIUS_M)
    assert columns.status.tolist() == [INVALID] * 5 + [MATCHED]
    assert columns.answer_row.tolist() == [-1] * 5 + [row_of("Berlin")]


def test_an_empty_column_is_answered_by_an_empty_one() -> None:
    assert len(index().batch(np.empty(0), np.empty(0), DEFAULT, RADIUS_M).status) == 0


def test_the_index_is_the_same_when_built_twice() -> None:
    again = world.__wrapped__()
    for name in ("borders_cells", "borders_listed", "reverse_points", "reverse_locality_listed", "reverse_starts"):
        np.testing.assert_array_equal(world().array(name), again.array(name))
