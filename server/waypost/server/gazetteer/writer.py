"""Writes the arrays of a snapshot and its manifest.

The id is a hash of the content alone: the time of the build and the machine are no part of it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

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
    files, size = write_arrays(directory, arrays)
    for name, (path, digest) in (kept or {}).items():
        os.link(path, directory / f"{name}.npy")
        files[name] = digest
        size += path.stat().st_size
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
                np.save(file, np.ascontiguousarray(values), allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            with path.open("rb") as file:
                files[part] = hashlib.file_digest(file, "sha256").hexdigest()
            size += path.stat().st_size
    return files, size
