"""Questions about what else a layer holds: points of interest, kinds of them near a place, crossings of streets."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.accuracy.street_cases import StreetCase
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.geocoder.category_words import CATEGORY_WORDS
from waypost.server.geocoder.distance import distance_m
from waypost.server.model import PlaceType, Point

#: A name that has so many letters, or two words, is hardly that of something else.
_DISTINCTIVE_LETTERS = 8
#: Another one of the kind is as good an answer this much farther off than the nearest one.
_AS_NEAR_M = 500.0
_NEAR = ("{} near {}", "{} in {}", "{} {}", "{}, {}")
_CROSSING = ("{} & {}, {}", "{} and {}, {}", "{} / {}, {}", "corner of {} and {}, {}", "{} at {}, {}")

Record = dict[str, Any]
#: The city and region that people say of a point, joined by a comma; empty where nothing tells.
CityOf = Callable[[Point], str]


def poi_cases(batches: list[Batch], city_of: CityOf, seed: int, size: int) -> list[StreetCase]:
    """Points of interest with names that nothing else in this layer has, each with its city."""
    pois = [poi for poi in _rows(batches, "place") if poi["kind"] == PlaceType.POI]
    named = [*_rows(batches, "place"), *_rows(batches, "street")]
    often = Counter(_letters(each["name"]) for each in named)
    cases = []
    for poi in _sample([poi for poi in pois if often[_letters(poi["name"])] == 1], seed, size):
        city = city_of(_point(poi))
        if city and _is_distinctive(poi["name"], city):
            cases.append(StreetCase(f"{poi['name']}, {city}", _point(poi)))
    return cases


def category_cases(batches: list[Batch], city_of: CityOf, seed: int, size: int) -> list[StreetCase]:
    """Kinds of points of interest that people ask for near a city: any of the layer, which is that city's, is right."""
    chance = random.Random(seed)
    kinds: dict[str, list[Point]] = defaultdict(list)
    cities = set()
    for poi in _rows(batches, "place"):
        if poi["kind"] == PlaceType.POI and poi["category"] in CATEGORY_WORDS:
            kinds[poi["category"]].append(_point(poi))
            cities.add((poi["category"], city_of(_point(poi))))
    return [
        StreetCase(
            chance.choice(_NEAR).format(category.replace("_", " "), city), kinds[category][0],
            others=tuple(kinds[category]),
        )
        for category, city in _sample(sorted(pair for pair in cities if pair[1]), seed, size)
    ]  # fmt: skip


def near_quarter_cases(batches: list[Batch], city_of: CityOf, seed: int, size: int) -> list[StreetCase]:
    """Kinds of points of interest near a quarter of the city: one that is hardly farther off than the nearest."""
    chance = random.Random(seed)
    places = list(_rows(batches, "place"))
    quarters = [place for place in places if place["kind"] == PlaceType.NEIGHBORHOOD]
    cases = []
    for quarter in quarters:
        middle, city = _point(quarter), city_of(_point(quarter))
        for category in CATEGORY_WORDS:
            away = sorted(
                (_metres(middle, _point(poi)), _point(poi).latitude, _point(poi))
                for poi in places
                if poi["kind"] == PlaceType.POI and poi["category"] == category
            )
            if not away or away[0][0] > 2 * _AS_NEAR_M or not city:
                continue
            near = tuple(point for metres, _, point in away if metres <= away[0][0] + _AS_NEAR_M)
            text = chance.choice(_NEAR).format(category.replace("_", " "), f"{quarter['name']}, {city}")
            cases.append(StreetCase(text, near[0], others=near))
    return _sample(cases, seed, size)


def crossing_cases(batches: Iterable[Batch], city_of: CityOf, seed: int, size: int) -> list[StreetCase]:
    """Two streets that meet, as people write it; each point where two of those names meet is right."""
    chance = random.Random(seed)
    names: dict[tuple[float, float], set[str]] = defaultdict(set)
    for street in _rows(batches, "street"):
        line = street["line"]
        for vertex in zip(line[::2], line[1::2], strict=True):
            names[vertex].add(street["name"])
    meetings: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for (latitude, longitude), meeting in names.items():
        for one in meeting:
            for other in meeting:
                if one < other:
                    meetings[one, other].append(Point(latitude=latitude, longitude=longitude))
    cases = []
    for pair in _sample(sorted(meetings), seed, size):
        points = meetings[pair]
        city = city_of(points[0])
        if city:
            one, other = chance.sample(pair, 2)
            text = chance.choice(_CROSSING).format(one, other, city)
            cases.append(StreetCase(text, points[0], others=tuple(points)))
    return cases


def _rows(batches: Iterable[Batch], kind: str) -> Iterator[Record]:
    for batch in batches:
        if batch.kind == kind:
            yield from batch.rows.to_pylist()


def _is_distinctive(name: str, city: str) -> bool:
    words = name.split()
    return (len(words) > 1 or len(name) >= _DISTINCTIVE_LETTERS) and _letters(name) not in ("", _letters(city))


def _letters(name: str) -> str:
    """What of a name tells it from others."""
    return "".join(filter(str.isalnum, name.casefold())).replace("saint", "st")


def _sample(values: list[Any], seed: int, size: int) -> list[Any]:
    return values if len(values) <= size else random.Random(seed).sample(values, size)


def _point(record: Record) -> Point:
    return Point(latitude=record["latitude"], longitude=record["longitude"])


def _metres(one: Point, other: Point) -> float:
    return float(distance_m(one.latitude, one.longitude, other.latitude, other.longitude))
