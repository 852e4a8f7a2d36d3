"""The imported layers of a data directory.

- `layers/<name>/<digest>/` is a complete layer: its arrays and `layer.json`. It never changes once it has this name.
- `layers/snapshots.json` tells which digest of each name is in each snapshot; it is replaced by rename.

Present are the layers of the present snapshot. What a snapshot consists of is written before it becomes present, so
that one rename, that of the pointer to it, changes both: a kill at any moment leaves either the old ones or the new
ones. Who changes layers holds the lock of the data directory: see store.SnapshotStore.building.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from waypost.server.durable import are_whole, sync
from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.features import ImportedLayer
from waypost.server.gazetteer.imports.layer import LAYER
from waypost.server.gazetteer.imports.layer_info import MANIFEST, LayerInfo, check_name, from_json, to_json
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.model import Attribution, Layer

_SETS = "snapshots.json"
#: A folder on its way out or in; no layer can have such a name.
_DOOMED = ".removed-"


@dataclass(frozen=True, slots=True)
class OpenLayer:
    """A layer and its arrays by the names of layer.LAYER, mapped from disk and read-only."""

    info: LayerInfo
    arrays: Mapping[str, npt.NDArray[np.generic]]
    texts: Mapping[str, TextColumn]


def open_layer(directory: Path, info: LayerInfo) -> OpenLayer:
    """The layer whose arrays are in `directory`. Raises ImportFailed if some are missing or broken."""
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    texts: dict[str, TextColumn] = {}
    try:
        for name, column in LAYER.items():
            if column.dtype == "text":
                texts[name] = TextColumn(_mapped(directory, f"{name}.offsets"), _mapped(directory, f"{name}.bytes"))
            else:
                arrays[name] = _mapped(directory, name)
    except (OSError, ValueError, EOFError) as error:
        raise ImportFailed(
            f"layer {info.name} in {directory} is broken; {_mend(info.name)}: {error}", path=str(directory)
        ) from error
    return OpenLayer(info, arrays, texts)


def imported(layer: OpenLayer) -> ImportedLayer:
    """A layer as a snapshot is composed of it."""
    info, credit = layer.info, layer.info.credit
    told = Layer(
        layer=info.name,
        title=f"Addresses, streets and places of {info.source}",
        source=info.source,
        source_version=info.source_version,
        record_count=info.addresses + sum(info.features.values()),
        attribution=Attribution(info.name, credit.text, credit.uri, credit.license, credit.share_alike),
    )
    return ImportedLayer(told, {**layer.arrays, **layer.texts})


def _mend(name: str) -> str:
    return f"add its file again, or 'waypost data remove {name}'"


def _mapped(directory: Path, name: str) -> npt.NDArray[Any]:
    mapped: npt.NDArray[Any] = np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return mapped.view(np.ndarray)


class LayerStore:
    """The layers in one data directory, which may not exist yet."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "layers"
        self._snapshots = SnapshotStore(data_dir)

    def present(self) -> dict[str, str]:
        """The digest of each present layer by its name, in order. Raises ImportFailed if their list is damaged."""
        # In this order: another one may become present meanwhile, and its predecessor stays in the list.
        snapshot_id = self._snapshots.present_id()
        return dict(sorted(self._sets().get(snapshot_id or "", {}).items()))

    def info(self, name: str) -> LayerInfo:
        """What is known of the present layer of that name. Raises ImportFailed if there is none that can be read."""
        directory = self._path(name)
        try:
            return from_json((directory / MANIFEST).read_bytes(), str(directory))
        except OSError as error:
            raise ImportFailed(
                f"{directory} holds no layer; {_mend(name)}: {error.strerror}", path=str(directory)
            ) from error

    def open(self, name: str) -> OpenLayer:
        """The present layer of that name. Raises ImportFailed if there is none, or if it is broken."""
        return open_layer(self._path(name), self.info(name))

    def put(self, directory: Path, info: LayerInfo) -> None:
        """Keeps the finished layer in `directory`, for snapshots to consist of.

        `directory` is in the same file system and gone afterwards; its arrays are on disk already.
        """
        check_name(info.name)
        with (directory / MANIFEST).open("wb") as file:
            file.write(to_json(info))
            file.flush()
            os.fsync(file.fileno())
        sync(directory)
        target = self._directory / info.name / info.digest
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and _is_whole(target, info):
            # The same arrays: they stay, for a snapshot may use them, and only what is told of them is new.
            (directory / MANIFEST).replace(target / MANIFEST)
            sync(target)
            shutil.rmtree(directory)
        else:
            if target.exists():
                self._doom(target)
            directory.chmod(0o755)
            directory.rename(target)
        sync(target.parent)
        sync(self._directory)

    def choose(self, snapshot_id: str, layers: Mapping[str, str]) -> None:
        """Tells which layers, by name and digest, a snapshot consists of that is about to become the present one."""
        sets = {known: those for known, those in self._sets().items() if self._snapshots.path_of(known).exists()}
        self._directory.mkdir(parents=True, exist_ok=True)
        temporary = self._directory / f"{_SETS}.new"
        with temporary.open("wb") as file:
            file.write(orjson.dumps({**sets, snapshot_id: dict(layers)}, option=orjson.OPT_SORT_KEYS))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / _SETS)
        sync(self._directory)

    def prune(self, used: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
        """Removes every layer that is neither present nor `used` (name and digest); returns "name/digest" of each.

        `used` are those of the snapshots that are kept.
        """
        kept = {*self.present().items(), *used}
        removed = []
        for folder in sorted(self._directory.iterdir()) if self._directory.exists() else []:
            if folder.name.startswith(_DOOMED):
                shutil.rmtree(folder)
                continue
            for layer in sorted(folder.iterdir()) if folder.is_dir() else []:
                if (folder.name, layer.name) not in kept:
                    self._doom(layer)
                    removed.append(f"{folder.name}/{layer.name}")
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        return tuple(removed)

    def _doom(self, layer: Path) -> None:
        """Removes a layer; under another name first, so that a kill leaves no half of one."""
        doomed = self._directory / f"{_DOOMED}{layer.parent.name}-{layer.name}"
        if doomed.exists():
            shutil.rmtree(doomed)
        layer.rename(doomed)
        shutil.rmtree(doomed)

    def _path(self, name: str) -> Path:
        present = self.present()
        if name not in present:
            there = ", ".join(present) or "none"
            raise ImportFailed(f"there is no layer {name!r}; there are: {there}", name=name)
        return self._directory / name / present[name]

    def _sets(self) -> dict[str, dict[str, str]]:
        path = self._directory / _SETS
        try:
            sets: dict[str, dict[str, str]] = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except orjson.JSONDecodeError as error:
            raise ImportFailed(
                f"{path} is damaged; without that file no layer is known, and each can be added again: {error}",
                path=str(path),
            ) from error
        return sets


def _is_whole(directory: Path, info: LayerInfo) -> bool:
    """Whether the arrays in `directory` are what the manifest says; they were, when the folder got its name."""
    try:
        open_layer(directory, info)
    except ImportFailed:
        return False
    return are_whole(directory, info.files)
