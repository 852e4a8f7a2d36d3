"""A gazetteer that is made in a moment, for tests with real workers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.geocoder.warmup import sample_snapshot


def write_sample(directory: Path, *, edition: int = 0) -> str:
    """Makes the sample the present snapshot of a data directory, and returns its id; each edition has its own."""
    arrays = sample_arrays()
    population = np.asarray(arrays["population"])
    arrays["population"] = population + np.asarray(edition, population.dtype)
    for build in (build_forward_index, build_reverse_index, build_place_records):
        arrays.update(build(arrays))
    store = SnapshotStore(directory)
    with store.building() as building:
        info = write_snapshot(building, arrays, sample_snapshot().layers)
        store.publish(building, info.snapshot_id)
    return info.snapshot_id
