"""The bytes of an input: opened, unpacked and read in pieces of one size, whatever they come from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from waypost.server.errors import InputUnreadable
from waypost.server.jobs.locations import InputLocation
from waypost.server.jobs.spec import Compression, FileFormat

Source = Path | InputLocation | BinaryIO

_MAGIC = {b"\x1f\x8b": Compression.GZIP, b"\x28\xb5\x2f\xfd": Compression.ZSTD}
_PARQUET_MAGIC = b"PAR1"
_NAMES = {
    ".csv": FileFormat.CSV, ".tsv": FileFormat.CSV, ".txt": FileFormat.CSV, ".ndjson": FileFormat.NDJSON,
    ".jsonl": FileFormat.NDJSON, ".json": FileFormat.NDJSON, ".parquet": FileFormat.PARQUET,
    ".geoparquet": FileFormat.PARQUET,
}  # fmt: skip


class StoredBytes(io.RawIOBase):
    """An input as it is stored; counts what was read, and tells a failure to read from bytes that are wrong."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.bytes_read = 0
        self._closes = not isinstance(source, io.IOBase)
        try:
            self._raw = _opened(source)
        except OSError as error:
            raise _read_failed(0, error) from error
        self._head = b""

    def readable(self) -> bool:
        """True."""
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer only at the end."""
        while len(self._head) < size:
            piece = self._read(size - len(self._head))
            if not piece:
                break
            self._head += piece
        return self._head[:size]

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, none at the end; Arrow calls this."""
        wanted = size if size >= 0 else 1 << 20
        if self._head:
            piece, self._head = self._head[:wanted], self._head[wanted:]
        else:
            piece = self._read(wanted)
        self.bytes_read += len(piece)
        return piece

    def close(self) -> None:
        """Closes the input, unless it was handed in open."""
        if not self.closed and self._closes:
            self._raw.close()
        super().close()

    def _read(self, size: int) -> bytes:
        try:
            piece: bytes = self._raw.read(size)
        except OSError as error:
            raise _read_failed(self.bytes_read, error) from error
        return piece


class UnpackedBytes:
    """An input after decompression; each read gives as many bytes as asked for, fewer only at the end."""

    def __init__(self, stored: StoredBytes, compression: Compression | None) -> None:
        head = stored.peek(4)
        detected = next((packing for magic, packing in _MAGIC.items() if head.startswith(magic)), Compression.NONE)
        self.compression = compression or detected
        self.stored = stored
        self.position = 0
        self._head = b""
        self._stream: pa.NativeFile | StoredBytes = stored
        if self.compression is not Compression.NONE:
            self._stream = pa.CompressedInputStream(pa.PythonFile(stored, "r"), self.compression.name.lower())

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them; fewer only at the end."""
        if len(self._head) < size:
            self._head += self._read(size - len(self._head))
        return self._head[:size]

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end. Raises InputUnreadable."""
        piece, self._head = self._head[:size], self._head[size:]
        if len(piece) < size:
            piece += self._read(size - len(piece))
        self.position += len(piece)
        return piece

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        missing = size
        try:
            while missing and (piece := self._stream.read(missing)):
                pieces.append(piece)
                missing -= len(piece)
        except OSError as error:
            position = self.position + len(self._head) + size - missing
            raise InputUnreadable(
                "BAD_COMPRESSION",
                f"the input is no whole {self.compression.name} stream: it broke after {position} unpacked bytes, "
                f"{self.stored.bytes_read} bytes into the file",
                unpacked_bytes=str(position),
                stored_bytes=str(self.stored.bytes_read),
            ) from error
        return b"".join(pieces)


def guess_format(source: Source, head: bytes) -> FileFormat:
    """The format by the first bytes, else by the name, else CSV; `head` is unpacked and need not be long."""
    if head.startswith(_PARQUET_MAGIC):
        return FileFormat.PARQUET
    name = source.name if isinstance(source, Path | InputLocation) else ""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() not in (".gz", ".zst", ".zstd")]
    if suffixes and suffixes[-1] in _NAMES:
        return _NAMES[suffixes[-1]]
    return FileFormat.NDJSON if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else FileFormat.CSV


def open_seekable(source: Source) -> pa.NativeFile:
    """The input with random access. Raises InputUnreadable."""
    try:
        if isinstance(source, Path):
            return pa.OSFile(str(source))
        if isinstance(source, InputLocation):
            return source.open_file()
        return pa.PythonFile(source, "r")
    except OSError as error:
        raise _read_failed(0, error) from error


def _opened(source: Source) -> BinaryIO:
    if isinstance(source, Path):
        return source.open("rb")
    if isinstance(source, InputLocation):
        stream: BinaryIO = source.open_stream()
        return stream
    return source


def _read_failed(position: int, error: OSError) -> InputUnreadable:
    # The runtime's own words name paths and hosts of the server; the log has them through the cause.
    kind = type(error).__name__
    message = f"reading the input failed at byte {position} ({kind})"
    return InputUnreadable("INPUT_READ_FAILED", message, stored_bytes=str(position), error=kind)
