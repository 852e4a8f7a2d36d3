"""What each row of a table asks, and the one way from its columns to the engine, for streams and for jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeFilter, PlaceType


@dataclass(frozen=True, slots=True, kw_only=True)
class GeocodeRows:
    """Each row is a text in the role "query", or an address in roles of texts.ADDRESS_FIELDS."""

    filter: GeocodeFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseRows:
    """Each row is a point in the roles "latitude" and "longitude"."""

    place_types: frozenset[PlaceType]
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRows:
    """Each row is a place id in the role "place_id"."""


RowQuestion = GeocodeRows | ReverseRows | PlaceRows


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns that a question reads, by role: texts as large_string, or numbers with NaN for none."""

    texts: Mapping[str, pa.Array]
    numbers: Mapping[str, npt.NDArray[np.float64]]

    def slice(self, start: int, rows: int) -> Cells:
        """At most that many rows from `start` on, over the same memory."""
        return Cells(
            {role: column.slice(start, rows) for role, column in self.texts.items()},
            {role: column[start : start + rows] for role, column in self.numbers.items()},
        )


def answer_rows(geocoder: Geocoder, asked: RowQuestion, cells: Cells, columns: Sequence[str]) -> pa.RecordBatch:
    """The result columns named, without prefix, a row for each row of `cells`."""
    match asked:
        case GeocodeRows():
            if "query" in cells.texts:
                return geocoder.geocode_texts(cells.texts["query"], asked.filter, columns)
            return geocoder.geocode_addresses(cells.texts, asked.filter, columns)
        case ReverseRows():
            latitude, longitude = (np.ascontiguousarray(cells.numbers[role]) for role in ("latitude", "longitude"))
            return geocoder.reverse_points(latitude, longitude, asked.place_types, asked.radius_m, columns)
        case PlaceRows():
            return geocoder.places_by_id(cells.texts["place_id"], columns)
