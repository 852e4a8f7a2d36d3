"""Compiles every kernel once, ahead of the build and of the first query; a second with a warm cache.

Two processes share the work, each with what the other needs last: what one has compiled, the other reads from disk.
Both need the search, whose greatest branch is that of streets: one begins with that branch, while the other makes the
indices and looks up a point, and then compiles the rest of the search while the first one looks up houses. (Two
processes that did not share the search took 1.5 times as long.)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba.core import types

from waypost.server.gazetteer.compose import reverse_arrays, with_layers
from waypost.server.gazetteer.features import ImportedLayer
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn, read_only
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.desk import filter_of, index_of, scratch_of, types_of
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.geocoder.sample_layer import sample_layer
from waypost.server.geocoder.street_index import build_street_index
from waypost.server.geocoder.street_search import correct, prepare, score_streets
from waypost.server.model import (
    Attribution,
    GeocodeFilter,
    GeocodeQuery,
    Layer,
    PlaceQuery,
    PlaceType,
    Point,
    PostalAddress,
    ReverseQuery,
    SnapshotInfo,
)

_SAMPLE_LAYER = Layer("places", "Sample", "sample", "1", 12, Attribution("places", "Sample", "", "CC0-1.0", False))
_STREET_LAYER = Layer("streets", "Sample", "sample", "1", 12, Attribution("streets", "Sample", "", "CC0-1.0", False))
Arrays = dict[str, "npt.NDArray[np.generic] | TextColumn"]


@cache
def sample_snapshot(*, reverse_first: bool = False) -> Snapshot:
    """The sample gazetteer with its indices as a snapshot in memory; their order only tells what is compiled first."""
    arrays = sample_arrays()
    if reverse_first:
        arrays.update(build_reverse_index(arrays))
    arrays.update(build_forward_index(arrays))
    arrays.update(build_place_records(arrays))
    if not reverse_first:
        arrays.update(build_reverse_index(arrays))
    return Snapshot(SnapshotInfo("sample", 0.0, False, (_SAMPLE_LAYER,), 0), _flat(arrays))


@cache
def street_snapshot() -> Snapshot:
    """The sample with a layer, that of sample_layer.py, as composition makes it."""
    return snapshot_with(sample_layer())


def snapshot_with(layer: Arrays) -> Snapshot:
    """The sample with a layer, as composition makes it."""
    arrays = sample_arrays()
    arrays.update(build_place_records(arrays))
    forward = build_forward_index(arrays)
    arrays = with_layers(arrays, 1, [ImportedLayer(_STREET_LAYER, layer)])
    arrays |= forward | build_street_index({**arrays, **forward})
    arrays.update(reverse_arrays(arrays))
    return Snapshot(SnapshotInfo("streets", 0.0, False, (_SAMPLE_LAYER, _STREET_LAYER), 0), _flat(arrays))


def compile_queries() -> None:
    """Runs each kernel of single queries on the sample, whose arrays are read-only as those of a mapped snapshot."""
    geocoder = Geocoder(street_snapshot())
    # Far from its streets, so that only the world's places are looked at.
    geocoder.reverse(ReverseQuery(point=Point(latitude=0.0, longitude=0.0)))
    for text in ("12 Main Street, Springfield", "Main Street & 2nd Avenue, Springfield", "museum near Springfield"):
        geocoder.geocode(GeocodeQuery(text=text))
    geocoder = Geocoder(sample_snapshot())
    geocoder.geocode(GeocodeQuery(text="Spirngfield, Illinos"))
    geocoder.geocode(GeocodeQuery(address=PostalAddress(locality="Berlin", region_code="DE")))


def compile_columns() -> None:
    """The same for points, and for columns of questions. Begins with streets and the sample's other indices."""
    _compile_streets()
    world, streets = Geocoder(sample_snapshot(reverse_first=True)), Geocoder(street_snapshot())
    world.reverse_points(np.array([52.5]), np.array([13.4]), frozenset(), 50_000.0, RESULT_COLUMNS)
    world.places_by_id(pa.array(["gn-1"]), RESULT_COLUMNS)
    world.reverse(ReverseQuery(point=Point(latitude=52.5, longitude=13.4)))
    any_type = frozenset(PlaceType)
    streets.reverse_points(np.array([52.5192]), np.array([13.4102]), any_type, 50_000.0, RESULT_COLUMNS)
    point = Point(latitude=52.5192, longitude=13.4102)
    for result in streets.reverse(ReverseQuery(point=point, place_types=any_type)).results:
        streets.place(PlaceQuery(place_id=result.place.place_id))
    # By now the other process has compiled the search. No coordinates: they would be answered alone, by its kernels.
    world.geocode_texts(pa.array(["Munich"]), GeocodeFilter(), RESULT_COLUMNS)
    world.geocode_addresses({"locality": pa.array(["Berlin"])}, GeocodeFilter(), RESULT_COLUMNS)
    streets.geocode_texts(pa.array(["Hauptstr. 1, Berlin", "20 Mian St"]), GeocodeFilter(), RESULT_COLUMNS)


def _compile_streets() -> None:
    """Compiles what search.search does about streets, with the types that things have there."""
    number, mask, worth = types.int64, types.uint64, types.float64
    data = types.Array(types.uint8, 1, "C", readonly=True)
    index, field_types, limits = (_type_of(part, number) for part in (index_of, types_of, filter_of))
    tokens, spans, _, top, order, room, _ = _type_of(scratch_of, number, number)
    prepare.compile((number, tokens, number, data, field_types))
    correct.compile((number, tokens, number, field_types, number, mask, room))
    score_streets.compile((index, number, tokens, number, data, spans, number, order, worth, limits, top))


def _type_of(kernel: Any, *arguments: types.Type) -> Any:
    """The type of what a kernel returns."""
    kernel.compile(arguments)
    return kernel.overloads[arguments].signature.return_type


def compile_kernels() -> None:
    """All of them."""
    compile_queries()
    compile_columns()


def _flat(arrays: Mapping[str, npt.NDArray[np.generic] | TextColumn]) -> dict[str, npt.NDArray[np.generic]]:
    """Arrays by the names of their files, read-only."""
    flat: dict[str, npt.NDArray[np.generic]] = {}
    for name, column in arrays.items():
        if isinstance(column, TextColumn):
            flat[f"{name}.offsets"], flat[f"{name}.bytes"] = column.offsets, column.data
        else:
            flat[name] = column
    return {name: read_only(array) for name, array in flat.items()}
