"""Finds values in sorted arrays. Not with numpy's searchsorted, which takes numba half a second in each process."""

from __future__ import annotations

from waypost.server.geocoder.jit import kernel


@kernel
def place_of(values, value):  # type: ignore[no-untyped-def]
    """The first place of `value` in a sorted array, -1 if it is not there."""
    low, high = 0, values.size
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low if low < values.size and values[low] == value else -1
