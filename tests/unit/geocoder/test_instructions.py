from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from waypost.server.geocoder.instructions import lowest_bit, prefetch, set_bits

VALUES = [1, 2, 3, 0x80000000, 0xFFFFFFFF, 0xF0F0, 0x12345678]


@njit
def counted(value):  # type: ignore[no-untyped-def]
    return set_bits(value), lowest_bit(value)


@njit
def fetched(values, position):  # type: ignore[no-untyped-def]
    prefetch(values, position)
    return values[0]


@pytest.mark.parametrize("value", [*VALUES, *(value << 32 for value in VALUES)])
def test_bits_are_counted_as_python_counts_them(value: int) -> None:
    number = np.uint32(value) if value < 1 << 32 else np.uint64(value)
    assert counted(number) == (value.bit_count(), (value & -value).bit_length() - 1)


@pytest.mark.parametrize("position", [0, 3, 1 << 30, -5])
def test_fetching_reads_nothing(position: int) -> None:
    assert fetched(np.arange(7, 11), position) == 7
