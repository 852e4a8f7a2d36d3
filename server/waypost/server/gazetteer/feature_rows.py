"""The rows of imported features: the arrays of schema.PLACES for them, to be put behind those of the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.accuracy import locality_accuracy_m, postal_own_m
from waypost.server.gazetteer.addresses import format_addresses
from waypost.server.gazetteer.alias_kinds import PRIMARY
from waypost.server.gazetteer.feature_ids import feature_ids, short_key
from waypost.server.gazetteer.features import Arrays, Features, Rows, column_of_texts
from waypost.server.gazetteer.importance import AREA_DISCOUNT, locality_importance, postal_importance
from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.texts import TEXT, concatenated, text
from waypost.server.geocoder.distance import METRES_PER_DEGREE
from waypost.server.model import LocationSource, PlaceType, Precision

Floats = npt.NDArray[np.float64]
People = npt.NDArray[np.uint32]

#: How likely a name alone means a street or a point of interest: less than any village, and all alike, for nobody
#: knows one main street from another without the place beside it.
STREET_IMPORTANCE = 0.03
POI_IMPORTANCE = 0.08
#: A point of interest is a building or a site: nine of ten are no larger than this around their point.
POI_ACCURACY_M = 50.0
#: A street without any extent told, and the least that one has: its width and its houses.
STREET_ACCURACY_M = 250.0
SMALLEST_STREET_M = 25.0

_PRECISIONS = {
    PlaceType.STREET: Precision.STREET,
    PlaceType.POI: Precision.ROOFTOP,
    PlaceType.POSTAL_CODE: Precision.POSTAL_CODE,
    PlaceType.LOCALITY: Precision.LOCALITY,
    PlaceType.NEIGHBORHOOD: Precision.LOCALITY,
    PlaceType.COUNTRY: Precision.COUNTRY,
}
#: Steps from a street to the settlement around it: quarter, larger quarter, settlement, and one to spare.
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """`places` are the arrays of schema.PLACES for the features; the rest is what place records need besides.

    `within` and `quarter` are the rows of the place of the layer around each feature, and of its quarter; -1 where
    there is none. `box` (features, 4) is south, west, north, east in degrees, NaN where only a point is known.
    """

    places: Arrays
    within: Rows
    quarter: Rows
    box: Floats


def feature_rows(
    features: Features,
    world: Arrays,
    layer_keys: list[str],
    first_layer: int,
    category: npt.NDArray[np.uint16],
    postal_code: pa.Array,
) -> FeatureRows:
    """The rows of `features` behind the rows of `world`, which has the arrays of schema.PLACES.

    `layer_keys` name the features' layers, which are numbered from `first_layer` on in the manifest; `postal_code` is
    the one that all of a feature has, else empty.
    """
    base = len(np.asarray(world["anchor"]))
    kind = np.asarray(features.numbers("kind"), np.uint8)
    anchor = features.anchor
    own = np.arange(base, base + features.count, dtype=np.int32)

    def of_anchor(name: str) -> npt.NDArray[np.generic]:
        return np.asarray(world[name])[anchor]

    within = np.where(features.within >= 0, features.within + base, -1).astype(np.int32)
    settlement = _around(features, kind, PlaceType.LOCALITY, itself=True)
    quarter = _around(features, kind, PlaceType.NEIGHBORHOOD, itself=False)
    locality = np.where(settlement >= 0, settlement + base, of_anchor("locality")).astype(np.int32)
    population = np.asarray(features.numbers("population"), np.uint32)
    names, aliases = features.texts("name"), features.hanging("alias_offsets")
    box = np.asarray(features.numbers("box"), np.float64)
    latitude = np.asarray(features.numbers("latitude"), np.float64)
    numbers: dict[str, npt.NDArray[np.generic]] = {
        "place_type": kind,
        "category": category,
        "layer": features.layer + first_layer,
        "latitude": latitude,
        "longitude": np.asarray(features.numbers("longitude"), np.float64),
        "accuracy_m": _accuracy_m(kind, population, box, latitude),
        "precision": np.array([_PRECISIONS.get(PlaceType(k), Precision.REGION) if k else 0 for k in range(10)])[kind],
        "location_source": np.full(features.count, LocationSource.OWN),
        "location_from": np.full(features.count, -1),
        "population": population,
        "importance": _importance(kind, population, np.diff(aliases.offsets), of_anchor("importance")),
        "anchor": anchor,
        "last": own,
        "country": of_anchor("country"),
        "admin1": of_anchor("admin1"),
        "admin2": of_anchor("admin2"),
        "locality": locality,
        "time_zone": of_anchor("time_zone"),
        "alias_offsets": aliases.offsets + np.arange(features.count + 1),
    }
    empty = pa.array([""], TEXT).take(pa.array(np.zeros(features.count, np.int64)))
    world_names = column_of_texts(world["display_name"])
    own_ids = feature_ids(
        pa.array(list(map(short_key, layer_keys)), TEXT).take(pa.array(features.layer)),
        kind,
        names,
        column_of_texts(world["place_id"]).take(pa.array(anchor)),
        _picked(names, features.within),
        features.texts("source_id"),
    )
    rows = {name: np.asarray(numbers[name], np.int32) for name in ("country", "admin1", "admin2")}
    towns = pc.if_else(
        pa.array(settlement >= 0), _picked(names, settlement), _picked(world_names, of_anchor("locality"))
    )
    texts = {
        "place_id": own_ids,
        "source_id": features.texts("source_id"),
        "display_name": names,
        "short_name": empty,
        "formatted_address": _formatted(kind, names, towns, rows, world, postal_code),
    }
    places: Arrays = {name: TextColumn.from_arrow(column) for name, column in texts.items()}
    # Categories of imports are more than 256.
    dtypes = {name: "uint16" if name == "category" else PLACES[name].dtype for name in numbers}
    places.update((name, np.asarray(array).astype(dtypes[name])) for name, array in numbers.items())
    places.update(_aliases(features, names))
    return FeatureRows(places, within, np.where(quarter >= 0, quarter + base, -1).astype(np.int32), box)


def _around(
    features: Features, kind: npt.NDArray[np.uint8], wanted: PlaceType, *, itself: bool
) -> npt.NDArray[np.int64]:
    """The nearest feature of that kind around each feature, or the feature itself; -1 where there is none."""
    within = features.within
    at = np.arange(features.count) if itself else within.copy()
    for _ in range(_DEPTH):
        seeking = (at >= 0) & (kind[np.maximum(at, 0)] != wanted)
        at = np.where(seeking, within[np.maximum(at, 0)], at) if features.count else at
    return np.where((at >= 0) & (kind[np.maximum(at, 0)] == wanted), at, -1) if features.count else at


def _accuracy_m(kind: npt.NDArray[np.uint8], population: People, box: Floats, latitude: Floats) -> Floats:
    """Half the diagonal of what a feature covers; of settlements without extent what their people take."""
    height = (box[:, 2] - box[:, 0]) * METRES_PER_DEGREE
    width = (box[:, 3] - box[:, 1]) % 360.0 * METRES_PER_DEGREE * np.cos(np.radians(latitude))
    half = np.hypot(height, width) / 2.0
    towns = locality_accuracy_m(np.asarray(population, np.float64))
    known = np.where(np.isnan(half), towns, np.maximum(half, SMALLEST_STREET_M))
    streets = np.where(np.isnan(half), STREET_ACCURACY_M, np.maximum(half, SMALLEST_STREET_M))
    codes = postal_own_m(np.where(np.isnan(half), 0.0, half))
    result = np.select(
        [kind == PlaceType.STREET, kind == PlaceType.POI, kind == PlaceType.POSTAL_CODE],
        [streets, POI_ACCURACY_M, codes],
        known,
    )
    return np.asarray(result, np.float64)


def _importance(
    kind: npt.NDArray[np.uint8], population: People, names: npt.NDArray[np.int64], anchor: npt.NDArray[np.generic]
) -> Floats:
    nowhere = np.zeros(len(kind), bool)
    towns = locality_importance(np.asarray(population, np.float64), names.astype(np.float64), nowhere, nowhere)
    # Codes of a layer are known by the addresses that have them.
    codes = postal_importance(np.asarray(anchor, np.float64), np.zeros(len(kind)))
    result = np.select(
        [kind == PlaceType.STREET, kind == PlaceType.POI, kind == PlaceType.POSTAL_CODE, kind == PlaceType.LOCALITY],
        [STREET_IMPORTANCE, POI_IMPORTANCE, codes, towns],
        np.maximum(towns - AREA_DISCOUNT, 0.0),
    )
    return np.asarray(result, np.float64)


def _picked(names: pa.Array, rows: npt.NDArray[np.generic]) -> pa.Array:
    """The names at those places, empty where they are negative."""
    taken = names.take(pa.array(rows, mask=np.asarray(rows) < 0))
    return pc.fill_null(taken, "")


def _formatted(
    kind: npt.NDArray[np.uint8],
    names: pa.Array,
    towns: pa.Array,
    rows: dict[str, Rows],
    world: Arrays,
    postal_code: pa.Array,
) -> pa.Array:
    """One line for each feature, as describe.py writes it."""
    world_names, shorts = (column_of_texts(world[name]) for name in ("display_name", "short_name"))
    is_postal = pa.array(kind == PlaceType.POSTAL_CODE)
    lines = format_addresses(
        shorts.take(pa.array(rows["country"])),
        postal_code=pc.if_else(is_postal, names, postal_code),
        locality=towns,
        admin1_name=_picked(world_names, rows["admin1"]),
        admin1_code=_picked(shorts, rows["admin1"]),
        country_name=world_names.take(pa.array(rows["country"])),
        line=pc.if_else(pa.array(kind == PlaceType.STREET), names, text("")),
    )
    leads = pa.array((kind == PlaceType.POI) | (kind == PlaceType.NEIGHBORHOOD))
    return pc.if_else(leads, concatenated(names, lines, separator=", "), lines)


def _aliases(features: Features, names: pa.Array) -> Arrays:
    """The usual name of each feature, and behind it the others."""
    others = features.hanging("alias_offsets")
    first = others.offsets[:-1] + np.arange(features.count)
    place = np.ones(others.count + features.count, bool)
    place[first] = False
    # Where each entry comes from: the names, then all others.
    source = np.empty(len(place), np.int64)
    source[first] = np.arange(features.count)
    source[place] = features.count + np.arange(others.count)
    kinds = np.full(len(place), PRIMARY, np.uint8)
    kinds[place] = others.numbers("alias_kind")

    def merged(own: pa.Array, name: str) -> TextColumn:
        return TextColumn.from_arrow(pa.concat_arrays([own, others.texts(name).to_arrow()]).take(pa.array(source)))

    untagged = pc.if_else(pa.array(np.zeros(features.count, bool)), names, text(""))
    return {
        "alias_text": merged(names, "alias_text"),
        "alias_kind": kinds,
        "alias_language": merged(untagged, "alias_language"),
    }
