"""Answers to points in snapshots with imported layers, single or in columns: reverse.py and houses, level by level."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder import reverse_levels as r
from waypost.server.geocoder.columns import NO_TEXTS
from waypost.server.geocoder.houses import EXACT, HOUSE, INTERPOLATED
from waypost.server.geocoder.place_records import PLACE_RECORD
from waypost.server.geocoder.reverse import DEFAULT_TYPES, ReverseHit, ReverseHits, ReverseIndex
from waypost.server.geocoder.reverse_batch import UNMATCHED, ReverseColumns, empty_columns
from waypost.server.geocoder.reverse_confidence import POI, address_confidence, street_confidence
from waypost.server.geocoder.reverse_houses import House
from waypost.server.geocoder.reverse_streets import StreetIndex
from waypost.server.model import NoticeCode, PlaceType

#: What is answered when no types are asked for.
STREET_DEFAULT_TYPES = DEFAULT_TYPES | {PlaceType.ADDRESS, PlaceType.STREET, PlaceType.NEIGHBORHOOD}
#: Left out, the first one first, where nobody chose types and there are more results than are wanted, so that the last
#: is still the country: addresses tell their street and code, regions are coarser districts.
_TOLD_BY_OTHERS = (
    PlaceType.STREET, PlaceType.NEIGHBORHOOD, PlaceType.DISTRICT, PlaceType.POSTAL_CODE, PlaceType.REGION,
    PlaceType.COUNTRY,
)  # fmt: skip
#: Where more than this share of points needs the world's places, all are asked for: spreading answers takes time too.
_MOSTLY = 0.8
_OF_WORLD = DEFAULT_TYPES | {PlaceType.POI}
#: Notices that say that nothing is there, or that the country is in doubt: not so beside a house.
_DOUBTS = frozenset({NoticeCode.AT_SEA, NoticeCode.TOO_FAR, NoticeCode.NEAR_BORDER})

Floats = npt.NDArray[np.float64]


class MergedReverse:
    """Answers points of a snapshot with imported layers. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot, world: ReverseIndex) -> None:
        self._world = world
        self._streets = StreetIndex(snapshot)
        self._areas = r.Areas(
            self._streets.base,
            snapshot.array("place_record").reshape(-1).view(PLACE_RECORD),
            snapshot.array("address_postal").view(np.uint16),
            snapshot.array("feature_postal_offsets").view(np.int64),
            snapshot.array("feature_postal_rows").view(np.int32),
        )

    def nearest(
        self,
        latitude: float,
        longitude: float,
        place_types: frozenset[PlaceType],
        radius_m: float,
        max_results: int,
    ) -> ReverseHits:
        """What ReverseIndex.nearest gives, with houses and streets before it."""
        wanted = place_types or STREET_DEFAULT_TYPES
        streets = self._streets
        if PlaceType.POI not in wanted and not streets.is_near(np.array([latitude]), np.array([longitude]))[0]:
            return _without_unwanted(
                self._world.nearest(latitude, longitude, _of_world(place_types), radius_m, max_results),
                wanted,
                self._areas.records,
            )
        house = streets.house(latitude, longitude, radius_m, numbered=_numbered(wanted))
        world = self._world.nearest(latitude, longitude, _of_world(place_types), radius_m, max_results)
        levels, more = r.new_levels(), []
        for hit in world.hits:
            level = r.LEVEL_OF_TYPE[self._areas.records[hit.row]["place_type"]]
            if levels.row[level] >= 0:
                more.append(hit)
            else:
                levels.row[level], levels.away_m[level], levels.sure[level] = hit[:3]
        pois = streets.pois(latitude, longitude, radius_m, max_results) if PlaceType.POI in wanted else []
        quarters = streets.quarters(latitude, longitude, radius_m) if house.feature < 0 else []
        spots = r.Spots(*(pois[0] if pois else (-1, 0.0)), *(quarters[0] if quarters else (-1, 0.0)))
        street_m = streets.street_distance_m(house, latitude, longitude)
        r.merge(self._areas, house, street_m, spots, latitude, longitude, radius_m, levels)
        if not place_types:
            wanted = _fitting(levels, wanted, max_results)
        hits = self._hits(levels, house, wanted)
        if place_types and hits and len(hits) < max_results:
            known = {(hit.row, hit.house.address if hit.house else -1) for hit in hits}
            room = max_results - len(hits) + 1
            others = self._others(levels, house, wanted, latitude, longitude, radius_m, room, more)
            hits[1:1] = [hit for hit in others if (hit.row, hit.house.address if hit.house else -1) not in known]
        notices = world.notices
        if house.feature >= 0:
            notices = tuple(code for code in notices if code not in _DOUBTS)
        elif hits:
            notices = tuple(code for code in notices if code != NoticeCode.TOO_FAR)
        elif not notices:
            notices = (NoticeCode.TOO_FAR,)
        country = int(levels.row[r.COUNTRY]) if house.feature >= 0 else world.country_row
        return world._replace(hits=tuple(hits[:max_results]), notices=notices, country_row=country)

    def _hits(self, levels: r.Levels, house: House, wanted: frozenset[PlaceType]) -> list[ReverseHit]:
        return [
            ReverseHit(
                int(levels.row[level]),
                float(levels.away_m[level]),
                float(levels.sure[level]),
                house if level == r.ADDRESS else None,
            )
            for level, kind in enumerate(r.LEVELS)
            if kind in wanted and levels.row[level] >= 0
        ]

    def _others(
        self,
        levels: r.Levels,
        house: House,
        wanted: frozenset[PlaceType],
        latitude: float,
        longitude: float,
        radius_m: float,
        count: int,
        world: list[ReverseHit],
    ) -> list[ReverseHit]:
        """The next best places of the first type, if it can have several; they share what the first leaves to doubt."""
        bits = sum(1 << kind for kind in wanted)
        level = r.first_wanted(levels, bits)
        base = self._streets.base
        if level == r.POI:
            found = [ReverseHit(*spot, POI) for spot in self._streets.pois(latitude, longitude, radius_m, count)]
            airports = [hit for hit in world if self._is_poi(hit.row)]
            return sorted([*found, *airports], key=lambda hit: hit.distance_m)[:count]
        if level == r.ADDRESS and house.kind == EXACT:
            houses = self._streets.houses(latitude, longitude, radius_m, count)
            hits = [ReverseHit(base + each.feature, each.distance_m, 0.0, each) for each in houses]
            first = address_confidence(house.distance_m)
        elif level == r.STREET:
            spots = self._streets.streets(latitude, longitude, radius_m, count)
            hits = [ReverseHit(*spot, 0.0) for spot in spots]
            first = street_confidence(float(levels.away_m[level]))
        elif level in (r.LOCALITY, r.POSTAL):
            kind = r.LEVELS[level]
            return [hit for hit in world if self._areas.records[hit.row]["place_type"] == kind]
        else:
            return []
        # The first of these is the answer itself.
        return [hit._replace(confidence=(1.0 - first) / (rank + 1)) for rank, hit in enumerate(hits)]

    def _is_poi(self, row: int) -> bool:
        return bool(self._areas.records[row]["place_type"] == PlaceType.POI)

    def batch(
        self, latitude: Floats, longitude: Floats, place_types: frozenset[PlaceType], radius_m: float
    ) -> tuple[ReverseColumns, npt.NDArray[np.void] | None, TextColumn]:
        """What ReverseIndex.batch gives; the houses of the answers; the texts that numbers of houses are bytes of.

        The houses are None where no imported place can be near any of the points.
        """
        wanted = place_types or STREET_DEFAULT_TYPES
        bits = sum(1 << kind for kind in wanted)
        near = self._streets.is_near(latitude, longitude)
        if PlaceType.POI in wanted:
            near[:] = True
        at = np.flatnonzero(near)
        of_world = _of_world(place_types)
        if not at.size:
            columns = self._world.batch(latitude, longitude, of_world, radius_m)
            return _wanted_only(columns, self._areas.records, bits), None, NO_TEXTS
        streets, count = self._streets, len(latitude)
        here = latitude[at], longitude[at]
        houses = streets.batch(*here, radius_m, numbered=_numbered(wanted))
        needed = np.ones(count, bool)
        r.mark_needed(self._areas, houses, bits, at, needed)
        columns = self._columns_of_world(latitude, longitude, of_world, radius_m, needed)
        _wanted_only(columns, self._areas.records, bits)
        nothing = np.empty(0, np.int32), np.empty(0)
        pois = streets.nearest_pois(*here, radius_m) if PlaceType.POI in wanted else nothing
        quarters = nothing
        if PlaceType.NEIGHBORHOOD in wanted:
            quarters = streets.nearest_quarters(*here, radius_m, houses.feature < 0)
        told = np.zeros(count, HOUSE)
        r.merge_columns(
            self._areas, houses, *pois, *quarters, latitude, longitude, radius_m, bits, at, r.new_levels(), columns,
            told,
        )  # fmt: skip
        return columns, told, _numbers(told, at, houses.number)

    def _columns_of_world(
        self,
        latitude: Floats,
        longitude: Floats,
        of_world: frozenset[PlaceType],
        radius_m: float,
        needed: npt.NDArray[np.bool_],
    ) -> ReverseColumns:
        """What the world's places say of the points where it is needed."""
        asked = np.flatnonzero(needed)
        if asked.size > _MOSTLY * needed.size:
            return self._world.batch(latitude, longitude, of_world, radius_m)
        columns = empty_columns(needed.size)
        found = self._world.batch(latitude[asked], longitude[asked], of_world, radius_m)
        for name in ReverseColumns._fields:
            column, part = getattr(columns, name), getattr(found, name)
            column[:] = -1 if column.dtype == np.int32 else 0
            column[asked] = part
        return columns


