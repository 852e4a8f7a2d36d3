"""Asks the geocoder and keeps score: top-1, top-5, countries, and how honest the confidences are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.accuracy.cases import Case, CaseSet, Floor, Metric
from tests.accuracy.golden import GoldenPoint, GoldenQuery
from tests.accuracy.judge import Judge
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import Answer, GeocodeQuery, NoticeCode, PlaceType, Point, PostalAddress, ReverseQuery

BINS = 10
#: An answer that claims less than this admits that it may be wrong.
EVEN_ODDS = 0.5
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question. `confidence` is that of the first answer, None where there is none.

    `right` is what accuracy counts, `true` what calibration counts: the answer "nothing" to a place that does
    not exist is right, but a doubtful answer to it is right without being true.
    """

    question: str
    answer: str
    confidence: float | None
    right: bool
    in_five: bool
    true: bool
    country_right: bool
    flagged: bool


@dataclass(slots=True)
class Score:
    """The outcomes of one set."""

    name: str
    title: str
    floors: tuple[Floor, ...] = ()
    reverse: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    def share(self, metric: Metric) -> float:
        """The value of a metric."""
        match metric:
            case "top1":
                return _mean(o.right for o in self.outcomes)
            case "top5":
                return _mean(o.in_five for o in self.outcomes)
            case "country":
                return _mean(o.country_right for o in self.outcomes)
            case "country_or_flagged":
                return _mean(o.country_right or o.flagged for o in self.outcomes)
            case "doubtful":
                return _mean(o.confidence is None or o.confidence < EVEN_ODDS for o in self.outcomes)

    @property
    def is_met(self) -> bool:
        """Whether every floor is reached."""
        return all(self.share(floor.metric) >= floor.share for floor in self.floors)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How confidences compare with the truth, in ten bins of equal width.

    `count`, `claimed` and `observed` are per bin; `error` is the mean gap between the two, weighted by count
    (expected calibration error); `sure` the share of answers at 0.9 and more.
    """

    count: tuple[int, ...]
    claimed: tuple[float, ...]
    observed: tuple[float, ...]
    error: float
    sure: float

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Reliability:
        """Over all questions that got an answer."""
        answered = [(o.confidence, o.true) for o in outcomes if o.confidence is not None]
        confidence = np.array([value for value, _ in answered], np.float64)
        true = np.array([value for _, value in answered], np.float64)
        bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
        count = np.bincount(bins, minlength=BINS)
        filled = np.maximum(count, 1)
        claimed = np.bincount(bins, confidence, BINS) / filled
        observed = np.bincount(bins, true, BINS) / filled
        size = max(confidence.size, 1)
        error = float(np.sum(count * np.abs(claimed - observed)) / size)
        sure = float(np.sum(confidence >= SURE) / size)
        return cls(tuple(count.tolist()), tuple(claimed.tolist()), tuple(observed.tolist()), error, sure)


class Examiner:
    """Puts questions to the geocoder of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.geocoder = Geocoder(snapshot)
        self._snapshot = snapshot
        self._judge = Judge(snapshot)

    def examine(self, cases: CaseSet) -> Score:
        """The score of a generated set."""
        reverse = any(isinstance(case.question, Point) for case in cases.cases)
        score = Score(cases.name, cases.title, cases.floors, reverse)
        for case in cases.cases:
            if isinstance(case.question, Point):
                score.outcomes.append(self._at(case.question, case.expected[0]))
            else:
                score.outcomes.append(self._asked(case))
        return score

    def examine_golden_queries(self, queries: Iterable[GoldenQuery], floors: tuple[Floor, ...]) -> Score:
        """The score of hand-written queries."""
        score = Score("golden", "Hand-written queries", floors)
        for query in queries:
            rows, confidence = self._rows(query.text)
            accepted = [query.accepts(self._judge, row) for row in rows[:5]]
            if query.place_type is None:
                doubtful = confidence is None or confidence < EVEN_ODDS
                outcome = Outcome(query.text, self._told(rows), confidence, doubtful, doubtful, False, True, False)
            else:
                right, in_five = accepted[:1] == [True], any(accepted)
                country = bool(rows) and self._judge.country_code(rows[0]) == query.country_code
                outcome = Outcome(query.text, self._told(rows), confidence, right, in_five, right, country, False)
            score.outcomes.append(outcome)
        return score

    def examine_golden_points(self, points: Iterable[GoldenPoint], title: str, floors: tuple[Floor, ...]) -> Score:
        """The score of hand-written points."""
        score = Score("golden_reverse", title, floors, reverse=True)
        for point in points:
            answer = self._reverse(point.point)
            town, confidence, country = self._town_and_country(answer)
            right = town is None if not point.names else town is not None and point.accepts(self._judge, town)
            score.outcomes.append(
                Outcome(
                    _shown(point.point),
                    self._told([] if town is None else [town]),
                    confidence,
                    right,
                    right,
                    right and bool(point.names),
                    country == point.country_code,
                    _is_flagged(answer),
                )
            )
        return score

    def _asked(self, case: Case) -> Outcome:
        assert not isinstance(case.question, Point)
        rows, confidence = self._rows(case.question)
        accepted = [any(self._judge.is_right(row, expected) for expected in case.expected) for row in rows[:5]]
        right = accepted[:1] == [True]
        country = bool(rows) and any(self._same_country(rows[0], expected) for expected in case.expected)
        nothing = not case.expected and (confidence is None or confidence < EVEN_ODDS)
        return Outcome(
            _shown(case.question), self._told(rows), confidence, right or nothing, any(accepted), right, country, False
        )

    def _at(self, point: Point, expected: int) -> Outcome:
        answer = self._reverse(point)
        town, confidence, country = self._town_and_country(answer)
        right = town is not None and self._judge.is_right(town, expected)
        return Outcome(
            f"{_shown(point)} ({self._told([expected])})",
            self._told([] if town is None else [town]),
            confidence,
            right,
            right,
            right,
            country == self._judge.country_code(expected),
            _is_flagged(answer),
        )

    def _rows(self, question: str | PostalAddress) -> tuple[list[int], float | None]:
        text, address = (question, None) if isinstance(question, str) else ("", question)
        results = self.geocoder.geocode(GeocodeQuery(text=text, address=address, max_results=5, full=False)).results
        rows = [self._row(result.place.place_id) for result in results]
        return rows, results[0].confidence if results else None

    def _reverse(self, point: Point) -> Answer:
        return self.geocoder.reverse(ReverseQuery(point=point, full=False))

    def _town_and_country(self, answer: Answer) -> tuple[int | None, float | None, str]:
        """The locality that was named, how surely, and the code of the country; None and "" where there is none."""
        towns = [result for result in answer.results if result.place.place_type == PlaceType.LOCALITY]
        countries = [result for result in answer.results if result.place.place_type == PlaceType.COUNTRY]
        named = countries or towns
        country = self._judge.country_code(self._row(named[0].place.place_id)) if named else ""
        if not towns:
            return None, None, country
        return self._row(towns[0].place.place_id), towns[0].confidence, country

    def _row(self, place_id: str) -> int:
        row = self._snapshot.row_of(place_id)
        assert row is not None
        return row

    def _same_country(self, row: int, other: int) -> bool:
        return self._judge.country_code(row) == self._judge.country_code(other)

    def _told(self, rows: Sequence[int]) -> str:
        if not rows:
            return "nothing"
        kind = self._judge.place_type(rows[0]).name.lower()
        return f"{self._snapshot.text('formatted_address')[rows[0]]} ({kind})"


def _is_flagged(answer: Answer) -> bool:
    return any(notice.code == NoticeCode.NEAR_BORDER for notice in answer.notices)


def _shown(question: str | PostalAddress | Point) -> str:
    if isinstance(question, str):
        return question
    if isinstance(question, Point):
        return f"{question.latitude:.4f}, {question.longitude:.4f}"
    lines = (*question.address_lines, question.locality, question.administrative_area, question.region_code)
    return " | ".join(filter(None, lines))


def _mean(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
