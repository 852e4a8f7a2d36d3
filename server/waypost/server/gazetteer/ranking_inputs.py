"""Importance of every row of the world: gathers what importance.py needs from the rows and their names."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer import importance
from waypost.server.gazetteer.alias_kinds import CODE, OFFICIAL, TRANSLITERATION
from waypost.server.gazetteer.aliases import Aliases
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.locality_names import LocalityNames, comparable
from waypost.server.gazetteer.names import Names
from waypost.server.gazetteer.texts import TEXT, concatenated, text_array, to_mask
from waypost.server.gazetteer.world import World

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


def world_importance(world: World, names: Names, aliases: Aliases) -> Floats:
    """(rows,) importance."""
    population = world.population.astype(np.float64)
    owner = aliases.owner
    fame = np.bincount(owner[_telling_fame(world, aliases, owner)], minlength=world.row_count).astype(np.float64)
    score = np.zeros(world.row_count)

    countries, _ = world.rows(Kind.COUNTRY)
    score[countries] = importance.country_importance(population[countries])
    localities, _ = world.rows(Kind.LOCALITY)
    seats = {kind: _namesakes(world, aliases, owner, kind) for kind in (Kind.REGION, Kind.DISTRICT)}
    capital = _capitals(world, names)
    score[localities] = importance.locality_importance(
        population[localities], fame[localities], capital[localities], seats[Kind.REGION][localities]
    )
    for kind, area_of in ((Kind.REGION, world.hierarchy.region), (Kind.DISTRICT, world.hierarchy.district)):
        rows, _ = world.rows(kind)
        best = np.full(world.row_count, -np.inf)
        seat_rows = np.flatnonzero(seats[kind])
        np.maximum.at(best, area_of[seat_rows], score[seat_rows])
        namesake = np.where(np.isinf(best), np.nan, best)[rows]
        score[rows] = importance.area_importance(
            population[rows], fame[rows], np.full(len(rows), kind == Kind.REGION), namesake
        )
    airports, sources = world.rows(Kind.AIRPORT)
    if world.joined.airports is not None:
        taken = pa.array(sources)
        served = world.locality[airports]
        score[airports] = importance.airport_importance(
            to_mask(pc.not_equal(world.joined.airports.iata.take(taken), "")),
            to_mask(pc.match_substring(world.joined.airports.name.take(taken), "International")),
            np.where(served >= 0, score[served], 0.0),
        )
    return score


def _telling_fame(world: World, aliases: Aliases, owner: npt.NDArray[np.int64]) -> Bools:
    """(aliases,) names whose number tells how well known a place is.

    CLDR names every area in about fifty languages, whether anybody has heard of it or not.
    """
    translated = (aliases.kind == OFFICIAL) & to_mask(pc.not_equal(aliases.language, ""))
    translated &= np.isin(world.hierarchy.kind[owner], (Kind.REGION, Kind.DISTRICT))
    result: Bools = (aliases.kind != CODE) & ~translated
    return result


def _namesakes(world: World, aliases: Aliases, owner: npt.NDArray[np.int64], kind: Kind) -> Bools:
    """(rows,) localities that hold SEAT_SHARE of their area's people and whose usual name the area bears, too.

    An old or short name does not make a city the namesake of its area: Salvador is also called Bahia.
    """
    area_of = world.hierarchy.region if kind == Kind.REGION else world.hierarchy.district
    large = (world.hierarchy.kind == Kind.LOCALITY) & (area_of >= 0)
    large &= world.population > 0
    large &= world.population >= importance.SEAT_SHARE * world.population[area_of]
    real = (aliases.kind != CODE) & (aliases.kind != TRANSLITERATION)
    of_areas = np.flatnonzero(real & (world.hierarchy.kind[owner] == kind))
    area_keys = _keys(owner[of_areas], aliases.text.take(pa.array(of_areas)))
    seats = np.flatnonzero(large)
    usual = aliases.text.take(pa.array(aliases.offsets[seats]))
    found = np.zeros(world.row_count, bool)
    # New York City is the namesake of New York.
    for spelling in (usual, pc.replace_substring_regex(usual, " City$", "")):
        found[seats[to_mask(pc.is_in(_keys(area_of[seats], spelling), value_set=area_keys))]] = True
    return found


def _capitals(world: World, names: Names) -> Bools:
    localities, _ = world.rows(Kind.LOCALITY)
    localities = localities[np.argsort(-world.population[localities], kind="stable")]
    known = LocalityNames(world.hierarchy.country[localities], names.display.take(pa.array(localities)), localities)
    rows, sources = world.rows(Kind.COUNTRY)
    capitals = text_array(world.joined.countries[index].capital for index in sources)
    found = known.find(rows, capitals)
    result = np.zeros(world.row_count, bool)
    result[found[found >= 0]] = True
    return result


def _keys(areas: npt.NDArray[np.integer], names: pa.Array) -> pa.Array:
    return concatenated(pa.array(areas).cast(TEXT), comparable(names), separator="\x1f")
