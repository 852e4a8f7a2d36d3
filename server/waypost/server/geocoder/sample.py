"""A gazetteer of a dozen places, complete in every column: enough to compile all kernels and to test them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.model import LocationSource, PlaceType, Precision

Arrays = dict[str, "npt.NDArray[np.generic] | TextColumn"]

_C, _R, _L, _P, _A = PlaceType.COUNTRY, PlaceType.REGION, PlaceType.LOCALITY, PlaceType.POSTAL_CODE, PlaceType.POI

_Row: TypeAlias = tuple[str, PlaceType, int, float, float, int, float, str, str]

#: In row order: id, type, parent row (of a postal code its locality), latitude, longitude, inhabitants,
#: importance, short name, names each with its kind (an index into schema.ALIAS_KINDS).
_SAMPLE: tuple[_Row, ...] = (
    ("gn-1", _C, -1, 51.5, 10.5, 82_927_922, 0.97, "DE", "Germany=0|Deutschland=1|DE=4"),
    ("gn-2", _R, 0, 49.0, 11.5, 13_000_000, 0.75, "BY", "Bavaria=0|Bayern=1|DE-BY=4"),
    ("gn-3", _L, 1, 48.13743, 11.57549, 1_488_202, 0.8, "", "Munich=0|München=2|Мюнхен=2"),
    ("gn-4", _R, 0, 52.5, 13.4, 3_426_354, 0.6, "BE", "Berlin=0|DE-BE=4"),
    ("gn-5", _L, 3, 52.52437, 13.41053, 3_426_354, 0.9, "", "Berlin=0|柏林=2"),
    ("gn-6", _C, -1, 39.8, -98.5, 327_167_434, 1.0, "US", "United States=0|USA=1|US=4"),
    ("gn-7", _R, 5, 40.0, -89.2, 12_700_000, 0.72, "IL", "Illinois=0|IL=4|US-IL=4"),
    ("gn-8", _L, 6, 39.80172, -89.64371, 116_250, 0.5, "", "Springfield=0"),
    ("gn-9", _R, 5, 38.3, -92.4, 6_100_000, 0.68, "MO", "Missouri=0|MO=4|US-MO=4"),
    ("gn-10", _L, 8, 37.21533, -93.29824, 166_810, 0.53, "", "Springfield=0"),
    ("ap-ksgf", _A, 8, 37.24433, -93.38886, 0, 0.3, "SGF", "Branson National Airport=0|SGF=4|KSGF=4"),
    ("pc-de-10115", _P, 4, 52.5323, 13.3846, 0, 0.2, "", "10115=0"),
    ("pc-de-55555", _P, 2, 48.1, 11.6, 0, 0.2, "", "55555=0"),
    ("pc-us-55555", _P, 9, 37.2, -93.3, 0, 0.2, "", "55555=0"),
    ("pc-us-62701", _P, 7, 39.8, -89.65, 0, 0.2, "", "62701=0"),
)
#: The row of the locality that an airport serves.
_SERVED = {"ap-ksgf": 9}
_PRECISION = {
    _C: Precision.COUNTRY, _R: Precision.REGION, _L: Precision.LOCALITY, _P: Precision.POSTAL_CODE,
    _A: Precision.LOCALITY,
}  # fmt: skip
_CATEGORY = {_C: 0, _R: 1, _L: 3, _P: 4, _A: 5}


def sample_arrays() -> Arrays:
    """The arrays of schema.PLACES for the sample, writable."""
    size = len(_SAMPLE)
    kinds = [row[1] for row in _SAMPLE]
    parents = [row[2] for row in _SAMPLE]
    postal = [kind == _P for kind in kinds]
    last = list(range(size))
    for row in reversed(range(size)):
        if parents[row] >= 0 and not postal[row]:
            last[parents[row]] = max(last[parents[row]], last[row])
    names = [(row, *name.split("=")) for row, place in enumerate(_SAMPLE) for name in place[8].split("|")]
    values: dict[str, Sequence[object]] = {
        "place_type": list(map(int, kinds)),
        "category": [_CATEGORY[kind] for kind in kinds],
        "layer": [0] * size,
        "latitude": [row[3] for row in _SAMPLE],
        "longitude": [row[4] for row in _SAMPLE],
        "accuracy_m": [3000.0] * size,
        "precision": [int(_PRECISION[kind]) for kind in kinds],
        "location_source": [int(LocationSource.OWN)] * size,
        "location_from": [-1] * size,
        "population": [row[5] for row in _SAMPLE],
        "importance": [row[6] for row in _SAMPLE],
        "anchor": [parents[row] if postal[row] else row for row in range(size)],
        "last": list(last),
        "country": [_above(row, _C) for row in range(size)],
        "admin1": [_above(row, _R) for row in range(size)],
        "admin2": [-1] * size,
        "locality": [_SERVED.get(place[0], _above(row, _L)) for row, place in enumerate(_SAMPLE)],
        "time_zone": [0] * size,
        "time_zone_names": ["Europe/Berlin", ""],
        "place_id": [row[0] for row in _SAMPLE],
        "source_id": [row[0].split("-")[-1] for row in _SAMPLE],
        "display_name": [row[8].split("=")[0] for row in _SAMPLE],
        "short_name": [row[7] for row in _SAMPLE],
        "formatted_address": [row[8].split("=")[0] for row in _SAMPLE],
        "place_id_order": [row for _, row in sorted((place[0].encode(), row) for row, place in enumerate(_SAMPLE))],
        "alias_offsets": list(np.cumsum([0, *(len(row[8].split("|")) for row in _SAMPLE)])),
        "alias_text": [str(name[1]) for name in names],
        "alias_kind": [int(str(name[2])) for name in names],
        "alias_language": [""] * len(names),
    }
    return {name: _array(PLACES[name].dtype, column) for name, column in values.items()}


def _above(row: int, kind: PlaceType) -> int:
    while row >= 0 and _SAMPLE[row][1] != kind:
        row = _SAMPLE[row][2]
    return row


def _array(dtype: str, values: Sequence[object]) -> npt.NDArray[np.generic] | TextColumn:
    return TextColumn.from_arrow(pa.array(values, pa.large_string())) if dtype == "text" else np.array(values, dtype)
