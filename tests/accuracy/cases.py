"""A question with its right answers, and a set of them with the floor that it must reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from waypost.server.model import Point, PostalAddress

#: What a floor is about. "doubtful": the share of answers that claim less than even odds.
Metric = Literal["top1", "top5", "country", "country_or_flagged", "doubtful"]


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that a metric of a set must be, as a share."""

    metric: Metric
    share: float


@dataclass(frozen=True, slots=True)
class Case:
    """A question. `expected` are rows, any of which is right; empty where the place does not exist."""

    question: str | PostalAddress | Point
    expected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CaseSet:
    """Questions of one kind."""

    name: str
    title: str
    floors: tuple[Floor, ...]
    cases: tuple[Case, ...]
