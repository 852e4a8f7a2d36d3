"""Points of geometries in WKB: of a point itself, of anything else the middle of its box."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Degrees = npt.NDArray[np.float64]

#: Byte order, type, two doubles.
_POINT_BYTES = 21
_POINT = 1
_LITTLE = 1
#: EWKB marks a third and a fourth coordinate and an id of a reference system in the type; ISO adds thousands.
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_MULTI = (4, 5, 6, 7)
#: Collections within collections; more is no geometry of an address.
_DEEPEST = 32


def points_of(column: pa.Array) -> tuple[Degrees, Degrees]:
    """Latitudes and longitudes of a column of WKB, NaN where there is none or it is broken."""
    count = len(column)
    if pa.types.is_large_binary(column.type):
        column = column.cast(pa.binary())
    offsets = np.frombuffer(column.buffers()[1], np.int32, count + 1, column.offset * 4) if count else np.zeros(1, int)
    data = column.buffers()[2]
    if data is not None and not column.null_count and bool((np.diff(offsets) == _POINT_BYTES).all()):
        # All are plain points: their doubles lie 21 bytes apart.
        flat = np.frombuffer(data, np.uint8, count * _POINT_BYTES, int(offsets[0])).reshape(count, _POINT_BYTES)
        if bool((flat[:, :5] == (_LITTLE, _POINT, 0, 0, 0)).all()):
            numbers = np.ascontiguousarray(flat[:, 5:]).view("<f8")
            return numbers[:, 1].copy(), numbers[:, 0].copy()
    points = np.array([middle_of(value) for value in column.to_pylist()], np.float64).reshape(count, 2)
    return points[:, 0], points[:, 1]


def middle_of(wkb: bytes | None) -> tuple[float, float]:
    """Latitude and longitude of the middle of a geometry's box, NaN where it is broken or empty."""
    xs: list[float] = []
    ys: list[float] = []
    try:
        _read(wkb or b"", 0, xs, ys)
    except (struct.error, IndexError, ValueError):
        xs = []
    return middle(xs, ys)


def middle(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Latitude and longitude of the middle of the box of points, NaN without any; a box never goes half round Earth."""
    if not xs:
        return float("nan"), float("nan")
    west, east = min(xs), max(xs)
    if east - west <= 180:
        return (min(ys) + max(ys)) / 2, (west + east) / 2
    beyond = [x % 360 for x in xs]
    return (min(ys) + max(ys)) / 2, ((min(beyond) + max(beyond)) / 2 + 180) % 360 - 180


def _read(wkb: bytes, at: int, xs: list[float], ys: list[float], depth: int = 0) -> int:
    """Adds the coordinates of the geometry at a position; where the next begins."""
    if depth > _DEEPEST:
        raise ValueError("geometries within geometries without end")
    order = "<" if wkb[at] == _LITTLE else ">"
    (kind,) = struct.unpack_from(f"{order}I", wkb, at + 1)
    at += 5
    width = 2 + bool(kind & _Z) + bool(kind & _M)
    if kind & _SRID:
        at += 4
    kind &= 0x0FFFFFFF
    width += (0, 1, 1, 2)[kind // 1000]
    kind %= 1000
    if kind == _POINT:
        return _coordinates(wkb, at, 1, width, order, xs, ys)
    (parts,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    if kind == 2:
        return _coordinates(wkb, at, parts, width, order, xs, ys)
    if kind == 3:
        for _ in range(parts):
            (size,) = struct.unpack_from(f"{order}I", wkb, at)
            at = _coordinates(wkb, at + 4, size, width, order, xs, ys)
        return at
    if kind not in _MULTI:
        raise ValueError(f"unknown kind {kind} of geometry")
    for _ in range(parts):
        at = _read(wkb, at, xs, ys, depth + 1)
    return at


def _coordinates(wkb: bytes, at: int, count: int, width: int, order: str, xs: list[float], ys: list[float]) -> int:
    numbers = struct.unpack_from(f"{order}{count * width}d", wkb, at)
    xs.extend(numbers[0::width])
    ys.extend(numbers[1::width])
    return at + 8 * count * width
