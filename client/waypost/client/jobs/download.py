"""A final file on its way to this disk: under a temporary name until its SHA-256 is right."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from waypost.client.jobs.outcome import DamagedFile
from waypost.client.jobs.upload import OnBytes
from waypost.v1.jobs_pb2 import OutputFile, ReadOutputFileResponse

_CHUNK_BYTES = 1 << 20
_NAME_DIGITS = 16  # of the SHA-256: enough that a temporary file is only ever gone on with for the same content


def end_of(message: ReadOutputFileResponse) -> int:
    """Return the offset of the byte behind a message."""
    return message.offset + len(message.data)


class Download:
    """A context manager over the temporary file; leaving it keeps what came, and the next one goes on from `offset`."""

    def __init__(self, file: OutputFile, target: Path, on_bytes: OnBytes | None = None) -> None:
        self._promised = file
        self._target = target
        self._on_bytes = on_bytes
        self._part = target.with_name(f".{target.name}.{file.sha256[:_NAME_DIGITS]}.part")
        self._hash = hashlib.sha256()
        self.offset = 0
        self._file: BinaryIO = self._part.open("a+b")
        self._file.seek(0)
        while data := self._file.read(_CHUNK_BYTES):  # what an earlier try has left, so that the hash covers it
            self._take(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, message: ReadOutputFileResponse) -> None:
        """Append bytes; DamagedFile where they are not the next ones."""
        if message.offset != self.offset:
            self._refuse(f"came with bytes {message.offset} where {self.offset} were due")
        self._file.write(message.data)
        self._take(message.data)

    def finish(self) -> Path:
        """Give the file its name and return it; DamagedFile, with nothing left behind, where it is another one."""
        if self.offset != self._promised.size_bytes:
            self._refuse(f"has {self.offset} bytes; promised: {self._promised.size_bytes}")
        if self._hash.hexdigest() != self._promised.sha256:
            self._refuse(f"has the SHA-256 {self._hash.hexdigest()}; promised: {self._promised.sha256}")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self._target)
        return self._target

    def _take(self, data: bytes) -> None:
        self._hash.update(data)
        self.offset += len(data)
        if self._on_bytes is not None:
            self._on_bytes(self.offset)

    def _refuse(self, why: str) -> None:
        self._part.unlink()
        raise DamagedFile(f"{self._promised.name} {why}")
