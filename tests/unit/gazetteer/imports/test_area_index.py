from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.gazetteer.imports.area_index import AreaIndex
from waypost.server.gazetteer.imports.records import AREA

_KIND = 4


def index(*areas: tuple[int, shapely.Geometry]) -> AreaIndex:
    """Of (admin level, polygon) pairs."""
    rows = [{"kind": _KIND, "admin_level": level, "polygon": shapely.to_wkb(polygon)} for level, polygon in areas]
    return AreaIndex(pa.Table.from_pylist(rows, AREA), (_KIND,))


def at(found: AreaIndex, latitude: float, longitude: float) -> int:
    """The number of the area at a point as given to `index`, -1 where there is none."""
    area = int(found.containing(np.array([latitude]), np.array([longitude]))[0])
    return int(found.number[area]) if area >= 0 else -1


def test_the_finest_area_that_contains_a_point_is_found() -> None:
    found = index((6, shapely.box(0, 0, 2, 2)), (8, shapely.box(0, 0, 1, 1)), (8, shapely.box(0.4, 0.4, 0.6, 0.6)))
    assert [at(found, latitude, latitude) for latitude in (0.5, 0.1, 1.5, 2.5)] == [2, 1, 0, -1]


def test_a_hole_is_no_part_of_an_area() -> None:
    ring = shapely.box(0, 0, 1, 1).difference(shapely.box(0.30001, 0.30001, 0.7, 0.7))
    found = index((8, ring))
    assert [at(found, 0.5, 0.5), at(found, 0.3, 0.5), at(found, 0.1, 0.1)] == [-1, 0, 0]


def test_areas_of_other_kinds_and_broken_ones_are_left_out() -> None:
    rows = [
        {"kind": _KIND + 1, "admin_level": 9, "polygon": shapely.to_wkb(shapely.box(0, 0, 1, 1))},
        {"kind": _KIND, "admin_level": 8, "polygon": b"no polygon"},
        {"kind": _KIND, "admin_level": 8, "polygon": None},
        {"kind": _KIND, "admin_level": 8, "polygon": shapely.to_wkb(shapely.box(0, 0, 1, 1))},
    ]
    assert AreaIndex(pa.Table.from_pylist(rows, AREA), (_KIND,)).number.tolist() == [3]


def test_a_polygon_that_crosses_itself_is_mended() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert at(index((8, bow)), 0.5, 0.1) == 0


def test_without_areas_nothing_contains_a_point() -> None:
    assert at(index(), 0.5, 0.5) == -1


@given(
    st.lists(st.tuples(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03)), min_size=1, max_size=60),
    st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02), st.floats(0.001, 0.02)), min_size=1, max_size=6),
)
def test_points_find_what_comparing_with_every_polygon_finds(
    points: list[tuple[float, float]], circles: list[tuple[float, float, float]]
) -> None:
    polygons = [shapely.Point(x, y).buffer(radius) for x, y, radius in circles]
    found = index(*((8, polygon) for polygon in polygons))
    latitude, longitude = np.array(points).T
    areas = found.containing(latitude, longitude)
    for number, (y, x) in enumerate(points):
        inside = [k for k, polygon in enumerate(found.polygons) if shapely.contains_xy(polygon, x, y)]
        assert areas[number] == (inside[0] if inside else -1)
