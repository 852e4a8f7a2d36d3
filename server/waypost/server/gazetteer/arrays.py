"""The arrays of schema.PLACES from the joined sources: rows of the world, then the postal codes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.addresses import format_addresses
from waypost.server.gazetteer.aliases import Aliases
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.importance import postal_importance
from waypost.server.gazetteer.names import Names
from waypost.server.gazetteer.postal import PostalRows
from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.texts import TEXT, concatenated, text, text_array
from waypost.server.gazetteer.world import World
from waypost.server.geocoder.formats import admin1_in_addresses
from waypost.server.model import LocationSource, PlaceType, Precision

Array = npt.NDArray[np.generic]
Arrays = dict[str, Array | TextColumn]
Rows = npt.NDArray[np.int32]

_PLACE_TYPES = {
    Kind.COUNTRY: PlaceType.COUNTRY,
    Kind.REGION: PlaceType.REGION,
    Kind.DISTRICT: PlaceType.DISTRICT,
    Kind.LOCALITY: PlaceType.LOCALITY,
    Kind.POSTAL_CODE: PlaceType.POSTAL_CODE,
    Kind.AIRPORT: PlaceType.POI,
}
_PRECISIONS = {
    Kind.COUNTRY: Precision.COUNTRY,
    Kind.REGION: Precision.REGION,
    Kind.DISTRICT: Precision.REGION,
    Kind.LOCALITY: Precision.LOCALITY,
    # The reference point of an airport is as exact as that of a building.
    Kind.AIRPORT: Precision.ROOFTOP,
}
#: Layer of each kind, by its key in the manifest.
LAYER_OF_KIND = {
    Kind.COUNTRY: "countries",
    Kind.REGION: "subdivisions",
    Kind.DISTRICT: "subdivisions",
    Kind.LOCALITY: "places",
    Kind.POSTAL_CODE: "postal",
    Kind.AIRPORT: "airports",
}


def place_arrays(
    world: World,
    names: Names,
    aliases: Aliases,
    importance: npt.NDArray[np.float64],
    postal: PostalRows | None,
    layers: tuple[str, ...],
) -> Arrays:
    """Every array of schema.PLACES. `layers` are the keys of the manifest's layers, in its order."""
    hierarchy, size = world.hierarchy, world.row_count
    extra = len(postal.code) if postal else 0
    count = size + extra
    own = np.arange(count, dtype=np.int32)
    kind = np.concatenate([hierarchy.kind, np.full(extra, Kind.POSTAL_CODE, np.uint8)])
    anchor = np.concatenate([own[:size], postal.anchor]) if postal else own

    def by_row(values: Array, postal_values: Array | None) -> Array:
        return np.concatenate([values, postal_values]) if postal_values is not None else values

    zone_texts = world.time_zone.dictionary_encode()
    time_zone_names = sorted(set(zone_texts.dictionary.to_pylist()) - {""})
    zone_rank = {zone: index for index, zone in enumerate([*time_zone_names, ""])}
    zone_index = np.array([zone_rank[zone] for zone in zone_texts.dictionary.to_pylist()], np.uint16)
    zone = zone_index[zone_texts.indices.to_numpy()]

    location_source = by_row(world.location_source, postal.location_source if postal else None)
    precision = by_row(
        np.array([_PRECISIONS.get(Kind(value), 0) for value in Kind])[hierarchy.kind],
        postal.precision if postal else None,
    )
    location_from = by_row(world.location_from, postal.location_from if postal else None)
    # An area that takes another's point is no more exact than that one.
    borrowed = np.flatnonzero((location_source == LocationSource.INHERITED) & (kind != Kind.POSTAL_CODE))
    precision[borrowed] = precision[location_from[borrowed]]

    rows_of: dict[str, Rows] = {
        "country": hierarchy.country[anchor],
        "admin1": hierarchy.region[anchor],
        "admin2": hierarchy.district[anchor],
        "locality": np.concatenate([world.locality, postal.locality]) if postal else world.locality,
    }
    numbers: dict[str, Array] = {
        "place_type": np.array([_PLACE_TYPES[value] for value in Kind])[kind],
        "category": kind,
        "layer": np.array([_layer_index(layers, value) for value in Kind])[kind],
        "latitude": by_row(world.latitude, postal.latitude if postal else None),
        "longitude": by_row(world.longitude, postal.longitude if postal else None),
        "accuracy_m": by_row(world.accuracy_m, postal.accuracy_m if postal else None),
        "precision": precision,
        "location_source": location_source,
        "location_from": location_from,
        "population": np.concatenate([world.population, np.zeros(extra, np.int64)]),
        "importance": by_row(
            importance, postal_importance(importance[postal.anchor], postal.accuracy_m) if postal else None
        ),
        "anchor": anchor,
        "last": np.concatenate([hierarchy.last, own[size:]]),
        **rows_of,
        "time_zone": zone[anchor],
        "alias_offsets": aliases.offsets,
        "alias_kind": aliases.kind,
    }
    texts: dict[str, pa.Array] = {
        "time_zone_names": text_array([*time_zone_names, ""]),
        **_place_texts(world, names, postal, kind, rows_of),
        "alias_text": aliases.text,
        "alias_language": aliases.language,
    }
    texts["place_id"], texts["source_id"] = _ids(world, postal)
    numbers["place_id_order"] = pc.sort_indices(texts["place_id"]).to_numpy()
    arrays: Arrays = {name: TextColumn.from_arrow(column) for name, column in texts.items()}
    arrays.update((name, array.astype(PLACES[name].dtype)) for name, array in numbers.items())
    return {name: arrays[name] for name in PLACES}


