"""The arrays of all places from the sources, without reading, indexing or writing anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from waypost.server.gazetteer.alias_kinds import ALTERNATE, DERIVED
from waypost.server.gazetteer.aliases import AliasCollector, Aliases
from waypost.server.gazetteer.arrays import Arrays, place_arrays
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.names import Names, collect_names
from waypost.server.gazetteer.nodes import join_sources
from waypost.server.gazetteer.postal import PostalRows, locate_postal_codes
from waypost.server.gazetteer.postal_names import postal_aliases
from waypost.server.gazetteer.ranking_inputs import world_importance
from waypost.server.gazetteer.sources.airports import AirportsSource
from waypost.server.gazetteer.sources.countries import Country
from waypost.server.gazetteer.sources.exemplar_cities import ExemplarCity
from waypost.server.gazetteer.sources.places import PlacesSource
from waypost.server.gazetteer.sources.postal_codes import PostalCodesSource
from waypost.server.gazetteer.sources.subdivisions import SubdivisionsSource
from waypost.server.gazetteer.world import World, lay_out


@dataclass(frozen=True, slots=True)
class Sources:
    """What a gazetteer is made from. None stands for a layer that is left out."""

    places: PlacesSource
    countries: tuple[Country, ...]
    subdivisions: SubdivisionsSource
    subdivision_names: dict[str, dict[str, str]]
    exemplar_cities: tuple[ExemplarCity, ...]
    airports: AirportsSource | None
    postal_codes: PostalCodesSource | None


def assemble(sources: Sources, layers: tuple[str, ...]) -> Arrays:
    """The arrays of schema.PLACES. `layers` are the keys of the manifest's layers, in its order."""
    world = lay_out(join_sources(sources.countries, sources.subdivisions, sources.places, sources.airports))
    collector = AliasCollector()
    names = collect_names(world, sources.subdivision_names, sources.exemplar_cities, collector)
    aliases = collector.finish(world.row_count)
    importance = world_importance(world, names, aliases)
    postal = _postal_rows(world, names, aliases, sources.postal_codes)
    if postal is not None:
        aliases = aliases.followed_by(postal_aliases(postal))
    return place_arrays(world, names, aliases, importance, postal, layers)


def _postal_rows(world: World, names: Names, aliases: Aliases, source: PostalCodesSource | None) -> PostalRows | None:
    if source is None:
        return None
    # Codes and machine transliterations would join codes to places that nobody calls so.
    usable = (aliases.kind <= ALTERNATE) | (aliases.kind == DERIVED)
    usable &= world.hierarchy.kind[aliases.owner] == Kind.LOCALITY
    place_names = (aliases.owner[usable].astype(np.int32), aliases.text.filter(usable))
    return locate_postal_codes(world, names, place_names, source)
