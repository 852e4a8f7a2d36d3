"""Files as they are written: counted and digested on the way, packed where asked, in place only when whole."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.spec import Compression


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file of an output: its name in the output's folder, its size, the SHA-256 of its bytes in hexadecimal."""

    name: str
    size_bytes: int
    sha256: str


class DigestedFile(io.RawIOBase):
    """A file that nobody sees before `finish`; Arrow writes to it."""

    def __init__(self, folder: OutputFolder, name: str) -> None:
        super().__init__()
        self._name = name
        self._file = folder.create(name)
        self._digest = hashlib.sha256()
        self._size = 0
        self._discarded = False

    def writable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The bytes written."""
        return self._size

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        """Writes all of `data`; returns how many bytes these are. Raises OSError."""
        if self._discarded:
            # Arrow's writers complete what they write into when they are collected, however it ended.
            return len(data)
        written: int = self._file.stream.write(data)
        self._digest.update(data)
        self._size += written
        return written

    def finish(self, *, durable: bool = True) -> OutputFile:
        """The file, which has its name from now on. Raises OSError."""
        self._file.put_in_place(durable=durable)
        return OutputFile(self._name, self._size, self._digest.hexdigest())

    def discard(self) -> None:
        """Removes what was written; what comes later goes nowhere."""
        self._discarded = True
        self._file.discard()


def packed(file: DigestedFile, compression: Compression) -> pa.NativeFile:
    """A stream that packs what is written; closing it ends the packing, not the file."""
    sink = pa.PythonFile(file, "w")
    if compression is Compression.NONE:
        return sink
    return pa.CompressedOutputStream(sink, compression.name.lower())


def write_bytes(folder: OutputFolder, name: str, data: bytes) -> OutputFile:
    """A whole file. Raises OSError; there is then no file of that name that was not there before."""
    file = DigestedFile(folder, name)
    try:
        file.write(data)
        return file.finish()
    except OSError:
        file.discard()
        raise


def place_file(folder: OutputFolder, name: str, source: Path, made: OutputFile) -> OutputFile:
    """A finished file, in place under another name. Raises as `write_bytes`."""
    file = folder.create(name)
    try:
        file.fill_from(source)
        file.put_in_place()
    except OSError:
        file.discard()
        raise
    return OutputFile(name, made.size_bytes, made.sha256)
