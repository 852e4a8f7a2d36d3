"""Composes a snapshot of the world and of imported layers: their features become rows behind the world's.

A snapshot holds the world unchanged in its first rows, so any snapshot can be composed anew with other layers. Nothing
here loops over features or addresses in Python. Not for: what a layer holds (imports/layer.py), or reading files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.feature_arrays import CodeRows, address_arrays, categories_of, postal_arrays
from waypost.server.gazetteer.feature_rows import feature_rows
from waypost.server.gazetteer.features import Array, Arrays, Column, Features, ImportedLayer, column_of_texts
from waypost.server.gazetteer.memory import lean_memory, return_free_memory
from waypost.server.gazetteer.schema import PLACES
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn, read_manifest
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import SnapshotWriter
from waypost.server.geocoder.address_index import build_address_index
from waypost.server.geocoder.index import pack_places
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse import ReverseIndex
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.geocoder.street_index import build_street_index
from waypost.server.geocoder.viewport import viewports_of_boxes
from waypost.server.model import Layer, PlaceType, SnapshotInfo

#: Steps with the share of the time that has passed when they begin, for a layer of a city.
STEPS = {"read the world": 0.0, "put layers together": 0.05, "forward index": 0.15, "reverse index": 0.75, "write": 0.9}

#: Layers of a snapshot are bits of a number that kernels compute with.
MOST_LAYERS = 60
#: A feature whose anchor the world lost hangs on what is at its point, this far away at most.
_ANCHOR_REACH_M = 100_000.0
#: Kinds of features that are found as the world's places of that kind are; others have indices of their own.
_LIKE_THE_WORLD = (PlaceType.LOCALITY, PlaceType.POSTAL_CODE)
#: Arrays that only depend on places of those kinds.
_REVERSE_PREFIXES = ("borders_", "reverse_")
#: Arrays that are read for answers and lookups by id, and by no index.
_FOR_ANSWERS_ONLY = (
    "place_record", "place_text", "place_id_order", "source_id", "formatted_address", "time_zone", "accuracy_m",
    "precision", "location_from", "layer", "address_source",
)  # fmt: skip
#: The one array of the index of names that has all rows, and those that any index of names begins with.
_OF_ALL_ROWS = "forward_places"
_FOLD_TABLE = ("forward_fold_entries", "forward_fold_pool")
_EXTENDED = (*PLACES, "place_record", "place_text")


def compose(
    data_dir: Path,
    layers: Sequence[ImportedLayer],
    *,
    on_step: Callable[[str, float], None] = lambda step, share: None,
) -> SnapshotInfo:
    """The new present snapshot in `data_dir`: the present one's world with exactly these layers, in that order.

    The same world and layers give the same id and bytes, whatever was added before; without layers it is the snapshot
    of `data build`. `on_step` is told each step of STEPS as it begins. Raises SnapshotError if there is no snapshot,
    there are too many layers, or another build is running. Killed at any moment it leaves the old snapshot serving.
    The store of layers is not told of it: for what `data add` does see imports/importing.py.
    """
    store = SnapshotStore(data_dir)
    with store.building() as directory:
        present = store.open_present()
        info = compose_into(directory, present, store.path_of(present.snapshot_id), layers, on_step=on_step)
        store.publish(directory, info.snapshot_id)
    return replace(info, present=True)


def compose_into(
    directory: Path,
    present: Snapshot,
    present_directory: Path,
    layers: Sequence[ImportedLayer],
    *,
    on_step: Callable[[str, float], None] = lambda step, share: None,
) -> SnapshotInfo:
    """The snapshot that was written into `directory`, an empty one; as `compose`, but nothing is published."""

    def begin(step: str) -> None:
        on_step(step, STEPS[step])

    with lean_memory():
        begin("read the world")
        arrays = world_arrays(present)
        base = world_layers(present)
        begin("put layers together")
        writer = SnapshotWriter(directory)

        def take(name: str, column: Column) -> bool:
            present.release_memory()
            if name in _FOR_ANSWERS_ONLY:
                writer.add({name: column})
            return name in _FOR_ANSWERS_ONLY

        if layers:
            arrays = with_layers(arrays, len(base), layers, take)
        kept = _reusable(present, arrays, present_directory)
        builds_world = not kept
        kept |= _files(present_directory, lambda name: name.startswith("forward_") and name != _OF_ALL_ROWS)
        # What no index is made from goes first, and each index as soon as it is made: memory is for the next one.
        writer.add({name: arrays.pop(name) for name in _FOR_ANSWERS_ONLY if name in arrays})
        present.release_memory()
        return_free_memory()
        begin("forward index")
        writer.add(forward_arrays(present, arrays))
        return_free_memory()
        begin("reverse index")
        writer.add(reverse_arrays(arrays, build_world=builds_world))
        begin("write")
        writer.add(arrays)
        writer.keep(kept)
    return writer.finish((*base, *(layer.layer for layer in layers)))


def world_arrays(snapshot: Snapshot) -> Arrays:
    """The arrays of schema.PLACES and the place records of a snapshot's world, without what layers added to them."""
    count = _world_size(snapshot)
    aliases = int(snapshot.array("alias_offsets")[count])
    arrays: Arrays = {}
    for name in _EXTENDED:
        size = aliases if name.startswith("alias_") else count
        if name == "time_zone_names":
            arrays[name] = snapshot.text(name)
        elif PLACES[name].dtype == "text" if name in PLACES else name == "place_text":
            arrays[name] = _first_texts(snapshot.text(name), size)
        elif name == "alias_offsets":
            arrays[name] = snapshot.array(name)[: count + 1]
        elif name == "place_id_order":
            order = snapshot.array(name).view(np.int32)
            arrays[name] = order[order < count]
        elif name == "category":
            arrays[name] = snapshot.array(name)[:count].astype(PLACES[name].dtype)
        else:
            arrays[name] = snapshot.array(name)[:size]
    return arrays


