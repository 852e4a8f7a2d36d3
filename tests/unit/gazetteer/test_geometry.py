"""Distances, nearest points and quantiles, against plain computations."""

from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.geometry import (
    distance_m,
    group_quantile,
    group_slices,
    nearest,
    neighbour_distance_m,
    to_degrees,
    unit_vectors,
)

RANDOM = np.random.default_rng(20261122)


def _points(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    latitude = np.degrees(np.arcsin(RANDOM.uniform(-1, 1, count)))
    return unit_vectors(latitude, RANDOM.uniform(-180, 180, count))


def test_a_degree_of_latitude_is_111_km_and_poles_meet() -> None:
    a = unit_vectors(np.array([0.0, 90.0, 10.0]), np.array([0.0, 0.0, 180.0]))
    b = unit_vectors(np.array([1.0, 90.0, 10.0]), np.array([0.0, 90.0, -180.0]))
    assert distance_m(a, b) == pytest.approx([111_195, 0, 0], abs=1)


def test_degrees_survive_the_way_to_vectors_and_back() -> None:
    latitude, longitude = np.array([0.0, -90.0, 51.5]), np.array([0.0, 0.0, -179.9])
    assert np.allclose(to_degrees(unit_vectors(latitude, longitude) * 7.0), (latitude, longitude))


def test_nearest_equals_comparing_with_every_target() -> None:
    points, targets = _points(700), _points(400)
    chord = np.linalg.norm(points[:, None] - targets[None], axis=-1)
    assert nearest(points, targets).tolist() == chord.argmin(axis=1).tolist()


def test_heavier_targets_reach_further() -> None:
    points, targets, weights = _points(700), _points(400), RANDOM.uniform(1, 30, 400)
    chord = np.linalg.norm(points[:, None] - targets[None], axis=-1) / weights
    assert nearest(points, targets, weights).tolist() == chord.argmin(axis=1).tolist()


def test_neighbours_are_the_nearest_other_points() -> None:
    points = _points(900)
    points = np.concatenate([points, points[:1]])
    chord = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(chord, 9.0)
    expected = 2 * 6_371_008.8 * np.arcsin(chord.min(axis=1) / 2)
    # Near points lose digits in the scalar product: some metres.
    assert np.allclose(neighbour_distance_m(points), expected, atol=10)
    assert np.isinf(neighbour_distance_m(points[:1])).all()


def test_quantiles_are_taken_within_each_group() -> None:
    values, groups = np.array([5.0, 1.0, 3.0, 9.0]), np.array([2, 2, 2, 0])
    assert np.array_equal(group_quantile(values, groups, 4, 0.5), [9.0, np.nan, 3.0, np.nan], equal_nan=True)


def test_groups_come_by_rising_key_with_their_members_in_order() -> None:
    found = [(key, members.tolist()) for key, members in group_slices(np.array([7, 3, 7, 3]))]
    assert found == [(3, [1, 3]), (7, [0, 2])]
    assert group_slices(np.zeros(0, np.int64)) == []
