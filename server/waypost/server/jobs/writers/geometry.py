"""Points as GeoParquet 1.1 has them: well-known binary in a column, and a description of it in the file's metadata.

Source: https://geoparquet.org/releases/v1.1.0/. Coordinates without a named system are OGC:CRS84, longitude first.
"""

from __future__ import annotations

import numpy as np
import orjson
import pyarrow as pa

#: A point in little-endian well-known binary: byte order 1, type 1, x, y.
_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


class Bounds:
    """The box around all points that were added; None while there are none."""

    def __init__(self) -> None:
        self.box: tuple[float, float, float, float] | None = None

    def add(self, latitude: pa.Array, longitude: pa.Array) -> None:
        """Adds points; nulls are none."""
        y = latitude.drop_null().to_numpy(zero_copy_only=False)
        x = longitude.drop_null().to_numpy(zero_copy_only=False)
        if not x.size:
            return
        west, south, east, north = float(x.min()), float(y.min()), float(x.max()), float(y.max())
        if self.box:
            west, south = min(west, self.box[0]), min(south, self.box[1])
            east, north = max(east, self.box[2]), max(north, self.box[3])
        self.box = (west, south, east, north)


def wkb_points(latitude: pa.Array, longitude: pa.Array) -> pa.Array:
    """A binary column of points, null where a coordinate is."""
    points = np.zeros(len(latitude), _POINT)
    points["order"] = points["type"] = 1
    points["x"] = longitude.fill_null(0.0).to_numpy(zero_copy_only=False)
    points["y"] = latitude.fill_null(0.0).to_numpy(zero_copy_only=False)
    fixed = pa.Array.from_buffers(pa.binary(_POINT.itemsize), len(points), [None, pa.py_buffer(points.tobytes())])
    missing = np.logical_or(
        latitude.is_null().to_numpy(zero_copy_only=False), longitude.is_null().to_numpy(zero_copy_only=False)
    )
    filled = fixed.cast(pa.binary())
    if not missing.any():
        return filled
    return filled.take(pa.array(np.arange(len(points)), mask=missing))


def geo_metadata(column: str, bounds: Bounds) -> str:
    """The value of the metadata key `geo`."""
    described: dict[str, object] = {"encoding": "WKB", "geometry_types": ["Point"]}
    if bounds.box:
        described["bbox"] = list(bounds.box)
    return orjson.dumps({"version": "1.1.0", "primary_column": column, "columns": {column: described}}).decode()
