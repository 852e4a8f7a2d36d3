from __future__ import annotations

import dataclasses
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.layer import LAYER
from waypost.server.gazetteer.imports.layer_info import LayerInfo, check_name, from_json, to_json
from waypost.server.gazetteer.imports.layer_store import LayerStore
from waypost.server.gazetteer.imports.records import BadRecord, Credit
from waypost.server.gazetteer.store import SnapshotStore

CREDIT = Credit("© Testers", "https://example.org/", "ODbL-1.0", share_alike=True)


def info(name: str = "osm", digest: str = "a" * 16) -> LayerInfo:
    return LayerInfo(
        name=name, digest=digest, credit=CREDIT, source="town.osm.pbf", source_version="1",
        features={"street": 1}, addresses=2, ranges=0, postal_codes=0, unread_numbers=0, repeated_addresses=0,
        bounds=(1.0, 2.0, 3.0, 4.0), size_bytes=10, source_id_bytes=1, files={}, bad_records=1,
        bad_samples=(BadRecord("line 7", "no number"),),
    )  # fmt: skip


def built(directory: Path, value: int = 7) -> Path:
    """A finished layer in `directory`, whose only address has that number."""
    directory.mkdir(parents=True)
    for name, column in LAYER.items():
        if column.dtype == "text":
            np.save(directory / f"{name}.offsets.npy", np.zeros(1, np.int64))
            np.save(directory / f"{name}.bytes.npy", np.zeros(0, np.uint8))
        else:
            np.save(directory / f"{name}.npy", np.full(1, value).astype(column.dtype))
    return directory


def added(store: LayerStore, directory: Path, layer: LayerInfo) -> None:
    """Puts a layer into the store, and makes a snapshot present that has it beside those of the one before."""
    data_dir = directory.parent
    store.put(directory, layer)
    published(data_dir, store, {**store.present(), layer.name: layer.digest})


def published(data_dir: Path, store: LayerStore, layers: dict[str, str]) -> None:
    """Makes a snapshot present that consists of those layers."""
    snapshot_id = str(int(SnapshotStore(data_dir).present_id() or "0") + 1)
    store.choose(snapshot_id, layers)
    (data_dir / "snapshots" / snapshot_id).mkdir(parents=True)
    (data_dir / "present").write_text(snapshot_id)


def number_of(store: LayerStore, name: str) -> int:
    return int(store.open(name).arrays["address_number"][0])


def test_a_manifest_reads_as_it_was_written() -> None:
    whole = dataclasses.replace(info(), files={"kind": "0"})
    assert from_json(to_json(whole), "here") == whole