def world_layers(snapshot: Snapshot) -> tuple[Layer, ...]:
    """The layers of a snapshot that were not imported."""
    imported = int(snapshot.array("imported_layers")[0]) if snapshot.has("imported_layers") else 0
    return snapshot.layers[: len(snapshot.layers) - imported]


def _world_size(snapshot: Snapshot) -> int:
    """How many rows the world has."""
    return int(snapshot.array("feature_base")[0]) if snapshot.has("feature_base") else snapshot.row_count


def with_layers(
    world: Arrays,
    first_layer: int,
    layers: Sequence[ImportedLayer],
    take: Callable[[str, Column], bool] = lambda name, column: False,
) -> Arrays:
    """The arrays of the world with the rows of the layers behind, and those of schema.FEATURES.

    `world` has the arrays of schema.PLACES and place records; `first_layer` layers of it are in the manifest. `take` is
    offered each array of PLACES as soon as it is made, and those that it takes are left out.
    """
    if first_layer + len(layers) > MOST_LAYERS:
        raise SnapshotError(f"a snapshot has at most {MOST_LAYERS} layers", layers=str(first_layer + len(layers)))
    features = Features(layers, column_of_texts(world["place_id"]), lambda *points: _rows_at(world, *points))
    category_names, category = categories_of(features)
    postal, one_code = postal_arrays(features, CodeRows(world, features))
    keys = [layer.layer.layer for layer in layers]
    rows = feature_rows(features, world, keys, first_layer, category, one_code)
    latitude, longitude = (np.asarray(rows.places[name]) for name in ("latitude", "longitude"))
    viewport = viewports_of_boxes(rows.box, latitude, longitude, np.asarray(rows.places["accuracy_m"], np.float64))
    places = {**rows.places, **build_place_records(rows.places, viewport=viewport, quarter=rows.quarter)}
    arrays: Arrays = {}
    for name in sorted(set(places) - {"alias_offsets"}):
        column = _appended(world[name], places.pop(name))
        if not take(name, column):
            arrays[name] = column
    aliases = np.asarray(world["alias_offsets"], np.int64)
    arrays["alias_offsets"] = np.concatenate([aliases, aliases[-1] + np.asarray(places["alias_offsets"])[1:]])
    arrays["time_zone_names"] = world["time_zone_names"]
    arrays["place_id_order"] = pc.sort_indices(column_of_texts(arrays["place_id"])).to_numpy().astype(np.int32)
    return {
        **arrays,
        "feature_base": np.array([len(np.asarray(world["anchor"]))], np.int64),
        "imported_layers": np.array([len(layers)], np.int64),
        "feature_within": rows.within,
        "category_names": category_names,
        **postal,
        **address_arrays(features),
    }


