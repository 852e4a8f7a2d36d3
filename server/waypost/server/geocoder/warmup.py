"""Compiles every kernel once, ahead of the build and of the first query; a second with a warm cache.

Two processes share the work, each with what the other needs last: what one has compiled, the other reads from disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waypost.server.gazetteer.snapshot import Snapshot, TextColumn, read_only
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.model import (
    Attribution,
    GeocodeFilter,
    GeocodeQuery,
    Layer,
    Point,
    PostalAddress,
    ReverseQuery,
    SnapshotInfo,
)

_SAMPLE_LAYER = Layer("places", "Sample", "sample", "1", 12, Attribution("places", "Sample", "", "CC0-1.0", False))


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


def compile_queries() -> None:
    """Runs each kernel of single queries on the sample, whose arrays are read-only as those of a mapped snapshot."""
    geocoder = Geocoder(sample_snapshot())
    geocoder.geocode(GeocodeQuery(text="Spirngfield, Illinos"))
    geocoder.geocode(GeocodeQuery(address=PostalAddress(locality="Berlin", region_code="DE")))


def compile_columns() -> None:
    """The same for points, and for columns of questions. Begins at the other end of the sample's indices."""
    geocoder = Geocoder(sample_snapshot(reverse_first=True))
    geocoder.reverse_points(np.array([52.5]), np.array([13.4]), frozenset(), 50_000.0, RESULT_COLUMNS)
    geocoder.places_by_id(pa.array(["gn-1"]), RESULT_COLUMNS)
    geocoder.reverse(ReverseQuery(point=Point(latitude=52.5, longitude=13.4)))
    geocoder.geocode_texts(pa.array(["Munich", "48.1, 11.5"]), GeocodeFilter(), RESULT_COLUMNS)
    geocoder.geocode_addresses({"locality": pa.array(["Berlin"])}, GeocodeFilter(), RESULT_COLUMNS)


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
