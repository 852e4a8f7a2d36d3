"""A gazetteer that is made in a moment, for tests with real workers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.sample import sample_arrays
from waypost.server.model import Attribution, Layer

_LAYER = Layer("places", "Sample", "sample", "1", 12, Attribution("places", "Sample", "", "CC0-1.0", False))


def write_sample(directory: Path, *, edition: int = 0) -> str:
    """Makes the sample the present snapshot of a data directory, and returns its id; each edition has its own."""
    store = SnapshotStore(directory)
    with store.building() as building:
        info = write_snapshot(building, _sample(edition), (_LAYER,))
        store.publish(building, info.snapshot_id)
    return info.snapshot_id


@cache
def _sample(edition: int) -> dict[str, npt.NDArray[np.generic] | TextColumn]:
    arrays = sample_arrays()
    population = np.asarray(arrays["population"])
    arrays["population"] = population + np.asarray(edition, population.dtype)
    for build in (build_forward_index, build_reverse_index, build_place_records):
        arrays.update(build(arrays))
    return arrays