def forward_arrays(present: Snapshot, arrays: Arrays) -> Arrays:
    """The index of names as far as layers have a part in it; that of the world's names stays as it is."""
    if "feature_base" not in arrays:
        return {_OF_ALL_ROWS: pack_places(arrays)}
    return build_street_index({**arrays, **{name: present.array(name) for name in _FOLD_TABLE}})


def reverse_arrays(arrays: Mapping[str, Column], *, build_world: bool = True) -> Arrays:
    """The index of points: that of the world's places and of features that are found as these are, then houses."""
    place_type = np.asarray(arrays["place_type"])
    if "feature_base" not in arrays:
        return build_reverse_index(arrays) if build_world else {}
    place_type = place_type.copy()
    features = place_type[int(np.asarray(arrays["feature_base"])[0]) :]
    features[~np.isin(features, _LIKE_THE_WORLD)] = 0
    world = build_reverse_index({**arrays, "place_type": place_type}) if build_world else {}
    return {**world, **build_address_index(arrays)}


def _rows_at(
    world: Arrays, latitude: npt.NDArray[np.float64], longitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.int32]:
    """The finest row of the world at each point; where nothing is near, the country that most of the others lie in."""
    flat = {name: array for name, array in world.items() if not isinstance(array, TextColumn)}
    ids = world["place_id"]
    assert isinstance(ids, TextColumn)  # noqa: S101 - schema.PLACES says so
    flat |= {"place_id.offsets": ids.offsets, "place_id.bytes": ids.data, **_flat(build_reverse_index(world))}
    for array in flat.values():
        array.flags.writeable = False
    index = ReverseIndex(Snapshot(SnapshotInfo("", 0.0, False, (), 0), flat))
    found = index.batch(np.ascontiguousarray(latitude), np.ascontiguousarray(longitude), frozenset(), _ANCHOR_REACH_M)
    rows = np.where(found.answer_row >= 0, found.answer_row, found.country_row)
    usual = np.bincount(rows[rows >= 0], minlength=1).argmax()
    return np.where(rows >= 0, rows, usual).astype(np.int32)


def _flat(arrays: Mapping[str, Column]) -> dict[str, Array]:
    return {name: np.asarray(array).view() for name, array in arrays.items()}


def _reusable(present: Snapshot, arrays: Arrays, directory: Path) -> dict[str, tuple[Path, str]]:
    """Files of the reverse index that are the present snapshot's: none if either has features that belong into it."""
    for place_type in (present.array("place_type"), np.asarray(arrays["place_type"])):
        if np.isin(place_type[_world_size(present) :], _LIKE_THE_WORLD).any():
            return {}
    return _files(directory, lambda name: name.startswith(_REVERSE_PREFIXES))


def _files(directory: Path, wanted: Callable[[str], bool]) -> dict[str, tuple[Path, str]]:
    """The files of a snapshot whose names are wanted, as writer.write_snapshot takes them."""
    digests = read_manifest(directory)["files"]
    assert isinstance(digests, dict)  # noqa: S101 - the format was checked by read_manifest
    return {name: (directory / f"{name}.npy", digest) for name, digest in digests.items() if wanted(name)}


def _first_texts(column: TextColumn, count: int) -> TextColumn:
    return TextColumn(column.offsets[: count + 1], column.data[: int(column.offsets[count])])


def _appended(world: Column, column: Column) -> Column:
    if isinstance(column, TextColumn):
        both = pa.concat_arrays([column_of_texts(world).cast(pa.large_string()), column.to_arrow()])
        return TextColumn.from_arrow(both)
    return np.concatenate([np.asarray(world), column])
