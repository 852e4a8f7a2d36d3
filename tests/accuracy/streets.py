"""How right the answers to addresses are, and to what else layers hold: layers are made of extracts and asked back.

What the confidence is fitted on is held apart from what it is judged on: it is fitted on invented towns and judged on
extracts. Where there are none, both are invented, and each street with all its houses belongs to one half; so do the
towns that addresses are put into.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.accuracy.fit import write_weights
from tests.accuracy.layer_cases import category_cases, crossing_cases, near_quarter_cases, poi_cases
from tests.accuracy.street_cases import (
    NamedTown,
    StreetCase,
    TaggedAddress,
    beside_cases,
    bilingual_sets,
    foreign_cases,
    mistaken_sets,
    of_half,
    street_sets,
    tagged_addresses,
)
from tests.accuracy.street_layers import Town
from tests.accuracy.street_points import PointExaminer
from tests.accuracy.world import Half, half_of
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.distance import METRES_PER_DEGREE, distance_m
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.street_confidence import WEIGHTS_FILE
from waypost.server.model import (
    GeocodeFilter,
    GeocodeQuery,
    MatchOutcome,
    PlaceType,
    Point,
    Precision,
    Result,
    ReverseQuery,
)

#: An answer is right within this of the house; a street within that.
HOUSE_M, STREET_M = 100.0, 150.0
#: The least share that must be right: of the issue, section 4; none is asked of houses left out, and of what it only
#: names.
FLOORS = {
    "one typo": 0.97, "typos in street and city": 0.97, "street only": 0.98, "left out": 0.0,
    "points of interest": 0.95, "kinds near a city": 0.95, "kinds near a quarter": 0.9, "crossings": 0.95,
    "another postal code": 0.95, "another city": 0.95,
}  # fmt: skip
LEAST_RIGHT = 0.99
#: The greatest share of addresses of other towns that may be answered at a house.
MOST_FALSE = 0.005
#: The set that this is said of.
OTHER_TOWNS = "other towns"
#: To be sure of a house in another town is worse than to doubt a real one; as with invented places, see fit.py.
_FOREIGN_WEIGHT = 11.0
_SIZE = 600
_POIS = 500
_FOREIGN = 2_000
#: What is drawn from each half.
_SEEDS = {Half.FIT: 11, Half.JUDGE: 7}
#: A town that is named by mistake lies this far away at least.
_FAR_M = 30_000.0


@dataclass(frozen=True, slots=True)
class Share:
    """Of a set: how many were asked, and the share that is right (of foreign addresses: that are answered falsely)."""

    town: str
    name: str
    asked: int
    share: float
    is_met: bool
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A town with the addresses that can be asked for, and those left out of the layer."""

    town: Town
    known: list[TaggedAddress]
    left_out: list[TaggedAddress]

    @property
    def middle(self) -> Point:
        return self.known[0].point


