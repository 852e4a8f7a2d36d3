"""What is at a point: the kernel of reverse geocoding, for one point or a column of points.

The country first, by polygon; near a border the settlements around have a say. Then the best locality of that
country, the nearest postal code, the nearest airport. Rows of the gazetteer come out, no places: reverse.py.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder import reverse_confidence as confidence
from waypost.server.geocoder.borders import ISLAND_REACH_M, NEAR_BORDER_REACH_M, BorderArrays, situation_at
from waypost.server.geocoder.candidates import (
    LOCALITY_REACH_M,
    POSTAL_REACH_M,
    Candidates,
    best_candidate,
    best_within,
)
from waypost.server.geocoder.distance import EARTH_RADIUS_M, distance_m
from waypost.server.geocoder.jit import njit_entry, njit_inlined, njit_kernel
from waypost.server.geocoder.place_grid import (
    ANY_COUNTRY,
    LOCALITIES,
    POIS,
    POSTAL_CODES,
    Eye,
    PlaceGrid,
    best_point,
    eye_at,
)
from waypost.server.geocoder.reverse_ahead import ask_for_borders, ask_for_candidates
from waypost.server.model import LocationSource, NoticeCode, PlaceType

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: A point at most this far off a coast of the map is on land: 1:10m leaves out piers, spits and small bays.
#: 91 % of the places outside of every polygon lie within it, 99.9 % of these at their own country's coast.
COAST_TOLERANCE_M = 3_000.0
#: A point has the region and district of its best locality up to this distance, whatever the radius asked for.
AREA_REACH_M = LOCALITY_REACH_M

#: Bits of wanted place types are 1 << PlaceType, bits of notices 1 << NoticeCode.
LOCALITY_BIT = 1 << PlaceType.LOCALITY
POSTAL_BIT = 1 << PlaceType.POSTAL_CODE
POI_BIT = 1 << PlaceType.POI
COUNTRY_BIT = 1 << PlaceType.COUNTRY
REGION_BIT = 1 << PlaceType.REGION
DISTRICT_BIT = 1 << PlaceType.DISTRICT
AREA_BITS = REGION_BIT | DISTRICT_BIT
POINT_BITS = LOCALITY_BIT | POSTAL_BIT | POI_BIT
AT_SEA_BIT = 1 << NoticeCode.AT_SEA
TOO_FAR_BIT = 1 << NoticeCode.TOO_FAR
NEAR_BORDER_BIT = 1 << NoticeCode.NEAR_BORDER

_OWN = int(LocationSource.OWN)

#: Half of an angle in radians, 640 km: up to here four or five terms of the series of sine and arc sine are exact.
SHORT_ANGLE = 0.05


class ReverseArrays(NamedTuple):
    """All that the kernel reads; `countries` has the rows of countries, the arrays after it are schema.PLACES'."""

    borders: BorderArrays
    grid: PlaceGrid
    locality_lists: Candidates
    postal_lists: Candidates
    countries: npt.NDArray[np.int32]
    locality: npt.NDArray[np.int32]
    location_source: npt.NDArray[np.uint8]


class Sought(NamedTuple):
    """What was found at a point, before distances and confidences: as in Found."""

    country: int
    country_confidence: float
    other: int
    border_m: float
    locality: int
    near: int
    postal: int
    poi: int


class Block(NamedTuple):
    """Room for what was found at the points of a block, its arrays of as many rows as the block has points.

    `points` has the localities, the localities whose areas the points have, postal codes and airports, one after
    another; `countries` the country and the other one, `weights` the country's confidence and the distance to the
    other one: the fields of Sought.
    """

    latitude: Floats
    longitude: Floats
    points: Ints
    countries: Ints
    weights: Floats


def empty_block(rows: int) -> Block:
    """Room for so many points."""
    return Block(
        np.empty(rows),
        np.empty(rows),
        np.empty((4, rows), np.int32),
        np.empty((rows, 2), np.int32),
        np.empty((rows, 2)),
    )


class Found(NamedTuple):
    """What is at a point: countries, and points of the grid; -1 where there is nothing. Distances in metres.

    `near` is the locality whose region and district the point has. `notices` has bits 1 << NoticeCode.
    """

    country: int
    country_confidence: float
    other: int
    border_m: float
    locality: int
    locality_m: float
    locality_confidence: float
    near: int
    near_m: float
    postal: int
    postal_m: float
    postal_confidence: float
    poi: int
    poi_m: float
    notices: int


