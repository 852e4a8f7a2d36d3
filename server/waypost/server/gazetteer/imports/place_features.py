"""Settlements, points of interest and postal codes as features, and what contains each feature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.imports.area_index import AreaIndex, boxes_of
from waypost.server.gazetteer.imports.collect import Records
from waypost.server.gazetteer.imports.containment import Located, places_of
from waypost.server.gazetteer.imports.feature_table import Features, Names, alias_kinds
from waypost.server.gazetteer.imports.points import Int64s, Ints, separation_m, to_degrees, to_units
from waypost.server.gazetteer.imports.settlements import Settlements
from waypost.server.gazetteer.imports.street_names import other_names
from waypost.server.gazetteer.imports.world_places import settlement_key
from waypost.server.gazetteer.texts import TEXT, text_array
from waypost.server.model import PlaceType

#: Addresses that go by a place hang on the settlement of that name up to this distance.
_BY_PLACE_M = 5_000.0
_UINT32_MAX = 2**32 - 1


@dataclass(slots=True)
class Containers:
    """What contains places: of each of the layer's own settlements the row of the world, and the settlement or -1."""

    settlements: Settlements
    anchor: Ints
    within: Ints

    def of_places(self, place: Ints) -> tuple[Ints, Ints]:
        """Of things in places the row of the world that contains them, and the settlement of the layer or -1."""
        base = self.settlements.world.row_count
        own = place >= base
        if not own.any():
            return place, np.full(len(place), -1, np.int32)
        number = np.where(own, place - base, 0)
        return np.where(own, self.anchor[number], place).astype(np.int32), np.where(own, number, -1).astype(np.int32)


def containers(settlements: Settlements) -> Containers:
    """Where the layer's own settlements lie.

    A village lies in the settlement whose boundary contains it; without one in its district, for the next town does
    not contain it. A quarter lies in the settlement that people would name there.
    """
    world, own = settlements.world, settlements.own
    base = world.row_count
    latitude = np.array([settlement.latitude for settlement in own], np.float64)
    longitude = np.array([settlement.longitude for settlement in own], np.float64)
    quarter = np.array([settlement.kind == PlaceType.NEIGHBORHOOD for settlement in own], bool)
    area = settlements.boundaries.containing(latitude, longitude)
    around = np.where(area >= 0, settlements.of_area[area], -1) if len(settlements.of_area) else np.full(len(own), -1)
    around = np.where(around == base + np.arange(len(own)), -1, around)
    if quarter.any():
        around[quarter] = np.where(around < 0, settlements.at(latitude, longitude), around)[quarter]
    near = world.at(latitude, longitude) if len(own) else np.zeros(0, np.int32)
    district = np.where(world.admin2[near] >= 0, world.admin2[near], world.admin1[near])
    district = np.where(district >= 0, district, world.country[near])
    in_own = around >= base
    anchor = np.where((around >= 0) & ~in_own, around, district).astype(np.int32)
    within = np.where(in_own, around - base, -1).astype(np.int32)
    # A quarter of a village lies in what the village lies in.
    anchor = np.where(in_own, anchor[np.maximum(within, 0)], anchor) if len(own) else anchor
    return Containers(settlements, anchor.astype(np.int32), within)


def settlement_features(records: Records, inside: Containers) -> tuple[Features, Names]:
    """The layer's own settlements."""
    own = inside.settlements.own
    record = np.array([settlement.record for settlement in own], np.int64)
    area = np.array([settlement.area for settlement in own], np.int64)
    sources, names = [], []
    for table, chosen in ((records.places, record), (records.areas, area)):
        ids = _text(table, "source_id")
        sources.append(pa.concat_arrays([ids, text_array([""])]).take(pa.array(np.where(chosen < 0, len(ids), chosen))))
        of = np.flatnonzero(chosen >= 0)
        names.append(_names_of(table, of, chosen[of]))
    features = Features(
        kind=np.array([settlement.kind for settlement in own], np.uint8),
        name=text_array([settlement.name for settlement in own]),
        latitude=np.array([settlement.latitude for settlement in own], np.float64),
        longitude=np.array([settlement.longitude for settlement in own], np.float64),
        box=np.array([settlement.box for settlement in own], np.float64).reshape(-1, 4),
        anchor=inside.anchor,
        within=inside.within,
        category=text_array([settlement.category for settlement in own]),
        population=np.minimum([settlement.population for settlement in own], _UINT32_MAX).astype(np.uint32),
        source_id=pc.if_else(pc.equal(sources[0], ""), sources[1], sources[0]),
        settlement=np.arange(len(own), dtype=np.int32),
    )
    return features, _joined(names)


