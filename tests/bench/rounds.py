"""Measurements that alternate: each round takes every one once, so that a busy moment hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured; `share` scales the rows and seconds of each round."""

    rounds: int
    share: float

    def rows(self, full: int) -> int:
        """Rows of one round."""
        return max(1, round(full * self.share))

    def seconds(self, full: float) -> float:
        """Seconds of one round."""
        return full * self.share


FULL = Effort(rounds=5, share=1.0)
QUICK = Effort(rounds=3, share=0.3)


class Rounds:
    """The values of each measurement, one per round."""

    def __init__(self, values: Mapping[str, list[float]]) -> None:
        self._values = values

    def median(self, name: str) -> float:
        """The middle value."""
        return statistics.median(self._values[name])

    def ratio(self, name: str, yardstick: str) -> float:
        """The middle of the ratios of each round: what slows a whole round cancels out."""
        pairs = zip(self._values[name], self._values[yardstick], strict=True)
        return statistics.median(value / against for value, against in pairs)


def alternate(measures: Mapping[str, Callable[[int], float]], rounds: int) -> Rounds:
    """Calls each measure once a round with the round's number, beginning with another one in each round."""
    values: dict[str, list[float]] = {name: [] for name in measures}
    names = list(measures)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            values[name].append(measures[name](number))
    return Rounds(values)
