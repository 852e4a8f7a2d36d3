"""Number ranges along lines, cut into straight ones where houses are known and where the line bends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.imports.points import Floats, Int64s, Ints, cosine, to_units

#: A known house is on the line up to this distance from it: the line runs along the fronts, or in the street.
_BESIDE_M = 40.0
_METRES_PER_DEGREE = 111_195.0
#: A bend by which the straight line is nowhere farther off than this is none.
_BEND_M = 10.0


@dataclass(slots=True)
class NumberRanges:
    """Straight ranges by feature and first number, as in imports/layer.py."""

    feature: Ints
    numbers: npt.NDArray[np.uint32]
    points: Ints


@dataclass(frozen=True, slots=True)
class Known:
    """Houses by rising feature: the number and the point in degrees of each."""

    feature: Ints
    number: npt.NDArray[np.uint32]
    latitude: Floats
    longitude: Floats

    def of(self, feature: int, first: int, last: int) -> Int64s:
        """Those of a feature from `first` to `last`."""
        start, end = np.searchsorted(self.feature, [feature, feature + 1])
        low, high = np.searchsorted(self.number[start:end], [first, last + 1])
        return np.arange(start + low, start + high)


def cut_ranges(
    feature: Ints, first: Int64s, last: Int64s, step: Int64s, lines: list[Floats], known: Known
) -> NumberRanges:
    """The straight ranges of all ranges; a line is (vertices, 2) latitude and longitude from `first` to `last`.

    Of ranges of one feature that share a number the first has it; houses that are known are in none but as ends.
    """
    rows: list[tuple[int, int, int, int, int, int, int, int]] = []
    for number, line in enumerate(lines):
        if len(line) < 2 or feature[number] < 0 or first[number] == last[number]:
            continue
        low, high = int(first[number]), int(last[number])
        if low > high:
            low, high, line = high, low, line[::-1]
        pace = int(step[number])
        # The last number is one that the steps reach.
        high -= (high - low) % pace
        for one, other, start, end in _straight(low, high, pace, line, int(feature[number]), known):
            points = to_units(np.concatenate([start, end])).tolist()
            rows.append((int(feature[number]), one, other, pace, *points))
    rows = sorted(set(rows))
    table = np.array(rows, np.int64).reshape(-1, 8)
    return NumberRanges(table[:, 0].astype(np.int32), table[:, 1:4].astype(np.uint32), table[:, 4:8].astype(np.int32))


def _straight(
    low: int, high: int, step: int, line: Floats, feature: int, known: Known
) -> list[tuple[int, int, Floats, Floats]]:
    """Parts of a range as (first, last, point of first, point of last)."""
    narrow = float(cosine(line[0, 0]))
    flat = line * [1.0, narrow]
    along = np.append(0.0, np.cumsum(np.hypot(*np.diff(flat, axis=0).T)))
    if not along[-1] or high <= low:
        return []
    stops = {low: (0.0, line[0]), high: (along[-1], line[-1])}
    for house in known.of(feature, low, high).tolist():
        number = int(known.number[house])
        point = np.array([known.latitude[house], known.longitude[house]])
        at, away = _project(flat, along, point * [1.0, narrow])
        if away * _METRES_PER_DEGREE <= _BESIDE_M and (number - low) % step == 0:
            stops[number] = (at, point)
    numbers = _rising(stops)
    parts = []
    for one, other in pairwise(numbers):
        parts.extend(_bent(one, other, step, stops[one], stops[other], line, along))
    return parts


def _rising(stops: dict[int, tuple[float, Floats]]) -> list[int]:
    """The numbers whose places on the line rise with them; the ends always count."""
    numbers = sorted(stops)
    kept = [numbers[0]]
    for number in numbers[1:-1]:
        if stops[kept[-1]][0] < stops[number][0] < stops[numbers[-1]][0]:
            kept.append(number)
    return [*kept, numbers[-1]]


def _bent(
    one: int,
    other: int,
    step: int,
    start: tuple[float, Floats],
    end: tuple[float, Floats],
    line: Floats,
    along: Floats,
) -> list[tuple[int, int, Floats, Floats]]:
    """A range between two known numbers, cut at the houses next to the bends of the line."""
    houses = (other - one) // step
    stops = [(one, start[1])]
    for bend in np.flatnonzero((along > start[0]) & (along < end[0])).tolist():
        place = one + step * round(houses * (along[bend] - start[0]) / (end[0] - start[0]))
        if stops[-1][0] < place < other:
            share = (place - one) / (other - one)
            at = start[0] + share * (end[0] - start[0])
            stops.append((place, np.array([np.interp(at, along, line[:, side]) for side in (0, 1)])))
    stops.append((other, end[1]))
    stops = _without_straight(stops)
    return [(first, last, a, b) for (first, a), (last, b) in pairwise(stops)]


def _without_straight(stops: list[tuple[int, Floats]]) -> list[tuple[int, Floats]]:
    """The stops without those that lie where they would be anyway, on a straight line between their neighbours."""
    kept = [stops[0]]
    for stop, after in pairwise(stops[1:]):
        (low, a), (high, b) = kept[-1], after
        expected = a + (b - a) * (stop[0] - low) / (high - low)
        off = (expected - stop[1]) * [1.0, float(cosine(stop[1][0]))]
        if np.hypot(*off) * _METRES_PER_DEGREE > _BEND_M:
            kept.append(stop)
    return [*kept, stops[-1]] if len(stops) > 1 else kept


def _project(flat: Floats, along: Floats, point: Floats) -> tuple[float, float]:
    """How far along a line the nearest place to a point is, and how far off the point is; in degrees."""
    span = np.diff(flat, axis=0)
    length = np.maximum((span**2).sum(axis=1), 1e-18)
    share = np.clip(((point - flat[:-1]) * span).sum(axis=1) / length, 0.0, 1.0)
    foot = flat[:-1] + share[:, None] * span
    away = np.hypot(*(foot - point).T)
    best = int(np.argmin(away))
    return float(along[best] + share[best] * (along[best + 1] - along[best])), float(away[best])