def _names_of(table: pa.Table, feature: Int64s, record: Int64s) -> Names:
    """The other names of records, as those of features."""
    others = other_names(table.column("names"))
    owner, name = others.of(record, table.num_rows)
    return Names(
        feature[owner],
        others.text.take(pa.array(name)),
        others.language.take(pa.array(name)),
        alias_kinds(others.kind)[name],
    )


def _joined(names: list[Names]) -> Names:
    return Names(
        np.concatenate([part.feature for part in names]),
        pa.concat_arrays([part.text for part in names]),
        pa.concat_arrays([part.language for part in names]),
        np.concatenate([part.kind for part in names]),
    )


def poi_features(records: Records, inside: Containers) -> tuple[Features, Names, Int64s]:
    """Points of interest, and of each the row of its record."""
    kinds = records.places.column("kind").to_numpy()
    told = pc.fill_null(pc.not_equal(records.places.column("name"), ""), False).combine_chunks()
    rows = np.flatnonzero((kinds == PlaceType.POI) & told.to_numpy(zero_copy_only=False))
    places = records.places.take(pa.array(rows))
    latitude, longitude = places.column("latitude").to_numpy(), places.column("longitude").to_numpy()
    points = Located(to_units(latitude), to_units(longitude), places.column("locale").to_numpy())
    place, _ = places_of(points, records, inside.settlements, founding=False)
    anchor, within = inside.of_places(place)
    sides = [places.column(side).fill_null(np.nan).to_numpy() for side in ("south", "west", "north", "east")]
    features = Features(
        kind=np.full(len(rows), PlaceType.POI, np.uint8),
        name=_text(places, "name"),
        latitude=latitude,
        longitude=longitude,
        box=np.column_stack(sides),
        anchor=anchor,
        within=within,
        category=_text(places, "category"),
        population=places.column("population").fill_null(0).to_numpy(),
        source_id=_text(places, "source_id"),
        settlement=np.full(len(rows), -1, np.int32),
    )
    return features, _names_of(records.places, np.arange(len(rows)), rows), rows


def add_quarters(features: Features, quarters: AreaIndex, quarter_of: Ints) -> None:
    """Sets `within` of features that lie as a whole in the boundary of a quarter, and in no settlement of the layer.

    `quarter_of` (areas of `quarters`,) the number of the settlement that each is, -1 where the world has it.
    """
    area = quarters.containing(features.latitude, features.longitude)
    number = np.where(area >= 0, quarter_of[area], -1) if len(quarter_of) else np.full(len(features), -1)
    fits = (features.within < 0) & (number >= 0) & (features.settlement < 0)
    # A street that only passes through is none of the quarter's. Points have no box, and compare as false.
    bounds = boxes_of(quarters.polygons)[area] if len(quarters) else features.box
    fits &= ~((features.box[:, :2] < bounds[:, :2]) | (features.box[:, 2:] > bounds[:, 2:])).any(axis=1)
    features.within[fits] = number[fits]


def quarter_numbers(inside: Containers, quarters: AreaIndex) -> Ints:
    """Of each boundary of a quarter the number of the settlement that it is: that of its record, or by name inside."""
    numbers = np.full(len(quarters), -1, np.int32)
    own = inside.settlements.own
    by_area = {settlement.area: number for number, settlement in enumerate(own) if settlement.area >= 0}
    chosen = [number for number, settlement in enumerate(own) if settlement.kind == PlaceType.NEIGHBORHOOD]
    latitude = np.array([own[number].latitude for number in chosen])
    longitude = np.array([own[number].longitude for number in chosen])
    around = quarters.containing(latitude, longitude)
    for index in range(len(quarters)):
        numbers[index] = by_area.get(int(quarters.number[index]), -1)
    for number, index in zip(chosen, around.tolist(), strict=True):
        if index >= 0 and numbers[index] < 0:
            numbers[index] = number
    return numbers


def settlements_named(inside: Containers, names: list[str], latitude: Ints, longitude: Ints) -> Ints:
    """Of each name the number of the layer's own settlement of that name near the point (1e-7 degrees), else -1."""
    settlements = inside.settlements
    base = settlements.world.row_count
    found = np.full(len(names), -1, np.int32)
    for at, name in enumerate(names):
        candidates = [place for place in settlements.by_name.get(settlement_key(name), []) if place >= base]
        if not candidates:
            continue
        points = settlements.point(np.array(candidates, np.int32))
        here = (to_degrees(latitude[at : at + 1]), to_degrees(longitude[at : at + 1]))
        away_m = separation_m(*here, *points)
        best = int(np.argmin(away_m))
        if away_m[best] <= _BY_PLACE_M:
            found[at] = candidates[best] - base
    return found


def _text(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name).combine_chunks()
    return column.cast(TEXT).fill_null("")
