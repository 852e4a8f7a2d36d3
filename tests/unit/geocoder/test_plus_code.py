from __future__ import annotations

import random

import pytest
from openlocationcode import openlocationcode

from waypost.server.geocoder.plus_code import encode_plus_code


def test_encoding_is_that_of_the_reference_on_random_points() -> None:
    source = random.Random(20261122)
    points = [(source.uniform(-90, 90), source.uniform(-180, 180)) for _ in range(100_000)]

    assert [encode_plus_code(*point) for point in points] == [openlocationcode.encode(*point) for point in points]


def test_encoding_is_that_of_the_reference_on_the_lines_of_its_grid() -> None:
    source = random.Random(20261123)
    points = [
        (source.randint(-720_000, 720_000) / 8000, source.randint(-1_440_000, 1_440_000) / 8000) for _ in range(10_000)
    ]

    assert [encode_plus_code(*point) for point in points] == [openlocationcode.encode(*point) for point in points]


@pytest.mark.parametrize("latitude", [-90.0, -0.0, 0.0, 89.999875, 89.9999999999, 90.0])
@pytest.mark.parametrize("longitude", [-180.0, -179.9999999999, 0.0, 179.9999999999, 180.0])
def test_poles_and_antimeridian_have_codes(latitude: float, longitude: float) -> None:
    code = encode_plus_code(latitude, longitude)

    assert code == openlocationcode.encode(latitude, longitude)
    assert openlocationcode.isFull(code)
