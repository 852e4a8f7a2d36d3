"""The data directory: what is present, what is kept, and what a killed build leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.gazetteer.conftest import LAYERS, Small
from waypost.server.errors import NotFound, SnapshotError
from waypost.server.gazetteer.layers import describe_layers
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot


def _publish(store: SnapshotStore, small: Small, shift: float) -> str:
    """A snapshot that differs from others by a shift of its latitudes."""
    arrays = {**small.arrays, "latitude": np.asarray(small.arrays["latitude"]) + np.float64(shift)}
    with store.building() as directory:
        info = write_snapshot(directory, arrays, describe_layers(dict.fromkeys(LAYERS, 1)))
        store.publish(directory, info.snapshot_id)
    return info.snapshot_id


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "data")


def test_an_empty_directory_says_how_to_fill_it(store: SnapshotStore) -> None:
    assert store.present_id() is None
    assert store.list_snapshots() == ()
    with pytest.raises(SnapshotError, match="waypost data build"):
        store.open_present()


def test_the_last_published_snapshot_is_present_and_older_ones_stay_open_to_pins(
    store: SnapshotStore, small: Small
) -> None:
    first, second = _publish(store, small, 0.1), _publish(store, small, 0.2)
    assert store.open_present().snapshot_id == second
    assert store.open(first).snapshot_id == first
    assert [(info.snapshot_id, info.present) for info in store.list_snapshots()] == [(second, True), (first, False)]
    with pytest.raises(NotFound):
        store.open("0123456789abcdef")
    with pytest.raises(NotFound):
        store.open("../snapshots")


def test_building_the_same_again_changes_nothing(store: SnapshotStore, small: Small) -> None:
    first, second = _publish(store, small, 0.1), _publish(store, small, 0.2)
    assert _publish(store, small, 0.2) == second
    assert store.prune() == ()
    assert {info.snapshot_id for info in store.list_snapshots()} == {first, second}


def test_building_the_same_again_repairs_a_snapshot_that_was_damaged(store: SnapshotStore, small: Small) -> None:
    damaged = _publish(store, small, 0.1)
    (array,) = store.path_of(damaged).glob("latitude.npy")
    whole = array.read_bytes()
    for broken in (whole[:100], whole[:-1] + bytes([whole[-1] ^ 1])):
        array.write_bytes(broken)
        assert _publish(store, small, 0.1) == damaged
        assert array.read_bytes() == whole
    (store.path_of(damaged) / "manifest.json").unlink()
    assert _publish(store, small, 0.1) == damaged
    assert store.open_present().snapshot_id == damaged


def test_prune_keeps_the_present_the_one_before_and_what_is_pinned(store: SnapshotStore, small: Small) -> None:
    ids = [_publish(store, small, shift) for shift in (0.1, 0.2, 0.3, 0.4)]
    assert store.prune(frozenset({ids[0]})) == (ids[1],)
    assert {info.snapshot_id for info in store.list_snapshots()} == {ids[0], ids[2], ids[3]}
    assert store.prune() == (ids[0],)
    assert store.open_present().snapshot_id == ids[3]


def test_a_failed_build_leaves_the_old_snapshot_present_and_no_rubbish(store: SnapshotStore, small: Small) -> None:
    first = _publish(store, small, 0.1)
    with pytest.raises(FileNotFoundError), store.building() as directory:
        directory.joinpath("missing", "half.npy").write_bytes(b"half")
    assert store.open_present().snapshot_id == first
    assert list(store.directory.glob("building-*")) == []


def test_what_a_killed_build_left_is_removed_by_the_next(store: SnapshotStore) -> None:
    (store.directory / "building-killed").mkdir(parents=True)
    (store.directory / "building-killed" / "half.npy").write_bytes(b"half")
    with store.building():
        assert not (store.directory / "building-killed").exists()


def test_two_builds_at_once_are_refused(store: SnapshotStore) -> None:
    with store.building():
        with pytest.raises(SnapshotError, match="another build"), store.building():
            pass
        with pytest.raises(SnapshotError, match="another build"):
            store.prune()
    with store.building():
        pass
