"""The streets of an import: found in its records, as features, and as what number ranges run along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.collect import Records
from waypost.server.gazetteer.imports.cutting import cut_ways, vertices_of
from waypost.server.gazetteer.imports.feature_table import Features
from waypost.server.gazetteer.imports.grouping import Groups, Named, group_streets
from waypost.server.gazetteer.imports.house_list import Houses
from waypost.server.gazetteer.imports.number_ranges import Known, NumberRanges, cut_ranges
from waypost.server.gazetteer.imports.place_features import Containers
from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints, to_degrees
from waypost.server.gazetteer.imports.settlements import Settlements
from waypost.server.gazetteer.imports.street_features import Ways, category_of, first_source, usual_names
from waypost.server.gazetteer.imports.street_names import Keys, keys_of, other_names, salted, text_numbers
from waypost.server.gazetteer.imports.text_ids import text_column
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.texts import TEXT, text_array
from waypost.server.geocoder.normalize import fold_text
from waypost.server.model import PlaceType

#: A range belongs to a street whose box is not farther off, in degrees: about a kilometre.
_RANGE_REACH = 0.01


@dataclass(slots=True)
class Streets:
    """Streets, and what addresses without streets go by, by group; `keys` are those of Records.texts.

    `usual` indexes Records.texts; `by_place` where addresses go by a place, `settlement` the number of the layer's own
    settlement that they hang on then, else -1.
    """

    groups: Groups
    ways: Ways
    keys: Keys
    usual: Ints
    by_place: npt.NDArray[np.bool_]
    settlement: Ints


def find_streets(
    records: Records, world: Snapshot, settlements: Settlements, place: Ints, tagged: npt.NDArray[np.bool_]
) -> Streets:
    """The streets, and the places that addresses go by."""
    texts = text_array(records.texts)
    others = other_names(records.streets.column("names"))
    keys = keys_of(world, texts)
    addresses = records.addresses
    pieces = cut_ways(records.streets.column("line").combine_chunks(), settlements.at)
    ways = Ways(text_numbers(texts, records.streets.column("name")), pieces, others)
    piece, name = others.of(pieces.way, records.streets.num_rows)
    alias_keys = keys_of(world, others.text)[name]
    # From 0, by the keys themselves: numbers that do not depend on the order of anything.
    distinct = np.unique(np.concatenate([keys, salted(keys), alias_keys]))
    number, place_number = (np.searchsorted(distinct, some).astype(np.int32) for some in (keys, salted(keys)))
    text_of_key = np.full(len(distinct), -1, np.int64)
    text_of_key[number[::-1]] = np.arange(len(number))[::-1]
    # As a way has it, if one does: addresses misspell what ways spell.
    named = np.unique(ways.name)[::-1]
    text_of_key[number[named]] = named

    def letters(key: int) -> str:
        return fold_text(records.texts[text_of_key[key]]) if text_of_key[key] >= 0 else ""

    groups = group_streets(
        Named(
            address_key=np.where(addresses.by_place, place_number[addresses.street], number[addresses.street]),
            address_place=place,
            tagged=tagged,
            latitude=addresses.latitude,
            longitude=addresses.longitude,
            piece_key=number[ways.name][pieces.way],
            pieces=pieces,
            alias_key=np.searchsorted(distinct, alias_keys).astype(np.int32),
            alias_piece=piece,
            letters=letters,
        )
    )
    by_place = np.zeros(len(groups), bool)
    by_place[groups.of_address[addresses.by_place]] = True
    usual = usual_names(records, groups, ways)
    return Streets(groups, ways, keys, usual, by_place, np.full(len(groups), -1, np.int32))


def street_table(
    records: Records, streets: Streets, inside: Containers, chosen: Int64s, latitude: Ints, longitude: Ints
) -> Features:
    """The chosen streets as features; `latitude`, `longitude` (groups,) see street_features.middles."""
    groups, pieces = streets.groups, streets.ways.pieces
    anchor, within = inside.of_places(groups.place[chosen])
    category = category_of(groups, pieces, records.streets.column("category").combine_chunks().cast(TEXT).fill_null(""))
    category = pc.if_else(pa.array(streets.by_place), "place", category).cast(TEXT)
    source = first_source(groups, pieces, records.streets.column("source_id").combine_chunks().cast(TEXT).fill_null(""))
    return Features(
        kind=np.full(len(chosen), PlaceType.STREET, np.uint8),
        name=text_column(records.texts, streets.usual[chosen]),
        latitude=to_degrees(latitude[chosen]),
        longitude=to_degrees(longitude[chosen]),
        box=to_degrees(groups.box[chosen]),
        anchor=anchor,
        within=within,
        category=category.take(pa.array(chosen)),
        population=np.zeros(len(chosen), np.uint32),
        source_id=source.take(pa.array(chosen)),
        settlement=np.full(len(chosen), -1, np.int32),
    )


def street_ranges(records: Records, streets: Streets, feature: Ints, houses: Houses) -> NumberRanges:
    """The number ranges of records; `feature` (groups,) is what each street became, -1 for nothing."""
    table = records.ranges
    if not table.num_rows:
        return NumberRanges(np.zeros(0, np.int32), np.zeros((0, 3), np.uint32), np.zeros((0, 4), np.int32))
    offsets, latitude, longitude = vertices_of(table.column("line").combine_chunks())
    parts = np.split(np.column_stack([latitude, longitude]), offsets[1:-1])
    known = Known(
        houses.feature,
        houses.number,
        to_degrees(records.addresses.latitude[houses.row]),
        to_degrees(records.addresses.longitude[houses.row]),
    )
    first, last, step = (table.column(name).to_numpy().astype(np.int64) for name in ("first", "last", "step"))
    return cut_ranges(
        _street_of_ranges(records, streets, feature, parts), first, last, np.maximum(step, 1), parts, known
    )


def _street_of_ranges(records: Records, streets: Streets, feature: Ints, parts: list[Floats]) -> Ints:
    """Of each range the feature of its name whose box is nearest to its middle, -1 where none bears it."""
    table, groups = records.ranges, streets.groups
    texts = text_array(records.texts)
    street, place = (text_numbers(texts, table.column(name)) for name in ("street", "place"))
    by_place_keys = salted(streets.keys)
    key = np.where(street > 0, streets.keys[street], by_place_keys[place])
    group_key = np.where(streets.by_place, by_place_keys[streets.usual], streets.keys[streets.usual])
    order = np.argsort(group_key, kind="stable")
    starts, ends = (np.searchsorted(group_key[order], key, side=side) for side in ("left", "right"))
    found = np.full(table.num_rows, -1, np.int32)
    box = to_degrees(groups.box)
    for number, line in enumerate(parts):
        candidates = order[starts[number] : ends[number]]
        if not len(candidates) or not key[number] or not len(line):
            continue
        middle = line.mean(axis=0)
        off = np.maximum(np.maximum(box[candidates, :2] - middle, middle - box[candidates, 2:]), 0.0)
        away = np.hypot(off[:, 0], off[:, 1])
        best = int(np.argmin(away))
        if away[best] <= _RANGE_REACH:
            found[number] = feature[candidates[best]]
    return found
