from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from waypost.server.geocoder.lent import LentArrays, lender

_floats = lender(np.float64, readonly=False)
_pairs = lender(np.dtype([("left", np.int32), ("right", np.uint8)]), readonly=True)


@njit
def _move(table):  # type: ignore[no-untyped-def]
    floats, pairs = _floats(table, 0), _pairs(table, 1)
    for at in range(floats.size):
        floats[at] += pairs[at].left * 10 + pairs[at].right


def test_kernels_read_and_write_what_is_lent() -> None:
    floats, pairs = np.arange(3.0), np.array([(1, 2), (3, 4), (5, 6)], [("left", np.int32), ("right", np.uint8)])
    lent = LentArrays([floats, pairs])
    _move(lent.table)
    assert floats.tolist() == [12.0, 35.0, 58.0]
    other = np.zeros(2)
    lent.replace(0, other)
    _move(lent.table)
    assert (floats.tolist(), other.tolist()) == ([12.0, 35.0, 58.0], [12.0, 34.0])


def test_an_array_with_gaps_is_not_lent() -> None:
    with pytest.raises(ValueError, match="contiguous"):
        LentArrays([np.zeros(10)[::2]])
