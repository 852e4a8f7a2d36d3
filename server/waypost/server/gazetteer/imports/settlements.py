"""The settlements of an import: those that the world has too, by name and nearness, and those of its own.

A *place* is a number: below `WorldPlaces.row_count` a row of the world, from there on a settlement of the layer. A
settlement that the world has is never one of the layer's, so that nobody is answered the same town twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from waypost.server.gazetteer.imports.area_index import AreaIndex, boxes_of
from waypost.server.gazetteer.imports.points import METRES_PER_DEGREE, Floats, Int64s, Ints, cosine, separation_m
from waypost.server.gazetteer.imports.world_places import WorldPlaces, settlement_key, settlement_score
from waypost.server.geocoder.reverse_index import URBAN_DENSITY
from waypost.server.model import PlaceType

#: A record and a row of the world of one name are one settlement up to this distance, and as far as the town reaches.
SAME_PLACE_M = 5_000.0
#: What a settlement without a population counts as, by its category in OpenStreetMap's words.
USUAL_POPULATION = {
    "city": 100_000, "borough": 50_000, "town": 7_000, "village": 500, "hamlet": 60, "isolated_dwelling": 8,
    "farm": 8, "locality": 8, "allotments": 30,
}  # fmt: skip
_UNKNOWN_POPULATION = 300
_RECORDS_AT_A_TIME = 10_000
#: Settlements of the world are looked at as far as this around the data, in degrees of latitude: 60 km.
_MARGIN = 0.55
#: As near to the antimeridian the nearest town may be beyond it, even far in the north; beyond that latitude none is.
_BESIDE_DEGREES = 10.0
_MOST_LATITUDE = 89.0


@dataclass(slots=True)
class Settlement:
    """A settlement of the layer: `kind` LOCALITY or NEIGHBORHOOD, `record` its row in the table of places, or -1.

    `area` is its row in the table of areas, or -1; `spelling` the text that it was made from where it has no record.
    """

    kind: int
    name: str
    latitude: float
    longitude: float
    population: int
    category: str
    box: tuple[float, float, float, float]
    record: int = -1
    area: int = -1


class Settlements:
    """All settlements that records can lie in.

    `boundaries` are those of settlements, `of_area` (boundaries,) the place that each of them stands for; `own` are the
    settlements of the layer, in order; `by_name` has places by settlement_key, in the world near the data and in the
    layer.
    """

    def __init__(self, world: WorldPlaces, boundaries: AreaIndex, by_name: dict[str, list[int]]) -> None:
        self.world = world
        self.boundaries = boundaries
        self.by_name = by_name
        self.of_area: Ints = np.zeros(0, np.int32)
        self.own: list[Settlement] = []
        # Latitude, longitude and inhabitants of the layer's own, with room for more: they are asked for between adding.
        self._table = np.zeros((16, 3))
        self._nearby: _Nearby | None = None

    def add(self, settlement: Settlement, *names: str) -> int:
        """Makes it one of the layer's, by its names; its place."""
        number = len(self.own)
        self.own.append(settlement)
        if number == len(self._table):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        people = settlement.population or usual_population(settlement.category)
        self._table[number] = settlement.latitude, settlement.longitude, people
        self._nearby = None
        place = self.world.row_count + number
        for key in {settlement_key(name) for name in (settlement.name, *names)} - {""}:
            self.by_name.setdefault(key, []).append(place)
        return place

    def point(self, places: Ints) -> tuple[Floats, Floats]:
        """Latitude and longitude of places."""
        own = places >= self.world.row_count
        row, number = np.where(own, 0, places), np.where(own, places - self.world.row_count, 0)
        return (
            np.where(own, self._table[number, 0], self.world.latitude[row]),
            np.where(own, self._table[number, 1], self.world.longitude[row]),
        )

    def population(self, places: Ints) -> Floats:
        """Inhabitants of places, guessed where unknown."""
        own = places >= self.world.row_count
        row, number = np.where(own, 0, places), np.where(own, places - self.world.row_count, 0)
        return np.where(own, self._table[number, 2], self.world.population[row])

    def at(self, latitude: Floats, longitude: Floats) -> Ints:
        """Of each point the place whose boundary contains it, else the one that people would name."""
        places = self.around(latitude, longitude)
        open_points = np.flatnonzero(places < 0)
        if len(open_points):
            places[open_points] = self.nearest(latitude[open_points], longitude[open_points])
        return places

    def around(self, latitude: Floats, longitude: Floats) -> Ints:
        """Of each point the place whose boundary contains it, -1 where none does."""
        if not len(self.of_area):
            return np.full(len(latitude), -1, np.int32)
        area = self.boundaries.containing(latitude, longitude)
        return np.where(area >= 0, self.of_area[area], -1).astype(np.int32)

    def nearest(self, latitude: Floats, longitude: Floats) -> Ints:
        """The nearest by the measure of a reverse lookup, of the world and of the layer's own."""
        rows = self.world.at(latitude, longitude)
        if self._nearby is None:
            towns = np.flatnonzero([own.kind == PlaceType.LOCALITY for own in self.own])
            self._nearby = _Nearby(towns, self._table[towns])
        near, own_m, people = self._nearby.nearest(latitude, longitude)
        if not len(near):
            return rows
        world_m = separation_m(latitude, longitude, self.world.latitude[rows], self.world.longitude[rows])
        is_town = self.world.place_type[rows] == PlaceType.LOCALITY
        score = np.where(is_town, self.world.score(rows, world_m), np.inf)
        # A hamlet does not own the land beyond the towns' reach.
        nearer = (settlement_score(people, own_m, 1.0) < score) & (own_m <= _reach_m(people))
        return np.where(nearer, self.world.row_count + near, rows).astype(np.int32)


