"""Ways of `addr:interpolation`: house numbers between two that are known, along a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from waypost.server.gazetteer.imports.readers.osm_geometry import Vertices
from waypost.server.gazetteer.imports.readers.osm_tags import AddressTags

#: A range over more numbers than this is a slip of the pen, in no street of the world.
_MAX_NUMBERS = 2_000
_NUMBER = re.compile(r"(\d{1,6})\s*([A-Za-z]?)")
_STEPS = {"even": 2, "odd": 2, "all": 1}


class NumberRange(NamedTuple):
    """Numbers `first` to `last` by `step` along `line`, first < last; ends are addresses of their own."""

    address: AddressTags
    first: int
    last: int
    step: int
    line: Vertices


class Between(NamedTuple):
    """One address that lies between two ends: of a range of letters, or one by tens."""

    address: AddressTags
    latitude: float
    longitude: float


class BadRange(ValueError):
    """A range that makes no sense; the message says why."""


def ranges_of(
    kind: str, way: AddressTags, nodes: tuple[int, ...], line: Vertices, known: Mapping[int, AddressTags]
) -> Iterator[NumberRange | Between]:
    """The ranges between neighbouring nodes with numbers. Raises BadRange.

    `nodes` and the vertices of `line` are of one length; `known` are the addresses of nodes.
    """
    ends = [place for place, node in enumerate(nodes) if node in known and known[node].number]
    if len(ends) < 2:
        raise BadRange("a number range whose ends have no numbers")
    if len(line) != 2 * len(nodes):
        raise BadRange("a number range that the file has only a part of")
    for begin, end in pairwise(ends):
        first, last = known[nodes[begin]], known[nodes[end]]
        address = _address(way, first, last)
        if not (address.street or address.place):
            raise BadRange("a number range without street or place")
        yield from _between(kind, address, first.number, last.number, line[2 * begin : 2 * end + 2])


def _between(kind: str, address: AddressTags, first: str, last: str, line: Vertices) -> Iterator[NumberRange | Between]:
    lower, upper = _NUMBER.fullmatch(first.strip()), _NUMBER.fullmatch(last.strip())
    if lower is None or upper is None:
        raise BadRange("a number range whose ends are no plain numbers")
    low, high = int(lower[1]), int(upper[1])
    if kind == "alphabetic":
        yield from _letters(address, lower, upper, line)
        return
    if low > high:
        low, high, line = high, low, _reversed(line)
    step = _STEPS.get(kind) or (int(kind) if kind.isascii() and kind.isdigit() else 0)
    if step == 0:
        raise BadRange("a number range of an unknown kind")
    if (high - low) % step or (high - low) // step > _MAX_NUMBERS:
        raise BadRange("a number range whose ends do not fit its kind")
    if high - low <= step:
        return  # nothing lies between
    if step <= 2:
        yield NumberRange(address, low, high, step, line)
        return
    steps = (high - low) // step
    for at in range(1, steps):
        yield Between(address._replace(number=str(low + at * step)), *_along(line, at / steps))


def _letters(address: AddressTags, lower: re.Match[str], upper: re.Match[str], line: Vertices) -> Iterator[Between]:
    """12a to 12f, one by one; where only one end has a letter, the other counts as the letter before a."""
    if lower[1] != upper[1]:
        raise BadRange("a range of letters whose ends have different numbers")
    first, last = (ord(end[2].lower()) if end[2] else ord("a") - 1 for end in (lower, upper))
    if first > last:
        first, last, line = last, first, _reversed(line)
    for letter in range(first + 1, last):
        share = (letter - first) / (last - first)
        yield Between(address._replace(number=f"{lower[1]}{chr(letter)}"), *_along(line, share))


def _address(way: AddressTags, first: AddressTags, last: AddressTags) -> AddressTags:
    """What the way tells, else what its ends tell; the number is set by the caller."""
    merged = AddressTags(*(own or one or other for own, one, other in zip(way, first, last, strict=True)))
    if way.place and not way.street:
        merged = merged._replace(street="")
    return merged._replace(number="", unit="")


def _along(line: Vertices, share: float) -> tuple[float, float]:
    """Latitude and longitude of the point at a share of a line's length; one degree counts as long as another here."""
    points = list(zip(line[1::2], line[0::2], strict=True))
    lengths = [((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5 for a, b in pairwise(points)]
    left = share * sum(lengths)
    for (begin, end), length in zip(pairwise(points), lengths, strict=True):
        if left <= length and length > 0:
            part = left / length
            return begin[0] + part * (end[0] - begin[0]), begin[1] + part * (end[1] - begin[1])
        left -= length
    return points[-1]


def _reversed(line: Vertices) -> Vertices:
    turned = list(line[::-1])
    turned[0::2], turned[1::2] = turned[1::2], turned[0::2]
    return tuple(turned)
