"""Questions about addresses of a layer, made from the records of its file: as tagged, and as people change them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.accuracy.noise import with_typos
from tests.accuracy.street_layers import Writing
from tests.accuracy.world import Half, half_of
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.geocoder.distance import distance_m
from waypost.server.model import Point

#: What people shorten, and how; the first that fits.
_SHORT = (
    ("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Boulevard", "Blvd"), ("Drive", "Dr"), ("Lane", "Ln"),
    ("Court", "Ct"), ("Place", "Pl"), ("Square", "Sq"), ("Highway", "Hwy"), ("Parkway", "Pkwy"), ("straße", "str."),
    ("Straße", "Str."), ("Rue ", "R. "), ("katu", "k."), ("gatan", "g."),
)  # fmt: skip
_DIRECTIONS = (("North ", "N "), ("South ", "S "), ("East ", "E "), ("West ", "W "))


#: A house lies in no place that is so far away, as quarters of a city are.
_ELSEWHERE_M = 2_500.0


class NamedTown(NamedTuple):
    """A town of the world."""

    name: str
    region: str
    middle: Point

    @property
    def middle_degrees(self) -> tuple[float, float]:
        """Latitude and longitude of the middle."""
        return self.middle.latitude, self.middle.longitude


@dataclass(frozen=True, slots=True)
class TaggedAddress:
    """An address as its file has it."""

    number: str
    street: str
    city: str
    region: str
    postal_code: str
    point: Point


@dataclass(frozen=True, slots=True)
class StreetCase:
    """A question whose answer lies at `point`, or at one of `others`; `focus` is given with it or None.

    `contradicted` is the part that the answer must be told to contradict.
    """

    text: str
    point: Point
    focus: Point | None = None
    others: tuple[Point, ...] = ()
    contradicted: str = ""


def tagged_addresses(batches: Iterable[Batch], city: str, region: str) -> list[TaggedAddress]:
    """The addresses with a street and one plain number, each once; `city` and `region` where the file tells none."""
    found: dict[tuple[str, str, str, str], TaggedAddress] = {}
    for address in _addresses(batches, city, region):
        key = (address.number.lower(), address.street.lower(), address.city.lower(), address.postal_code)
        found.setdefault(key, address)
    # A number that stands twice on a street of one city has no one answer.
    often = Counter((number, street, town) for number, street, town, _ in found)
    return [address for key, address in found.items() if often[key[:3]] == 1]


def of_half(addresses: Iterable[TaggedAddress], half: Half) -> list[TaggedAddress]:
    """Those in streets of one half; a street belongs to one by its name, in whatever town."""
    return [address for address in addresses if half_of(address.street.casefold()) == half]


def _addresses(batches: Iterable[Batch], city: str, region: str) -> Iterator[TaggedAddress]:
    for batch in batches:
        if batch.kind != "address":
            continue
        for row in batch.rows.to_pylist():
            if row["street"] and row["number"] and row["number"].isalnum() and row["number"][0].isdigit():
                point = Point(latitude=row["latitude"], longitude=row["longitude"])
                yield TaggedAddress(
                    row["number"], row["street"], row["city"] or city, row["region"] or region,
                    row["postal_code"] or "", point,
                )  # fmt: skip


def street_sets(
    addresses: list[TaggedAddress], number_first: bool, seed: int, size: int
) -> dict[str, list[StreetCase]]:
    """Questions by the name of their set."""
    chance = random.Random(seed)
    chosen = addresses if len(addresses) <= size else chance.sample(addresses, size)
    sets: dict[str, list[StreetCase]] = {
        name: []
        for name in ("as tagged", "no postal code", "focus, no city", "number on the other side", "lower case",
                     "abbreviated", "one typo", "typos in street and city", "city first", "street only")
    }  # fmt: skip
    for address in chosen:
        line = _line(address.number, address.street, number_first)
        rest = ", ".join(filter(None, (address.city, " ".join(filter(None, (address.region, address.postal_code))))))
        whole = f"{line}, {rest}"
        town = ", ".join(filter(None, (address.city, address.region)))

        def add(name: str, text: str | None, address: TaggedAddress = address, focus: Point | None = None) -> None:
            if text is not None:
                sets[name].append(StreetCase(text, address.point, focus))

        add("as tagged", whole)
        add("no postal code", f"{line}, {town}")
        add("focus, no city", line, focus=_beside(address.point, chance))
        add("number on the other side", f"{_line(address.number, address.street, not number_first)}, {town}")
        add("lower case", whole.lower().replace(",", ""))
        short = _abbreviated(address.street)
        add("abbreviated", f"{_line(address.number, short, number_first)}, {rest}" if short != address.street else None)
        wrong = with_typos(address.street, 1, chance)
        add("one typo", f"{_line(address.number, wrong, number_first)}, {rest}" if wrong else None)
        city = with_typos(address.city, 1, chance)
        both = f"{_line(address.number, wrong or '', number_first)}, {rest.replace(address.city, city or '', 1)}"
        add("typos in street and city", both if wrong and city else None)
        add("city first", f"{rest}, {line}")
        add("street only", f"{address.street}, {rest}")
    return sets


def bilingual_sets(
    addresses: list[TaggedAddress], batches: Iterable[Batch], writing: Writing, seed: int, size: int
) -> dict[str, list[StreetCase]]:
    """Addresses on streets that have official names in a second language: by that, and by both as signs show them."""
    others = _other_names(batches) if writing.other_city else {}
    chosen = [address for address in addresses if address.street in others]
    chance = random.Random(seed)
    sets: dict[str, list[StreetCase]] = {"second language": [], "both languages": []}
    for address in chosen if len(chosen) <= size else chance.sample(chosen, size):
        other = others[address.street]
        code = f"{address.postal_code} " if address.postal_code else ""
        by_other = f"{_line(address.number, other, writing.number_first)}, {code}{writing.other_city}"
        both = chance.choice(("{} - {}", "{} / {}", "{}/{}", "{} {}")).format(address.street, other)
        by_both = f"{_line(address.number, both, writing.number_first)}, {code}{address.city}"
        sets["second language"].append(StreetCase(by_other, address.point))
        sets["both languages"].append(StreetCase(by_both, address.point))
    return sets


def _other_names(batches: Iterable[Batch]) -> dict[str, str]:
    """Of each street that has one its official name in another language."""
    found: dict[str, str] = {}
    for batch in batches:
        if batch.kind != "street":
            continue
        for street in batch.rows.to_pylist():
            official = [name for name in street["names"] if name["kind"] == "official"]
            own = {name["language"] for name in official if name["text"] == street["name"]}
            for name in official:
                if own and name["language"] and name["language"] not in own and name["text"] != street["name"]:
                    found.setdefault(street["name"], name["text"])
    return found


def mistaken_sets(
    addresses: list[TaggedAddress], codes: list[str], towns: list[NamedTown], number_first: bool, seed: int,
    size: int,
) -> dict[str, list[StreetCase]]:  # fmt: skip
    """Addresses with a postal code that is none of the street's, or with another town and the right postal code."""
    chance = random.Random(seed)
    of_street: dict[str, set[str]] = {}
    for address in addresses:
        of_street.setdefault(address.street, set()).add(address.postal_code)
    sets: dict[str, list[StreetCase]] = {"another postal code": [], "another city": []}
    for address in addresses if len(addresses) <= size else chance.sample(addresses, size):
        if not address.postal_code:
            continue
        line = _line(address.number, address.street, number_first)
        wrong = chance.choice([code for code in codes if code not in of_street[address.street]])
        text = _with_code(line, address.city, address.region, wrong, number_first)
        sets["another postal code"].append(StreetCase(text, address.point, contradicted=wrong))
        if towns:
            town, region, _ = chance.choice(towns)
            text = _with_code(line, town, region if address.region else "", address.postal_code, number_first)
            sets["another city"].append(StreetCase(text, address.point, contradicted=town))
    return sets


