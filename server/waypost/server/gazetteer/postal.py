"""One row per postal code: where it lies, how exactly that is known, and what it belongs to.

A code stands in many rows of the source, in most of them without coordinates. Its point is, in this order: the
median of its own coordinates; the point of the most populous locality that its rows name (INHERITED); the
centre of its subdivision, else of its country (CENTROID).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer import accuracy
from waypost.server.gazetteer.derived_names import without_area_words
from waypost.server.gazetteer.geometry import (
    distance_m,
    group_quantile,
    group_slices,
    nearest,
    neighbour_distance_m,
    unit_vectors,
)
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.locality_names import LocalityNames
from waypost.server.gazetteer.names import Names
from waypost.server.gazetteer.postal_defects import without_mispaired
from waypost.server.gazetteer.sources.postal_codes import PostalCodesSource
from waypost.server.gazetteer.texts import concatenated, index_in, text_array, to_mask
from waypost.server.gazetteer.world import World
from waypost.server.model import LocationSource, Precision

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

#: A code with own coordinates but no name belongs to the nearest locality, larger ones reaching further …
_REACH_EXPONENT = 0.2
#: … up to this distance. Deserts and tundra have larger areas, but no town that a person would name.
_NEAREST_LOCALITY_M = 40_000.0
#: Own coordinates further than this from every locality of their country are errors of the source.
_ASTRAY_M = 600_000.0


@dataclass(frozen=True, slots=True)
class PostalRows:
    """One entry per code, by country and code; rows are those of the world, -1 where there is none."""

    country_code: pa.Array
    code: pa.Array
    normalized: pa.Array
    country: Int32s
    anchor: Int32s
    locality: Int32s
    latitude: Floats
    longitude: Floats
    accuracy_m: Floats
    precision: npt.NDArray[np.uint8]
    location_source: npt.NDArray[np.uint8]
    location_from: Int32s


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which code (`group`, by source row) each source row tells about, and the first row of each code."""

    group: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    count: int


def locate_postal_codes(
    world: World, names: Names, place_names: tuple[Int32s, pa.Array], source: PostalCodesSource
) -> PostalRows:
    """A row for every code. `place_names` are names of localities to join by: rows and texts."""
    country_rows, sources = world.rows(Kind.COUNTRY)
    codes = text_array(world.joined.countries[index].code for index in sources)
    found = index_in(source.country_code, codes)
    country = np.where(found >= 0, country_rows[found], -1).astype(np.int32)
    normalized = pc.replace_substring_regex(pc.utf8_upper(source.code), r"[^\pL\pN]", "")
    groups = _group(source.country_code, normalized)
    named, area = _named_localities(world, names, place_names, source, country)
    named = without_mispaired(world, names, source, named, area)
    area = _named_districts(world, names, source, country, area, named)

    first = groups.first
    locality = _most_populous(named, groups, world.population)
    anchor = _finest_area(area, country, groups)
    given = ~np.isnan(source.latitude) & ~np.isnan(source.longitude)
    latitude, longitude = (
        group_quantile(values[given], groups.group[given], groups.count, 0.5)
        for values in (source.latitude, source.longitude)
    )
    own, locality = _settle_own_points(world, country[first], anchor, locality, latitude, longitude)

    inherited = ~own & (locality >= 0)
    location_from = np.where(inherited, locality, -1).astype(np.int32)
    placed = np.where(inherited, locality, anchor)
    latitude = np.where(own, latitude, world.latitude[placed])
    longitude = np.where(own, longitude, world.longitude[placed])
    radius = np.where(
        own,
        accuracy.postal_own_m(_to_next_code_m(country[first], latitude, longitude, own)),
        np.where(inherited, accuracy.postal_inherited_m(world.accuracy_m[placed]), world.accuracy_m[placed]),
    )
    precision = np.where(world.hierarchy.kind[placed] == Kind.COUNTRY, Precision.COUNTRY, Precision.REGION)
    precision = np.where(inherited, Precision.LOCALITY, precision)
    return PostalRows(
        country_code=source.country_code.take(pa.array(first)),
        code=source.code.take(pa.array(first)),
        normalized=normalized.take(pa.array(first)),
        country=country[first],
        anchor=np.where(locality >= 0, locality, anchor).astype(np.int32),
        locality=locality,
        latitude=latitude,
        longitude=longitude,
        accuracy_m=radius,
        precision=np.where(own, Precision.POSTAL_CODE, precision).astype(np.uint8),
        location_source=np.where(
            own, LocationSource.OWN, np.where(inherited, LocationSource.INHERITED, LocationSource.CENTROID)
        ).astype(np.uint8),
        location_from=location_from,
    )


def _to_next_code_m(country: Int32s, latitude: Floats, longitude: Floats, own: npt.NDArray[np.bool_]) -> Floats:
    """(codes,) metres to the nearest other own point in the country, infinite where there is none."""
    distance = np.full(len(country), np.inf)
    codes = np.flatnonzero(own)
    where = unit_vectors(latitude[codes], longitude[codes])
    for _, members in group_slices(country[codes].astype(np.int64)):
        distance[codes[members]] = neighbour_distance_m(where[members])
    return distance


