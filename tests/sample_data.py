"""A gazetteer that is made in a moment, for tests with real workers."""

from __future__ import annotations

from pathlib import Path

from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.geocoder.warmup import sample_snapshot


def write_sample(directory: Path) -> None:
    """Makes the sample the present snapshot of a data directory."""
    arrays = sample_arrays()
    for build in (build_forward_index, build_reverse_index, build_place_records):
        arrays.update(build(arrays))
    store = SnapshotStore(directory)
    with store.building() as building:
        info = write_snapshot(building, arrays, sample_snapshot().layers)
        store.publish(building, info.snapshot_id)
