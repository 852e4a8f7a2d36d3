"""Questions about addresses of a layer, made from the records of its file: as tagged, and as people change them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.accuracy.noise import with_typos
from tests.accuracy.world import Half, half_of
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.model import Point

#: What people shorten, and how; the first that fits.
_SHORT = (
    ("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Boulevard", "Blvd"), ("Drive", "Dr"), ("Lane", "Ln"),
    ("Court", "Ct"), ("Place", "Pl"), ("Square", "Sq"), ("Highway", "Hwy"), ("Parkway", "Pkwy"), ("straße", "str."),
    ("Straße", "Str."), ("Rue ", "R. "), ("katu", "k."), ("gatan", "g."),
)  # fmt: skip
_DIRECTIONS = (("North ", "N "), ("South ", "S "), ("East ", "E "), ("West ", "W "))


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
    """A question whose answer lies at `point`; `focus` is given with it or None."""

    text: str
    point: Point
    focus: Point | None = None


def tagged_addresses(batches: Iterable[Batch], city: str, region: str) -> list[TaggedAddress]:
    """The addresses with a street and one plain number, each once; `city` and `region` where the file tells none."""
    found: dict[tuple[str, str, str, str], TaggedAddress] = {}
    for address in _addresses(batches, city, region):
        key = (address.number.lower(), address.street.lower(), address.city.lower(), address.postal_code)
        found.setdefault(key, address)
    # A number that stands twice on a street of one city has no one answer.
    often = Counter((number, street, town) for number, street, town, _ in found)
    return [address for key, address in found.items() if often[key[:3]] == 1]


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


def of_half(addresses: Iterable[TaggedAddress], half: Half) -> list[TaggedAddress]:
    """Those in streets of one half; a street belongs to one by its name, in whatever town."""
    return [address for address in addresses if half_of(address.street.casefold()) == half]


def street_sets(
    addresses: list[TaggedAddress], number_first: bool, seed: int, size: int
) -> dict[str, list[StreetCase]]:
    """Questions by the name of their set."""
    chance = random.Random(seed)
    chosen = addresses if len(addresses) <= size else chance.sample(addresses, size)
    sets: dict[str, list[StreetCase]] = {
        name: []
        for name in ("as tagged", "no postal code", "focus, no city", "number on the other side", "lower case",
                     "abbreviated", "one typo", "city first", "street only")
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
        add("city first", f"{rest}, {line}")
        add("street only", f"{address.street}, {rest}")
    return sets


def foreign_cases(
    addresses: list[TaggedAddress], towns: list[tuple[str, str]], number_first: bool, seed: int, size: int
) -> list[str]:
    """Addresses of the layer put into other towns (name, region), which the layer lacks."""
    chance = random.Random(seed)
    texts = []
    for _ in range(size):
        address, (town, region) = chance.choice(addresses), chance.choice(towns)
        texts.append(f"{_line(address.number, address.street, number_first)}, {town}, {region}")
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