def test_an_added_layer_is_listed_and_opens(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    assert store.present() == {}
    added(store, built(tmp_path / "building"), info())
    assert store.present() == {"osm": info().digest}
    assert store.info("osm") == info()
    assert store.open("osm").info == info()
    assert number_of(store, "osm") == 7
    assert not (tmp_path / "building").exists()


def test_adding_under_the_same_name_replaces_and_keeps_the_old_one_until_pruned(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one", 1), info(digest="1"))
    added(store, built(tmp_path / "two", 2), info(digest="2"))
    assert store.present() == {"osm": "2"}
    assert number_of(store, "osm") == 2
    assert (tmp_path / "layers" / "osm" / "1").exists()
    assert store.prune({("osm", "1")}) == ()
    assert store.prune() == ("osm/1",)
    assert not (tmp_path / "layers" / "osm" / "1").exists()
    assert number_of(store, "osm") == 2


def test_adding_the_same_layer_again_changes_nothing_but_its_report(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    added(store, built(tmp_path / "two"), dataclasses.replace(info(), bad_samples=()))
    assert number_of(store, "osm") == 7
    assert store.info("osm").bad_samples == ()


def test_the_arrays_of_a_layer_that_is_added_again_stay_where_they_are(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    before = {path.name: path.stat().st_ino for path in (tmp_path / "layers" / "osm").rglob("*.npy")}
    added(store, built(tmp_path / "two"), dataclasses.replace(info(), bad_samples=()))
    assert {path.name: path.stat().st_ino for path in (tmp_path / "layers" / "osm").rglob("*.npy")} == before
    assert not (tmp_path / "two").exists()


def test_a_removed_layer_is_gone_from_the_list_and_pruned_later(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    published(tmp_path, store, {})
    assert store.present() == {}
    assert store.prune() == (f"osm/{'a' * 16}",)
    assert not (tmp_path / "layers" / "osm").exists()


@pytest.mark.parametrize("act", [LayerStore.open, LayerStore.info])
def test_a_layer_that_was_never_added_is_told_with_those_that_were(tmp_path: Path, act: object) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    assert callable(act)
    with pytest.raises(ImportFailed, match="no layer 'ban'; there are: osm"):
        act(store, "ban")


def test_what_was_killed_before_its_rename_leaves_the_old_layer(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one", 1), info(digest="1"))
    # A complete layer whose snapshot was not made present, a list half written, and a removal that did not end.
    shutil.copytree(tmp_path / "layers" / "osm" / "1", tmp_path / "layers" / "osm" / "2")
    store.choose("2", {"osm": "2"})
    (tmp_path / "layers" / "snapshots.json.new").write_text('{"os')
    built(tmp_path / "layers" / ".removed-osm-0", 0)
    assert LayerStore(tmp_path).present() == {"osm": "1"}
    assert number_of(store, "osm") == 1
    assert store.prune() == ("osm/2",)
    assert sorted(path.name for path in (tmp_path / "layers").iterdir()) == [
        "osm",
        "snapshots.json",
        "snapshots.json.new",
    ]


def test_a_broken_layer_is_told_not_crashed_on(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    (tmp_path / "layers" / "osm" / ("a" * 16) / "line.npy").unlink()
    with pytest.raises(ImportFailed, match="is broken"):
        store.open("osm")


def test_a_broken_layer_is_mended_by_adding_it_again(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    (tmp_path / "layers" / "osm" / ("a" * 16) / "line.npy").write_bytes(b"")
    with pytest.raises(ImportFailed, match="waypost data remove osm"):
        store.open("osm")
    added(store, built(tmp_path / "two"), info())
    assert number_of(store, "osm") == 7


def test_a_layer_with_a_byte_gone_wrong_is_mended_by_adding_it_again(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    built(tmp_path / "one")
    right = hashlib.sha256((tmp_path / "one" / "address_number.npy").read_bytes()).hexdigest()
    layer = dataclasses.replace(info(), files={"address_number": right})
    added(store, tmp_path / "one", layer)
    path = tmp_path / "layers" / "osm" / layer.digest / "address_number.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    added(store, built(tmp_path / "two"), layer)
    assert number_of(store, "osm") == 7


def test_a_list_of_layers_that_is_damaged_is_told(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    (tmp_path / "layers" / "snapshots.json").write_text("{")
    with pytest.raises(ImportFailed, match=r"snapshots\.json is damaged"):
        store.present()


@pytest.mark.parametrize("manifest", ["", "[]", '{"format": 1}', '{"format": 1, "credit": 3}'])
def test_a_manifest_that_is_none_is_told(manifest: str) -> None:
    with pytest.raises(ImportFailed, match="here"):
        from_json(manifest.encode(), "here")


def test_a_layer_of_another_format_must_be_added_again(tmp_path: Path) -> None:
    store = LayerStore(tmp_path)
    added(store, built(tmp_path / "one"), info())
    manifest = tmp_path / "layers" / "osm" / ("a" * 16) / "layer.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"format": 1', b'"format": 0'))
    with pytest.raises(ImportFailed, match="add the file again"):
        store.info("osm")


@pytest.mark.parametrize("name", ["", "Osm", "1osm", "a-b", "../x", "a" * 33, "é"])
def test_a_name_that_would_not_fit_into_ids_and_folders_is_refused(name: str) -> None:
    with pytest.raises(ImportFailed, match="cannot be called"):
        check_name(name)
