"""The open snapshots of a serving process: the present one, and a few that requests have pinned.

All methods but `find` and `is_open` touch the disk and belong into a thread.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from waypost.server.errors import Unavailable
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import (
    GeocodeFilter,
    GeocodeQuery,
    Point,
    PostalAddress,
    ReverseQuery,
    SnapshotInfo,
)

LOADING_RETRY_S = 2.0

#: Pinned snapshots held open besides the present one. Their arrays are mapped, so an open one costs its
#: geocoder's own tables; the bound keeps a client that walks through old snapshots from adding them all up.
MAX_PINNED = 2


class Atlas:
    """Finds the geocoder of a snapshot. Safe to share between threads."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._present: Geocoder | None = None
        self._pinned: OrderedDict[str, Geocoder] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, warm: Callable[[Geocoder], None] = lambda _: None) -> Geocoder:
        """The geocoder of the store's present snapshot, from now on the one that answers what pins nothing.

        `warm` is called with it before others can find it. Raises SnapshotError if there is none.
        """
        geocoder = Geocoder(self._store.open_present())
        warm(geocoder)
        with self._lock:
            before, self._present = self._present, geocoder
            self._pinned.pop(geocoder.snapshot_id, None)
            if before is not None and before.snapshot_id != geocoder.snapshot_id:
                # Clients that pin what was present just now go on without a pause.
                self._keep_pinned(before)
        return geocoder

    def is_current(self) -> bool:
        """Whether the one that answers what pins nothing is the store's present snapshot."""
        return self._present is not None and self._present.snapshot_id == self._store.present_id()

    def find(self, snapshot_id: str) -> Geocoder | None:
        """The open geocoder of that snapshot, of the present one for the empty id; None if it is not open.

        Raises Unavailable while the present one is loading.
        """
        present = self._present
        if present is None:
            raise _loading()
        if not snapshot_id or snapshot_id == present.snapshot_id:
            return present
        with self._lock:
            geocoder = self._pinned.get(snapshot_id)
            if geocoder is not None:
                self._pinned.move_to_end(snapshot_id)
            return geocoder

    def is_open(self, snapshot_id: str) -> bool:
        """Whether `find` would give a geocoder."""
        present = self._present
        return snapshot_id in self._pinned or (present is not None and present.snapshot_id == snapshot_id)

    def open(self, snapshot_id: str) -> Geocoder:
        """The geocoder of that snapshot, opened if need be; the least used pinned one is let go for it.

        Raises NotFound if the store has no such snapshot.
        """
        geocoder = self.find(snapshot_id)
        if geocoder is not None:
            return geocoder
        opened = Geocoder(self._store.open(snapshot_id))
        with self._lock:
            return self._keep_pinned(opened)

    def _keep_pinned(self, opened: Geocoder) -> Geocoder:
        """The geocoder that is held open for its snapshot from now on; only under the lock."""
        geocoder = self._pinned.setdefault(opened.snapshot_id, opened)
        self._pinned.move_to_end(opened.snapshot_id)
        while len(self._pinned) > MAX_PINNED:
            self._pinned.popitem(last=False)
        return geocoder

    def snapshots(self) -> list[SnapshotInfo]:
        """What can be pinned: the one that answers here first, then newest first."""
        present = self._present
        if present is None:
            raise _loading()
        infos = [
            replace(info, present=info.snapshot_id == present.snapshot_id) for info in self._store.list_snapshots()
        ]
        return sorted(infos, key=lambda info: (not info.present, -info.create_time_s, info.snapshot_id))


def warm_up(geocoder: Geocoder) -> None:
    """Asks every kind of question once, so that no caller waits for kernels to be read from their cache."""
    geocoder.geocode(GeocodeQuery(text="Praha 110 00 Czechia", explain=True))
    geocoder.geocode(GeocodeQuery(address=PostalAddress(locality="Paris", region_code="FR")))
    geocoder.reverse(ReverseQuery(point=Point(latitude=48.2, longitude=16.4)))
    texts = pa.array(["Tokyo"], pa.large_string())
    geocoder.geocode_texts(texts, GeocodeFilter(), RESULT_COLUMNS)
    geocoder.geocode_addresses({"locality": texts}, GeocodeFilter(), RESULT_COLUMNS)
    degrees = np.array([1.5])
    geocoder.reverse_points(degrees, degrees, frozenset(), 50_000.0, RESULT_COLUMNS)
    geocoder.places_by_id(pa.array(["gn-1"], pa.large_string()), RESULT_COLUMNS)


def _loading() -> Unavailable:
    return Unavailable("the gazetteer is still loading", reason="LOADING", retry_after_s=LOADING_RETRY_S)
