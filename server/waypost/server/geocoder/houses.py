"""What an answer says of the house: the address that was found on a street, or the point that stands for it."""

from __future__ import annotations

import numpy as np

#: How the house of an answer was found.
#:   NO_HOUSE: the answer is no street: a place or a point of interest, as its row tells.
#:   EXACT: address `address` of the snapshot, an index into `address_number` and its like; the point is its own.
#:   INTERPOLATED: no such address; the point lies between its neighbours on its side of the street, or on a number
#:     range, and `error_m` is how far off it is in nine of ten cases.
#:   STREET_ONLY: the street as a whole, for want of a number or of anything near that number.
#:   CROSSING: the point where the street meets another one that was named too, row `crossing`.
NO_HOUSE, EXACT, INTERPOLATED, STREET_ONLY, CROSSING = range(5)

#: The house of one answer. `address` is -1 unless EXACT; `crossing` is set of CROSSING only, location in degrees and
#: `error_m` (0 if not known) of all kinds but NO_HOUSE. The number as asked for is bytes `number_from` to before
#: `number_to` of the data (equal: none was asked for).
HOUSE = np.dtype(
    [
        ("kind", np.int32),
        ("number_from", np.int32),
        ("number_to", np.int32),
        ("crossing", np.int32),
        ("address", np.int64),
        ("latitude", np.float64),
        ("longitude", np.float64),
        ("error_m", np.float64),
    ]
)
