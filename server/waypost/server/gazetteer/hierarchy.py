"""The order of rows: each country, its regions, their districts, their localities and airports.

An area then contains exactly the rows from its own to its `last`. Children of one parent come by kind, then by
falling population, then by the source's order; so the order does not depend on anything but the sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Int32s = npt.NDArray[np.int32]


class Kind(IntEnum):
    """What a row comes from, in the order of siblings; the values are indexes into schema.CATEGORIES."""

    COUNTRY = 0
    REGION = 1
    DISTRICT = 2
    LOCALITY = 3
    POSTAL_CODE = 4
    AIRPORT = 5


@dataclass(frozen=True, slots=True)
class Nodes:
    """Places before they are ordered, (n,) each.

    `country`, `region` and `district` are indexes of nodes, its own for an area, -1 where there is none;
    `population` orders siblings; `source` is the index in the source.
    """

    kind: npt.NDArray[np.uint8]
    source: Int32s
    country: Int32s
    region: Int32s
    district: Int32s
    population: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Rows in their final order. `row_of_node` (n,) tells where each node went; the rest is by row."""

    row_of_node: Int32s
    kind: npt.NDArray[np.uint8]
    source: Int32s
    country: Int32s
    region: Int32s
    district: Int32s
    last: Int32s

    def rows_of(self, kind: Kind) -> Int32s:
        """The rows of one kind, rising."""
        return np.flatnonzero(self.kind == kind).astype(np.int32)


def order_rows(nodes: Nodes) -> Hierarchy:
    """The rows of `nodes` in hierarchy order."""
    count = len(nodes.kind)
    siblings = np.lexsort((nodes.source, -nodes.population))
    rank = np.empty(count, np.int64)
    rank[siblings] = np.arange(count)
    # What hangs on a country or region directly comes after that country's regions or region's districts;
    # the area itself comes before everything.
    region_key = np.where(nodes.region >= 0, rank[nodes.region], count)
    region_key[nodes.kind == Kind.COUNTRY] = -1
    district_key = np.where(nodes.district >= 0, rank[nodes.district], count)
    district_key[(nodes.kind == Kind.COUNTRY) | (nodes.kind == Kind.REGION)] = -1
    order = np.lexsort((rank, nodes.kind, district_key, region_key, rank[nodes.country]))

    row_of_node = np.empty(count, np.int32)
    row_of_node[order] = np.arange(count, dtype=np.int32)

    def to_rows(node: Int32s) -> Int32s:
        return np.where(node >= 0, row_of_node[node], -1).astype(np.int32)[order]

    country, region, district = to_rows(nodes.country), to_rows(nodes.region), to_rows(nodes.district)
    last = np.arange(count, dtype=np.int32)
    for area in (country, region, district):
        inside = np.flatnonzero(area >= 0)
        np.maximum.at(last, area[inside], inside.astype(np.int32))
    return Hierarchy(row_of_node, nodes.kind[order], nodes.source[order], country, region, district, last)
