"""The imported layers of a data directory.

- `layers/<name>/<digest>/` is a complete layer: its arrays and `layer.json`. It never changes once it has this name.
- `layers/present.json` tells which digest of each name counts; it is replaced by rename.

What was killed before the rename of a layer, or before that of `present.json`, leaves the old ones. Who changes layers
holds the lock of the data directory: see store.SnapshotStore.building.
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

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.layer import LAYER
from waypost.server.gazetteer.imports.layer_info import MANIFEST, LayerInfo, check_name, from_json, to_json
from waypost.server.gazetteer.snapshot import TextColumn

_PRESENT = "present.json"
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
    except (OSError, ValueError) as error:
        raise ImportFailed(
            f"layer {info.name} in {directory} is broken, add its file again: {error}", path=str(directory)
        ) from error
    return OpenLayer(info, arrays, texts)


def _mapped(directory: Path, name: str) -> npt.NDArray[Any]:
    mapped: npt.NDArray[Any] = np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return mapped.view(np.ndarray)


class LayerStore:
    """The layers in one data directory, which may not exist yet."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "layers"

    def list_layers(self) -> tuple[LayerInfo, ...]:
        """The present layers by name. Raises ImportFailed if one cannot be read."""
        return tuple(self._info(name, digest) for name, digest in sorted(self._present().items()))

    def open(self, name: str) -> OpenLayer:
        """The present layer of that name. Raises ImportFailed if there is none, or if it is broken."""
        digest = self._digest(name)
        return open_layer(self._directory / name / digest, self._info(name, digest))

    def add(self, directory: Path, info: LayerInfo) -> None:
        """Makes the finished layer in `directory` the present one of its name, whatever was there before.

        `directory` is in the same file system and gone afterwards; its arrays are on disk already.
        """
        check_name(info.name)
        with (directory / MANIFEST).open("wb") as file:
            file.write(to_json(info))
            file.flush()
            os.fsync(file.fileno())
        _sync(directory)
        target = self._directory / info.name / info.digest
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            # The same arrays: they stay, for a snapshot may use them, and only what is told of them is new.
            (directory / MANIFEST).replace(target / MANIFEST)
            _sync(target)
            shutil.rmtree(directory)
        else:
            directory.chmod(0o755)
            directory.rename(target)
        _sync(target.parent)
        _sync(self._directory)
        self._write_present({**self._present(), info.name: info.digest})

    def remove(self, name: str) -> None:
        """Takes the layer of that name from the present ones; `prune` frees its disk. Raises ImportFailed."""
        present = self._present()
        self._digest(name)
        del present[name]
        self._write_present(present)

    def prune(self, used: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
        """Removes every layer that is neither present nor `used` (name and digest); returns "name/digest" of each.

        `used` are those of the snapshots that are kept.
        """
        kept = {*self._present().items(), *used}
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

    def _digest(self, name: str) -> str:
        present = self._present()
        if name not in present:
            there = ", ".join(sorted(present)) or "none"
            raise ImportFailed(f"there is no layer {name!r}; there are: {there}", name=name)
        return present[name]

    def _info(self, name: str, digest: str) -> LayerInfo:
        path = self._directory / name / digest / MANIFEST
        try:
            return from_json(path.read_bytes(), str(path.parent))
        except OSError as error:
            raise ImportFailed(f"{path.parent} holds no layer: {error}", path=str(path.parent)) from error

    def _present(self) -> dict[str, str]:
        try:
            present: dict[str, str] = orjson.loads((self._directory / _PRESENT).read_bytes())
        except FileNotFoundError:
            return {}
        return present

    def _write_present(self, present: Mapping[str, str]) -> None:
        temporary = self._directory / f"{_PRESENT}.new"
        with temporary.open("wb") as file:
            file.write(orjson.dumps(dict(present), option=orjson.OPT_SORT_KEYS))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / _PRESENT)
        _sync(self._directory)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
