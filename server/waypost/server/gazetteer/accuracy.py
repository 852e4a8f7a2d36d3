"""How far off a point may be: the radius around it within which nine of ten such places lie.

The figures were measured on the sources themselves, see docs/data.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: The radius of a town grows with its people: metres for 1,000 of them, and the exponent. Polish postal codes,
#: which are streets, lie within this radius of their town's point in nine of ten cases (100,000 people and more).
LOCALITY_AT_1000_M = 1_500.0
LOCALITY_EXPONENT = 0.26
SMALLEST_LOCALITY_M = 1_000.0
LARGEST_LOCALITY_M = 30_000.0
#: The reference point of an airport lies on its field; the longest fields are 8 km.
AIRPORT_M = 2_000.0
#: The centre of a code's area lies as far from its edge as from the centre of the next code, roughly.
SMALLEST_POSTAL_M = 500.0
LARGEST_POSTAL_M = 30_000.0
#: Codes of small towns cover the villages around: nine of ten Polish ones lie within this distance.
POSTAL_INHERITED_M = 7_000.0
#: An area of which only the area above is known, or a single place.
SMALLEST_AREA_M = 5_000.0
#: A country without any town: Antarctica, Heard Island …
UNINHABITED_M = 2_000_000.0


def locality_accuracy_m(population: Floats) -> Floats:
    """(n,) metres; an unknown population counts as the smallest."""
    radius = LOCALITY_AT_1000_M * (np.maximum(population, 1.0) / 1000.0) ** LOCALITY_EXPONENT
    return np.clip(radius, SMALLEST_LOCALITY_M, LARGEST_LOCALITY_M)


def postal_own_m(to_next_code_m: Floats) -> Floats:
    """(n,) metres, of codes with own coordinates, from the distance to the nearest other code."""
    return np.clip(to_next_code_m, SMALLEST_POSTAL_M, LARGEST_POSTAL_M)


def postal_inherited_m(locality_accuracy_m: Floats) -> Floats:
    """(n,) metres, of codes that take the point of their locality: they lie anywhere in it or beside it."""
    return np.maximum(locality_accuracy_m, POSTAL_INHERITED_M)
