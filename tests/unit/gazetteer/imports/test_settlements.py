"""The nearest of a layer's own towns, and of the world's around it, anywhere on the globe."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gazetteer.imports.small_import import sample
from waypost.server.gazetteer.geometry import distance_m, unit_vectors
from waypost.server.gazetteer.imports.settlements import _Nearby
from waypost.server.gazetteer.imports.world_places import WorldPlaces


def _nearest(towns: list[tuple[float, float]], latitude: float, longitude: float) -> tuple[int, float]:
    """Number of the nearest town, and metres."""
    table = np.array([(*town, 100.0) for town in towns])
    number, metres, _ = _Nearby(np.arange(len(towns)), table).nearest(np.array([latitude]), np.array([longitude]))
    return int(number[0]), float(metres[0])


def test_the_nearest_town_is_the_nearest_far_from_the_middle_of_the_layer_too() -> None:
    # At 70° north half a degree of longitude is nearer than a quarter of a degree of latitude, at the equator not.
    assert _nearest([(70.25, 20.0), (70.0, 20.5), (0.0, 20.0)], 70.0, 20.0)[0] == 1
    assert _nearest([(0.25, 20.0), (0.0, 20.5), (80.0, 20.0)], 0.0, 20.0)[0] == 0


@pytest.mark.parametrize(("town", "point"), [(-179.99, 179.99), (179.99, -179.99)])
def test_the_nearest_town_may_lie_beyond_the_antimeridian(town: float, point: float) -> None:
    number, metres = _nearest([(-16.5, 178.0), (-16.5, -178.0), (-16.5, town)], -16.5, point)
    assert number == 2
    assert metres == pytest.approx(2_132, abs=10)


def test_towns_are_as_near_as_a_search_through_all_says() -> None:
    rng = np.random.default_rng(5)
    towns = np.column_stack([rng.uniform(-80, 80, 3_000), rng.uniform(-180, 180, 3_000)])
    points = towns[:500] + rng.uniform(-0.5, 0.5, (500, 2))
    table = np.column_stack([towns, np.full(3_000, 100.0)])
    number, _, _ = _Nearby(np.arange(3_000), table).nearest(points[:, 0], (points[:, 1] + 540) % 360 - 180)
    vectors, others = unit_vectors(points[:, 0], points[:, 1]), unit_vectors(towns[:, 0], towns[:, 1])
    least = np.array([distance_m(vector[None], others).min() for vector in vectors])
    found = distance_m(vectors, others[number])
    assert (found <= least * 1.03 + 1.0).all()


def test_settlements_of_the_world_are_found_beyond_the_antimeridian() -> None:
    world = WorldPlaces(sample())
    towns = world.localities_within(-90.0, -180.0, 90.0, 180.0)
    world.longitude = np.where(np.arange(world.row_count) == towns[0], 179.9, 0.0)
    assert world.localities_within(-90.0, -180.5, 90.0, -179.0).tolist() == [towns[0]]
    assert towns[0] in world.localities_within(-90.0, -250.0, 90.0, 250.0)
