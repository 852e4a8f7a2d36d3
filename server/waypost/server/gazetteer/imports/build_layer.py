"""Records to a layer on disk: collect, find out where everything lies, bring streets together, list houses, write.

Two imports of the same records give the same bytes, in whatever order the batches come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.area_index import AreaIndex
from waypost.server.gazetteer.imports.collect import Records, collect
from waypost.server.gazetteer.imports.containment import Located, places_of
from waypost.server.gazetteer.imports.cutting import vertices_of
from waypost.server.gazetteer.imports.feature_table import Features, Names, alias_columns, joined, ordered, taken
from waypost.server.gazetteer.imports.house_list import Houses, list_houses
from waypost.server.gazetteer.imports.layer import LAYER
from waypost.server.gazetteer.imports.layer_info import FORMAT_VERSION, LayerInfo, check_name
from waypost.server.gazetteer.imports.place_features import (
    Containers,
    add_quarters,
    containers,
    poi_features,
    quarter_numbers,
    settlement_features,
    settlements_named,
)
from waypost.server.gazetteer.imports.points import Int64s, Ints, to_degrees
from waypost.server.gazetteer.imports.postal_features import Codes, codes_by_feature, postal_features, read_codes
from waypost.server.gazetteer.imports.records import Batch, Credit
from waypost.server.gazetteer.imports.settlements import find_settlements
from waypost.server.gazetteer.imports.street_features import (
    lines,
    middles,
    other_street_names,
)
from waypost.server.gazetteer.imports.streets import Streets, find_streets, street_ranges, street_table
from waypost.server.gazetteer.imports.world_places import WorldPlaces
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.gazetteer.texts import text_array
from waypost.server.gazetteer.writer import write_arrays
from waypost.server.model import PlaceType

#: Steps with the share of the time after reading that has passed when they begin.
STEPS = {
    "read records": 0.0,
    "find places": 0.0,
    "bring streets together": 0.35,
    "list houses": 0.6,
    "write layer": 0.9,
}
_DIGEST_DIGITS = 16

Column = npt.NDArray[np.generic] | TextColumn


def build_layer(
    batches: Iterable[Batch],
    *,
    world: Snapshot,
    name: str,
    credit: Credit,
    source: str,
    source_version: str,
    directory: Path,
    on_progress: Callable[[str, float], None] = lambda step, share: None,
) -> LayerInfo:
    """What was written into `directory`, an empty one: the arrays of layer.LAYER, without the manifest.

    `on_progress` is told each of STEPS as it begins. Raises ImportFailed if the name cannot be used or the batches
    hold no record; what the batches raise passes through.
    """
    check_name(name)

    def begin(step: str) -> None:
        on_progress(step, STEPS[step])

    begin("read records")
    scratch = directory / "source_ids.arrow"
    records = collect(batches, scratch)
    bounds = _bounds(records)
    begin("find places")
    places = WorldPlaces(world)
    settlements = find_settlements(places, records.places, records.areas, bounds)
    at = records.addresses
    place, tagged = places_of(Located(at.latitude, at.longitude, at.locale), records, settlements, founding=True)
    begin("bring streets together")
    streets = find_streets(records, world, settlements, place, tagged)
    del tagged
    inside = containers(settlements)
    country, countries = _countries(place, inside)
    del place
    codes = read_codes(records)
    features, names, made = _features(records, streets, inside, codes, country, countries, places)
    begin("list houses")
    of_address = made.street[streets.groups.of_address]
    houses = list_houses(records, of_address, country, countries)
    del of_address, country
    arrays = _arrays(records, streets, inside, features, names, made, houses, codes)
    begin("write layer")
    arrays["address_source"] = _source_ids(records, houses)
    records.source_ids.remove()
    files, size = write_arrays(directory, {column: arrays[column] for column in LAYER})
    sources = arrays["address_source"]
    assert isinstance(sources, TextColumn)  # noqa: S101 - made above
    told = {"name": name, "credit": asdict(credit), "source": source, "source_version": source_version}
    content = orjson.dumps([FORMAT_VERSION, files, told], option=orjson.OPT_SORT_KEYS)
    kinds = np.bincount(features.kind, minlength=len(PlaceType) + 1)
    return LayerInfo(
        name=name,
        digest=hashlib.sha256(content).hexdigest()[:_DIGEST_DIGITS],
        credit=credit,
        source=source,
        source_version=source_version,
        features={kind.name.lower(): int(kinds[kind]) for kind in PlaceType if kinds[kind]},
        addresses=len(houses.row),
        ranges=len(np.asarray(arrays["range_numbers"])),
        postal_codes=len(codes.texts) - 1,
        unread_numbers=houses.unread,
        repeated_addresses=houses.repeated,
        bounds=bounds,
        size_bytes=size,
        source_id_bytes=sources.offsets.nbytes + sources.data.nbytes,
        files=files,
    )


def _bounds(records: Records) -> tuple[float, float, float, float]:
    """South, west, north, east of all records. Raises ImportFailed if there are none."""
    latitude = [to_degrees(records.addresses.latitude), records.places.column("latitude").to_numpy()]
    longitude = [to_degrees(records.addresses.longitude), records.places.column("longitude").to_numpy()]
    for table in (records.streets, records.ranges):
        _, north, east = vertices_of(table.column("line").combine_chunks())
        latitude.append(north)
        longitude.append(east)
    if not any(len(part) for part in latitude):
        raise ImportFailed("there is no address, street or place in it")
    return (
        min(float(part.min()) for part in latitude if len(part)),
        min(float(part.min()) for part in longitude if len(part)),
        max(float(part.max()) for part in latitude if len(part)),
        max(float(part.max()) for part in longitude if len(part)),
    )


def _countries(place: Ints, inside: Containers) -> tuple[Ints, list[str]]:
    """Of each address the index of its country, and the codes of countries."""
    world = inside.settlements.world
    country_of_place = np.concatenate([world.country, world.country[inside.anchor]])
    rows, index = np.unique(country_of_place[place], return_inverse=True)
    return index.astype(np.int32), world.country_codes(rows)


@dataclass(slots=True)
class _Made:
    """Which feature everything became: `street` (groups,) -1 for a nameless one, `settlement` (own,), `poi` (rows,)."""

    street: Ints
    settlement: Ints
    poi: Ints
    poi_record: Int64s


def _features(
    records: Records,
    streets: Streets,
    inside: Containers,
    codes: Codes,
    country: Ints,
    countries: list[str],
    world: WorldPlaces,
) -> tuple[Features, list[Names], _Made]:
    """All features in order, their other names, and which feature everything became."""
    groups = streets.groups
    latitude, longitude = middles(records, groups, streets.ways.pieces)
    by_place = np.flatnonzero(streets.by_place)
    names_by_place = [records.texts[number] for number in streets.usual[by_place]]
    streets.settlement[by_place] = settlements_named(inside, names_by_place, latitude[by_place], longitude[by_place])
    real = np.flatnonzero((streets.keys[streets.usual] != 0) & (streets.settlement < 0))
    own, own_names = settlement_features(records, inside)
    pois, poi_names, poi_record = poi_features(records, inside)
    parts = [
        street_table(records, streets, inside, real, latitude, longitude), own, pois,
        postal_features(records, codes, country, countries, inside),
    ]  # fmt: skip
    features = joined(parts)
    quarters = AreaIndex(records.areas, (PlaceType.NEIGHBORHOOD,))
    add_quarters(features, quarters, quarter_numbers(inside, quarters))
    ids = text_array([world.place_id(row) for row in np.unique(features.anchor).tolist()])
    anchor_ids = ids.take(pa.array(np.unique(features.anchor, return_inverse=True)[1]))
    order = ordered(features, anchor_ids, [settlement.name for settlement in inside.settlements.own])
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    street = np.full(len(groups), -1, np.int32)
    street[real] = rank[: len(real)]
    made = _Made(street, rank[len(real) :][: len(own)], rank[len(real) + len(own) :][: len(pois)], poi_record)
    hanging = streets.settlement >= 0
    street[hanging] = made.settlement[streets.settlement[hanging]]
    more = other_street_names(records, groups, streets.ways, streets.usual, streets.keys)
    kept = street[more.feature] >= 0
    kept &= ~hanging[more.feature]
    street_names = Names(
        street[more.feature[kept]].astype(np.int64), more.text.filter(kept), more.language.filter(kept), more.kind[kept]
    )
    own_names.feature, poi_names.feature = (
        made.settlement[own_names.feature].astype(np.int64),
        made.poi[poi_names.feature].astype(np.int64),
    )
    return taken(features, order), [street_names, own_names, poi_names], made


def _arrays(
    records: Records,
    streets: Streets,
    inside: Containers,
    features: Features,
    names: list[Names],
    made: _Made,
    houses: Houses,
    codes: Codes,
) -> dict[str, Column]:
    """The arrays of LAYER but the source ids of addresses."""
    count = len(features)
    own_code = codes.of_locale[records.places.column("locale").to_numpy()[made.poi_record]]
    way_code = codes.of_locale[records.streets.column("locale").to_numpy()][streets.ways.pieces.way]
    way_feature = made.street[streets.groups.of_piece]
    listed = codes_by_feature(
        houses.feature,
        codes.of_address[houses.row],
        np.concatenate([made.poi, way_feature[way_feature >= 0]]).astype(np.int64),
        np.concatenate([own_code, way_code[way_feature >= 0]]),
        count,
    )
    ranges = street_ranges(records, streets, made.street, houses)
    named = way_feature >= 0
    pieces = streets.ways.pieces
    line_offsets, line = lines(np.where(named, way_feature, count).astype(np.int64), pieces, count)
    world = inside.settlements.world
    within = np.where(features.within >= 0, made.settlement[features.within] if len(made.settlement) else -1, -1)
    arrays: dict[str, object] = {
        "kind": features.kind,
        "name": features.name,
        **alias_columns(names, features),
        "latitude": features.latitude,
        "longitude": features.longitude,
        "box": features.box,
        "anchor": _place_ids(world, features.anchor),
        "within": within,
        "postal_offsets": listed.offsets,
        "postal_list": listed.codes,
        "category": features.category,
        "population": features.population,
        "source_id": features.source_id,
        "postal_codes": text_array(codes.texts),
        "address_offsets": np.searchsorted(houses.feature, np.arange(count + 1)),
        "address_number": houses.number,
        "address_suffix": houses.suffix,
        "address_point": np.column_stack(
            [records.addresses.latitude[houses.row], records.addresses.longitude[houses.row]]
        ),
        "address_postal": listed.rank,
        "suffixes": text_array(houses.suffixes),
        "range_offsets": np.searchsorted(ranges.feature, np.arange(count + 1)),
        "range_numbers": ranges.numbers,
        "range_points": ranges.points,
        "line_offsets": line_offsets,
        "line": line[: line_offsets[-1]],
    }
    return {name: _column(name, values) for name, values in arrays.items()}


def _column(name: str, values: object) -> Column:
    if isinstance(values, pa.Array):
        return TextColumn.from_arrow(values)
    assert isinstance(values, np.ndarray)  # noqa: S101 - LAYER has nothing else
    return values.astype(LAYER[name].dtype, copy=False)


def _place_ids(world: WorldPlaces, rows: Ints) -> pa.Array:
    distinct, index = np.unique(rows, return_inverse=True)
    return text_array([world.place_id(row) for row in distinct.tolist()]).take(pa.array(index))


def _source_ids(records: Records, houses: Houses) -> TextColumn:
    ids = records.source_ids.read()
    return TextColumn.from_arrow(ids.take(pa.array(houses.row)))
