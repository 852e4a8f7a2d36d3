from __future__ import annotations

import numpy as np
import pytest

from waypost.server.geocoder.sorted_arrays import place_of


@pytest.mark.parametrize(("value", "place"), [(2, 0), (3, 1), (9, 3), (11, 4), (1, -1), (4, -1), (12, -1)])
def test_it_is_the_first_place_of_a_value_that_is_there(value: int, place: int) -> None:
    assert place_of(np.array([2, 3, 3, 9, 11], np.int32), value) == place


def test_nothing_is_in_an_empty_array() -> None:
    assert place_of(np.empty(0, np.uint64), np.uint64(7)) == -1
