from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.imports.number_ranges import Known, NumberRanges, cut_ranges

#: A metre in degrees; lines lie at the equator, where it is the same in both directions.
METRE = 1 / 111_195

Point = tuple[float, float]


def cut(line: list[Point], first: int, last: int, step: int = 2, known: dict[int, Point] | None = None) -> NumberRanges:
    """The ranges of one line, in metres north and east; `known` houses are at such points too."""
    houses = sorted((known or {}).items())
    return cut_ranges(
        np.zeros(1, np.int32), np.array([first]), np.array([last]), np.array([step]), [np.array(line) * METRE],
        Known(
            np.zeros(len(houses), np.int32),
            np.array([number for number, _ in houses], np.uint32),
            np.array([point[0] for _, point in houses], np.float64) * METRE,
            np.array([point[1] for _, point in houses], np.float64) * METRE,
        ),
    )  # fmt: skip


def metres(ranges: NumberRanges) -> list[list[int]]:
    rounded: list[list[int]] = np.rint(ranges.points.astype(np.float64) / 1e7 / METRE).astype(int).tolist()
    return rounded


def test_a_straight_line_is_one_range() -> None:
    found = cut([(0, 0), (0, 50), (0, 100)], 2, 10)
    assert found.numbers.tolist() == [[2, 10, 2]]
    assert metres(found) == [[0, 0, 0, 100]]


def test_a_falling_range_is_turned_around() -> None:
    found = cut([(0, 0), (0, 100)], 9, 1)
    assert found.numbers.tolist() == [[1, 9, 2]]
    assert metres(found) == [[0, 100, 0, 0]]


def test_a_bend_cuts_at_the_house_next_to_it() -> None:
    found = cut([(0, 0), (0, 100), (100, 100)], 2, 10)
    assert found.numbers.tolist() == [[2, 6, 2], [6, 10, 2]]
    assert metres(found) == [[0, 0, 0, 100], [0, 100, 100, 100]]


def test_a_known_house_on_the_line_divides_it() -> None:
    found = cut([(0, 0), (0, 100)], 2, 10, known={4: (8, 70)})
    assert found.numbers.tolist() == [[2, 4, 2], [4, 10, 2]]
    assert metres(found) == [[0, 0, 8, 70], [8, 70, 0, 100]]


@pytest.mark.parametrize(
    ("number", "point"),
    [(4, (300, 50)), (5, (0, 50))],
)
def test_a_house_far_off_or_of_the_other_side_divides_nothing(number: int, point: tuple[float, float]) -> None:
    assert cut([(0, 0), (0, 100)], 2, 10, known={number: point}).numbers.tolist() == [[2, 10, 2]]


def test_houses_that_do_not_rise_along_the_line_do_not_divide_it() -> None:
    found = cut([(0, 0), (0, 100)], 2, 10, known={4: (0, 80), 6: (0, 30)})
    assert found.numbers.tolist() == [[2, 4, 2], [4, 10, 2]]


def test_the_last_number_is_one_that_the_steps_reach() -> None:
    assert cut([(0, 0), (0, 100)], 1, 10).numbers.tolist() == [[1, 9, 2]]


def test_lines_without_length_or_numbers_give_none() -> None:
    assert len(cut([(0, 0), (0, 0)], 2, 10).numbers) == 0
    assert len(cut([(0, 0), (0, 100)], 2, 2).numbers) == 0