@njit_inlined
def country_of(arrays: ReverseArrays, eye: Eye) -> tuple[int, float, int, float]:
    """The country of a point and its confidence, a near foreign country and the distance to it.

    The country is SEA at sea, the other one SEA where none is within NEAR_BORDER_REACH_M.
    """
    situation = situation_at(arrays.borders, eye.latitude, eye.longitude)
    country, other, border_m = situation.nearest, situation.other, situation.other_m
    sure = confidence.COUNTRY_INSIDE
    if situation.open_sea:
        return SEA, 0.0, SEA, np.inf
    if situation.country == SEA:
        sure = confidence.COUNTRY_AT_COAST
        island = island_country(arrays.grid, eye)
        if country == SEA or situation.nearest_m > COAST_TOLERANCE_M:
            country = island
            if country == SEA:
                return SEA, 0.0, SEA, np.inf
        elif other == SEA:
            other, border_m = island, situation.nearest_m
        if country != situation.nearest:
            other, border_m = situation.nearest, situation.nearest_m
        elif other == country:
            other = SEA
    if other == SEA:
        return country, sure, SEA, np.inf
    country, other, share = weigh_settlements(arrays.grid, arrays.locality_lists, eye, country, other, border_m)
    return country, min(share, confidence.COUNTRY_NEAR_BORDER_MOST), other, border_m


@njit_kernel
def weigh_settlements(
    grid: PlaceGrid, lists: Candidates, eye: Eye, country: int, other: int, border_m: float
) -> tuple[int, int, float]:
    """The likelier of the polygon's country and one near it, the less likely, and the probability of the former."""
    _, own, _ = best_candidate(grid, lists, eye, country, LOCALITY_REACH_M)
    _, foreign, _ = best_candidate(grid, lists, eye, other, LOCALITY_REACH_M)
    share = confidence.own_country_near_border(border_m, own, foreign)
    if share < 0.5:
        return other, country, 1.0 - share
    return country, other, share


@njit_kernel
def nearby_locality(grid: PlaceGrid, lists: Candidates, eye: Eye, country: int) -> int:
    """The best locality within AREA_REACH_M, -1 if there is none."""
    best, _, _ = best_candidate(grid, lists, eye, country, AREA_REACH_M)
    return best


@njit_kernel
def island_country(grid: PlaceGrid, eye: Eye) -> int:
    """The country of a locality or airport at sea that is so near that the point is on its island, else SEA."""
    best, _ = best_point(grid, LOCALITIES, eye, ANY_COUNTRY, ISLAND_REACH_M)
    if best < 0:
        best, _ = best_point(grid, POIS, eye, ANY_COUNTRY, ISLAND_REACH_M)
    return int(np.int64(grid.points[best, 3])) if best >= 0 else SEA


@njit_inlined
def find(arrays: ReverseArrays, eye: Eye, radius_m: float, wanted: int) -> Sought:
    """What is at the point, looking only for what `wanted` asks (bits of place types)."""
    grid = arrays.grid
    locality, near, postal, poi = -1, -1, -1, -1
    country, country_sure, other, border_m = country_of(arrays, eye)
    if country != SEA:
        if wanted & (LOCALITY_BIT | AREA_BITS):
            lists = arrays.locality_lists
            locality, _ = best_within(grid, lists, LOCALITIES, eye, country, LOCALITY_REACH_M, radius_m)
            near = locality
            if locality < 0 and radius_m < AREA_REACH_M:
                near = nearby_locality(grid, lists, eye, country)
        if wanted & POSTAL_BIT:
            reach_m = min(radius_m, POSTAL_REACH_M)
            postal, _ = best_within(grid, arrays.postal_lists, POSTAL_CODES, eye, country, POSTAL_REACH_M, reach_m)
        if wanted & POI_BIT:
            poi, _ = best_point(grid, POIS, eye, ANY_COUNTRY, radius_m)
    return Sought(country, country_sure, other, border_m, locality, near, postal, poi)


@njit_kernel
def find_block(arrays: ReverseArrays, radius_m: float, wanted: int, block: Block, count: int) -> None:
    """Finds what is at the points of a block."""
    latitude, longitude = block.latitude[:count], block.longitude[:count]
    ask_for_borders(arrays.borders, latitude, longitude, block.points[0])
    if wanted & (LOCALITY_BIT | AREA_BITS):
        ask_for_candidates(arrays.grid, arrays.locality_lists, latitude, longitude, block.points[0])
    if wanted & POSTAL_BIT:
        ask_for_candidates(arrays.grid, arrays.postal_lists, latitude, longitude, block.points[0])
    for number in range(count):
        sought = find(arrays, eye_at(latitude[number], longitude[number]), radius_m, wanted)
        block.points[0, number], block.points[1, number] = sought.locality, sought.near
        block.points[2, number], block.points[3, number] = sought.postal, sought.poi
        block.countries[number, 0], block.countries[number, 1] = sought.country, sought.other
        block.weights[number, 0], block.weights[number, 1] = sought.country_confidence, sought.border_m


