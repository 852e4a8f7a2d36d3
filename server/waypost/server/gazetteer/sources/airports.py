"""Airports and landing strips of airportsdata, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as csv

from waypost.server.gazetteer.sources.packages import data_path


@dataclass(frozen=True, slots=True)
class AirportsSource:
    """One entry per airport, by rising `code` (ICAO or local); texts are pyarrow large_string, empty if unknown."""

    code: pa.Array
    iata: pa.Array
    local_code: pa.Array
    name: pa.Array
    city: pa.Array
    country_code: pa.Array
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]
    time_zone: pa.Array


def read_airports() -> AirportsSource:
    """Every airport. Raises SnapshotError if the package is missing."""
    texts = ("icao", "iata", "name", "city", "country", "tz", "lid")
    table = csv.read_csv(
        data_path("airportsdata", "airports.csv"),
        convert_options=csv.ConvertOptions(
            column_types={**dict.fromkeys(texts, pa.large_string()), "lat": pa.float64(), "lon": pa.float64()},
            strings_can_be_null=False,
        ),
    ).combine_chunks()
    table = table.sort_by("icao")

    def column(name: str) -> pa.Array:
        return table[name].combine_chunks()

    return AirportsSource(
        code=column("icao"),
        iata=column("iata"),
        local_code=column("lid"),
        name=column("name"),
        city=column("city"),
        country_code=column("country"),
        latitude=column("lat").to_numpy(),
        longitude=column("lon").to_numpy(),
        time_zone=column("tz"),
    )