class StreetExaminer:
    """Asks about the towns of one snapshot."""

    def __init__(self, snapshot: Snapshot, towns: list[Town]) -> None:
        self._snapshot = snapshot
        self._geocoder = Geocoder(snapshot)
        self._points = PointExaminer(snapshot, self._geocoder)
        self._base = int(snapshot.array("feature_base").view(np.int64)[0])
        self._towns = [
            _Asked(town, self._addresses(town, town.known), self._addresses(town, town.left_out)) for town in towns
        ]

    def shares(self) -> Iterator[Share]:
        """What share of each set is right."""
        for asked in self._towns:
            for name, cases in self._sets(asked, Half.JUDGE).items():
                results = [(case, self.answer(case)) for case in cases]
                missed = tuple(
                    case.text
                    for case, result in results
                    if not (self.is_right(case, result, name) and tells_contradiction(case, result))
                )
                share = 1.0 - len(missed) / max(1, len(cases))
                yield Share(asked.town.name, name, len(cases), share, share >= FLOORS.get(name, LEAST_RIGHT), missed)
            for name, (count, wrong) in self._points.shares(asked.town.name, _SEEDS[Half.JUDGE], _SIZE).items():
                share = 1.0 - len(wrong) / max(1, count)
                yield Share(asked.town.name, name, count, share, share >= FLOORS.get(name, LEAST_RIGHT), tuple(wrong))
            texts = self._foreign(asked, Half.JUDGE)
            false = tuple(text for text in texts if _at_house(self.answer(StreetCase(text, asked.middle))))
            share = len(false) / max(1, len(texts))
            yield Share(asked.town.name, OTHER_TOWNS, len(texts), share, share <= MOST_FALSE, false)

    def fit(self) -> str:
        """Writes the weights of the confidence, fitted on what else those towns can be asked; tells on how much."""
        features, right, weight = [], [], []
        for asked in self._towns:
            sets = self._sets(asked, Half.FIT)
            sets[OTHER_TOWNS] = [StreetCase(text, asked.middle) for text in self._foreign(asked, Half.FIT)]
            for name, cases in sets.items():
                for case in cases:
                    row, values = self._geocoder.features(self._query(case))
                    if row < self._base:
                        continue
                    features.append(values)
                    weight.append(_FOREIGN_WEIGHT if name == OTHER_TOWNS else 1.0)
                    right.append(float(name != OTHER_TOWNS and self.is_right(case, self.answer(case), name)))
        judged = np.array(right)
        write_weights(WEIGHTS_FILE, np.array(features), judged, np.array(weight))
        return f"{judged.size} answers, {judged.mean():.1%} of them right"

    def reliability(self) -> list[tuple[float, float, int]]:
        """By tenths of confidence: what was claimed, what is right, and how many answers there are."""
        claims: list[tuple[float, bool]] = []
        for asked in self._towns:
            for name, cases in self._sets(asked, Half.JUDGE).items():
                for case in cases:
                    result = self.answer(case)
                    if result is not None and result.place.place_type >= PlaceType.STREET:
                        claims.append((result.confidence, self.is_right(case, result, name)))
        tenths = Counter(min(9, int(claim * 10)) for claim, _ in claims)
        table = []
        for tenth in sorted(tenths):
            inside = [(claim, right) for claim, right in claims if min(9, int(claim * 10)) == tenth]
            claimed, held = np.array(inside, float).mean(axis=0)
            table.append((float(claimed), float(held), len(inside)))
        return table

    def answer(self, case: StreetCase) -> Result | None:
        """The best answer to a case."""
        results = self._geocoder.geocode(self._query(case)).results
        return results[0] if results else None

    def is_right(self, case: StreetCase, result: Result | None, name: str) -> bool:
        """Whether an answer is the house, or lies where it should; of a street asked for, whether it passes by it."""
        if result is None or result.place.place_type < PlaceType.STREET:
            return False
        if result.precision == Precision.STREET and name == "street only":
            return self._passes_by(result.place.place_id, case) <= STREET_M
        place = result.place
        return any(
            distance_m(place.latitude, place.longitude, point.latitude, point.longitude) <= HOUSE_M
            for point in (case.point, *case.others)
        )

    def _passes_by(self, place_id: str, case: StreetCase) -> float:
        """Metres from the house of a case to the nearest vertex or address of a street."""
        row = self._snapshot.row_of(place_id)
        feature = (row or 0) - self._base
        nearest = np.inf
        for offsets, points in (("line_offsets", "line"), ("address_offsets", "address_point")):
            first, end = (int(self._snapshot.array(offsets).view(np.int64)[feature + step]) for step in (0, 1))
            own = self._snapshot.array(points)[first:end].reshape(-1, 2).astype(np.float64) / 1e7
            if own.size:
                north = (own[:, 0] - case.point.latitude) * METRES_PER_DEGREE
                east = (own[:, 1] - case.point.longitude) * METRES_PER_DEGREE
                nearest = min(nearest, float(np.hypot(north, east * np.cos(np.radians(case.point.latitude))).min()))
        return nearest

    def _sets(self, asked: _Asked, half: Half) -> dict[str, list[StreetCase]]:
        town, writing, seed = asked.town, asked.town.writing, _SEEDS[half]
        known, left_out = (of_half(addresses, half) for addresses in (asked.known, asked.left_out))
        sets = street_sets(known, writing.number_first, seed, _SIZE)
        sets["left out"] = street_sets(left_out, writing.number_first, seed, _SIZE)["as tagged"]
        sets |= bilingual_sets(known, town.known, writing, seed, _SIZE)
        codes, towns = self._codes(asked), self._towns_around(asked.middle, _FAR_M)
        sets |= mistaken_sets(known, codes, towns, writing.number_first, seed, _SIZE)
        sets["place beside the house"] = beside_cases(
            known, self._towns_around(asked.middle, 0.0), writing.number_first, seed, _SIZE
        )
        makers = {
            "points of interest": poi_cases, "kinds near a city": category_cases,
            "kinds near a quarter": near_quarter_cases, "crossings": crossing_cases,
        }  # fmt: skip
        for name, cases in makers.items():
            sets[name] = cases(town.known, self._city_of(town), seed, _POIS)
        return {name: cases for name, cases in sets.items() if cases}

    def _city_of(self, town: Town) -> Callable[[Point], str]:
        """Tells the city and region that people say of a point in the town."""

        def city(point: Point) -> str:
            if town.writing.city:
                return ", ".join(filter(None, (town.writing.city, town.writing.region)))
            results = self._geocoder.reverse(
                ReverseQuery(point=point, place_types=frozenset({PlaceType.ADDRESS}))
            ).results
            postal = results[0].place.postal_address if results else None
            return "" if postal is None else ", ".join(filter(None, (postal.locality, town.writing.region)))

        return city

    def _codes(self, asked: _Asked) -> list[str]:
        """Postal codes of the country, those of the town among them, and some that nobody has."""
        snapshot = self._snapshot
        names = snapshot.text("display_name")
        places = slice(0, self._base)
        codes = snapshot.array("place_type")[places] == PlaceType.POSTAL_CODE
        country = snapshot.array("country")[places]
        short = snapshot.text("short_name")
        rows = [row for row in np.flatnonzero(codes).tolist() if short[int(country[row])] == asked.town.writing.country]
        known = {names[row] for row in rows} | {address.postal_code for address in asked.known}
        own = sorted({address.postal_code for address in asked.known} - {""})
        far = sorted(known)[:: max(1, len(known) // 100)]
        width = Counter(map(len, known)).most_common(1)[0][0]
        unknown = [code for code in (f"{number:0{width}}" for number in range(137, 10**5, 997)) if code not in known]
        return own + far + unknown[:100]

    def _towns_around(self, middle: Point, least_m: float, *, without_streets: bool = False) -> list[NamedTown]:
        """Names and regions of the towns within about two degrees that are as far away at least."""
        snapshot, places = self._snapshot, slice(0, self._base)
        latitude, longitude = (snapshot.array(name)[places].view(np.float64) for name in ("latitude", "longitude"))
        near = (np.abs(latitude - middle.latitude) < 2.0) & (np.abs(longitude - middle.longitude) < 2.5)
        chosen = near & (snapshot.array("place_type")[places] == PlaceType.LOCALITY)
        if without_streets:
            starts = snapshot.array("street_starts").view(np.int32)
            chosen &= starts[:-1] == starts[1:]
        names, short, region = snapshot.text("display_name"), snapshot.text("short_name"), snapshot.array("admin1")
        return [
            NamedTown(names[row], short[int(region[row])], Point(latitude=latitude[row], longitude=longitude[row]))
            for row in np.flatnonzero(chosen).tolist()
            if region[row] >= 0
            and distance_m(latitude[row], longitude[row], middle.latitude, middle.longitude) >= least_m
        ]

    def _foreign(self, asked: _Asked, half: Half) -> list[str]:
        """Addresses of a town put into those around it that no layer has."""
        towns = self._towns_around(asked.middle, 0.0, without_streets=True)
        towns = [town for town in towns if half_of(town.name) == half]
        own = of_half(asked.known, half)
        number_first = asked.town.writing.number_first
        return foreign_cases(own, towns, number_first, _SEEDS[half], _FOREIGN) if towns and own else []

    def _addresses(self, town: Town, records: list[Batch]) -> list[TaggedAddress]:
        """The addresses among records, those without a city in the one that the nearest address is told to have."""
        told = []
        for address in tagged_addresses(records, town.writing.city, town.writing.region):
            if not address.city:
                query = ReverseQuery(point=address.point, place_types=frozenset({PlaceType.ADDRESS}))
                results = self._geocoder.reverse(query).results
                postal = results[0].place.postal_address if results else None
                if postal is None or not postal.locality:
                    continue
                address = replace(address, city=postal.locality)
            told.append(address)
        return told

    def _query(self, case: StreetCase) -> GeocodeQuery:
        return GeocodeQuery(text=case.text, filter=GeocodeFilter(focus=case.focus), max_results=1)


def tells_contradiction(case: StreetCase, result: Result | None) -> bool:
    """Whether the answer says that it contradicts the part of the question that it should."""
    return not case.contradicted or any(
        part.outcome == MatchOutcome.CONTRADICTED and case.contradicted in part.text
        for part in (result.match if result else ())
    )


def _at_house(result: Result | None) -> bool:
    return result is not None and result.precision in (Precision.ROOFTOP, Precision.INTERPOLATED) and (
        result.place.place_type == PlaceType.ADDRESS
    )  # fmt: skip