class _Nearby:
    """Finds the nearest of the layer's own towns; `table` has latitude, longitude and inhabitants of `numbers`."""

    def __init__(self, numbers: Int64s, table: Floats) -> None:
        # Those beside the antimeridian stand on the other side of the map, too.
        east, west = (np.flatnonzero(side * table[:, 1] > 180.0 - _BESIDE_DEGREES) for side in (1, -1))
        rows = np.concatenate([np.arange(len(table)), east, west])
        around = np.repeat([0.0, -360.0, 360.0], [len(table), len(east), len(west)])
        self._numbers = numbers[rows]
        self._table = table[rows]
        self._tree = shapely.STRtree(_on_mercators_map(self._table[:, 0], self._table[:, 1] + around))

    def nearest(self, latitude: Floats, longitude: Floats) -> tuple[Int64s, Floats, Floats]:
        """Of each point the number of the nearest town, the metres to it, its inhabitants; nothing without towns."""
        if not len(self._numbers):
            return self._numbers, self._table[:, 0], self._table[:, 2]
        at = self._tree.nearest(_on_mercators_map(latitude, longitude))
        town = self._table[at]
        return self._numbers[at], separation_m(latitude, longitude, town[:, 0], town[:, 1]), town[:, 2]


def _on_mercators_map(latitude: Floats, longitude: Floats) -> npt.NDArray[np.object_]:
    """Points on a map of one scale in all directions, so that the nearest on it is the nearest, wherever it is."""
    phi = np.radians(np.clip(latitude, -_MOST_LATITUDE, _MOST_LATITUDE))
    points: npt.NDArray[np.object_] = shapely.points(longitude, np.degrees(np.arcsinh(np.tan(phi))))
    return points


def _reach_m(population: Floats) -> Floats:
    """How far from its centre people name a settlement at most, if others are in reach."""
    return 3_000.0 + 3.0 * urban_radius_m(population)


def urban_radius_m(population: npt.NDArray[np.generic] | float) -> Floats:
    """The radius of a round built-up area of usual density."""
    radius: Floats = np.sqrt(np.maximum(np.asarray(population, np.float64), 1.0) / (np.pi * URBAN_DENSITY))
    return radius


def usual_population(category: str) -> int:
    """What a settlement of that category has if nobody tells."""
    return USUAL_POPULATION.get(category, _UNKNOWN_POPULATION)


def find_settlements(
    world: WorldPlaces, places: pa.Table, areas: pa.Table, extent: tuple[float, float, float, float]
) -> Settlements:
    """The settlements of the records, linked to the world; `extent` is south, west, north, east of all records."""
    boundaries = AreaIndex(areas, (PlaceType.LOCALITY,))
    south, west, north, east = extent
    wide = _MARGIN / float(cosine(np.array(max(abs(south), abs(north)))))
    rows = world.localities_within(south - _MARGIN, west - wide, north + _MARGIN, east + wide)
    settlements = Settlements(world, boundaries, world.by_name(rows))
    place_of_record = _link_places(settlements, places)
    settlements.of_area = _link_areas(settlements, places, areas, place_of_record)
    _add_quarters(settlements, places, areas)
    return settlements


def _link_places(settlements: Settlements, places: pa.Table) -> dict[str, int]:
    """Links settlements on record to the world, and makes the others the layer's own; places by source id."""
    found: dict[str, int] = {}
    kind = places.column("kind").to_numpy()
    for number, record in _records(places, np.flatnonzero(kind == PlaceType.LOCALITY)):
        names = record_names(record)
        if not names:
            continue
        place = same_place(settlements, names, record["latitude"], record["longitude"])
        if place < 0:
            place = settlements.add(_of_record(record, number), *names)
        found.setdefault(record["source_id"] or "", place)
    found.pop("", None)
    return found


