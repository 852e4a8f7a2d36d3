"""Coordinates and plus codes inside a query text. Whether a text deserves the look: notation_prefilter.py.

The grammar of coordinates is ours (angle.py, coordinates.py): no library finds a *pair* of angles in a text.

What counts as coordinates:

* The order is latitude, longitude, unless hemisphere letters or labels ("lon: … lat: …") say otherwise.
* Two decimals whose first can only be a longitude and whose second may be a latitude are refused, as the wrong order;
  those that may be either are taken as they stand.
* Two bare integers are never coordinates: "1234 56" and "12, 14" are numbers of something else. One of them
  needs a decimal fraction or a degree sign, or both need a hemisphere letter and nothing else may be there.
* Among other words an unlabelled pair needs minutes or at least three decimals in both angles.
* A comma is a decimal sign only beside ";" or where the decimals cannot be thousands: "48,2083 16,373".
* A lone "O" is Ost in German and Ouest in French: it is refused. Ost, Ouest, Oeste and Ovest are read.
* What is clearly meant as coordinates (a geo: URI, or labels, degree signs, ISO 6709, or two hemisphere letters
  beside a decimal fraction, and nothing else) but cannot be is an error; everything else that cannot be is no
  notation.
"""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.coordinates import Coordinates, read_coordinates
from waypost.server.geocoder.notation_prefilter import could_be_notation
from waypost.server.geocoder.plus_code import FullPlusCode, ShortPlusCode, read_plus_code

Notation = Coordinates | FullPlusCode | ShortPlusCode

__all__ = ["Coordinates", "FullPlusCode", "Notation", "ShortPlusCode", "parse_notation"]


def parse_notation(text: str) -> Notation | None:
    """The first plus code, else the first coordinates in `text`, or None; offsets count code points.

    Raises InvalidArgument for the field "query" where the text clearly means coordinates that cannot be.
    """
    # Ordinary text is turned away in 1 µs; the grammar would take up to 70 µs to find nothing.
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    if not could_be_notation(data, 0, data.size):
        return None
    return read_plus_code(text) or read_coordinates(text)
