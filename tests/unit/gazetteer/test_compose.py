"""The sample world with imported layers, composed on disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.compose import MOST_LAYERS, STEPS, compose
from waypost.server.gazetteer.features import ImportedLayer
from waypost.server.gazetteer.schema import CATEGORIES, FEATURES, HOUSE
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.sample_layer import SampleAddress, SampleFeature, layer_arrays, sample_layer
from waypost.server.model import Attribution, Layer, PlaceType, SnapshotInfo

_CREDIT = Attribution("streets", "© Somebody", "https://example.org/", "ODbL-1.0", True)
STREETS = ImportedLayer(Layer("streets", "Streets", "streets.csv", "1", 7, _CREDIT), sample_layer())
#: A village of the layer in Bavaria, its only street, and a house that goes by the village's name.
VILLAGE = [
    SampleFeature(
        "p1", PlaceType.LOCALITY, "Oberdorf", "gn-2", (48.5, 11.5), population=90, category="hamlet",
        addresses=[SampleAddress(3, (48.5001, 11.5), "", "85000", "a3")],
    ),
    SampleFeature(
        "w9", PlaceType.STREET, "Dorfstraße", "gn-2", (48.501, 11.5), "p1", category="residential",
        ways=[[(48.5, 11.5), (48.502, 11.5)]], addresses=[SampleAddress(1, (48.5011, 11.5), "", "85000", "a1")],
    ),
]  # fmt: skip


def village_layer(features: Sequence[SampleFeature] = VILLAGE, name: str = "village") -> ImportedLayer:
    credit = replace(_CREDIT, layer=name)
    return ImportedLayer(Layer(name, "Village", "village.csv", "1", 4, credit), layer_arrays(features))


@pytest.fixture
def world(sample_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


@pytest.fixture(scope="module")
def composed(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, SnapshotInfo]:
    """The sample with both layers, and what composing it told; for tests that change nothing."""
    directory = shutil.copytree(sample_dir, tmp_path_factory.mktemp("composed") / "data")
    info = compose(directory, [STREETS, village_layer()])
    return SnapshotStore(directory).open_present(), info


def ids_of(snapshot: Snapshot) -> list[str]:
    return [str(each) for each in snapshot.text("place_id").to_arrow().to_pylist()]


def test_without_layers_the_snapshot_is_that_of_the_world(world: Path) -> None:
    before = SnapshotStore(world).present_id()
    assert compose(world, []).snapshot_id == before
    compose(world, [STREETS, village_layer()])
    assert SnapshotStore(world).present_id() != before
    assert compose(world, []).snapshot_id == before


def test_the_same_layers_give_one_snapshot_whatever_was_there_before(world: Path) -> None:
    alone = compose(world, [STREETS]).snapshot_id
    both = compose(world, [STREETS, village_layer()]).snapshot_id
    assert compose(world, [village_layer()]).snapshot_id not in (alone, both)
    assert compose(world, [STREETS]).snapshot_id == alone
    assert compose(world, [STREETS, village_layer()]).snapshot_id == both


def test_the_world_keeps_its_rows_and_the_manifest_names_the_layers(
    sample_dir: Path, composed: tuple[Snapshot, SnapshotInfo]
) -> None:
    before = SnapshotStore(sample_dir).open_present()
    after, info = composed
    assert [layer.layer for layer in info.layers] == ["places", "streets", "village"]
    assert info.layers[1].attribution == _CREDIT
    assert ids_of(after)[: before.row_count] == ids_of(before)
    base = before.row_count
    assert int(after.array("feature_base")[0]) == base
    assert after.array("layer")[base:].tolist().count(1) == 5
    for name in FEATURES:
        assert after.has(name) or after.has(f"{name}.bytes"), name
    names = after.text("category_names").to_arrow().to_pylist()
    assert names[: len(CATEGORIES) + 1] == [*CATEGORIES, HOUSE]
    assert {"residential", "museum", "hamlet"} <= set(names)


def test_features_follow_their_anchors_and_every_id_is_found(composed: tuple[Snapshot, SnapshotInfo]) -> None:
    snapshot, _ = composed
    base = int(snapshot.array("feature_base")[0])
    anchor = snapshot.array("anchor")[base:].astype(np.int64)
    assert (np.diff(anchor) >= 0).all()
    assert (anchor < base).all()
    ids = ids_of(snapshot)
    assert len(set(ids)) == len(ids)
    assert [snapshot.row_of(each) for each in ids] == list(range(len(ids)))


def test_what_lies_in_a_settlement_of_the_layer_has_it_as_its_town(world: Path) -> None:
    compose(world, [village_layer()])
    snapshot = SnapshotStore(world).open_present()
    names = snapshot.text("display_name").to_arrow().to_pylist()
    village, street = names.index("Oberdorf"), names.index("Dorfstraße")
    assert snapshot.array("locality")[village] == village
    assert snapshot.array("locality")[street] == village
    assert snapshot.array("feature_within")[street - int(snapshot.array("feature_base")[0])] == village
    assert snapshot.text("formatted_address")[street] == "Dorfstraße, 85000 Oberdorf, Germany"


def test_ids_of_features_stay_when_others_come_and_go(world: Path) -> None:
    def ids(features: Sequence[SampleFeature]) -> dict[str, str]:
        compose(world, [village_layer(features)])
        snapshot = SnapshotStore(world).open_present()
        base = int(snapshot.array("feature_base")[0])
        return dict(zip(snapshot.text("source_id").to_arrow().to_pylist()[base:], ids_of(snapshot)[base:], strict=True))

    few = ids(VILLAGE)
    more = ids([
        *VILLAGE,
        SampleFeature("w1", PlaceType.STREET, "Am Anger", "gn-2", (48.5, 11.6)),
        SampleFeature("w2", PlaceType.STREET, "Am Anger", "gn-2", (48.7, 11.6)),
    ])  # fmt: skip
    assert {key: more[key] for key in few} == few
    # Alike in everything but the source's id: told apart in its order.
    assert more["w2"] == f"{more['w1']}-2"


def test_a_feature_whose_anchor_is_gone_hangs_on_what_is_at_its_point(world: Path) -> None:
    lost = SampleFeature("w1", PlaceType.STREET, "Verlorene Gasse", "gn-no-more", (52.52, 13.41))
    compose(world, [village_layer([lost])])
    snapshot = SnapshotStore(world).open_present()
    assert snapshot.text("formatted_address")[snapshot.row_count - 1] == "Verlorene Gasse, Berlin, Germany"


def test_codes_are_those_of_the_world_where_it_has_them_in_that_country(world: Path) -> None:
    features = [
        SampleFeature("a", PlaceType.STREET, "Foreign", "gn-8", (39.8, -89.6), postal_codes=["10115"]),
        SampleFeature("b", PlaceType.STREET, "Own", "gn-5", (52.5, 13.4), postal_codes=["10115"]),
    ]
    compose(world, [village_layer(features)])
    snapshot = SnapshotStore(world).open_present()
    rows = dict(
        zip(
            snapshot.text("display_name").to_arrow().to_pylist()[-2:],
            snapshot.array("feature_postal_rows"),
            strict=True,
        )
    )
    assert rows["Foreign"] == -1
    assert rows["Own"] == snapshot.row_of("pc-de-10115")


def test_files_that_do_not_change_are_links(world: Path) -> None:
    store = SnapshotStore(world)
    before = store.path_of(str(store.present_id()))
    after = store.path_of(compose(world, [STREETS]).snapshot_id)
    for name in ("borders_cells", "reverse_points", "forward_slots"):
        assert (after / f"{name}.npy").stat().st_ino == (before / f"{name}.npy").stat().st_ino
    # A village of the layer is found as the world's are: its index is another one.
    village = store.path_of(compose(world, [village_layer()]).snapshot_id)
    assert (village / "reverse_points.npy").stat().st_ino != (before / "reverse_points.npy").stat().st_ino


@pytest.mark.parametrize("step", STEPS)
def test_whatever_happens_the_old_snapshot_stays(world: Path, step: str) -> None:
    store = SnapshotStore(world)
    before = store.present_id()

    def stop(name: str, _: float) -> None:
        if name == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose(world, [STREETS], on_step=stop)
    assert store.present_id() == before
    assert [path.name for path in (world / "snapshots").iterdir()] == [before]
    assert not list(world.glob("building-*"))


def test_more_layers_than_kernels_count_are_refused(world: Path) -> None:
    many = [village_layer(VILLAGE[:1], f"layer{number}") for number in range(MOST_LAYERS)]
    with pytest.raises(SnapshotError, match="at most 60 layers"):
        compose(world, many)