def _group(country_code: pa.Array, normalized: pa.Array) -> _Groups:
    keys = concatenated(country_code, normalized, separator=" ").dictionary_encode()
    indices = keys.indices.to_numpy().astype(np.int64)
    order = pc.sort_indices(keys.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    group = rank[indices]
    _, first = np.unique(group, return_index=True)
    return _Groups(group, first, len(order))


def _named_localities(
    world: World, names: Names, place_names: tuple[Int32s, pa.Array], source: PostalCodesSource, country: Int32s
) -> tuple[Int32s, Int32s]:
    """By source row: the locality that it names and the area that it lies in, -1 where there is none.

    A name counts only within the area that the row tells; across the country only where it tells none.
    """
    known_codes = np.flatnonzero(to_mask(pc.not_equal(names.iso_code, "")))
    iso = concatenated(source.country_code, source.state_code, separator="-")
    found = index_in(iso, names.iso_code.take(pa.array(known_codes)))
    area = np.where(found >= 0, known_codes[found], -1).astype(np.int32)
    within = np.where(area >= 0, area, country)

    rows, texts = place_names
    order = np.argsort(-world.population[rows], kind="stable")
    rows, texts = rows[order], texts.take(pa.array(order))
    named = np.full(len(country), -1, np.int32)
    for areas in (world.hierarchy.district, world.hierarchy.region, world.hierarchy.country):
        wanted = np.unique(within)
        used = np.isin(areas[rows], wanted)
        index = LocalityNames(areas[rows[used]], texts.filter(pa.array(used)), rows[used])
        open_ = np.flatnonzero(np.isin(within, areas[rows[used]]) & (named < 0))
        named[open_] = index.find(within[open_], source.locality_name.take(pa.array(open_)))
    return named, area


def _named_districts(
    world: World, names: Names, source: PostalCodesSource, country: Int32s, area: Int32s, named: Int32s
) -> Int32s:
    """The area of each source row, or the district in it that the row names where it names no locality."""
    districts, _ = world.rows(Kind.DISTRICT)
    within = np.where(area >= 0, area, country)
    result = area.copy()
    shown = names.display.take(pa.array(districts))
    shorter, texts = without_area_words(shown)
    rows = np.concatenate([districts, districts[shorter]])
    spellings = pa.concat_arrays([shown, texts])
    for areas in (world.hierarchy.region, world.hierarchy.country):
        index = LocalityNames(areas[rows], spellings, rows)
        open_ = np.flatnonzero((named < 0) & (result == area))
        found = index.find(within[open_], source.locality_name.take(pa.array(open_)))
        result[open_] = np.where(found >= 0, found, result[open_])
    return result


def _most_populous(named: Int32s, groups: _Groups, population: npt.NDArray[np.int64]) -> Int32s:
    """Of the localities that the rows of a code name the largest one, -1 where they name none."""
    order = np.argsort(np.where(named >= 0, population[named], -1), kind="stable")
    result = np.full(groups.count, -1, np.int32)
    result[groups.group[order]] = named[order]
    return result


def _finest_area(area: Int32s, country: Int32s, groups: _Groups) -> Int32s:
    """The area of the code's first row that tells one, else the country."""
    result = country[groups.first].copy()
    told = np.flatnonzero(area >= 0)[::-1]
    result[groups.group[told]] = area[told]
    return result


def _settle_own_points(
    world: World, country: Int32s, anchor: Int32s, locality: Int32s, latitude: Floats, longitude: Floats
) -> tuple[npt.NDArray[np.bool_], Int32s]:
    """Which codes have a believable point of their own, and the locality of each code.

    A code with a point that names no locality, or one too far away, belongs to the nearest of its area.
    """
    own, locality = ~np.isnan(latitude), locality.copy()
    where = unit_vectors(np.nan_to_num(latitude), np.nan_to_num(longitude))
    localities, _ = world.rows(Kind.LOCALITY)
    targets = unit_vectors(world.latitude[localities], world.longitude[localities])
    reach = np.maximum(world.population[localities], 1.0) ** _REACH_EXPONENT
    far = np.full(len(own), np.inf)
    named = np.flatnonzero(own & (locality >= 0))
    at = np.searchsorted(localities, locality[named])
    far[named] = distance_m(where[named], targets[at])
    locality[own & (far > _NEAREST_LOCALITY_M)] = -1
    for area_of in (anchor, country):
        lost = np.flatnonzero(own & (far > _NEAREST_LOCALITY_M))
        for area, members in group_slices(area_of[lost].astype(np.int64)):
            low, high = np.searchsorted(localities, [area, world.hierarchy.last[area] + 1])
            if low == high:
                continue
            codes = lost[members]
            chosen = low + nearest(where[codes], targets[low:high], reach[low:high])
            far[codes] = distance_m(where[codes], targets[chosen])
            close = far[codes] <= _NEAREST_LOCALITY_M
            locality[codes[close]] = localities[chosen[close]]
    return own & ~((far > _ASTRAY_M) & np.isfinite(far)), locality
