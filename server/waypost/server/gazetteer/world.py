"""Countries, areas, places and airports as ordered rows with points, populations and ids; no names yet, no codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer import accuracy
from waypost.server.gazetteer.geometry import distance_m, group_quantile, to_degrees, unit_vectors
from waypost.server.gazetteer.hierarchy import Hierarchy, Kind, order_rows
from waypost.server.gazetteer.nodes import JoinedSources
from waypost.server.gazetteer.sources.countries import UNINHABITED
from waypost.server.gazetteer.texts import TEXT, concatenated, text_array
from waypost.server.model import LocationSource

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

#: Share of an area's localities that its `accuracy_m` must hold.
_WITHIN = 0.9
#: With fewer localities than this an area's own spread says little, and its country's median counts as well.
_FEW_LOCALITIES = 5


@dataclass(frozen=True, slots=True)
class World:
    """Everything but names and postal codes, by row; see schema.PLACES for the meaning of each field."""

    joined: JoinedSources
    hierarchy: Hierarchy
    population: npt.NDArray[np.int64]
    latitude: Floats
    longitude: Floats
    accuracy_m: Floats
    location_source: npt.NDArray[np.uint8]
    location_from: Int32s
    locality: Int32s
    time_zone: pa.Array
    place_id: pa.Array
    source_id: pa.Array

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return len(self.latitude)

    def rows(self, kind: Kind) -> tuple[Int32s, Int32s]:
        """The rows of one kind and, for each, its index in its source."""
        rows = self.hierarchy.rows_of(kind)
        return rows, self.hierarchy.source[rows]


def lay_out(joined: JoinedSources) -> World:
    """The rows of the joined sources, each with a point."""
    nodes = joined.nodes
    hierarchy = order_rows(nodes)
    order = np.argsort(hierarchy.row_of_node)
    count = len(order)
    population = nodes.population[order]
    localities = hierarchy.rows_of(Kind.LOCALITY)

    latitude, longitude = np.full(count, np.nan), np.full(count, np.nan)
    airports = joined.airports
    for kind, source in ((Kind.LOCALITY, joined.places), (Kind.AIRPORT, airports)):
        rows = hierarchy.rows_of(kind)
        if source is not None:
            latitude[rows] = source.latitude[hierarchy.source[rows]]
            longitude[rows] = source.longitude[hierarchy.source[rows]]
    zones = np.full(count, "", dtype=object)
    zones[localities] = joined.places.time_zone.to_numpy(zero_copy_only=False)[hierarchy.source[localities]]
    if airports is not None:
        rows = hierarchy.rows_of(Kind.AIRPORT)
        zones[rows] = airports.time_zone.to_numpy(zero_copy_only=False)[hierarchy.source[rows]]

    radius = np.full(count, accuracy.AIRPORT_M)
    radius[localities] = accuracy.locality_accuracy_m(population[localities].astype(np.float64))
    location_source = np.full(count, LocationSource.OWN, np.uint8)
    location_from = np.full(count, -1, np.int32)
    _place_areas(joined, hierarchy, population, latitude, longitude, radius, location_source, location_from, zones)
    locality = np.full(count, -1, np.int32)
    locality[localities] = localities
    served = joined.airport_place
    rows = hierarchy.row_of_node[joined.first_airport :]
    locality[rows] = np.where(served >= 0, hierarchy.row_of_node[joined.first_place + served], -1)
    place_id, source_id = _ids(joined)
    taken = pa.array(order)
    return World(
        joined, hierarchy, population, latitude, longitude, radius, location_source, location_from, locality,
        text_array(zones), place_id.take(taken), source_id.take(taken),
    )  # fmt: skip


def _place_areas(
    joined: JoinedSources,
    hierarchy: Hierarchy,
    population: npt.NDArray[np.int64],
    latitude: Floats,
    longitude: Floats,
    radius: Floats,
    location_source: npt.NDArray[np.uint8],
    location_from: Int32s,
    zones: npt.NDArray[np.object_],
) -> None:
    """Fills in what the sources lack for countries, regions and districts, from the localities in them."""
    count = len(latitude)
    # By rising population, so that the zone of the largest is what stays.
    localities = hierarchy.rows_of(Kind.LOCALITY)
    localities = localities[np.argsort(population[localities], kind="stable")]
    points = unit_vectors(latitude[localities], longitude[localities])
    # The square root lets large cities pull the centre towards them without letting one of them be it.
    weights = np.sqrt(1.0 + population[localities])[:, None] * points
    for kind, area_of in (
        (Kind.COUNTRY, hierarchy.country),
        (Kind.REGION, hierarchy.region),
        (Kind.DISTRICT, hierarchy.district),
    ):
        inside = area_of[localities] >= 0
        area: npt.NDArray[np.int64] = area_of[localities[inside]].astype(np.int64)
        sums: Floats = np.zeros((count, 3))
        for axis in range(3):
            sums[:, axis] = np.bincount(area, weights[inside, axis], count)
        sizes = np.bincount(area, minlength=count)
        rows = hierarchy.rows_of(kind)
        filled = rows[sizes[rows] > 0]
        latitude[filled], longitude[filled] = to_degrees(sums[filled])
        location_source[rows] = LocationSource.CENTROID
        centres = unit_vectors(latitude, longitude)
        spread = group_quantile(distance_m(points[inside], centres[area]), area, count, _WITHIN)
        radius[rows] = np.maximum(spread[rows], accuracy.SMALLEST_AREA_M)
        _widen_small_areas(rows, sizes, hierarchy.country, radius)
        zones[area] = zones[localities[inside]]
        if kind == Kind.COUNTRY:
            for row in rows[sizes[rows] == 0]:
                code = joined.countries[hierarchy.source[row]].code
                latitude[row], longitude[row] = UNINHABITED[code]
                radius[row] = accuracy.UNINHABITED_M
        else:
            # No locality of the data lies in it: the area above is all that is known.
            empty = rows[sizes[rows] == 0]
            above = hierarchy.region[empty] if kind == Kind.DISTRICT else hierarchy.country[empty]
            above = np.where(above >= 0, above, hierarchy.country[empty])
            for column in (latitude, longitude, radius, zones):
                column[empty] = column[above]
            location_source[empty] = LocationSource.INHERITED
            location_from[empty] = np.where(location_from[above] >= 0, location_from[above], above)


def _widen_small_areas(rows: Int32s, sizes: npt.NDArray[np.int64], country: Int32s, radius: Floats) -> None:
    known = rows[sizes[rows] >= _FEW_LOCALITIES]
    owners = country[known].astype(np.int64)
    median = group_quantile(radius[known], owners, len(radius), 0.5)[country[rows]]
    few = (sizes[rows] < _FEW_LOCALITIES) & ~np.isnan(median)
    radius[rows[few]] = np.maximum(np.nan_to_num(radius[rows[few]]), median[few])


def _ids(joined: JoinedSources) -> tuple[pa.Array, pa.Array]:
    """Ids by node: of the API and of the source."""
    subdivisions = joined.subdivisions
    areas = pa.array(joined.area_source)
    number, iso, code = (
        column.take(areas) for column in (subdivisions.geoname_id, subdivisions.iso_code, subdivisions.geonames_code)
    )
    hyphenated = pc.replace_substring(pc.utf8_lower(code), ".", "-")
    no_number, no_iso = pc.equal(number, ""), pc.equal(iso, "")
    area_ids = pc.if_else(
        pc.invert(no_number),
        concatenated("gn-", number),
        pc.if_else(no_iso, concatenated("gnc-", hyphenated), concatenated("iso-", pc.utf8_lower(iso))),
    )
    area_sources = pc.if_else(pc.invert(no_number), number, pc.if_else(no_iso, code, iso))
    country_numbers = text_array(str(country.geoname_id) for country in joined.countries)
    place_numbers = pa.array(joined.places.geoname_id).cast(TEXT)
    airport_codes = joined.airports.code if joined.airports else text_array([])
    airport_ids = pc.replace_substring_regex(pc.utf8_lower(airport_codes), "[^a-z0-9]", "-")
    country_ids, place_ids = concatenated("gn-", country_numbers), concatenated("gn-", place_numbers)
    ids = [country_ids, area_ids, place_ids, concatenated("ap-", airport_ids)]
    return pa.concat_arrays(ids), pa.concat_arrays([country_numbers, area_sources, place_numbers, airport_codes])
