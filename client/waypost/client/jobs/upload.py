"""A file as messages of UploadInput: from any offset, with the SHA-256 of the whole, one chunk in memory."""

from __future__ import annotations

import hashlib
import threading
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterator
from typing import BinaryIO

from waypost.client.jobs.outcome import DamagedFile
from waypost.v1.jobs_pb2 import Upload, UploadInputRequest

CHUNK_BYTES = 1 << 20  # the contract's bound of one message

OnBytes = Callable[[int], None]
"""Is told how many bytes of a file have come through so far; may be called in another thread."""


class UploadSource:
    """The content of one upload. Streams are taken from it one after another, never two at once."""

    def __init__(self, file: BinaryIO, size_bytes: int, on_bytes: OnBytes | None = None) -> None:
        self.size_bytes = size_bytes
        self._file = file
        self._on_bytes = on_bytes
        self._hash = hashlib.sha256()
        self._hashed_bytes = 0  # the hash covers the file up to here
        # gRPC may still be reading for a stream that broke while the next one begins.
        self._lock = threading.Lock()
        self._stream = 0
        self._begun = self._finished = False

    def messages(self, upload: Upload) -> Iterator[UploadInputRequest]:
        """Return what is missing of the upload; a stream taken earlier ends. Reading it raises OSError."""
        stream = self._begin(upload)
        return iter(lambda: self._next(stream, upload), None)

    def messages_awaited(self, upload: Upload) -> AsyncIterator[UploadInputRequest]:
        """As `messages`, reading the file in a thread."""
        stream = self._begin(upload)

        async def messages() -> AsyncIterator[UploadInputRequest]:
            while (message := await to_thread(self._next, stream, upload)) is not None:
                yield message

        return messages()

    def check(self, upload: Upload) -> None:
        """Raise DamagedFile where a complete upload is not this file, as far as it was read."""
        whole = self._hashed_bytes == self.size_bytes
        if upload.size_bytes != self.size_bytes or (whole and upload.sha256 != self._hash.hexdigest()):
            raise DamagedFile(f"{upload.name} holds another file: {upload.size_bytes} bytes, SHA-256 {upload.sha256}")

    def _begin(self, upload: Upload) -> int:
        with self._lock:
            self._stream += 1
            # Where an earlier process sent the beginning, it still has to be read for the hash.
            self._file.seek(min(upload.committed_bytes, self._hashed_bytes))
            self._begun = self._finished = False
            return self._stream

    def _next(self, stream: int, upload: Upload) -> UploadInputRequest | None:
        with self._lock:
            while stream == self._stream and not self._finished:
                offset = self._file.tell()
                data = self._file.read(CHUNK_BYTES)
                end = offset + len(data)
                if end > self._hashed_bytes:
                    self._hash.update(data[self._hashed_bytes - offset :])
                    self._hashed_bytes = end
                self._finished = len(data) < CHUNK_BYTES
                if self._on_bytes is not None:
                    self._on_bytes(end)
                if end > upload.committed_bytes or self._finished:
                    return self._message(upload, offset, data)
        return None

    def _message(self, upload: Upload, offset: int, data: bytes) -> UploadInputRequest:
        message = UploadInputRequest(upload="" if self._begun else upload.name, offset=offset, data=data)
        self._begun = True
        if self._finished:
            message.finish = True
            message.sha256 = self._hash.hexdigest()
        return message
