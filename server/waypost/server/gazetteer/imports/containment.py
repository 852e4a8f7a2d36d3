"""In which place each address lies: what the source says, else the boundary around it, else the place people name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.imports.collect import CITY, POSTAL_CODE, Records
from waypost.server.gazetteer.imports.points import (
    Floats,
    Int64s,
    Ints,
    components,
    cosine,
    group_starts,
    separation_m,
    to_degrees,
)
from waypost.server.gazetteer.imports.settlements import Settlement, Settlements, urban_radius_m
from waypost.server.gazetteer.imports.world_places import settlement_key
from waypost.server.geocoder.normalize import fold_words
from waypost.server.model import PlaceType

Bools = npt.NDArray[np.bool_]

#: A city that an address names is the nearest of that name, up to this distance: the post serves wide land.
CITY_REACH_M = 50_000.0
#: The same where only a part of the text is the name: "Paris 10e Arrondissement".
_PART_REACH_M = 10_000.0
#: Words after the name of a city that are no part of it, besides those with a digit.
_ADDED_WORDS = frozenset(
    {"arrondissement", "cedex", "township", "twp", "borough", "boro", "city", "town", "village", "district",
     "municipality"}
)  # fmt: skip
#: So many addresses name a place, or it is taken for a mistake.
_FEWEST_ADDRESSES = 3
#: The share of a postal code's addresses that name one place, for the others to lie there too.
_MOST = 0.6
#: Addresses of one such place lie within cells of this size beside each other, in degrees: about 10 km.
_SPREAD = 0.1
_SLICE = 1_000_000


@dataclass(slots=True)
class Located:
    """Points in 1e-7 degrees, and what records say of where they lie: `locale` indexes Records.locales."""

    latitude: Ints
    longitude: Ints
    locale: Ints

    def degrees(self, rows: Int64s | slice) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of some of the points."""
        return to_degrees(self.latitude[rows]), to_degrees(self.longitude[rows])


def places_of(points: Located, records: Records, settlements: Settlements, *, founding: bool) -> tuple[Ints, Bools]:
    """The place of each point, and whether the source named it.

    With `founding`, names that nothing else knows become settlements of the layer, if enough points bear them.
    """
    place = np.full(len(points.latitude), -1, np.int32)
    city = records.locales[:, CITY][points.locale]
    if city.any():
        order = np.argsort(city, kind="stable")
        starts = group_starts(city[order])
        unknown: dict[str, list[Int64s]] = {}
        spelled: dict[str, dict[str, int]] = {}
        for rows in np.split(order, starts[1:]):
            text = records.texts[city[rows[0]]]
            if not text:
                continue
            found = _city_near(settlements, text, *points.degrees(rows))
            place[rows] = found
            lost = rows[found < 0]
            key = settlement_key(text)
            if founding and len(lost) and any(char.isalpha() for char in key):
                unknown.setdefault(key, []).append(lost)
                spelled.setdefault(key, {})[text] = len(lost)
        del order
        for key in sorted(unknown):
            name = min(spelled[key], key=lambda text: (-spelled[key][text], text))
            _found_settlements(settlements, name, np.concatenate(unknown[key]), points, place)
    tagged = place >= 0
    post = post_places(records.locales[:, POSTAL_CODE][points.locale], place)
    for start in range(0, len(place), _SLICE):
        rows = start + np.flatnonzero(~tagged[start : start + _SLICE])
        place[rows] = settlements.around(*points.degrees(rows))
        rows = rows[place[rows] < 0]
        code = records.locales[:, POSTAL_CODE][points.locale[rows]]
        place[rows] = _in_reach(settlements, post[code], *points.degrees(rows))
        tagged[rows] = place[rows] >= 0
        rows, code = rows[place[rows] < 0], code[place[rows] < 0]
        if len(rows):
            near = settlements.nearest(*points.degrees(rows))
            place[rows] = _towns_of_codes(settlements, records.texts, code, near, *points.degrees(rows))
    return place, tagged


def post_places(code: Ints, place: Ints) -> Ints:
    """(codes,) the place that most addresses of a postal code name, -1 where none has most of them.

    `code` is the number of each address's code, 0 = none; `place` what it names, -1 = nothing.
    """
    places = np.full(int(code.max(initial=0)) + 1, -1, np.int32)
    told = np.flatnonzero((place >= 0) & (code > 0))
    pairs, times = np.unique(code[told].astype(np.int64) << 32 | place[told], return_counts=True)
    owner, named = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
    total = np.bincount(owner, weights=times, minlength=len(places))
    most = (times >= _FEWEST_ADDRESSES) & (times >= _MOST * total[owner])
    places[owner[most]] = named[most]
    return places


def _in_reach(settlements: Settlements, place: Ints, latitude: Floats, longitude: Floats) -> Ints:
    """The places of points, -1 for those too far away: other countries have the same codes."""
    away_m = separation_m(latitude, longitude, *settlements.point(np.maximum(place, 0)))
    return np.where((place >= 0) & (away_m <= CITY_REACH_M), place, -1).astype(np.int32)


