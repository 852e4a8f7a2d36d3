"""What `submit` takes: a file, a URI, an upload, or rows in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeGuard, cast

from waypost.client.jobs.rows import Row, ndjson
from waypost.v1.jobs_pb2 import FileFormat, JobInput, Upload

Source: TypeAlias = str | os.PathLike[str] | Upload | Iterable[Row | str]
"""A path; a URI that the server can read, told by its "://"; a complete upload; or rows, a text being the row
{"query": text}."""

_MAX_INLINE_ROWS = 1_000  # the contract's bounds of JobInput.inline
_MAX_INLINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be sent: an open file and its size in bytes; `rows` where they were counted, else None."""

    file: BinaryIO
    size_bytes: int
    rows: int | None = None

    def fits_inline(self) -> bool:
        """Return whether it can go into the request itself; a file, whose rows nobody has counted, does not."""
        return self.rows is not None and self.rows <= _MAX_INLINE_ROWS and self.size_bytes <= _MAX_INLINE_BYTES


@contextmanager
def opened(source: str | os.PathLike[str] | Iterable[Row | str]) -> Iterator[Content]:
    """Yield the content of a file, or of rows as NDJSON, on disk where they are large."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        with path.open("rb") as file:
            yield Content(file, path.stat().st_size)
        return
    with tempfile.SpooledTemporaryFile(max_size=_MAX_INLINE_BYTES) as spool:
        rows = 0
        for row in source:
            spool.write(ndjson(row))
            rows += 1
        size_bytes = spool.tell()
        spool.seek(0)
        yield Content(cast("BinaryIO", spool), size_bytes, rows)


def is_uri(source: Source) -> TypeGuard[str]:
    """Return whether the server reads the input itself."""
    return isinstance(source, str) and "://" in source


def input_from(source: str | Upload | bytes, reading: JobInput | None) -> JobInput:
    """Return the input at a URI, in an upload or in bytes of NDJSON, to be read as `reading` tells."""
    message = JobInput()
    if reading is not None:
        message.CopyFrom(reading)
    match source:
        case Upload():
            message.upload = source.name
        case bytes():
            message.inline = source
            message.format = FileFormat.FILE_FORMAT_NDJSON
        case _:
            message.uri = source
    return message
