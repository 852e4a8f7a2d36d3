from __future__ import annotations

import numpy as np
import pytest

from tests.unit.geocoder import small_gazetteer as gazetteer
from waypost.server.geocoder.describe import Describer
from waypost.server.geocoder.viewport import build_viewports, shortest_arc
from waypost.server.model import Box


def _box(row: int) -> Box:
    box = Describer(gazetteer.small_snapshot()).place(row).viewport
    assert box is not None
    return box


def test_a_country_across_the_antimeridian_has_the_short_box() -> None:
    box = _box(gazetteer.FJ)

    assert 178.0 < box.west < 178.44149
    assert -179.97 < box.east < -179.0
    assert box.south < -18.14161
    assert box.north > -16.5


def test_an_area_spans_its_towns_with_a_margin() -> None:
    box = _box(gazetteer.US)

    assert (box.west, box.east) == pytest.approx((-89.66371, -89.62371))
    assert (box.south, box.north) == pytest.approx((39.78172, 39.82172))


def test_a_town_has_a_box_as_large_as_it_is_uncertain() -> None:
    box = _box(gazetteer.MUNICH)

    assert (box.north - box.south) * 111_320 == pytest.approx(24_000, rel=1e-3)
    assert (box.east - box.west) * 111_320 * np.cos(np.radians(48.13743)) == pytest.approx(24_000, rel=1e-3)


def _single(latitude: float, longitude: float, accuracy_m: float) -> list[float]:
    arrays = {
        "place_type": np.array([4], np.uint8),
        "latitude": np.array([latitude]),
        "longitude": np.array([longitude]),
        "accuracy_m": np.array([accuracy_m], np.float32),
        "last": np.array([0], np.int32),
    }
    corners = np.asarray(build_viewports(arrays)["viewport"])[0] / 1e6
    return [float(corner) for corner in corners]


@pytest.mark.parametrize("latitude", [-90.0, -89.99, 0.0, 89.99, 90.0])
@pytest.mark.parametrize("longitude", [-180.0, -179.99, 0.0, 179.99, 180.0])
@pytest.mark.parametrize("accuracy_m", [0.0, 5_000.0, 2_000_000.0])
def test_boxes_stay_on_the_globe(latitude: float, longitude: float, accuracy_m: float) -> None:
    south, west, north, east = _single(latitude, longitude, accuracy_m)

    assert -90.0 <= south < north <= 90.0
    assert -180.0 <= west <= 180.0
    assert -180.0 <= east <= 180.0
    assert south <= latitude <= north
    assert (longitude - west) % 360 <= (east - west) % 360


@pytest.mark.parametrize(
    ("longitudes", "west", "east"),
    [
        ([10.0, 20.0, 15.0], 10.0, 20.0),
        ([170.0, -170.0], 170.0, 190.0),
        ([28.0, 177.5, -173.4], 28.0, 186.6),
        ([5.0], 5.0, 5.0),
    ],
)
def test_the_shortest_arc_leaves_out_the_widest_gap(longitudes: list[float], west: float, east: float) -> None:
    assert shortest_arc(np.array(longitudes)) == pytest.approx((west, east))
