"""Points of a layer: units of 1e-7 degrees, and distances that are short beside the Earth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.geometry import EARTH_RADIUS_M

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

PER_DEGREE = 10_000_000
METRES_PER_DEGREE = EARTH_RADIUS_M * np.pi / 180.0
#: Nearer to a pole a degree of longitude counts as here, so that no division blows up.
_LEAST_COSINE = 0.01


def to_units(degrees: Floats) -> Ints:
    """Degrees in units of 1e-7."""
    units: Ints = np.rint(degrees * PER_DEGREE).astype(np.int32)
    return units


def to_degrees(units: Ints | Int64s) -> Floats:
    """Units of 1e-7 in degrees."""
    return units / PER_DEGREE


def cosine(latitude: Floats) -> Floats:
    """How much shorter a degree of longitude is than one of latitude."""
    return np.maximum(np.cos(np.radians(latitude)), _LEAST_COSINE)


def separation_m(latitude: Floats, longitude: Floats, other_latitude: Floats, other_longitude: Floats) -> Floats:
    """Metres between points in degrees as on a flat map around them; right across the antimeridian.

    Exact to 0.1 % up to 50 km, away from the poles.
    """
    east = np.abs(longitude - other_longitude)
    east = np.minimum(east, 360.0 - east) * cosine((latitude + other_latitude) / 2)
    metres: Floats = np.hypot(latitude - other_latitude, east) * METRES_PER_DEGREE
    return metres


def group_starts(sorted_keys: npt.NDArray[np.generic]) -> Int64s:
    """Where each run of equal keys begins."""
    if len(sorted_keys) == 0:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1]))


def ranges(first: Int64s, size: Int64s) -> Int64s:
    """first[0], first[0] + 1, … size[0] of them, then those of first[1], and so on."""
    ends = np.cumsum(size)
    numbers: Int64s = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - (ends - size), size)
    return numbers


def components(count: int, first: Int64s, second: Int64s) -> Int64s:
    """(count,) the smallest node that each node is connected with, itself included; edges are pairs of nodes."""
    label = np.arange(count)
    while True:
        roots, others = label[first], label[second]
        if np.array_equal(roots, others):
            return label
        least = np.minimum(roots, others)
        np.minimum.at(label, roots, least)
        np.minimum.at(label, others, least)
        while not np.array_equal(label[label], label):
            label = label[label]