def _records(table: pa.Table, chosen: Int64s) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a table as dictionaries, with their numbers, a few at a time: they take far more room so."""
    for start in range(0, len(chosen), _RECORDS_AT_A_TIME):
        part = chosen[start : start + _RECORDS_AT_A_TIME]
        yield from zip(part.tolist(), table.take(pa.array(part)).to_pylist(), strict=True)


def _of_record(record: dict[str, Any], number: int) -> Settlement:
    south, west, north, east = (
        np.nan if record[side] is None else record[side] for side in ("south", "west", "north", "east")
    )
    return Settlement(
        kind=record["kind"],
        name=record["name"],
        latitude=record["latitude"],
        longitude=record["longitude"],
        population=record["population"] or 0,
        category=record["category"] or "",
        box=(south, west, north, east),
        record=number,
    )


def record_names(record: dict[str, Any]) -> list[str]:
    """The names of a record, the usual one first; none where it has no usual one."""
    if not record["name"]:
        return []
    return [record["name"], *(name["text"] for name in record["names"] or [] if name and name["text"])]


def same_place(settlements: Settlements, names: list[str], latitude: float, longitude: float) -> int:
    """The place near the point that bears one of the names, the nearest one; -1 if there is none."""
    keys = dict.fromkeys(settlement_key(name) for name in names)
    candidates = np.array(sorted({place for key in keys for place in settlements.by_name.get(key, [])}), np.int32)
    if not len(candidates):
        return -1
    at = settlements.point(candidates)
    away_m = separation_m(np.full(len(candidates), latitude), np.full(len(candidates), longitude), *at)
    reach_m = SAME_PLACE_M + urban_radius_m(settlements.population(candidates))
    away_m = np.where(away_m <= reach_m, away_m, np.inf)
    best = int(np.argmin(away_m))
    return int(candidates[best]) if np.isfinite(away_m[best]) else -1


def _link_areas(settlements: Settlements, places: pa.Table, areas: pa.Table, place_of_record: dict[str, int]) -> Ints:
    """Of each boundary of a settlement its place: by its record, else by name inside it, else one of its own."""
    boundaries = settlements.boundaries
    found = np.empty(len(boundaries), np.int32)
    records = areas.take(pa.array(boundaries.number)).to_pylist()
    boxes = boxes_of(boundaries.polygons)
    # Records come in the order of the table, so that those of the layer's own are numbered alike in any order.
    for index in np.argsort(boundaries.number, kind="stable").tolist():
        record, polygon = records[index], boundaries.polygons[index]
        names = record_names(record)
        place = place_of_record.get(record["place_source_id"] or "", -1)
        if place < 0 and names:
            place = _inside(settlements, names, polygon)
        if place < 0 and names:
            middle = shapely.point_on_surface(polygon)
            settlement = Settlement(
                kind=PlaceType.LOCALITY,
                name=names[0],
                latitude=middle.y,
                longitude=middle.x,
                population=record["population"] or 0,
                category="",
                box=tuple(boxes[index].tolist()),
                area=int(boundaries.number[index]),
            )
            place = settlements.add(settlement, *names)
        found[index] = place
    return found


def _inside(settlements: Settlements, names: list[str], polygon: shapely.Geometry) -> int:
    """The most populous place of one of the names that lies in the polygon or close to it, -1 if there is none."""
    keys = dict.fromkeys(settlement_key(name) for name in names)
    candidates = sorted({place for key in keys for place in settlements.by_name.get(key, [])})
    best, best_rank = -1, (-1.0, -1)
    for place in candidates:
        number = np.array([place], np.int32)
        latitude, longitude = (float(value[0]) for value in settlements.point(number))
        near = shapely.distance(polygon, shapely.Point(longitude, latitude)) * METRES_PER_DEGREE <= SAME_PLACE_M
        rank = (float(settlements.population(number)[0]), -place)
        if near and rank > best_rank:
            best, best_rank = place, rank
    return best


def _add_quarters(settlements: Settlements, places: pa.Table, areas: pa.Table) -> None:
    """Quarters on record that the world does not have as settlements, from points and from boundaries."""
    kind = places.column("kind").to_numpy()
    for number, record in _records(places, np.flatnonzero(kind == PlaceType.NEIGHBORHOOD)):
        names = record_names(record)
        if names and same_place(settlements, names, record["latitude"], record["longitude"]) < 0:
            settlements.add(_of_record(record, number), *names)
    quarters = AreaIndex(areas, (PlaceType.NEIGHBORHOOD,))
    order = np.argsort(quarters.number, kind="stable")
    for index in order.tolist():
        record = areas.slice(int(quarters.number[index]), 1).to_pylist()[0]
        names = record_names(record)
        if names and _inside(settlements, names, quarters.polygons[index]) < 0:
            middle = shapely.point_on_surface(quarters.polygons[index])
            settlement = Settlement(
                kind=PlaceType.NEIGHBORHOOD,
                name=names[0],
                latitude=middle.y,
                longitude=middle.x,
                population=record["population"] or 0,
                category="",
                box=tuple(boxes_of(quarters.polygons[index : index + 1])[0].tolist()),
                area=int(quarters.number[index]),
            )
            settlements.add(settlement, *names)
