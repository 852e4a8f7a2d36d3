"""The hand-written questions of tests/data/golden, and whether an answer is the one that their author meant."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.accuracy.judge import SAME_NAME_M, Judge, fold
from waypost.server.model import PlaceType, Point

_DIRECTORY = Path(__file__).parents[1] / "data" / "golden"


@dataclass(frozen=True, slots=True)
class GoldenQuery:
    """A row of forward.tsv; `place_type` and `where` are None where nothing should be found."""

    text: str
    place_type: PlaceType | None
    names: str
    country_code: str
    where: Point | None
    tags: frozenset[str]

    def accepts(self, judge: Judge, row: int) -> bool:
        """Whether the row is the place that was meant."""
        if self.place_type is None or self.where is None or judge.country_code(row) != self.country_code:
            return False
        if self.place_type == PlaceType.COUNTRY:
            return judge.place_type(row) == PlaceType.COUNTRY
        named = judge.answers_to(row, _folded(self.names))
        if self.place_type <= PlaceType.DISTRICT:
            # What is a first-level area to one source is a second-level one to another (England's counties).
            return named and judge.place_type(row) in (PlaceType.REGION, PlaceType.DISTRICT)
        same = named and judge.place_type(row) == self.place_type and judge.metres(row, self.where) <= SAME_NAME_M
        return same or judge.is_close(row, self.place_type, self.where)


@dataclass(frozen=True, slots=True)
class GoldenPoint:
    """A row of reverse.tsv; `names` are empty where no locality is expected."""

    point: Point
    names: str
    country_code: str
    near_border: bool
    tags: frozenset[str]

    def accepts(self, judge: Judge, row: int) -> bool:
        """Whether the row is the locality that a person would name."""
        return judge.answers_to(row, _folded(self.names))


def golden_queries() -> Iterator[GoldenQuery]:
    """The rows of forward.tsv."""
    for row in _rows("forward.tsv"):
        kind = row["place_type"]
        yield GoldenQuery(
            row["query"],
            None if kind == "NONE" else PlaceType[kind],
            row["name"],
            row["country_code"],
            _point(row) if row["latitude"] else None,
            frozenset(row["tags"].split(",")),
        )


def golden_points() -> Iterator[GoldenPoint]:
    """The rows of reverse.tsv."""
    for row in _rows("reverse.tsv"):
        tags = frozenset(row["tags"].split(","))
        yield GoldenPoint(_point(row), row["name"], row["country_code"], row["near_border"] == "1", tags)


def _rows(file: str) -> Iterator[dict[str, str]]:
    with (_DIRECTORY / file).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def _point(row: dict[str, str]) -> Point:
    return Point(latitude=float(row["latitude"]), longitude=float(row["longitude"]))


def _folded(names: str) -> frozenset[str]:
    """Each accepted name, and what stands before its parenthesis: "Frankfurt (Oder)" is also "Frankfurt"."""
    written = names.split("|")
    return frozenset(
        filter(None, (fold(name) for name in [*written, *(re.sub(r" \(.*", "", name) for name in written)]))
    )
