"""Shapes of OpenStreetMap as numbers: lines as vertices, and one point and a box for what has an extent."""

from __future__ import annotations

import struct
from typing import NamedTuple

from osmium import InvalidLocationError
from osmium.geom import WKBFactory, use_nodes
from osmium.osm import Area, Way

#: Vertices, longitude before latitude by turns, as WKB has them.
Vertices = tuple[float, ...]

_FACTORY = WKBFactory()
#: Byte order, type and number of points before the points of a line.
_LINE_HEADER_BYTES = 9


class Extent(NamedTuple):
    """A point that stands for something large, and its box."""

    latitude: float
    longitude: float
    south: float
    west: float
    north: float
    east: float


def line_of(way: Way) -> Vertices:
    """The vertices of a way, those that the file has; empty where it has none of them."""
    try:
        wkb = bytes.fromhex(_FACTORY.create_linestring(way, use_nodes.ALL))
    except (InvalidLocationError, RuntimeError):  # an extract cuts ways at its edge; RuntimeError: less than two nodes
        return tuple(
            degrees for node in way.nodes if node.location.valid() for degrees in (node.location.lon, node.location.lat)
        )
    return struct.unpack_from(f"<{(len(wkb) - _LINE_HEADER_BYTES) // 8}d", wkb, _LINE_HEADER_BYTES)


def polygon_of(area: Area) -> bytes:
    """The WKB of an area; empty where its nodes are not all in the file."""
    try:
        return bytes.fromhex(_FACTORY.create_multipolygon(area))
    except (InvalidLocationError, RuntimeError):
        return b""


def outline_of(area: Area) -> Vertices:
    """The vertices of an area's longest outer ring."""
    rings = [
        tuple(degrees for node in ring if node.location.valid() for degrees in (node.location.lon, node.location.lat))
        for ring in area.outer_rings()
    ]
    return max(rings, key=len, default=())


def extent_of(line: Vertices) -> Extent:
    """The centre of a ring, by area, or of a line, by its vertices, with the box; the line must not be empty."""
    longitudes, latitudes = line[0::2], line[1::2]
    west, east, south, north = min(longitudes), max(longitudes), min(latitudes), max(latitudes)
    latitude, longitude = _centre(longitudes, latitudes)
    if not (south <= latitude <= north and west <= longitude <= east):  # a ring that crosses itself
        latitude, longitude = (south + north) / 2, (west + east) / 2
    return Extent(latitude, longitude, south, west, north, east)


def _centre(longitudes: Vertices, latitudes: Vertices) -> tuple[float, float]:
    count = len(latitudes)
    if count > 3 and longitudes[0] == longitudes[-1] and latitudes[0] == latitudes[-1]:
        # The centroid by the shoelace formula, from the first vertex on so that nothing is lost to rounding.
        x0, y0 = longitudes[0], latitudes[0]
        twice_area = x_sum = y_sum = 0.0
        x_before = y_before = 0.0
        for x, y in zip(longitudes[1:], latitudes[1:], strict=True):
            x -= x0
            y -= y0
            cross = x_before * y - x * y_before
            twice_area += cross
            x_sum += (x_before + x) * cross
            y_sum += (y_before + y) * cross
            x_before, y_before = x, y
        if twice_area:
            return y0 + y_sum / (3 * twice_area), x0 + x_sum / (3 * twice_area)
    return sum(latitudes) / count, sum(longitudes) / count
