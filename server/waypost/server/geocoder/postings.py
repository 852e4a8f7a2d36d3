"""How one reading of a name is packed into 64 bits, and how readings are found by the hash of the name.

A posting says "this name may mean that row": row (32 bits), how the name came to the row (4), the row's type
(4), what using this name costs in the ranking (8), and the row's importance (16). The kernels rank by these
alone, since a look into the columns of a place costs a cache miss. The postings of one name follow each other
behind their count: areas first, each group by falling importance less cost.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.instructions import prefetch
from waypost.server.geocoder.jit import entry, kernel

ROW_BITS = 32
KIND_SHIFT, TYPE_SHIFT, COST_SHIFT, IMPORTANCE_SHIFT = 32, 36, 40, 48
#: Costs are kept in 64ths, so the largest is just under 4.
COST_UNIT = 64.0
IMPORTANCE_UNIT = 65535.0

#: Indices into schema.ALIAS_KINDS.
PRIMARY, OFFICIAL, ALTERNATE, DERIVED, CODE, TRANSLITERATION = range(6)

#: Postal codes share the table of names; this keeps "1000" the code apart from "1000" the village.
POSTAL_SALT = np.uint64(0xD6E8FEB86659FD93)


@kernel
def mix(value):  # type: ignore[no-untyped-def]
    """Spreads a polynomial hash over all bits (the finaliser of splitmix64, Steele et al. 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@kernel
def expect(slots, key):  # type: ignore[no-untyped-def]
    """Begins to fetch what `find` will read for that key."""
    prefetch(slots, np.int64(mix(key) & np.uint64(slots.size - 1)))


@kernel
def find(slots, key):  # type: ignore[no-untyped-def]
    """Position of the postings' count for a name's hash, 0 if no place has that name.

    Open addressing with linear probing; a slot is 32 bits of the mixed hash above 32 bits of position.
    """
    mixed = mix(key)
    mask = np.uint64(slots.size - 1)
    check = mixed >> np.uint64(32)
    at = mixed & mask
    while True:
        slot = slots[at]
        if slot == 0:
            return np.int64(0)
        if slot >> np.uint64(32) == check:
            return np.int64(slot & np.uint64(0xFFFFFFFF))
        at = (at + np.uint64(1)) & mask


@entry
def fill(slots, keys, positions):  # type: ignore[no-untyped-def]
    """Enters distinct keys with their positions (never 0) into an empty table of a power of two slots."""
    mask = np.uint64(slots.size - 1)
    for row in range(keys.size):
        mixed = mix(keys[row])
        at = mixed & mask
        while slots[at] != 0:
            at = (at + np.uint64(1)) & mask
        slots[at] = (mixed >> np.uint64(32) << np.uint64(32)) | np.uint64(positions[row])


@kernel
def posting_row(posting):  # type: ignore[no-untyped-def]
    """The row."""
    return np.int64(posting & np.uint64(0xFFFFFFFF))


@kernel
def posting_kind(posting):  # type: ignore[no-untyped-def]
    """How the name came to the row, an index into schema.ALIAS_KINDS."""
    return np.int64((posting >> np.uint64(KIND_SHIFT)) & np.uint64(15))


@kernel
def posting_type(posting):  # type: ignore[no-untyped-def]
    """The row's model.PlaceType."""
    return np.int64((posting >> np.uint64(TYPE_SHIFT)) & np.uint64(15))


@kernel
def posting_cost(posting):  # type: ignore[no-untyped-def]
    """What using this name costs."""
    return np.float64((posting >> np.uint64(COST_SHIFT)) & np.uint64(255)) / COST_UNIT


@kernel
def posting_importance(posting):  # type: ignore[no-untyped-def]
    """The row's importance, 0 to 1."""
    return np.float64(posting >> np.uint64(IMPORTANCE_SHIFT)) / IMPORTANCE_UNIT


@kernel
def from_row(postings, low, high, row):  # type: ignore[no-untyped-def]
    """The first of the postings, which are ordered by row, that is not before `row`."""
    while low < high:
        middle = (low + high) // 2
        if posting_row(postings[middle]) < row:
            low = middle + 1
        else:
            high = middle
    return low
