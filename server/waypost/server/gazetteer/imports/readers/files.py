"""Files as they come from download pages: plain, .gz, .zst or .zip, opened as rows with named columns.

CSV is read by the readers of jobs, which put up with everything that people call CSV.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa

from waypost.server.errors import ImportFailed, InputUnreadable
from waypost.server.gazetteer.imports.records import Progress
from waypost.server.jobs.readers import InputFormat
from waypost.server.jobs.readers.csv_rows import CsvRows
from waypost.server.jobs.readers.encoding import detect_encoding
from waypost.server.jobs.readers.sources import StoredBytes, UnpackedBytes
from waypost.server.jobs.spec import FileFormat

#: What detecting a format looks at.
HEAD_BYTES = 64 * 1024
#: What the encoding of a text is guessed from, and how many good characters make up for one bad one.
_GUESS_BYTES = 256 * 1024
_GOOD_PER_BAD = 10
#: Packings that are told apart from text; bzip2 only serves for OpenStreetMap's XML.
_OTHER_PACKINGS = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!": "RAR"}
_PACKED = (".gz", ".zst", ".zstd", ".zip", ".bz2")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of a table: `first_row` counts from 1; `bad` are rows in it that cannot be read, by their place in it."""

    first_row: int
    rows: pa.RecordBatch
    bad: dict[int, str]


class Table(Protocol):
    """A file as rows: its columns are known at once, its blocks are read front to back, once."""

    columns: list[str]

    def blocks(self, on_progress: Progress) -> Iterator[Block]:
        """The rows. Raises ImportFailed where the file cannot be read further."""


def bare_name(path: Path) -> str:
    """The file's name in lower case without the suffix of its packing."""
    name = path.name.lower()
    return next((name.removesuffix(suffix) for suffix in _PACKED if name.endswith(suffix)), name)


def read_head(path: Path) -> bytes:
    """The first bytes after unpacking. Raises ImportFailed, also for what has none, or is packed in another way."""
    with Unpacked(path) as unpacked:
        head = unpacked.peek(HEAD_BYTES)
    if not head:
        raise ImportFailed(f"{path} is empty", path=str(path))
    for magic, packing in _OTHER_PACKINGS.items():
        if head.startswith(magic):
            raise ImportFailed(
                f"{path} is packed by {packing}; allowed are .gz, .zst and .zip, so pack it anew", path=str(path)
            )
    return head


class Unpacked:
    """A file's bytes after unpacking, and what share of the file was read; of a .zip the largest text in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._size = path.stat().st_size
            self._archive = zipfile.ZipFile(path) if path.suffix.lower() == ".zip" else None
            if self._archive is None:
                self.stored = StoredBytes(path)
            else:
                member = _member(self._archive, path)
                self._size = member.file_size
                self.stored = StoredBytes(io.BufferedReader(_Member(self._archive.open(member), path)))
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise ImportFailed(f"{path} cannot be opened: {_why(error)}", path=str(path)) from error
        except InputUnreadable as error:
            raise ImportFailed(f"{path} cannot be opened: {error.message}", path=str(path)) from error
        self.bytes = UnpackedBytes(self.stored, None)

    @property
    def share(self) -> float:
        """The share of the file that was read, 0 to 1."""
        return self.stored.bytes_read / max(1, self._size)

    def peek(self, size: int) -> bytes:
        """The next bytes, without taking them. Raises ImportFailed."""
        try:
            return self.bytes.peek(size)
        except InputUnreadable as error:
            raise ImportFailed(f"{self._path}: {error.message}", path=str(self._path)) from error

    def read(self, size: int) -> bytes:
        """The next bytes, fewer only at the end. Raises ImportFailed."""
        try:
            return self.bytes.read(size)
        except InputUnreadable as error:
            raise ImportFailed(f"{self._path}: {error.message}", path=str(self._path)) from error

    def __enter__(self) -> Unpacked:
        return self

    def __exit__(self, *_: object) -> None:
        self.stored.close()
        if self._archive is not None:
            self._archive.close()


class CsvTable:
    """Rows of CSV; `delimiter`, `quote` and `header` where the format fixes them. Raises ImportFailed."""

    def __init__(
        self,
        path: Path,
        *,
        named: Collection[str] = (),
        delimiter: str | None = None,
        quote: str | None = None,
        header: bool | None = None,
        encoding: str = "",
    ) -> None:
        self._path = path
        self._unpacked = Unpacked(path)
        wanted = InputFormat(
            format=FileFormat.CSV, delimiter=delimiter, quote=quote, header=header,
            encoding=encoding or _encoding_of(self._unpacked.peek(_GUESS_BYTES)),
        )  # fmt: skip
        try:
            self._rows = CsvRows(self._unpacked.bytes, wanted, named)
        except InputUnreadable as error:
            raise ImportFailed(f"{path}: {error.message}", path=str(path)) from error
        self.columns: list[str] = list(self._rows.schema.names)

    def blocks(self, on_progress: Progress) -> Iterator[Block]:
        """The rows. Raises ImportFailed where the file cannot be read further."""
        with self._unpacked:
            try:
                for block in self._rows:
                    bad = {row.row - block.first_row: _in_words(row.reason) for row in block.invalid}
                    yield Block(block.first_row, block.table, bad)
                    on_progress(self._unpacked.share)
            except InputUnreadable as error:
                raise ImportFailed(f"{self._path}: {error.message}", path=str(self._path)) from error


def _encoding_of(head: bytes) -> str | None:
    """UTF-8 for what is nearly that, so that a few bad bytes cost a few rows; None where it is to be guessed."""
    text = head.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(character > "\x7f" for character in text) - bad if bad else 0
    if bad and good > _GOOD_PER_BAD * bad:
        return "utf-8"
    if not bad or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    try:
        return detect_encoding(head, complete=len(head) < _GUESS_BYTES)
    except InputUnreadable:
        return "utf-8"


class _Member(io.RawIOBase):
    """A file in a .zip, whose damage is told as ours."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        super().__init__()
        self._stream = stream
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        try:
            piece = self._stream.read(len(view))
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise ImportFailed(f"{self._path} is damaged: {_why(error)}", path=str(self._path)) from error
        view[: len(piece)] = piece
        return len(piece)


def _member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    texts = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not Path(member.filename).name.lower().startswith(("readme", "isolanguagecodes", "."))
    ]
    if not texts:
        raise ImportFailed(f"{path} is an archive without a file of data in it", path=str(path))
    return max(texts, key=lambda member: member.file_size)


def _why(error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile):
        return f"it is no whole .zip ({error})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


_REASONS = {
    "RAGGED_ROW": "a row with more or fewer cells than there are columns",
    "CELL_TOO_LARGE": "a cell that is too large",
    "ROW_TOO_LARGE": "a row that is too large",
    "UNCLOSED_QUOTE": "a quote that is never closed",
    "BAD_ENCODING": "bytes that are no text in the file's encoding",
}


def _in_words(reason: str) -> str:
    return _REASONS.get(reason, reason)
