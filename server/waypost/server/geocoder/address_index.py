"""Builds what reverse lookups find houses and streets by: grids of addresses, of lines, of imported places.

Called by the composition of a snapshot. What it makes is read by reverse_houses.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.address_grid import PointGrid, build_point_grid
from waypost.server.geocoder.fine_grid import UNITS
from waypost.server.geocoder.line_grid import build_line_grid
from waypost.server.model import PlaceType

_Column = npt.NDArray[np.generic] | TextColumn
#: Imported places with a grid of their own; of which kind the rows are.
SPOTS = {"pois": PlaceType.POI, "quarters": PlaceType.NEIGHBORHOOD}


def build_address_index(arrays: Mapping[str, _Column]) -> dict[str, _Column]:
    """The arrays "near_*" from those of schema.FEATURES.

    `near_addresses_*`, `near_pois_*` and `near_quarters_*` are address_grid.PointGrid's, the numbers of the latter two
    being rows; `near_lines_*` are line_grid.LineGrid's but for the vertices, which the snapshot has anyway.
    """
    points = np.ascontiguousarray(arrays["address_point"], np.int32)
    result = _named("addresses", build_point_grid(points))
    base = int(np.asarray(arrays["feature_base"])[0])
    place_type = np.asarray(arrays["place_type"])[base:]
    positions = np.column_stack([np.asarray(arrays[name])[base:] for name in ("latitude", "longitude")])
    for name, kind in SPOTS.items():
        rows = np.flatnonzero(place_type == kind)
        grid = build_point_grid(np.rint(positions[rows] * UNITS).astype(np.int32))
        result |= _named(name, grid._replace(numbers=(rows[grid.numbers] + base).astype(np.uint32)))
    lines = build_line_grid(
        np.ascontiguousarray(arrays["line"], np.int32), np.asarray(arrays["line_offsets"]).astype(np.int64)
    )
    result |= {f"near_lines_{name}": array for name, array in lines.grid._asdict().items()}
    return {**result, "near_lines_entries": lines.entries}


def _named(name: str, grid: PointGrid) -> dict[str, _Column]:
    arrays = {f"near_{name}_{part}": array for part, array in grid.grid._asdict().items()}
    return {**arrays, f"near_{name}_points": grid.points, f"near_{name}_numbers": grid.numbers}
