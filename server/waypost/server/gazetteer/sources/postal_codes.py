"""Postal codes of countrystatecity-postal-codes (ODbL), as columns, one entry per row of the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from waypost.server.gazetteer.sources.packages import data_path


@dataclass(frozen=True, slots=True)
class PostalCodesSource:
    """One entry per row, by country and then in the source's order; texts are pyarrow large_string.

    `state_code` is the second half of an ISO 3166-2 code or empty, `locality_name` may be empty, and the
    point is NaN in 84.5 % of the rows.
    """

    country_code: pa.Array
    code: pa.Array
    state_code: pa.Array
    locality_name: pa.Array
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]


def read_postal_codes() -> PostalCodesSource:
    """Every row of every country. Raises SnapshotError if the package is missing."""
    folder = data_path("countrystatecity_postal_codes", "data", "by-country")
    texts: dict[str, list[pa.Array]] = {key: [] for key in ("countryCode", "code", "stateCode", "localityName")}
    points: dict[str, list[npt.NDArray[np.float64]]] = {"latitude": [], "longitude": []}
    for path in sorted(folder.glob("*/postcodes.json")):
        rows = orjson.loads(path.read_bytes())
        for key, chunks in texts.items():
            chunks.append(pa.array([row[key] or "" for row in rows], pa.large_string()))
        for key, columns in points.items():
            # None becomes NaN; a latitude of 0.0 stays what it is.
            columns.append(np.array([row[key] for row in rows], np.float64))
    return PostalCodesSource(
        country_code=pa.concat_arrays(texts["countryCode"]),
        code=pa.concat_arrays(texts["code"]),
        state_code=pa.concat_arrays(texts["stateCode"]),
        locality_name=pa.concat_arrays(texts["localityName"]),
        latitude=np.concatenate(points["latitude"]),
        longitude=np.concatenate(points["longitude"]),
    )
