"""What counts as right: the expected place, or one of its type or finer close to it.

Close is 5 km for a locality, 2 km for a postal code or airport. A country or subdivision must be the same area:
its own row, or one that holds the very same towns, as a region and its only district do.
"""

from __future__ import annotations

import unicodedata

import numpy as np

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.distance import distance_m
from waypost.server.model import PlaceType, Point

LOCALITY_M = 5_000.0
POSTAL_CODE_M = 2_000.0
AIRPORT_M = 2_000.0
#: Hand-written points of large cities and airports are not where the gazetteer has them; a name with its
#: country within this distance is the same place.
SAME_NAME_M = 25_000.0


class Judge:
    """Compares rows of one snapshot with what was expected."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._place_type = snapshot.array("place_type")
        self._latitude = snapshot.array("latitude")
        self._longitude = snapshot.array("longitude")
        self._last = snapshot.array("last")
        self._country = snapshot.array("country")
        self._alias_offsets = snapshot.array("alias_offsets")
        self._alias_text = snapshot.text("alias_text")
        self._short_name = snapshot.text("short_name")
        self._towns = np.concatenate([[0], np.cumsum(np.asarray(self._place_type) == PlaceType.LOCALITY)])

    def is_right(self, row: int, expected: int) -> bool:
        """Whether `row` is a right answer where the row `expected` was meant."""
        if row == expected:
            return True
        expected_type = PlaceType(int(self._place_type[expected]))
        if expected_type <= PlaceType.DISTRICT:
            return self._is_area(row) and self._same_towns(row, expected)
        where = Point(latitude=float(self._latitude[expected]), longitude=float(self._longitude[expected]))
        return self.is_close(row, expected_type, where)

    def is_close(self, row: int, expected_type: PlaceType, where: Point) -> bool:
        """Whether `row` is of a type or finer, and as close to a point as that type demands."""
        reach_m = {PlaceType.POSTAL_CODE: POSTAL_CODE_M, PlaceType.POI: AIRPORT_M}.get(expected_type, LOCALITY_M)
        return int(self._place_type[row]) >= expected_type and self.metres(row, where) <= reach_m

    def metres(self, row: int, where: Point) -> float:
        """From the location of a row to a point."""
        return float(distance_m(self._latitude[row], self._longitude[row], where.latitude, where.longitude))

    def country_code(self, row: int) -> str:
        """ISO 3166-1 code of the country that a row lies in."""
        return self._short_name[int(self._country[row])]

    def place_type(self, row: int) -> PlaceType:
        """The type of a row."""
        return PlaceType(int(self._place_type[row]))

    def answers_to(self, row: int, names: frozenset[str]) -> bool:
        """Whether a row has one of the names, which are folded."""
        first, last = int(self._alias_offsets[row]), int(self._alias_offsets[row + 1])
        return any(fold(self._alias_text[alias]) in names for alias in range(first, last))

    def _is_area(self, row: int) -> bool:
        return int(self._place_type[row]) <= PlaceType.DISTRICT

    def _same_towns(self, row: int, other: int) -> bool:
        towns = self._towns_of(row)
        return towns == self._towns_of(other) and towns[0] < towns[1]

    def _towns_of(self, row: int) -> tuple[int, int]:
        """The run of localities inside an area, counted through the whole gazetteer."""
        return int(self._towns[row]), int(self._towns[int(self._last[row]) + 1])


def fold(text: str) -> str:
    """A name without case, accents and punctuation."""
    letters = (char for char in unicodedata.normalize("NFKD", text.casefold()) if char.isalnum())
    return "".join(letters)
