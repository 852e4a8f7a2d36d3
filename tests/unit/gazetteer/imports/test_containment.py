from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.imports.containment import post_places, spread_clusters
from waypost.server.gazetteer.imports.world_places import normalized_code, settlement_key, settlement_score


@pytest.mark.parametrize(
    "names",
    [
        ("St. Paul", "Saint Paul", "saint-paul"),
        ("München", "MUNCHEN"),
        ("Ft Worth", "Fort Worth"),
        ("L'Aquila", "Laquila"),
    ],
)
def test_writings_of_a_settlement_share_a_key(names: tuple[str, ...]) -> None:
    assert len({settlement_key(name) for name in names}) == 1


def test_a_settlement_that_is_called_like_an_abbreviation_keeps_its_name() -> None:
    assert settlement_key("Mt") != settlement_key("Mount")


def test_most_addresses_of_a_code_decide_and_few_do_not() -> None:
    code = np.array([1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0, 0])
    place = np.array([7, 7, 7, -1, 8, 8, 5, 5, 5, 6, 6, 6, 9, 9, 9])
    assert post_places(code.astype(np.int32), place.astype(np.int32)).tolist() == [-1, 7, -1, -1]


def test_points_that_touch_by_cells_are_one_cluster() -> None:
    latitude = np.array([48.0, 48.01, 48.9, 48.91, 48.02])
    longitude = np.array([11.0, 11.0, 11.0, 11.01, 11.01])
    clusters = spread_clusters(latitude, longitude, 0.1)
    assert clusters[0] == clusters[1] == clusters[4]
    assert clusters[2] == clusters[3] != clusters[0]


def test_a_village_counts_near_itself_and_a_town_everywhere_else() -> None:
    people = np.array([300.0, 300_000.0])
    village, town = settlement_score(people, np.array([500.0, 9_000.0]), 1.0)
    assert village < town
    village, town = settlement_score(people, np.array([6_000.0, 9_000.0]), 1.0)
    assert town < village


def test_codes_compare_without_signs_and_case() -> None:
    assert normalized_code("sw1a 1aa") == normalized_code("SW1A1AA")
