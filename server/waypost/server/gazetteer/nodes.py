"""Joins the sources into one list of nodes, still in the order of the sources, ready to be ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.areas import Areas, join_areas
from waypost.server.gazetteer.geometry import distance_m, group_slices, nearest, unit_vectors
from waypost.server.gazetteer.hierarchy import Kind, Nodes
from waypost.server.gazetteer.locality_names import LocalityNames
from waypost.server.gazetteer.sources.airports import AirportsSource
from waypost.server.gazetteer.sources.countries import Country
from waypost.server.gazetteer.sources.places import PlacesSource
from waypost.server.gazetteer.sources.subdivisions import REGION_LEVEL, SubdivisionsSource
from waypost.server.gazetteer.texts import index_in, text_array

Int32s = npt.NDArray[np.int32]

#: An airport serves the city that its source names if that lies within this distance; Narita is 60 km from Tokyo.
AIRPORT_CITY_M = 100_000.0
#: Else the nearest locality, if it is a neighbour.
AIRPORT_NEIGHBOUR_M = 30_000.0


@dataclass(frozen=True, slots=True)
class JoinedSources:
    """The sources beside each other. Nodes are countries, kept areas, places, airports, one after the other.

    `area_source` (a,) indexes the kept areas in the source; `airport_place` (q,) is the place that each airport
    serves, -1 if none.
    """

    countries: tuple[Country, ...]
    subdivisions: SubdivisionsSource
    areas: Areas
    places: PlacesSource
    airports: AirportsSource | None
    area_source: Int32s
    airport_place: Int32s
    nodes: Nodes

    @property
    def first_place(self) -> int:
        """Node of the first place."""
        return len(self.countries) + len(self.area_source)

    @property
    def first_airport(self) -> int:
        """Node of the first airport."""
        return self.first_place + len(self.places.geoname_id)


def join_sources(
    countries: tuple[Country, ...],
    subdivisions: SubdivisionsSource,
    places: PlacesSource,
    airports: AirportsSource | None,
) -> JoinedSources:
    """Nodes of every country, area, place and airport (None leaves the airports out)."""
    areas = join_areas(countries, subdivisions, places)
    area_source = np.flatnonzero(areas.country >= 0).astype(np.int32)
    area_node = np.full(len(areas.country), -1, np.int32)
    area_node[area_source] = len(countries) + np.arange(len(area_source), dtype=np.int32)
    is_region = subdivisions.level[area_source] == REGION_LEVEL
    own = area_node[area_source]
    parent = subdivisions.parent[area_source]

    place_region = _pick(area_node, areas.place_region)
    place_district = _pick(area_node, areas.place_district)
    hosts, served = _places_of_airports(countries, places, areas, airports)
    airport_country = (
        index_in(airports.country_code, text_array(country.code for country in countries))
        if airports
        else np.zeros(0, np.int32)
    )
    country_nodes = np.arange(len(countries), dtype=np.int32)
    none = np.full(len(countries), -1, np.int32)
    population = _populations(countries, places, place_region, place_district, len(countries) + len(area_source))
    nodes = Nodes(
        kind=np.repeat(
            np.array([Kind.COUNTRY, Kind.LOCALITY, Kind.AIRPORT], np.uint8),
            [len(countries) + len(area_source), len(places.geoname_id), len(hosts)],
        ),
        source=np.concatenate(
            [country_nodes, area_source, np.arange(len(places.geoname_id)), np.arange(len(hosts))]
        ).astype(np.int32),
        country=np.concatenate([country_nodes, areas.country[area_source], areas.place_country, airport_country]),
        region=np.concatenate(
            [none, np.where(is_region, own, _pick(area_node, parent)), place_region, _pick(place_region, hosts)]
        ),
        district=np.concatenate(
            [none, np.where(is_region, -1, own).astype(np.int32), place_district, _pick(place_district, hosts)]
        ),
        population=np.concatenate([population, places.population, np.zeros(len(hosts), np.int64)]),
    )
    nodes.kind[len(countries) : len(countries) + len(area_source)] = np.where(is_region, Kind.REGION, Kind.DISTRICT)
    return JoinedSources(countries, subdivisions, areas, places, airports, area_source, served, nodes)


def _pick(values: Int32s, index: npt.NDArray[np.integer]) -> Int32s:
    return np.where(index >= 0, values[index], -1).astype(np.int32) if len(index) else np.zeros(0, np.int32)


def _populations(
    countries: tuple[Country, ...], places: PlacesSource, region: Int32s, district: Int32s, area_end: int
) -> npt.NDArray[np.int64]:
    """(area_end,) a country's own; of an area the sum of its places."""
    total = np.zeros(area_end, np.int64)
    total[: len(countries)] = [country.population for country in countries]
    for area in (region, district):
        inside = area >= 0
        np.add.at(total, area[inside], places.population[inside])
    return total


def _places_of_airports(
    countries: tuple[Country, ...], places: PlacesSource, areas: Areas, airports: AirportsSource | None
) -> tuple[Int32s, Int32s]:
    """Per airport the nearest place of its country, which tells its areas, and the place that it serves."""
    if airports is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    country = index_in(airports.country_code, text_array(item.code for item in countries))
    where = unit_vectors(airports.latitude, airports.longitude)
    targets = unit_vectors(places.latitude, places.longitude)
    members = dict(group_slices(areas.place_country.astype(np.int64)))
    hosts = np.full(len(country), -1, np.int32)
    for code, indexes in group_slices(country.astype(np.int64)):
        if code in members:
            hosts[indexes] = members[code][nearest(where[indexes], targets[members[code]])]

    by_population = np.argsort(-places.population, kind="stable").astype(np.int32)
    names = LocalityNames(areas.place_country[by_population], places.name.take(pa.array(by_population)), by_population)
    named = names.find(country, airports.city)
    named = np.where((named >= 0) & (distance_m(where, targets[named]) <= AIRPORT_CITY_M), named, -1)
    close = (hosts >= 0) & (distance_m(where, targets[hosts]) <= AIRPORT_NEIGHBOUR_M)
    return hosts, np.where(named >= 0, named, np.where(close, hosts, -1)).astype(np.int32)
