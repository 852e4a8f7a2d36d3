"""The formula of importance; the orders that it must give on the real data are in tests/e2e/test_gazetteer.py."""

from __future__ import annotations

import numpy as np

from waypost.server.gazetteer import importance

NO = np.zeros(1, bool)
YES = np.ones(1, bool)


def test_people_fame_and_capitals_raise_a_locality() -> None:
    plain = importance.locality_importance(np.array([1e5]), np.array([10.0]), NO, NO)
    assert importance.locality_importance(np.array([1e6]), np.array([10.0]), NO, NO) > plain
    assert importance.locality_importance(np.array([1e5]), np.array([90.0]), NO, NO) > plain
    assert importance.locality_importance(np.array([1e5]), np.array([10.0]), YES, NO) > plain
    assert importance.locality_importance(np.array([1e5]), np.array([10.0]), NO, YES) > plain


def test_no_other_place_reaches_a_country_and_all_stay_within_0_and_1() -> None:
    largest = importance.locality_importance(np.array([1e9]), np.array([1e6]), YES, YES)
    smallest_country = importance.country_importance(np.array([0.0]))
    assert 0 < largest[0] <= smallest_country[0] < 1
    assert importance.country_importance(np.array([1e12]))[0] == 1
    assert importance.area_importance(np.zeros(1), np.zeros(1), NO, np.array([np.nan]))[0] == 0


def test_an_area_ranks_below_the_city_that_bears_its_name() -> None:
    people, names = np.array([19e6]), np.array([40.0])
    city = np.array([0.45])
    assert importance.area_importance(people, names, YES, city) < city
    assert importance.area_importance(people, names, YES, np.array([np.nan])) > city


def test_only_airports_with_flights_share_the_fame_of_their_city() -> None:
    city = np.array([0.7])
    strip = importance.airport_importance(NO, NO, city)
    regional = importance.airport_importance(YES, NO, city)
    international = importance.airport_importance(YES, YES, city)
    assert strip < regional < international < city


def test_the_fame_of_a_region_is_not_that_of_a_postal_code_somewhere_in_it() -> None:
    region, village = np.array([0.75, 0.3]), np.array([180_000.0, 3_000.0])
    somewhere, known = importance.postal_importance(region, village)
    assert somewhere < known
    assert importance.postal_importance(np.array([0.7]), np.array([12_000.0]))[0] > known
