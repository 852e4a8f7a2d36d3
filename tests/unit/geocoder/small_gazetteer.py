"""A gazetteer of a dozen rows, laid out like a built one, for tests of what reads snapshots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.schema import CATEGORIES
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.model import Attribution, Layer, LocationSource, PlaceType, Precision, SnapshotInfo

DE, BY, LK, MUNICH, US, IL, SPRINGFIELD, FJ, SUVA, TAVEUNI, RABI, PC = range(12)

#: Id, type, category, name, short name, latitude, longitude, accuracy, population, last, country, admin1, admin2,
#: locality, zone, one-line address, and further names as (text, language).
_ROWS: Sequence[tuple[object, ...]] = [
    ("gn-1", 1, "country", "Germany", "DE", 51.5, 10.5, 4e5, 83_000_000, MUNICH, DE, -1, -1, -1, 3, "Germany",
     [("Deutschland", "de"), ("Alemanha", "pt"), ("Alemania", "es"), ("Alemaña", "ast gl"), ("德国", "zh"),
      ("德國", "zh-Hant"), ("Bundesrepublik", "de")]),
    ("gn-2", 2, "first_level", "Bavaria", "BY", 49.0, 11.5, 1e5, 13_000_000, MUNICH, DE, BY, -1, -1, 0,
     "Bavaria, Germany", [("Bayern", "de")]),
    ("gn-3", 3, "second_level", "Upper Bavaria", "", 48.0, 11.6, 5e4, 4_000_000, MUNICH, DE, BY, LK, -1, 0,
     "Upper Bavaria, Germany", [("Oberbayern", "de")]),
    ("gn-4", 4, "city", "Munich", "", 48.13743, 11.57549, 12_000, 1_260_391, MUNICH, DE, BY, LK, MUNICH, 0,
     "Munich, Germany", [("München", "de"), ("ミュンヘン", "ja")]),
    ("gn-5", 1, "country", "United States", "US", 39.76, -98.5, 1e6, 330_000_000, SPRINGFIELD, US, -1, -1, -1, 3,
     "United States", [("Vereinigte Staaten", "de")]),
    ("gn-6", 2, "first_level", "Illinois", "IL", 40.0, -89.2, 1e5, 12_000_000, SPRINGFIELD, US, IL, -1, -1, 1,
     "Illinois, United States", []),
    ("gn-7", 4, "city", "Springfield", "", 39.80172, -89.64371, 6_000, 116_565, SPRINGFIELD, US, IL, -1,
     SPRINGFIELD, 1, "Springfield, IL, United States", []),
    ("gn-8", 1, "country", "Fiji", "FJ", -18.0, 178.0, 1e5, 900_000, RABI, FJ, -1, -1, -1, 3, "Fiji", []),
    ("gn-9", 4, "city", "Suva", "", -18.14161, 178.44149, 5_000, 77_366, SUVA, FJ, -1, -1, SUVA, 2, "Suva, Fiji", []),
    ("gn-10", 4, "city", "Taveuni", "", -16.85, -179.97, 2_000, 900, TAVEUNI, FJ, -1, -1, TAVEUNI, 2,
     "Taveuni, Fiji", []),
    ("gn-11", 4, "city", "Rabi", "", -16.5, -179.99, 2_000, 900, RABI, FJ, -1, -1, RABI, 2, "Rabi, Fiji", []),
    ("pc-de-80331", 6, "postal_code", "80331", "", 48.13743, 11.57549, 5_000, 0, PC, DE, BY, LK, MUNICH, 0,
     "80331 Munich, Germany", []),
]  # fmt: skip
_NUMBERS = {
    "place_type": (1, np.uint8), "latitude": (5, np.float64), "longitude": (6, np.float64),
    "accuracy_m": (7, np.float32), "population": (8, np.uint32), "last": (9, np.int32), "country": (10, np.int32),
    "admin1": (11, np.int32), "admin2": (12, np.int32), "locality": (13, np.int32), "time_zone": (14, np.uint16),
}  # fmt: skip
_TEXTS = {"place_id": 0, "source_id": 0, "display_name": 3, "short_name": 4, "formatted_address": 15}
_PRECISION = {1: Precision.COUNTRY, 2: Precision.REGION, 3: Precision.REGION, 6: Precision.POSTAL_CODE}
_LAYERS = ("countries", "places", "postal")


def small_snapshot() -> Snapshot:
    """The rows above as a snapshot in memory."""
    arrays: dict[str, npt.NDArray[np.generic] | TextColumn] = {
        name: np.array([row[at] for row in _ROWS], dtype) for name, (at, dtype) in _NUMBERS.items()
    }
    arrays["category"] = np.array([CATEGORIES.index(str(row[2])) for row in _ROWS], np.uint8)
    layer = {PlaceType.COUNTRY: 0, PlaceType.POSTAL_CODE: 2}
    arrays["layer"] = np.array([layer.get(row[1], 1) for row in _ROWS], np.uint8)  # type: ignore[call-overload]
    arrays["precision"] = np.array([_PRECISION.get(row[1], Precision.LOCALITY) for row in _ROWS], np.uint8)  # type: ignore[call-overload]
    arrays["location_source"] = np.full(len(_ROWS), LocationSource.OWN, np.uint8)
    arrays["location_from"] = np.full(len(_ROWS), -1, np.int32)
    texts = {name: [row[at] for row in _ROWS] for name, at in _TEXTS.items()}
    texts["time_zone_names"] = ["Europe/Berlin", "America/Chicago", "Pacific/Fiji", ""]
    aliases = [[(row[3], ""), *row[16]] for row in _ROWS]  # type: ignore[misc]
    arrays["alias_offsets"] = np.cumsum([0, *map(len, aliases)])
    texts["alias_text"] = [text for names in aliases for text, _ in names]
    texts["alias_language"] = [language for names in aliases for _, language in names]
    arrays["place_id_order"] = np.argsort([str(row[0]) for row in _ROWS]).astype(np.int32)
    arrays.update((name, TextColumn.from_arrow(pa.array(values))) for name, values in texts.items())
    arrays.update(build_place_records(arrays))

    flat: dict[str, npt.NDArray[np.generic]] = {}
    for name, array in arrays.items():
        if isinstance(array, TextColumn):
            flat |= {f"{name}.offsets": array.offsets, f"{name}.bytes": array.data}
        else:
            flat[name] = array
    layers = tuple(
        Layer(name, name.title(), "test", "1", 0, Attribution(name, "", "", "CC0-1.0", False)) for name in _LAYERS
    )
    return Snapshot(SnapshotInfo("0123456789abcdef", 0.0, True, layers, 0), flat)
