"""Snapshots are written, opened and looked into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gazetteer.conftest import LAYERS, Small
from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.layers import describe_layers
from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import MANIFEST, Snapshot, TextColumn
from waypost.server.gazetteer.writer import write_snapshot

LAYER_COUNTS = dict.fromkeys(LAYERS, 1)


@pytest.fixture(scope="session")
def snapshot(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    directory = tmp_path_factory.mktemp("snapshot")
    write_snapshot(directory, small.arrays, describe_layers(LAYER_COUNTS))
    return Snapshot.open(directory)


def test_what_was_written_is_read_back(snapshot: Snapshot, small: Small) -> None:
    assert snapshot.row_count == len(small.ids())
    assert [layer.layer for layer in snapshot.layers] == list(LAYERS)
    for name, column in PLACES.items():
        if column.dtype == "text":
            texts = snapshot.text(name)
            assert [texts[row] for row in range(len(texts))] == texts.to_arrow().to_pylist()
            assert texts.data.tobytes() == small.column(name).data.tobytes()
        else:
            assert snapshot.array(name).tobytes() == np.asarray(small.arrays[name]).tobytes()


def test_arrays_are_mapped_and_cannot_be_written(snapshot: Snapshot) -> None:
    assert not snapshot.array("latitude").flags.writeable
    assert not snapshot.text("place_id").data.flags.writeable
    with pytest.raises(KeyError):
        snapshot.array("unheard_of")


def test_every_place_is_found_by_its_id_and_no_other(snapshot: Snapshot, small: Small) -> None:
    assert [snapshot.row_of(place_id) for place_id in small.ids()] == list(range(snapshot.row_count))
    for stranger in ("", "gn-", "gn-999", "zz", "gn-10 ", "\ud800"):
        assert snapshot.row_of(stranger) is None


def test_the_id_depends_on_the_content_alone(small: Small, tmp_path: Path) -> None:
    layers = describe_layers(LAYER_COUNTS)
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
    first = write_snapshot(tmp_path / "a", small.arrays, layers)
    again = write_snapshot(tmp_path / "b", small.arrays, layers)
    moved = {**small.arrays, "latitude": np.asarray(small.arrays["latitude"]) + np.float64(1e-9)}
    other = write_snapshot(tmp_path / "c", moved, layers)
    without = write_snapshot(tmp_path / "d", small.arrays, layers[:-1])
    assert first.snapshot_id == again.snapshot_id
    assert len({first.snapshot_id, other.snapshot_id, without.snapshot_id}) == 3


def test_a_directory_without_a_snapshot_or_with_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="holds no snapshot"):
        Snapshot.open(tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(SnapshotError, match="build it again"):
        Snapshot.open(tmp_path)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=8), st.integers(0, 8))
def test_text_columns_hold_any_text_also_of_slices(texts: list[str], start: int) -> None:
    column = TextColumn.from_arrow(pa.array(texts, pa.large_string())[start:])
    assert [column[row] for row in range(len(column))] == texts[start:]
    assert column.to_arrow().to_pylist() == texts[start:]
