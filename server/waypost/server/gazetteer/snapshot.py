"""A snapshot: the arrays of one build, mapped into memory, never changed. Opening reads headers only.

Not for: writing snapshots (store.py), or the meaning of the arrays (schema.py).
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from waypost.server.errors import SnapshotError
from waypost.server.model import Attribution, Layer, SnapshotInfo

_Type = TypeVar("_Type", bound=np.generic)

MANIFEST = "manifest.json"
#: Raised whenever a reader of the older form could not understand the newer one.
FORMAT_VERSION = 2


def read_only(array: npt.NDArray[_Type]) -> npt.NDArray[_Type]:
    """The same memory, not to be written to. To a kernel that is another type, for which it is compiled anew.

    What a mapped snapshot has is read-only, so whatever else goes to the same kernels is made so too.
    """
    view = array.view()
    view.flags.writeable = False
    return view


class TextColumn:
    """A column of UTF-8 texts as two flat arrays: `offsets` (n + 1,) int64 into `data` (bytes,) uint8."""

    __slots__ = ("data", "offsets")

    def __init__(self, offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> None:
        self.offsets = read_only(offsets)
        self.data = read_only(data)

    @classmethod
    def from_arrow(cls, texts: pa.Array) -> TextColumn:
        """The same texts as an Arrow array without nulls; copies only what a slice or another type needs."""
        whole = pa.concat_arrays([texts.cast(pa.large_string())]) if texts.offset else texts.cast(pa.large_string())
        _, offsets, data = whole.buffers()
        count = len(whole)
        if count == 0:
            return cls(np.zeros(1, np.int64), np.zeros(0, np.uint8))
        starts = np.frombuffer(offsets, np.int64, count + 1)
        size = int(starts[-1])
        # A column of empty texts may come without a data buffer.
        return cls(starts, np.frombuffer(data, np.uint8, size) if size else np.zeros(0, np.uint8))

    def to_arrow(self) -> pa.Array:
        """A pyarrow large_string array over the same memory."""
        return pa.LargeStringArray.from_buffers(len(self), pa.py_buffer(self.offsets), pa.py_buffer(self.data))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes().decode()


class Snapshot:
    """The arrays of one build. Safe to share between threads: everything is read-only."""

    def __init__(self, info: SnapshotInfo, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._info = info
        self._arrays = arrays
        self._texts = {
            name: TextColumn(_as_int64(arrays[f"{name}.offsets"]), _as_uint8(arrays[f"{name}.bytes"]))
            for name in (key.removesuffix(".bytes") for key in arrays if key.endswith(".bytes"))
        }
        self._ids = self._texts["place_id"]
        self._id_order = arrays["place_id_order"]

    @classmethod
    def open(cls, directory: Path) -> Snapshot:
        """The snapshot in `directory`. Raises SnapshotError if there is none, or one of another format."""
        manifest = read_manifest(directory)
        try:
            arrays = {
                name: np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False).view(np.ndarray)
                for name in files_from_manifest(manifest)
            }
            return cls(info_from_manifest(manifest, present=False), arrays)
        except (ValueError, KeyError, EOFError) as error:  # a file that is cut off, or of another kind
            raise SnapshotError(f"{directory} is damaged: {error}", directory=str(directory)) from error

    @property
    def snapshot_id(self) -> str:
        """Sixteen hexadecimal digits that are a hash of the content."""
        return self._info.snapshot_id

    @property
    def info(self) -> SnapshotInfo:
        """What the manifest tells; `present` is only known to the store, and False here."""
        return self._info

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in the order of the `layer` array."""
        return self._info.layers

    @property
    def row_count(self) -> int:
        """Number of places of every kind."""
        return len(self._ids)

    def has(self, name: str) -> bool:
        """Whether the snapshot has an array of that name; those of streets are there with imported layers only."""
        return name in self._arrays

    def array(self, name: str) -> npt.NDArray[np.generic]:
        """The array of that name, read-only. Raises KeyError if the snapshot has none."""
        return self._arrays[name]

    def text(self, name: str) -> TextColumn:
        """The column of texts of that name. Raises KeyError if the snapshot has none."""
        return self._texts[name]

    def release_memory(self) -> None:
        """Gives the system back the pages that were read so far; what is read again is read from disk again."""
        for array in self._arrays.values():
            mapped = array.base.base if isinstance(array.base, np.memmap) else None
            if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)

    def row_of(self, place_id: str) -> int | None:
        """The row of the place with that id, None if there is none; a binary search, about ten microseconds."""
        wanted = place_id.encode("utf-8", "surrogatepass")
        offsets, data = self._ids.offsets, self._ids.data
        low, high = 0, len(self._id_order)
        while low < high:
            middle = (low + high) // 2
            row = int(self._id_order[middle])
            found = data[offsets[row] : offsets[row + 1]].tobytes()
            if found == wanted:
                return row
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None


def read_manifest(directory: Path) -> dict[str, object]:
    """The manifest of a snapshot's directory. Raises SnapshotError if it is missing or of another format."""
    try:
        manifest: dict[str, object] = orjson.loads((directory / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SnapshotError(f"{directory} holds no snapshot: {error}", directory=str(directory)) from error
    if manifest.get("format") != FORMAT_VERSION:
        raise SnapshotError(
            f"{directory} has format {manifest.get('format')}; this program reads {FORMAT_VERSION}: build it again",
            directory=str(directory),
        )
    return manifest


def info_from_manifest(manifest: Mapping[str, object], *, present: bool) -> SnapshotInfo:
    """What a manifest tells of its snapshot."""
    layers = manifest["layers"]
    assert isinstance(layers, list)  # noqa: S101 - the format was checked by read_manifest
    return SnapshotInfo(
        snapshot_id=str(manifest["snapshot_id"]),
        create_time_s=float(str(manifest["create_time_s"])),
        present=present,
        layers=tuple(Layer(**{**layer, "attribution": Attribution(**layer["attribution"])}) for layer in layers),
        size_bytes=int(str(manifest["size_bytes"])),
    )


def files_from_manifest(manifest: Mapping[str, object]) -> Mapping[str, str]:
    """The SHA-256 of each array's file, by the array's name."""
    files = manifest["files"]
    assert isinstance(files, dict)  # noqa: S101 - the format was checked by read_manifest
    return files


def _as_int64(array: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    return array.view(np.int64)


def _as_uint8(array: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    return array.view(np.uint8)
