"""Writes the arrays of a snapshot and its manifest.

The id is a hash of the content alone: the time of the build and the machine are no part of it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from waypost.server.durable import digest_of
from waypost.server.gazetteer.snapshot import FORMAT_VERSION, MANIFEST, TextColumn, info_from_manifest
from waypost.server.model import Layer, SnapshotInfo

_ID_DIGITS = 16


def write_snapshot(
    directory: Path,
    arrays: Mapping[str, npt.NDArray[np.generic] | TextColumn],
    layers: tuple[Layer, ...],
    kept: Mapping[str, tuple[Path, str]] | None = None,
) -> SnapshotInfo:
    """What was written into `directory`, synced to disk; `present` is False, for only the store makes it so.

    `kept` are files of another snapshot in the same file system that become files of this one as they are: of each by
    its name without ending where it is, and the hash that the other's manifest tells.
    """
    writer = SnapshotWriter(directory)
    writer.add(arrays)
    writer.keep(kept or {})
    return writer.finish(layers)


class SnapshotWriter:
    """Writes a snapshot part by part into a directory, so that what is written need not stay in memory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, str] = {}
        self._size = 0

    def add(self, arrays: Mapping[str, npt.NDArray[np.generic] | TextColumn]) -> None:
        """Writes arrays, synced to disk."""
        files, size = write_arrays(self._directory, arrays)
        self._files |= files
        self._size += size

    def keep(self, kept: Mapping[str, tuple[Path, str]]) -> None:
        """Takes over files of another snapshot; see write_snapshot."""
        for name, (path, digest) in kept.items():
            os.link(path, self._directory / f"{name}.npy")
            self._files[name] = digest
            self._size += path.stat().st_size

    def finish(self, layers: tuple[Layer, ...]) -> SnapshotInfo:
        """Writes the manifest; what write_snapshot returns."""
        return _write_manifest(self._directory, self._files, self._size, layers)


def _write_manifest(directory: Path, files: dict[str, str], size: int, layers: tuple[Layer, ...]) -> SnapshotInfo:
    described = [asdict(layer) for layer in layers]
    content = orjson.dumps([FORMAT_VERSION, files, described], option=orjson.OPT_SORT_KEYS)
    manifest: dict[str, object] = {
        "format": FORMAT_VERSION,
        "snapshot_id": hashlib.sha256(content).hexdigest()[:_ID_DIGITS],
        "create_time_s": time.time(),
        "size_bytes": size,
        "layers": described,
        "files": files,
    }
    with (directory / MANIFEST).open("wb") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    return info_from_manifest(manifest, present=False)


def write_arrays(
    directory: Path, arrays: Mapping[str, npt.NDArray[np.generic] | TextColumn]
) -> tuple[dict[str, str], int]:
    """Writes each array as `<name>.npy`, synced to disk; the hash of each file by its name, and the bytes of all."""
    files: dict[str, str] = {}
    size = 0
    for name, array in sorted(arrays.items()):
        parts = (
            {f"{name}.offsets": array.offsets, f"{name}.bytes": array.data}
            if isinstance(array, TextColumn)
            else {name: array}
        )
        for part, values in parts.items():
            path = directory / f"{part}.npy"
            with path.open("wb") as file:
                try:
                    np.save(file, np.ascontiguousarray(values), allow_pickle=False)
                except OSError as error:
                    if error.errno is None:  # numpy tells how many items were written, not why no more
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
                    raise
                file.flush()
                os.fsync(file.fileno())
            files[part] = digest_of(path)
            size += path.stat().st_size
    return files, size