@njit_inlined
def sought_at(block: Block, number: int) -> Sought:
    """What was found at a point of the block."""
    points, countries, weights = block.points, block.countries, block.weights
    return Sought(
        countries[number, 0], weights[number, 0], countries[number, 1], weights[number, 1],
        points[0, number], points[1, number], points[2, number], points[3, number],
    )  # fmt: skip


@njit_inlined
def weigh(arrays: ReverseArrays, latitude: float, longitude: float, sought: Sought, wanted: int) -> Found:
    """How far away is what was found at the point, and how sure it is."""
    grid = arrays.grid
    country_sure, locality, near, postal, poi = (
        sought.country_confidence, sought.locality, sought.near, sought.postal, sought.poi,
    )  # fmt: skip
    locality_m, locality_sure, near_m, postal_m, postal_sure, poi_m = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if near >= 0:
        near_m = to_point_m(grid, near, latitude, longitude)
    if locality >= 0:
        locality_m = near_m
        weight, edge_m = 1.0 / grid.points[locality, 4], grid.points[locality, 6]
        locality_sure = country_sure * confidence.locality_confidence(locality_m, weight, edge_m)
        if locality_m > AREA_REACH_M:
            near, near_m = -1, 0.0
    if postal >= 0:
        postal_m = to_point_m(grid, postal, latitude, longitude)
        own_point = arrays.location_source[grid.rows[postal, 0]] == _OWN
        postal_sure = country_sure * confidence.postal_confidence(postal_m, own_point, grid.rows[postal, 1])
    if poi >= 0:
        poi_m = to_point_m(grid, poi, latitude, longitude)
    notices = NEAR_BORDER_BIT if sought.border_m <= NEAR_BORDER_REACH_M else 0
    if sought.country == SEA:
        notices = AT_SEA_BIT
    elif wanted & POINT_BITS:
        if locality < 0 and postal < 0 and poi < 0:
            notices |= TOO_FAR_BIT
    elif near < 0 and not wanted & COUNTRY_BIT:
        notices |= TOO_FAR_BIT
    return Found(
        sought.country, country_sure, sought.other, sought.border_m, locality, locality_m, locality_sure, near, near_m,
        postal, postal_m, postal_sure, poi, poi_m, notices,
    )  # fmt: skip


@njit_entry
def resolve(
    arrays: ReverseArrays, latitude: float, longitude: float, radius_m: float, wanted: int, block: Block
) -> Found:
    """What is at one point; `block` is room for one."""
    block.latitude[0], block.longitude[0] = latitude, longitude
    # Not the number 1 itself, for which numba would compile the search once more.
    find_block(arrays, radius_m, wanted, block, len(block.latitude))
    return weigh(arrays, latitude, longitude, sought_at(block, 0), wanted)


@njit_inlined
def to_point_m(grid: PlaceGrid, point: int, latitude: float, longitude: float) -> float:
    """Metres along the surface to a point of the grid."""
    other_latitude, other_longitude = grid.positions[point, 0], grid.positions[point, 1]
    half_phi = math.radians(other_latitude - latitude) / 2.0
    half_lambda = math.radians(other_longitude - longitude) / 2.0
    if abs(half_phi) > SHORT_ANGLE or abs(half_lambda) > SHORT_ANGLE:
        return float(distance_m(latitude, longitude, other_latitude, other_longitude))
    # The same formula: sines and arc sine by their series, the product of cosines by one of the sum.
    sine_phi = half_phi * (1.0 - half_phi**2 / 6.0 * (1.0 - half_phi**2 / 20.0 * (1.0 - half_phi**2 / 42.0)))
    sine_lambda = half_lambda * (
        1.0 - half_lambda**2 / 6.0 * (1.0 - half_lambda**2 / 20.0 * (1.0 - half_lambda**2 / 42.0))
    )
    cosines = 0.5 - sine_phi**2 + math.cos(math.radians(latitude + other_latitude)) / 2.0
    # At a pole the difference of cosines may be a little below zero.
    squared = max(sine_phi**2 + cosines * sine_lambda**2, 0.0)
    arc = 1.0 + squared * (1 / 6 + squared * (3 / 40 + squared * (15 / 336 + squared * (105 / 3456))))
    return 2.0 * EARTH_RADIUS_M * math.sqrt(squared) * arc
