"""Builds the reverse index: the raster of countries, and the grid of localities, postal codes and airports.

Called once by the build. What it makes is read by borders.py and place_grid.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn, read_only
from waypost.server.gazetteer.sources.borders import SEA, read_borders
from waypost.server.geocoder.border_raster import build_border_raster
from waypost.server.geocoder.borders import BorderArrays, situation_at
from waypost.server.geocoder.candidate_lists import list_candidates
from waypost.server.geocoder.candidates import LOCALITY_REACH_M, POSTAL_REACH_M
from waypost.server.geocoder.distance import EARTH_RADIUS_M, METRES_PER_DEGREE
from waypost.server.geocoder.jit import njit_entry
from waypost.server.geocoder.place_grid import (
    GRID_CELLS,
    KIND_COUNT,
    LOCALITIES,
    POIS,
    POSTAL_CODES,
    PlaceGrid,
    number_cells,
)
from waypost.server.model import LocationSource, PlaceType

Column: TypeAlias = "npt.NDArray[np.generic] | TextColumn"
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: A place's weight is its population to this power: between two places the border lies where the distances
#: are as the weights. 0.5 would be equal density of people and costs suburbs with a name of their own; 0.25 names
#: the quarters of metropolises. docs/decisions/reverse-geocoding.md has the table.
WEIGHT_POWER = 0.4
#: Unknown and tiny populations count as this: the sources list no smaller place but seats of municipalities.
LEAST_POPULATION = 300

#: People per square metre of a built-up area, to guess a city's radius: 3,000 per km², between European and
#: American cities.
URBAN_DENSITY = 3_000 / 1e6
#: Beyond the built-up area each metre from its edge counts as much for all places, as if they weighed this: a
#: village owns the fields around it, however large the city behind them is.
OUTSIDE_WEIGHT = 15.0
#: A place is taken for a section of a city ("Schöneberg") that has this many times its inhabitants at least,
#: in the same region, if it lies within this share of the city's radius. Sections are no type of their own in
#: the data.
SECTION_RATIO = 5
SECTION_SHARE = 0.5
SECTION_CITY_POPULATION = 50_000
#: People name the city rather than the section: it weighs half, and is never nearer than 500 m.
SECTION_WEIGHT = 0.5
SECTION_OFFSET_M = 500.0


def build_reverse_index(arrays: Mapping[str, Column]) -> dict[str, Column]:
    """The arrays "borders_*" and "reverse_*" from the arrays of schema.PLACES.

    `reverse_countries` int32: the rows of countries, ascending; a *country* in kernels is an index into it.
    For the others see border_raster.build_border_raster, place_grid.PlaceGrid and, with "locality_" or "postal_"
    before their names, candidates.Candidates.
    """
    countries = np.flatnonzero(_ints(arrays, "place_type") == PlaceType.COUNTRY)
    codes = arrays["short_name"]
    assert isinstance(codes, TextColumn)  # noqa: S101 - schema.PLACES says so
    index_of_code = {codes[int(row)]: index for index, row in enumerate(countries)}
    pieces = read_borders()
    country_of_code = np.array([index_of_code.get(code, SEA) for code in pieces.codes], np.int16)
    located = np.isfinite(_floats(arrays, "latitude")) & np.isfinite(_floats(arrays, "longitude"))
    islands = located & np.isin(_ints(arrays, "place_type"), (PlaceType.LOCALITY, PlaceType.POI))
    island_points = _floats(arrays, "latitude")[islands], _floats(arrays, "longitude")[islands]
    raster = build_border_raster(pieces, country_of_code, *island_points)
    borders = BorderArrays._make(read_only(raster[f"borders_{name}"]) for name in BorderArrays._fields)
    grid = _grid(arrays, countries, located, borders)
    localities = list_candidates(grid, LOCALITIES, borders, LOCALITY_REACH_M)
    postal_codes = list_candidates(grid, POSTAL_CODES, borders, POSTAL_REACH_M)
    return {
        **raster,
        "reverse_countries": countries.astype(np.int32),
        **{f"reverse_{name}": array for name, array in grid._asdict().items()},
        **{f"reverse_locality_{name}": array for name, array in localities._asdict().items()},
        **{f"reverse_postal_{name}": array for name, array in postal_codes._asdict().items()},
    }


def _grid(arrays: Mapping[str, Column], countries: Ints, located: Bools, borders: BorderArrays) -> PlaceGrid:
    place_type = _ints(arrays, "place_type")
    latitude, longitude = _floats(arrays, "latitude"), _floats(arrays, "longitude")
    localities = np.flatnonzero(located & (place_type == PlaceType.LOCALITY))
    population = np.maximum(_floats(arrays, "population")[localities], LEAST_POPULATION)
    section = _sections(arrays, localities, population)
    postal, sharing = _postal_points(arrays, located)
    pois = np.flatnonzero(located & (place_type == PlaceType.POI))

    sizes = [len(localities), len(postal), len(pois)]
    kind = np.repeat([LOCALITIES, POSTAL_CODES, POIS], sizes)
    rows = np.concatenate([localities, postal, pois])
    points = np.zeros((len(rows), 8))
    points[:, :3] = _from_centre(latitude[rows], longitude[rows])
    points[:, 3] = np.searchsorted(countries, _ints(arrays, "country")[rows])
    points[:, 4] = 1.0
    mapped = np.empty(len(localities), np.int16)
    _map_countries(borders, latitude[localities], longitude[localities], mapped)
    towns = slice(0, len(localities))
    points[towns, 3] = np.where(mapped == SEA, points[towns, 3], mapped)
    points[towns, 4] = 1.0 / (population**WEIGHT_POWER * np.where(section, SECTION_WEIGHT, 1.0))
    points[towns, 5] = np.where(section, SECTION_OFFSET_M**2, 0.0)
    points[towns, 6] = _urban_radius_m(population)
    points[towns, 7] = 1.0 / OUTSIDE_WEIGHT
    shared = np.ones(len(rows), np.int64)
    shared[kind == POSTAL_CODES] = sharing

    # Each kind has one start more than cells.
    cells = 180 * 360 * GRID_CELLS**2 + 1
    cell = np.empty(len(rows), np.int64)
    number_cells(latitude[rows], longitude[rows], cell)
    cell += kind * cells
    order = np.lexsort((rows, cell))
    starts = np.searchsorted(cell[order], np.arange(KIND_COUNT * cells)).astype(np.int32)
    region, district = _ints(arrays, "admin1")[rows], _ints(arrays, "admin2")[rows]
    return PlaceGrid(
        points[order].astype(np.float32),
        np.column_stack([rows, shared, region, district])[order].astype(np.int32),
        np.column_stack([latitude[rows], longitude[rows]])[order],
        starts.reshape(KIND_COUNT, cells),
    )


def _sections(arrays: Mapping[str, Column], localities: Ints, population: Floats) -> Bools:
    """Which localities are taken for a part of a city rather than a place of its own; cities by falling size."""
    latitude, longitude = _floats(arrays, "latitude")[localities], _floats(arrays, "longitude")[localities]
    region = _ints(arrays, "admin1")[localities]
    region = np.where(region < 0, -1 - _ints(arrays, "country")[localities], region)
    order = np.argsort(latitude, kind="stable")
    sorted_latitude = latitude[order]
    centre = _from_centre(latitude, longitude)
    section = np.zeros(len(localities), bool)
    cities = np.flatnonzero(population >= SECTION_CITY_POPULATION)
    for city in cities[np.argsort(-population[cities], kind="stable")]:
        if section[city]:
            continue
        radius_m = SECTION_SHARE * float(_urban_radius_m(population[city]))
        reach = radius_m / METRES_PER_DEGREE
        south, north = np.searchsorted(sorted_latitude, [latitude[city] - reach, latitude[city] + reach])
        near = order[south:north]
        near = near[(population[near] * SECTION_RATIO <= population[city]) & (region[near] == region[city])]
        section[near[((centre[near] - centre[city]) ** 2).sum(axis=1) <= radius_m**2]] = True
    return section


def _postal_points(arrays: Mapping[str, Column], located: Bools) -> tuple[Ints, Ints]:
    """Rows of postal codes with a point of their own or of their locality, and how many share that point.

    Of codes of one country that share a point the first row stands for all.
    """
    source = _ints(arrays, "location_source")
    placed = (source == LocationSource.OWN) | ((source == LocationSource.INHERITED) & (_ints(arrays, "locality") >= 0))
    rows = np.flatnonzero(located & placed & (_ints(arrays, "place_type") == PlaceType.POSTAL_CODE))
    keys = [_floats(arrays, name)[rows] for name in ("longitude", "latitude", "country")]
    order = np.lexsort((rows, *keys))
    changed = np.zeros(len(rows), bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[order][1:] != key[order][:-1]
    first = np.flatnonzero(changed)
    return rows[order[first]], np.diff(np.append(first, len(rows)))


@njit_entry
def _map_countries(
    borders: BorderArrays, latitude: Floats, longitude: Floats, countries: npt.NDArray[np.int16]
) -> None:
    """Writes the country in whose midst the map has each point, SEA where a border or the sea is near.

    A few dozen records lie deep in another country than they name, most of them in disputed land. Who asks there
    is told the country of the map, and must find them all the same.
    """
    for index in range(len(latitude)):
        situation = situation_at(borders, latitude[index], longitude[index])
        countries[index] = situation.country if situation.other == SEA else SEA


def _urban_radius_m(population: Floats) -> Floats:
    """The radius of a round built-up area of usual density."""
    return np.sqrt(population / (np.pi * URBAN_DENSITY))


def _from_centre(latitude: Floats, longitude: Floats) -> Floats:
    """Metres from the Earth's centre, one row of x, y, z for each point."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    ring = np.cos(phi)
    return EARTH_RADIUS_M * np.column_stack([ring * np.cos(lam), ring * np.sin(lam), np.sin(phi)])


def _floats(arrays: Mapping[str, Column], name: str) -> Floats:
    return np.asarray(arrays[name], np.float64)


def _ints(arrays: Mapping[str, Column], name: str) -> Ints:
    return np.asarray(arrays[name]).astype(np.int64)