def _towns_of_codes(
    settlements: Settlements, texts: list[str], code: Ints, near: Ints, latitude: Floats, longitude: Floats
) -> Ints:
    """Of each point the town that the world knows for its postal code, or the settlement near it.

    The town counts if it is the greater one, and the point lies where it is built up or close by: its section or
    suburb is the nearest settlement, and people name the town. Codes of the country are shared by villages.
    """
    world = settlements.world
    result = near.copy()
    own = near >= world.row_count
    country = world.country[np.where(own, world.at(latitude, longitude) if own.any() else near, near)]
    pairs, index = np.unique(country.astype(np.int64) << 32 | code, return_inverse=True)
    order = np.argsort(index, kind="stable")
    for pair, rows in zip(pairs.tolist(), np.split(order, group_starts(index[order])[1:]), strict=True):
        text = texts[pair & 0xFFFFFFFF]
        town = world.town_of_code(world.country_codes(np.array([pair >> 32], np.int32))[0], text) if text else -1
        if town < 0:
            continue
        at = settlements.point(np.array([town], np.int32))
        away_m = separation_m(latitude[rows], longitude[rows], *at)
        greater = settlements.population(near[rows]) < world.population[town]
        result[rows[greater & (away_m <= 2 * urban_radius_m(world.population[town]))]] = town
    return result


def _city_near(settlements: Settlements, text: str, latitude: Floats, longitude: Floats) -> Ints:
    """Of each point the nearest place that the text names, -1 where there is none in reach."""
    for key, whole in _readings(text):
        candidates = settlements.by_name.get(key)
        if not candidates:
            continue
        best = np.full(len(latitude), -1, np.int32)
        least = np.full(len(latitude), np.inf)
        for candidate in sorted(candidates):
            number = np.array([candidate], np.int32)
            at = settlements.point(number)
            away_m = separation_m(latitude, longitude, *at)
            radius_m = float(urban_radius_m(settlements.population(number))[0])
            reach_m = CITY_REACH_M if whole else max(_PART_REACH_M, 2 * radius_m)
            # A great city among villages of its name is meant as far as it is built up.
            outside_m = np.where(away_m <= reach_m, np.maximum(away_m - radius_m, 0.0), np.inf)
            nearer = outside_m < least
            best[nearer], least[nearer] = candidate, outside_m[nearer]
        if (best >= 0).any():
            return best
    return np.full(len(latitude), -1, np.int32)


def _readings(text: str) -> list[tuple[str, bool]]:
    """Keys of the names that a text may hold, and whether it is all of the text: "Praha 1", "Harrisburg, PA"."""
    readings = [(settlement_key(text), True)]
    for separator in (",", "(", " / ", "/", " - "):
        first = text.split(separator)[0]
        if first != text:
            readings.append((settlement_key(first), False))
    words = fold_words(text)
    for kept in range(len(words) - 1, max(len(words) - 3, 0), -1):
        if words[kept] not in _ADDED_WORDS and not any(char.isdigit() for char in words[kept]):
            break
        readings.append((settlement_key(" ".join(words[:kept])), False))
    return [(key, whole) for key, whole in dict.fromkeys(readings) if key]


def _found_settlements(settlements: Settlements, name: str, rows: Int64s, points: Located, place: Ints) -> None:
    """Makes settlements of addresses that name a place which nobody else knows, outside of every boundary."""
    latitude, longitude = points.degrees(rows)
    outside = settlements.boundaries.containing(latitude, longitude) < 0
    rows, latitude, longitude = rows[outside], latitude[outside], longitude[outside]
    if len(rows) < _FEWEST_ADDRESSES:
        return
    cluster = spread_clusters(latitude, longitude, _SPREAD)
    for number in range(int(cluster.max()) + 1):
        chosen = cluster == number
        if np.count_nonzero(chosen) < _FEWEST_ADDRESSES:
            continue
        south, west = float(latitude[chosen].min()), float(longitude[chosen].min())
        north, east = float(latitude[chosen].max()), float(longitude[chosen].max())
        settlement = Settlement(
            kind=PlaceType.LOCALITY,
            name=name,
            latitude=_middle(latitude[chosen]),
            longitude=_middle(longitude[chosen]),
            population=0,
            category="",
            box=(south, west, north, east),
        )
        place[rows[chosen]] = settlements.add(settlement)


def _middle(values: Floats) -> float:
    """The lower median: a value that is there, whatever the order."""
    return float(np.partition(values, (len(values) - 1) // 2)[(len(values) - 1) // 2])


def spread_clusters(latitude: Floats, longitude: Floats, cell: float) -> Int64s:
    """(n,) the cluster of each point, from 0: points in cells of that many degrees that touch one another."""
    row = np.floor((latitude + 90) / cell).astype(np.int64)
    column = np.floor((longitude + 180) * float(cosine(np.array(latitude.min()))) / cell).astype(np.int64)
    wide = 1 << 30
    keys, index = np.unique((row + 1) * wide + column + 1, return_inverse=True)
    first, second = [], []
    for step in (1, wide - 1, wide, wide + 1):
        at = np.minimum(np.searchsorted(keys, keys + step), len(keys) - 1)
        met = np.flatnonzero(keys[at] == keys + step)
        first.append(met)
        second.append(at[met])
    label = components(len(keys), np.concatenate(first), np.concatenate(second))
    return np.unique(label, return_inverse=True)[1][index]