def _layer_index(layers: tuple[str, ...], kind: Kind) -> int:
    layer = LAYER_OF_KIND[kind]
    return layers.index(layer) if layer in layers else 0


def _ids(world: World, postal: PostalRows | None) -> tuple[pa.Array, pa.Array]:
    if postal is None:
        return world.place_id, world.source_id
    postal_ids = concatenated("pc", pc.utf8_lower(postal.country_code), pc.utf8_lower(postal.normalized), separator="-")
    source_ids = concatenated(postal.country_code, postal.code, separator="-")
    return pa.concat_arrays([world.place_id, postal_ids]), pa.concat_arrays([world.source_id, source_ids])


def _with_region(country_code: pa.Array) -> npt.NDArray[np.bool_]:
    encoded = country_code.dictionary_encode()
    uses = np.array([admin1_in_addresses(code) for code in encoded.dictionary.to_pylist()])
    chosen: npt.NDArray[np.bool_] = uses[encoded.indices.to_numpy()]
    return chosen


def _place_texts(
    world: World, names: Names, postal: PostalRows | None, kind: npt.NDArray[np.uint8], rows_of: Mapping[str, Rows]
) -> dict[str, pa.Array]:
    """Texts by row; `rows_of` are the arrays of rows "country", "admin1", "admin2" and "locality"."""
    empty = pa.array([""] * (len(postal.code) if postal else 0), TEXT)
    display = pa.concat_arrays([names.display, postal.code if postal else empty])
    short = pa.concat_arrays([names.short, empty])

    def named(rows: Rows, of: pa.Array) -> pa.Array:
        picked = of.take(pa.array(np.maximum(rows, 0)))
        return pc.if_else(pa.array(rows >= 0), picked, text(""))

    own = np.arange(len(kind), dtype=np.int32)
    country_code = short.take(pa.array(rows_of["country"]))
    country_name = display.take(pa.array(rows_of["country"]))
    # A district stands where the town stands in an address; a region fills no line of its own.
    region = np.where(kind == Kind.REGION, -1, rows_of["admin1"])
    town = np.where(kind == Kind.DISTRICT, own, rows_of["locality"])
    # A code without a town says at least in which area it lies.
    homeless = (kind == Kind.POSTAL_CODE) & (town < 0)
    area = np.where(rows_of["admin2"] >= 0, rows_of["admin2"], np.where(_with_region(country_code), -1, region))
    town = np.where(homeless, area, town)
    is_postal = pa.array(kind == Kind.POSTAL_CODE)
    lines = format_addresses(
        country_code,
        postal_code=pc.if_else(is_postal, display, text("")),
        locality=named(town, display),
        admin1_name=named(region, display),
        admin1_code=named(region, short),
        country_name=country_name,
    )
    leads = pa.array((kind == Kind.REGION) | (kind == Kind.AIRPORT))
    return {
        "display_name": display,
        "short_name": short,
        "formatted_address": pc.if_else(leads, concatenated(display, lines, separator=", "), lines),
    }
