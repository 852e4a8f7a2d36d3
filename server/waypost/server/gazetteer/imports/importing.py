"""From files to a snapshot that answers from them, and back: what `waypost data add` and `remove` do.

Everything happens in a folder that a kill leaves behind for the next one to remove. The layer and the snapshot with it
appear at the end, by one rename: see layer_store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.compose import compose_into
from waypost.server.gazetteer.imports.build_layer import STEPS, build_layer
from waypost.server.gazetteer.imports.cutting import longest_steps_m
from waypost.server.gazetteer.imports.layer_info import LayerInfo
from waypost.server.gazetteer.imports.layer_store import LayerStore, OpenLayer, imported, open_layer
from waypost.server.gazetteer.imports.readers.formats import FORMATS, version_of
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch, Credit
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.kernels import compile_all

#: Steps of build_layer that are told apart here: reading and collecting go hand in hand.
READ_STEP, FIRST_STEP_AFTER_READING = tuple(STEPS)[:2]
#: No street has vertices farther apart, not even across a desert: such a line is torn or mistaken.
LONGEST_STEP_M = 100_000.0
#: What a watcher is told to begin.
READ, MAKE_LAYER, COMPILE, MAKE_SNAPSHOT = "read", "make the layer", "compile kernels", "make the snapshot"


class Watcher(Protocol):
    """Told how an import goes on."""

    def begin(self, step: str) -> None:
        """A step begins, and the one before has ended."""

    def share(self, share: float) -> None:
        """What share of the step is done, 0 to 1."""

    def count(self, records: int) -> None:
        """So many more records were read."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be imported: files of one format, as a layer of that name."""

    paths: tuple[Path, ...]
    name: str
    form: str
    wishes: Wishes
    credit: Credit


@dataclass(frozen=True, slots=True)
class Added:
    """A layer that was added, and the snapshot that has it."""

    layer: LayerInfo
    snapshot_id: str


def add_layer(data_dir: Path, order: Order, bad: BadRecords, watcher: Watcher) -> Added:
    """Imports files as a layer, in the place of one with the same name, and makes the snapshot with it the present one.

    What is left out is counted in `bad`. Raises ImportFailed for a file that is wrong as a whole, and SnapshotError
    where there is no snapshot to extend, or another build is at work.
    """
    snapshots, layers = SnapshotStore(data_dir), LayerStore(data_dir)

    def tell(step: str, share: float) -> None:
        if step == FIRST_STEP_AFTER_READING:
            watcher.begin(MAKE_LAYER)
        if step != READ_STEP:
            watcher.share(share)

    with snapshots.building() as directory:
        world = snapshots.open_present()
        # Before anything is read: one that is broken is told at once, not after an hour.
        others = [layers.open(other) for other in layers.present() if other != order.name]
        watcher.begin(READ)
        made = directory / "layer"
        made.mkdir()
        info = build_layer(
            _batches(order, bad, watcher),
            world=world,
            name=order.name,
            credit=order.credit,
            source=", ".join(path.name for path in order.paths),
            source_version=version_of(order.form, order.paths),
            directory=made,
            on_progress=tell,
        )
        info = replace(info, bad_records=bad.count, bad_samples=tuple(bad.samples))
        together = sorted([*others, open_layer(made, info)], key=lambda layer: layer.info.name)
        snapshot_id = _compose(snapshots, directory, together, watcher)
        layers.put(made, info)
        layers.choose(snapshot_id, {**layers.present(), info.name: info.digest})
        snapshots.publish(directory / "snapshot", snapshot_id)
    return Added(info, snapshot_id)


def remove_layers(data_dir: Path, names: Collection[str], watcher: Watcher) -> str:
    """The id of the snapshot without those layers, which is the present one then. Raises ImportFailed, SnapshotError.

    They are not opened, so that broken ones can be removed.
    """
    snapshots, layers = SnapshotStore(data_dir), LayerStore(data_dir)
    with snapshots.building() as directory:
        present = layers.present()
        if unknown := sorted(set(names) - present.keys()):
            there = ", ".join(present) or "none"
            raise ImportFailed(f"there is no layer {unknown[0]!r}; there are: {there}", name=unknown[0])
        rest = {name: digest for name, digest in present.items() if name not in names}
        snapshot_id = _compose(snapshots, directory, [layers.open(name) for name in rest], watcher)
        layers.choose(snapshot_id, rest)
        snapshots.publish(directory / "snapshot", snapshot_id)
    return snapshot_id


def prune_layers(data_dir: Path) -> tuple[str, ...]:
    """Removes from the disk what was removed or replaced; the names of that. No snapshot needs it: each is whole.

    Raises SnapshotError while a build runs.
    """
    with SnapshotStore(data_dir).building():
        return LayerStore(data_dir).prune()


def _compose(snapshots: SnapshotStore, directory: Path, layers: Sequence[OpenLayer], watcher: Watcher) -> str:
    watcher.begin(COMPILE)
    compile_all()
    watcher.begin(MAKE_SNAPSHOT)
    made = directory / "snapshot"
    made.mkdir()
    present = snapshots.open_present()
    info = compose_into(
        made,
        present,
        snapshots.path_of(present.snapshot_id),
        [imported(layer) for layer in layers],
        on_step=lambda _, share: watcher.share(share),
    )
    return info.snapshot_id


def _batches(order: Order, bad: BadRecords, watcher: Watcher) -> Iterator[Batch]:
    records = 0
    for batch in FORMATS[order.form].read(order.paths, order.wishes, bad, watcher.share):
        if "line" in batch.rows.schema.names:
            batch = _without_torn_lines(batch, bad)
        records += batch.rows.num_rows
        watcher.count(batch.rows.num_rows)
        yield batch
    if not records:
        files = ", ".join(map(str, order.paths))
        first = {sample.reason: sample.where for sample in reversed(bad.samples)}
        why = "; ".join(f"{count:,} × {reason} ({first[reason]})" for reason, count in bad.reasons.most_common(3))
        raise ImportFailed(f"{files}: there is no record in it that can be used{': ' + why if why else ''}", path=files)


def _without_torn_lines(batch: Batch, bad: BadRecords) -> Batch:
    torn = longest_steps_m(batch.rows.column("line")) > LONGEST_STEP_M
    if not torn.any():
        return batch
    sources = batch.rows.column("source_id")
    bad.add_many(
        np.flatnonzero(torn).tolist(),
        f"a line with vertices more than {LONGEST_STEP_M / 1000:.0f} km apart",
        lambda row: str(sources[row]).replace("/", " ") or "a line without an id",
    )
    return Batch(batch.kind, batch.rows.filter(pa.array(~torn)))
