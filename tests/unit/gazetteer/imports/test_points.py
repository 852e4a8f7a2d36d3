from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.gazetteer.imports.points import components, group_starts, ranges, separation_m, to_degrees, to_units


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_components_are_what_following_the_edges_finds(count: int, edges: list[tuple[int, int]]) -> None:
    pairs = [(one % count, other % count) for one, other in edges]
    label = components(count, *(np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1)))
    for node in range(count):
        met, queue = {node}, [node]
        while queue:
            at = queue.pop()
            beside = {other for pair in pairs for other in pair if at in pair} - met
            met |= beside
            queue.extend(beside)
        assert label[node] == min(met)


def test_distances_are_short_across_the_antimeridian() -> None:
    one, other = np.array([0.0]), np.array([0.0])
    assert separation_m(one, np.array([179.999]), other, np.array([-179.999]))[0] == pytest.approx(222.4, abs=0.1)


@given(st.floats(-180, 180))
def test_units_are_a_centimetre(degrees: float) -> None:
    assert to_degrees(to_units(np.array([degrees])))[0] == pytest.approx(degrees, abs=0.5e-7)


def test_ranges_follow_one_another() -> None:
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert ranges(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


def test_groups_start_where_keys_change() -> None:
    assert group_starts(np.array([3, 3, 4, 9, 9])).tolist() == [0, 2, 3]
    assert group_starts(np.zeros(0)).tolist() == []
