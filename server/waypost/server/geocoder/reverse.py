"""Coordinates to places: the door to the reverse index of a snapshot. Rows come out, no places.

Results are ordered so that the first is the one that a person would name: airports if asked for, the locality,
the nearest postal code, then district, region and country.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.sources.borders import SEA
from waypost.server.geocoder import reverse_confidence as confidence
from waypost.server.geocoder import reverse_kernel as kernel
from waypost.server.geocoder.borders import BorderArrays
from waypost.server.geocoder.candidates import POSTAL_REACH_M, Candidates
from waypost.server.geocoder.place_grid import (
    ANY_COUNTRY,
    LOCALITIES,
    POIS,
    POSTAL_CODES,
    PlaceGrid,
    eye_at,
    ranked_points,
)
from waypost.server.geocoder.reverse_batch import ReverseColumns, resolve_columns
from waypost.server.geocoder.reverse_houses import House
from waypost.server.model import NoticeCode, PlaceType

#: What is answered when no types are asked for: the locality with all that contains it, and its postal code.
DEFAULT_TYPES = frozenset(
    {PlaceType.LOCALITY, PlaceType.POSTAL_CODE, PlaceType.DISTRICT, PlaceType.REGION, PlaceType.COUNTRY}
)

#: The notices that bits 1 << NoticeCode mean.
_NOTICES = [tuple(code for code in NoticeCode if bits >> code & 1) for bits in range(1 << max(NoticeCode) + 1)]


class ReverseHit(NamedTuple):
    """One result: its row, the metres from the point to its location (areas that contain it 0), its confidence.

    With a house it is the house, and the row that of its street.
    """

    row: int
    distance_m: float
    confidence: float
    house: House | None = None


class ReverseHits(NamedTuple):
    """The results for one point, and what a caller should know about them.

    `country_row` is -1 at sea. `other_country_row` and `border_m` tell of NEAR_BORDER: the other country that the
    point may lie in, and the metres to its land; else -1 and infinity.
    """

    hits: tuple[ReverseHit, ...]
    country_row: int
    notices: tuple[NoticeCode, ...]
    other_country_row: int
    border_m: float


class ReverseIndex:
    """The reverse index of one snapshot. Safe to share between threads; releases the GIL while it computes."""

    def __init__(self, snapshot: Snapshot) -> None:
        borders = BorderArrays._make(snapshot.array(f"borders_{name}") for name in BorderArrays._fields)
        grid = PlaceGrid._make(snapshot.array(f"reverse_{name}") for name in PlaceGrid._fields)
        lists = [
            Candidates._make(snapshot.array(f"reverse_{kind}_{name}") for name in Candidates._fields)
            for kind in ("locality", "postal")
        ]
        columns = [snapshot.array(name) for name in ("reverse_countries", "locality", "location_source")]
        self._arrays = kernel.ReverseArrays._make([borders, grid, *lists, *columns])

    def country_at(self, latitude: float, longitude: float) -> int | None:
        """The row of the country at the point, None at sea."""
        country = kernel.country_of(self._arrays, eye_at(latitude, longitude))[0]
        return None if country == SEA else self._arrays.countries.item(country)

    def nearest(
        self,
        latitude: float,
        longitude: float,
        place_types: frozenset[PlaceType],
        radius_m: float,
        max_results: int,
    ) -> ReverseHits:
        """What is at the point, at most `max_results`, in the order told above.

        Without `place_types` one result of each of DEFAULT_TYPES. With them one of each, and if there is room the
        next best of the first type that can have several (airports, localities, postal codes). Radius in metres,
        1 to 500,000, from the point to the location of a place; countries and subdivisions have none.
        """
        wanted = _bits(place_types or DEFAULT_TYPES)
        found = kernel.resolve(self._arrays, latitude, longitude, radius_m, wanted, kernel.empty_block(1))
        hits = self._hits(found, wanted)
        if place_types and len(hits) < max_results:
            more = self._more(latitude, longitude, found, wanted, radius_m, max_results - len(hits) + 1)
            hits = hits[:1] + more + hits[1:]
        arrays = self._arrays
        return ReverseHits(
            hits=tuple(hits[:max_results]),
            country_row=arrays.countries.item(found.country) if found.country != SEA else -1,
            notices=_NOTICES[found.notices],
            other_country_row=arrays.countries.item(found.other) if found.other != SEA else -1,
            border_m=found.border_m,
        )

    def batch(
        self,
        latitude: npt.NDArray[np.float64],
        longitude: npt.NDArray[np.float64],
        place_types: frozenset[PlaceType],
        radius_m: float,
    ) -> ReverseColumns:
        """The first result of each point and what belongs to it, as columns.

        Takes contiguous float64 of equal length; a NaN or a coordinate out of range makes its row INVALID.
        """
        return resolve_columns(self._arrays, latitude, longitude, radius_m, _bits(place_types or DEFAULT_TYPES))

    def _hits(self, found: kernel.Found, wanted: int) -> list[ReverseHit]:
        rows = self._arrays.grid.rows
        hits = []
        if found.poi >= 0:
            hits.append(ReverseHit(rows.item(found.poi, 0), found.poi_m, confidence.POI))
        if found.locality >= 0 and wanted & kernel.LOCALITY_BIT:
            hits.append(ReverseHit(rows.item(found.locality, 0), found.locality_m, found.locality_confidence))
        if found.postal >= 0:
            hits.append(ReverseHit(rows.item(found.postal, 0), found.postal_m, found.postal_confidence))
        for bit, area, beside, decay_m in (
            (kernel.DISTRICT_BIT, 3, confidence.DISTRICT_BESIDE, confidence.DISTRICT_DECAY_M),
            (kernel.REGION_BIT, 2, confidence.REGION_BESIDE, confidence.REGION_DECAY_M),
        ):
            row = rows.item(found.near, area) if found.near >= 0 and wanted & bit else -1
            if row >= 0:
                sure = found.country_confidence * confidence.area_confidence(found.near_m, beside, decay_m)
                hits.append(ReverseHit(row, 0.0, sure))
        if found.country != SEA and wanted & kernel.COUNTRY_BIT:
            hits.append(ReverseHit(self._arrays.countries.item(found.country), 0.0, found.country_confidence))
        return hits

    def _more(
        self, latitude: float, longitude: float, found: kernel.Found, wanted: int, radius_m: float, count: int
    ) -> list[ReverseHit]:
        """The next best places of the first type found; those behind the first share what it leaves to doubt."""
        if found.poi >= 0:
            first, kind, country, sure = found.poi, POIS, ANY_COUNTRY, 0.0
        elif found.locality >= 0 and wanted & kernel.LOCALITY_BIT:
            first, kind, country, sure = found.locality, LOCALITIES, found.country, found.locality_confidence
        elif found.postal >= 0:
            first, kind, country, sure = found.postal, POSTAL_CODES, found.country, found.postal_confidence
            radius_m = min(radius_m, POSTAL_REACH_M)
        else:
            return []
        grid, eye = self._arrays.grid, eye_at(latitude, longitude)
        points, scores = np.empty(count, np.int32), np.empty(count, np.float64)
        size = ranked_points(grid, kind, eye, country, radius_m, points, scores)
        hits = []
        for rank, point in enumerate(points[:size].tolist()):
            if point == first:
                continue
            shared = confidence.POI if kind == POIS else (1.0 - sure) / (rank + 1)
            hits.append(
                ReverseHit(grid.rows.item(point, 0), kernel.to_point_m(grid, point, latitude, longitude), shared)
            )
        return hits


@lru_cache
def _bits(place_types: frozenset[PlaceType]) -> int:
    return sum(1 << place_type for place_type in place_types)
