"""Which boundary of the source contains a point.

Points are looked up by cell: most cells lie within one boundary as a whole, so that only points in cells that a
boundary crosses are compared with its polygon.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints, group_starts

#: Side of a cell in degrees, about half a kilometre.
_CELL = 0.005
_COLUMNS = int(360 / _CELL) + 1
#: Points looked up at a time.
_SLICE = 1_000_000


class AreaIndex:
    """Areas of one kind; where several contain a point the finest counts: highest admin level, then least extent."""

    def __init__(self, areas: pa.Table, kinds: tuple[int, ...]) -> None:
        """Of a table of records.AREA. `number` are the rows of the table that are used, the finest first."""
        kind = areas.column("kind").to_numpy()
        chosen = np.flatnonzero(np.isin(kind, kinds))
        polygons = shapely.from_wkb(areas.column("polygon").take(pa.array(chosen)).to_pylist(), on_invalid="ignore")
        usable = ~(shapely.is_missing(polygons) | shapely.is_empty(polygons))
        chosen, polygons = chosen[usable], np.asarray(polygons)[usable]
        broken = ~shapely.is_valid(polygons)
        polygons[broken] = shapely.make_valid(polygons[broken])
        level = areas.column("admin_level").fill_null(0).to_numpy()[chosen].astype(np.int64)
        order = np.lexsort((chosen, shapely.area(polygons), -level))
        self.number: Int64s = chosen[order]
        self.polygons = polygons[order]
        shapely.prepare(self.polygons)
        self._tree = shapely.STRtree(self.polygons)

    def __len__(self) -> int:
        return len(self.number)

    def containing(self, latitude: Floats, longitude: Floats) -> Ints:
        """Of each point the index into `number` of the finest area that contains it, -1 where none does."""
        found = np.full(len(latitude), -1, np.int32)
        if len(self):
            for start in range(0, len(latitude), _SLICE):
                part = slice(start, start + _SLICE)
                found[part] = self._slice(latitude[part], longitude[part])
        return found

    def _slice(self, latitude: Floats, longitude: Floats) -> Ints:
        row, column = np.floor((latitude + 90) / _CELL), np.floor((longitude + 180) / _CELL)
        cell = row.astype(np.int64) * _COLUMNS + column.astype(np.int64)
        distinct, cell_of = np.unique(cell, return_inverse=True)
        south, west = distinct // _COLUMNS * _CELL - 90, distinct % _COLUMNS * _CELL - 180
        boxes = shapely.box(west, south, west + _CELL, south + _CELL)
        met, area = self._tree.query(boxes)
        # Not by the tree itself: it would prepare the boxes, which are simple, and not the polygons.
        touching = shapely.intersects(self.polygons[area], boxes[met])
        met, area = met[touching], area[touching]
        whole = shapely.covers(self.polygons[area], boxes[met])
        none = len(self)
        # The finest area that covers the cell, and those finer ones that cross it.
        covering = np.full(len(distinct), none)
        np.minimum.at(covering, met[whole], area[whole])
        best = covering[cell_of]
        crossing = ~whole & (area < covering[met])
        self._compare(met[crossing], area[crossing], cell_of, latitude, longitude, best)
        result: Ints = np.where(best == none, -1, best).astype(np.int32)
        return result

    def _compare(
        self, met: Int64s, area: Int64s, cell_of: Int64s, latitude: Floats, longitude: Floats, best: Int64s
    ) -> None:
        """Compares the points of cells with the areas that cross them, and keeps the finest in `best`."""
        by_cell = np.argsort(cell_of, kind="stable")
        first = np.searchsorted(cell_of[by_cell], met)
        last = np.searchsorted(cell_of[by_cell], met, side="right")
        order = np.argsort(area, kind="stable")
        starts = group_starts(area[order])
        for group in np.split(order, starts[1:]) if len(order) else []:
            number = int(area[group[0]])
            points = np.concatenate([by_cell[first[pair] : last[pair]] for pair in group])
            inside = shapely.contains_xy(self.polygons[number], longitude[points], latitude[points])
            points = points[inside]
            best[points] = np.minimum(best[points], number)


def boxes_of(polygons: npt.NDArray[np.object_]) -> Floats:
    """(n, 4) south, west, north, east."""
    bounds: Floats = shapely.bounds(polygons)[:, [1, 0, 3, 2]]
    return bounds