def _wanted_only(columns: ReverseColumns, records: r.Records, wanted: int) -> ReverseColumns:
    """Takes back answers of types that nobody asked for: the country, which notices need."""
    if wanted & 1 << PlaceType.COUNTRY:
        return columns
    rows = columns.answer_row
    unwanted = (rows >= 0) & (records["place_type"][np.maximum(rows, 0)] == PlaceType.COUNTRY)
    rows[unwanted], columns.status[unwanted] = -1, UNMATCHED
    return columns


def _without_unwanted(found: ReverseHits, wanted: frozenset[PlaceType], records: r.Records) -> ReverseHits:
    """The same without results of types that nobody asked for, for one point."""
    hits = tuple(hit for hit in found.hits if records[hit.row]["place_type"] in wanted)
    notices = found.notices if hits or found.notices else (NoticeCode.TOO_FAR,)
    return found._replace(hits=hits, notices=notices)


def _fitting(levels: r.Levels, wanted: frozenset[PlaceType], most: int) -> frozenset[PlaceType]:
    """The types without those of _TOLD_BY_OTHERS that there is no room for; never without the finest one found."""
    found = [kind for level, kind in enumerate(r.LEVELS) if kind in wanted and levels.row[level] >= 0]
    for kind in _TOLD_BY_OTHERS:
        if len(found) > max(most, 1) and kind in found[1:]:
            found.remove(kind)
    return frozenset(found)


def _numbered(wanted: frozenset[PlaceType]) -> bool:
    """Whether the nearest house counts; else it is the nearest line, which may be that of another street."""
    return PlaceType.ADDRESS in wanted or PlaceType.STREET not in wanted


def _of_world(place_types: frozenset[PlaceType]) -> frozenset[PlaceType]:
    """What to ask the world's places for: the country at least, since notices tell of it."""
    return (place_types & _OF_WORLD) or (frozenset({PlaceType.COUNTRY}) if place_types else place_types)


def _numbers(told: npt.NDArray[np.void], at: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> TextColumn:
    """The numbers of computed houses as texts, told where they stand; the other texts are empty.

    `numbers` are those of the points named by `at`.
    """
    computed = told["kind"][at] == INTERPOLATED
    texts = TextColumn.from_arrow(pc.cast(pa.array(numbers[computed]), pa.large_string()))
    sizes = np.diff(texts.offsets)
    told["number_to"][at[computed]] = sizes
    offsets = np.zeros(len(told) + 1, np.int64)
    offsets[1 + at[computed]] = sizes
    return TextColumn(np.cumsum(offsets), texts.data)
