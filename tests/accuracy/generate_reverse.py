"""Points whose answer is known: places of the gazetteer, moved a little."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from tests.accuracy.cases import Case, Floor
from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder.borders import BorderArrays, situation_at
from waypost.server.model import PlaceType, Point

if TYPE_CHECKING:
    from tests.accuracy.generate import Draw

#: Within this share of the radius that holds nine tenths of a town, and this many metres, a point is in town.
_JITTER_SHARE = 0.3
_MOST_JITTER_M = 2_000.0
#: A border town's point moves at most this share of the way to the border.
_BORDER_JITTER_SHARE = 0.3
_NEAR_BORDER_M = 5_000.0
_METRES_PER_DEGREE = 111_320.0


def _jittered(draw: Draw, row: int, radius_m: float) -> Point:
    """A point drawn evenly from the circle around a place; over the antimeridian and the poles it goes on."""
    away_m = radius_m * math.sqrt(draw.chance.random())
    bearing = draw.chance.uniform(0.0, 2.0 * math.pi)
    latitude = float(draw.world.latitude[row]) + away_m * math.cos(bearing) / _METRES_PER_DEGREE
    latitude = max(-89.999, min(89.999, latitude))
    east = away_m * math.sin(bearing) / (_METRES_PER_DEGREE * math.cos(math.radians(latitude)))
    longitude = (float(draw.world.longitude[row]) + east + 180.0) % 360.0 - 180.0
    return Point(latitude=latitude, longitude=longitude)


def _populated(draw: Draw) -> Iterator[Case]:
    for row in draw.towns(in_region=False):
        radius_m = min(float(draw.world.accuracy_m[row]) * _JITTER_SHARE, _MOST_JITTER_M)
        yield Case(_jittered(draw, row, radius_m), (row,))


def _near_border(draw: Draw) -> Iterator[Case]:
    """Towns within 5 km of another country's land, whose own country is known from their record."""
    world, snapshot = draw.world, draw.world.snapshot
    borders = BorderArrays(*(np.asarray(snapshot.array(f"borders_{name}")) for name in BorderArrays._fields))
    for row in draw.numbers.permutation(world.rows(PlaceType.LOCALITY)).tolist():
        situation = situation_at(borders, float(world.latitude[row]), float(world.longitude[row]))
        border_m = situation.other_m
        if situation.other == SEA or not np.isfinite(border_m) or border_m > _NEAR_BORDER_M:
            continue
        radius_m = min(border_m, float(world.accuracy_m[row])) * _BORDER_JITTER_SHARE
        yield Case(_jittered(draw, row, radius_m), (row,))


#: As generate._FORWARD.
REVERSE_MAKERS: dict[str, tuple[str, tuple[Floor, ...], Callable[[Draw], Iterator[Case]]]] = {
    "reverse": ("Points in towns", (Floor("top1", 0.96), Floor("country", 0.99)), _populated),
    "reverse_border": (
        "Points within 5 km of a border", (Floor("country", 0.90), Floor("country_or_flagged", 0.999)), _near_border,
    ),
}  # fmt: skip
