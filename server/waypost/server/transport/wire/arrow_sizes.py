"""What an Arrow IPC message will take in memory, read from its header before anything is decoded.

A few kilobytes of ZSTD can hold gigabytes of zeros. pyarrow decompresses without a bound, so the rows and
the decompressed bytes are counted here first. The header is a flatbuffer; the field numbers are those of
Message.fbs of the Arrow format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import pyarrow as pa

_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_CODECS = {0: "lz4", 1: "zstd"}


@dataclass(frozen=True, slots=True)
class MessageSize:
    """Rows and bytes of one message once it is decoded, and its codec: "lz4", "zstd" or None."""

    rows: int
    decoded_bytes: int
    codec: str | None


def message_size(message: pa.ipc.Message) -> MessageSize | None:
    """The size of a batch; None for a message that holds none, such as a schema.

    Raises struct.error, IndexError or KeyError where the header makes no sense.
    """
    root = _Table.root(memoryview(message.metadata))
    kind = root.number(1, "B")
    header = root.table(2)
    if kind == _DICTIONARY_BATCH and header is not None:
        batch = header.table(1)
    elif kind == _RECORD_BATCH:
        batch = header
    else:
        return None
    if batch is None:
        raise KeyError("batch")
    compression = batch.table(3)
    body = memoryview(message.body)
    decoded = 0
    for offset, length in batch.buffers(2):
        decoded += length
        if compression is not None and length >= 8:
            # The size before compression; -1 marks a buffer that was not worth it.
            (size,) = struct.unpack_from("<q", body, offset)
            decoded += max(size, 0)
    codec = None if compression is None else _CODECS[compression.number(0, "b")]
    rows = batch.number(0, "q") if kind == _RECORD_BATCH else 0
    if rows < 0:
        raise KeyError("rows")
    return MessageSize(rows, decoded, codec)


class _Table:
    """A flatbuffer table: `fields` are the offsets of its fields from its start, 0 = absent."""

    def __init__(self, data: memoryview, start: int) -> None:
        self._data = data
        self._start = start
        (back,) = struct.unpack_from("<i", data, start)
        (size,) = struct.unpack_from("<H", data, start - back)
        self._fields = struct.unpack_from(f"<{(size - 4) // 2}H", data, start - back + 4)

    @classmethod
    def root(cls, data: memoryview) -> _Table:
        (start,) = struct.unpack_from("<I", data, 0)
        return cls(data, start)

    def number(self, field: int, form: str) -> int:
        at = self._at(field)
        return int(struct.unpack_from(f"<{form}", self._data, at)[0]) if at else 0

    def table(self, field: int) -> _Table | None:
        at = self._at(field)
        return _Table(self._data, self._follow(at)) if at else None

    def buffers(self, field: int) -> list[tuple[int, int]]:
        at = self._at(field)
        if not at:
            return []
        start = self._follow(at)
        (count,) = struct.unpack_from("<I", self._data, start)
        numbers = struct.unpack_from(f"<{2 * count}q", self._data, start + 4)
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    def _at(self, field: int) -> int:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self._start + offset if offset else 0

    def _follow(self, at: int) -> int:
        (offset,) = struct.unpack_from("<I", self._data, at)
        return at + int(offset)
