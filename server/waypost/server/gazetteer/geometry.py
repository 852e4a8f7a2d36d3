"""Distances and centres on the sphere, and the nearest of many points, vectorised for the build."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

#: Mean radius of the Earth, IUGG R1.
EARTH_RADIUS_M = 6_371_008.8
#: Points compared at a time; they share a window of targets.
_CHUNK_POINTS = 256
#: Half the window's width in z, the sine of the latitude: about 190 km at the equator.
_WINDOW_Z = 0.03
#: The same for neighbours in one country, which are closer: about 25 km.
_NEIGHBOUR_WINDOW_Z = 0.004


def unit_vectors(latitude: Floats, longitude: Floats) -> Floats:
    """(n, 3) unit vectors of points in degrees."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def to_degrees(vectors: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude of (n, 3) vectors of any length."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def distance_m(a: Floats, b: Floats) -> Floats:
    """Metres along the sphere between unit vectors, pair by pair."""
    chord = np.linalg.norm(a - b, axis=-1)
    metres: Floats = 2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(chord / 2.0, 1.0))
    return metres


def nearest(points: Floats, targets: Floats, weights: Floats | None = None) -> Int64s:
    """(n,) index of the target that is nearest to each point; both are unit vectors (n, 3) and (m, 3).

    With `weights` (m,) the chord is divided by the target's weight, so that a heavier one reaches further.
    m must not be 0. Points are taken in bands of latitude, and compared with the targets in and beside their
    band; only if the nearest of these is further away than the band's edge, with all of them.
    """
    found = np.empty(len(points), np.int64)
    inverse = np.ones(len(targets)) if weights is None else weights**-2.0
    reach = float(np.max(inverse**-0.5, initial=0.0) * np.min(inverse**0.5, initial=1.0))
    by_z = np.argsort(targets[:, 2], kind="stable")
    sorted_targets, sorted_inverse = targets[by_z], inverse[by_z]
    order = np.argsort(points[:, 2], kind="stable")
    for start in range(0, len(points), _CHUNK_POINTS):
        rows = order[start : start + _CHUNK_POINTS]
        chunk = points[rows]
        edges = (chunk[0, 2] - _WINDOW_Z, chunk[-1, 2] + _WINDOW_Z)
        low, high = np.searchsorted(sorted_targets[:, 2], edges)
        if low == high:
            low, high = 0, len(targets)
        best, square = _best(chunk, sorted_targets[low:high], sorted_inverse[low:high])
        found[rows] = by_z[low + best]
        # A target outside the window is at least _WINDOW_Z away, and may outweigh this one by `reach`.
        unsure = square * reach**2 > _WINDOW_Z**2
        if unsure.any() and high - low < len(targets):
            found[rows[unsure]] = by_z[_best(chunk[unsure], sorted_targets, sorted_inverse)[0]]
    return found


def neighbour_distance_m(points: Floats) -> Floats:
    """(n,) metres from each unit vector to the nearest other one, 0 where two are the same; infinite for one alone."""
    distinct, index, count = np.unique(points.round(9), axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(distinct[:, 2], kind="stable")
    ranked = distinct[order]
    square = np.full(len(ranked), np.inf)
    for start in range(0, len(ranked), _CHUNK_POINTS):
        rows = np.arange(start, min(start + _CHUNK_POINTS, len(ranked)))
        edges = (ranked[start, 2] - _NEIGHBOUR_WINDOW_Z, ranked[rows[-1], 2] + _NEIGHBOUR_WINDOW_Z)
        low, high = np.searchsorted(ranked[:, 2], edges)
        square[rows] = _to_others(ranked, rows, low, high)
        unsure = rows[square[rows] > _NEIGHBOUR_WINDOW_Z**2]
        square[unsure] = _to_others(ranked, unsure, 0, len(ranked))
    chord = np.empty(len(ranked))
    chord[order] = np.sqrt(square)
    metres = np.where(np.isinf(chord), np.inf, 2.0 * EARTH_RADIUS_M * np.arcsin(np.minimum(chord / 2.0, 1.0)))
    return np.where(count > 1, 0.0, metres)[index.reshape(-1)]


def _to_others(points: Floats, rows: Int64s, low: int, high: int) -> Floats:
    """Square of the chord from the points of `rows` to the nearest of points low to high but themselves."""
    square = np.maximum(2.0 - 2.0 * (points[rows] @ points[low:high].T), 0.0)
    square[np.arange(len(rows)), rows - low] = np.inf
    least: Floats = np.min(square, axis=1, initial=np.inf)
    return least


def _best(points: Floats, targets: Floats, inverse: Floats) -> tuple[Int64s, Floats]:
    """Index of the best target of each point and the square of the chord to it."""
    square = np.maximum(2.0 - 2.0 * (points @ targets.T), 0.0)
    best = np.argmin(square * inverse, axis=1)
    return best, square[np.arange(len(points)), best]


def group_slices(keys: Int64s) -> list[tuple[int, Int64s]]:
    """Each distinct key with the indexes where it stands, by rising key."""
    order = np.argsort(keys, kind="stable")
    distinct, starts = np.unique(keys[order], return_index=True)
    return list(zip(distinct.tolist(), np.split(order, starts[1:]), strict=True)) if len(keys) else []


def group_quantile(values: Floats, groups: Int64s, count: int, quantile: float) -> Floats:
    """(count,) the quantile of the values of each group, the nearest lower rank; NaN for an empty group."""
    order = np.lexsort((values, groups))
    sizes = np.bincount(groups, minlength=count)
    starts = np.cumsum(sizes) - sizes
    result = np.full(count, np.nan)
    filled = sizes > 0
    picks = starts[filled] + np.floor((sizes[filled] - 1) * quantile).astype(np.int64)
    result[filled] = values[order][picks]
    return result
