"""Boxes to show places on a map, made when a gazetteer is built.

The data has points only. An area's box spans the localities in it; the box of anything else is as large as
its point is uncertain, which for a town is the town (gazetteer/accuracy.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.model import PlaceType

#: Coordinates are stored as whole numbers of this: a Python float made from one is short when written out.
MICRODEGREES = 1_000_000
#: Towns lie inside their areas, not on the edge: a twentieth of the span is added on each side, at least 2 km.
_MARGIN = 0.05
_SMALLEST_MARGIN = 0.02
#: No box around a point is smaller or larger than this.
_SMALLEST_M = 500.0
_LARGEST_M = 100_000.0
_METRES_PER_DEGREE = 111_320.0
#: What is shown around a house, a street or a point of interest at least: so much that neighbours are seen.
SMALLEST_VIEW_M = 75.0
_AREA_TYPES = (PlaceType.COUNTRY, PlaceType.REGION, PlaceType.DISTRICT)

_Floats = npt.NDArray[np.float64]


def build_viewports(
    arrays: Mapping[str, npt.NDArray[np.generic] | TextColumn],
) -> dict[str, npt.NDArray[np.generic] | TextColumn]:
    """`viewport` (rows, 4) int32: south, west, north, east in microdegrees.

    West > east crosses the antimeridian. Needs the finished arrays place_type, latitude, longitude, accuracy_m, last.
    """
    place_type = np.asarray(arrays["place_type"])
    latitude, longitude = np.asarray(arrays["latitude"]), np.asarray(arrays["longitude"])
    radius_m = np.clip(np.asarray(arrays["accuracy_m"], np.float64), _SMALLEST_M, _LARGEST_M)
    height = radius_m / _METRES_PER_DEGREE
    # Near the poles a box of some kilometres goes around the world: half of it is enough.
    width = np.minimum(height / np.maximum(np.cos(np.radians(latitude)), 1e-3), 90.0)
    south, north, west, east = latitude - height, latitude + height, longitude - width, longitude + width

    areas = np.flatnonzero(np.isin(place_type, _AREA_TYPES))
    inside = place_type == PlaceType.LOCALITY
    box = _boxes_of_areas(areas, np.asarray(arrays["last"])[areas], inside, latitude, longitude)
    filled = np.isfinite(box[:, 0])
    rows = areas[filled]
    south[rows], west[rows], north[rows], east[rows] = box[filled].T

    corners = np.stack([np.maximum(south, -90.0), _wrap(west), np.minimum(north, 90.0), _wrap(east)], axis=1)
    return {"viewport": np.rint(corners * MICRODEGREES).astype(np.int32)}


def viewports_of_boxes(box: _Floats, latitude: _Floats, longitude: _Floats, radius_m: _Floats) -> npt.NDArray[np.int32]:
    """(n, 4) as build_viewports has them, for imported places: their `box` with a margin.

    `box` is south, west, north, east, NaN where only a point is known: then a box as large as `radius_m` tells.
    """
    radius_m = np.where(np.isfinite(box[:, 0]), 0.0, np.minimum(radius_m, _LARGEST_M))
    box = np.where(np.isfinite(box), box, np.column_stack([latitude, longitude, latitude, longitude]))
    tall, wide = box[:, 2] - box[:, 0], (box[:, 3] - box[:, 1]) % 360.0
    degree = _METRES_PER_DEGREE * np.maximum(np.cos(np.radians(latitude)), 1e-3)
    height = np.maximum(tall * _MARGIN, np.maximum(radius_m, SMALLEST_VIEW_M) / _METRES_PER_DEGREE)
    width = np.minimum(np.maximum(wide * _MARGIN, np.maximum(radius_m, SMALLEST_VIEW_M) / degree), 90.0)
    south, north = np.maximum(box[:, 0] - height, -90.0), np.minimum(box[:, 2] + height, 90.0)
    corners = np.column_stack([south, _wrap(box[:, 1] - width), north, _wrap(box[:, 3] + width)])
    result: npt.NDArray[np.int32] = np.rint(corners * MICRODEGREES).astype(np.int32)
    return result


def _boxes_of_areas(
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int32],
    inside: npt.NDArray[np.bool_],
    latitude: _Floats,
    longitude: _Floats,
) -> _Floats:
    """(areas, 4) south, west, north, east around the `inside` of each run; infinite where none is."""
    if first.size == 0:
        return np.empty((0, 4))
    # reduceat takes the runs as pairs of borders; the extra row keeps the last border inside the array.
    borders = np.stack([first, last.astype(np.int64) + 1], axis=1).ravel()

    def extreme(reduce: np.ufunc, values: _Floats, nothing: float) -> _Floats:
        result: _Floats = reduce.reduceat(np.append(np.where(inside, values, nothing), nothing), borders)[::2]
        return result

    south, north = extreme(np.minimum, latitude, np.inf), extreme(np.maximum, latitude, -np.inf)
    west, east = extreme(np.minimum, longitude, np.inf), extreme(np.maximum, longitude, -np.inf)
    # A box that spans more than half the world may be shorter the other way round; there are few.
    for area in np.flatnonzero(east - west > 180.0):
        run = slice(first[area], last[area] + 1)
        west[area], east[area] = shortest_arc(longitude[run][inside[run]])
    margin_height = np.maximum((north - south) * _MARGIN, _SMALLEST_MARGIN)
    margin_width = np.maximum((east - west) * _MARGIN, _SMALLEST_MARGIN)
    box = np.stack([south - margin_height, west - margin_width, north + margin_height, east + margin_width], axis=1)
    box[~np.isfinite(south)] = np.inf
    return box


def shortest_arc(longitude: _Floats) -> tuple[float, float]:
    """West and east end of the shortest arc that holds all longitudes; east is over 180 beyond 180°."""
    ordered = np.sort(longitude)
    gaps = np.diff(ordered, append=ordered[0] + 360.0)
    widest = int(np.argmax(gaps))
    if widest == len(ordered) - 1:
        return float(ordered[0]), float(ordered[-1])
    return float(ordered[widest + 1]), float(ordered[widest]) + 360.0


def _wrap(longitude: _Floats) -> _Floats:
    """Longitudes from -180 to 180; both ends stay as they are."""
    return np.where(np.abs(longitude) > 180.0, (longitude + 180.0) % 360.0 - 180.0, longitude)