def beside_cases(
    addresses: list[TaggedAddress], towns: list[NamedTown], number_first: bool, seed: int, size: int
) -> list[StreetCase]:
    """Addresses with the place whose middle is nearest, whatever city they are tagged with."""
    chance = random.Random(seed)
    cases = []
    for address in addresses if len(addresses) <= size else chance.sample(addresses, size):
        at = address.point
        town = min(towns, key=lambda town: distance_m(at.latitude, at.longitude, *town.middle_degrees))
        region = town.region if address.region else ""
        where = ", ".join(filter(None, (town.name, region)))
        cases.append(StreetCase(f"{_line(address.number, address.street, number_first)}, {where}", at))
    return cases


def _with_code(line: str, city: str, region: str, code: str, number_first: bool) -> str:
    """An address as countries write it that have the postal code behind, with the number first, or before the city."""
    return f"{line}, {city}, {region} {code}" if number_first else f"{line}, {code} {city}"


def foreign_cases(
    addresses: list[TaggedAddress], towns: list[NamedTown], number_first: bool, seed: int, size: int
) -> list[str]:
    """Addresses of the layer put into other towns, which the layer lacks; not into a quarter that they may lie in."""
    chance = random.Random(seed)
    texts: list[str] = []
    for _ in range(size):
        address, town = chance.choice(addresses), chance.choice(towns)
        if distance_m(address.point.latitude, address.point.longitude, *town.middle_degrees) >= _ELSEWHERE_M:
            texts.append(f"{_line(address.number, address.street, number_first)}, {town.name}, {town.region}")
    return texts


def _line(number: str, street: str, number_first: bool) -> str:
    return f"{number} {street}" if number_first else f"{street} {number}"


def _abbreviated(street: str) -> str:
    for long, short in _SHORT:
        if street.endswith(long) or street.startswith(long):
            street = street.replace(long, short)
            break
    for long, short in _DIRECTIONS:
        if street.startswith(long):
            street = street.replace(long, short, 1)
    return street


def _beside(point: Point, chance: random.Random) -> Point:
    """A point within about two kilometres."""
    return Point(
        latitude=point.latitude + chance.uniform(-0.015, 0.015),
        longitude=point.longitude + chance.uniform(-0.015, 0.015),
    )
