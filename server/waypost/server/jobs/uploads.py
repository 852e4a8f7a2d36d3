"""The bytes of uploads on disk: written at their offsets, safe before they are counted, checked at the end.

Nobody holds an upload while its stream is open: a client whose connection broke comes back before the server has
noticed. What came is kept in memory, and each few megabytes are written under a lock of the file, behind a look at
what is committed by then. So of two streams the one that is later to write finds that, and no committed byte is
ever written over.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from waypost.server.durable import digest_of, sync
from waypost.server.errors import (
    Aborted,
    DataLost,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    OutOfRange,
    ResourceExhausted,
)
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.model import RequestKey, Upload, UploadState

#: Bytes of a stream that are held in memory before they are made safe: enough that a sync does not count.
COMMIT_BYTES: Final = 4 * 1024 * 1024
DISK_RETRY_S: Final = 60.0

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Uploads:
    """Uploads as callers see them. Every method blocks, and raises NotFound."""

    def __init__(self, desk: JobDesk) -> None:
        self._desk = desk

    def create(self, size_bytes: int, key: RequestKey | None) -> Upload:
        """A new upload, or that of an equal request, whatever became of the disk since.

        Raises ResourceExhausted where there is no room for it, NotFound where that of the request was deleted.
        """
        store = self._desk.store
        known = store.upload_created_earlier(key) if key else None
        if known is not None:
            return known
        ensure_room(self._desk, size_bytes)
        return store.create_upload(size_bytes=size_bytes, ttl_s=self._desk.limits.open_upload_ttl_s, request=key)

    def get(self, upload_id: str) -> Upload:
        """The upload as it is now."""
        return self._desk.store.upload(upload_id)

    def delete(self, upload_id: str, key: RequestKey | None) -> None:
        """Forgets the upload and removes its bytes. Raises FailedPrecondition while a job reads it."""
        self._desk.store.delete_upload(upload_id, request=key)
        self._desk.folders.upload(upload_id).unlink(missing_ok=True)

    def receive(self, upload_id: str) -> Receiver:
        """What takes the bytes of one stream into the upload. Raises DataLost."""
        upload = whole_upload(self._desk, upload_id)
        path = self._desk.folders.upload(upload_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        return Receiver(self._desk, upload)


class Receiver:
    """Takes the bytes of one stream, in order. Its methods block; only one is to run at a time."""

    def __init__(self, desk: JobDesk, upload: Upload) -> None:
        self._desk = desk
        self._upload = upload
        self._path = desk.folders.upload(upload.upload_id)
        self._waiting = bytearray()
        self._storing = threading.Lock()
        # Of an upload that this stream has from its first byte on; else the file is read again at the end.
        self._digest = hashlib.sha256() if upload.committed_bytes == 0 else None

    @property
    def position(self) -> int:
        """Where the next byte belongs."""
        return self._upload.committed_bytes + len(self._waiting)

    def take(self, offset: int, data: bytes) -> bool:
        """Whether `store_waiting` is due after these bytes; those that are there already are skipped.

        Raises OutOfRange for a gap, FailedPrecondition where the upload is complete and these bytes are new,
        InvalidArgument beyond its size. Does not block.
        """
        position, end = self.position, offset + len(data)
        if offset > position:
            raise OutOfRange(
                f"offset is {offset}; allowed: at most {position}, where {self._upload.name} goes on",
                reason="UPLOAD_GAP",
                expected_offset=str(position),
            )
        if end <= position:
            return False
        if self._upload.state is UploadState.COMPLETE:
            message = f"{self._upload.name} is complete; allowed: to write into an open one"
            raise FailedPrecondition(message, reason="UPLOAD_COMPLETE", subject=self._upload.name)
        size = self._upload.size_bytes or self._desk.limits.max_upload_bytes
        if end > size:
            raise InvalidArgument([FieldViolation("data", end, f"at most {size} bytes", "UPLOAD_SIZE_MISMATCH")])
        self._waiting += memoryview(data)[position - offset :]
        return len(self._waiting) >= COMMIT_BYTES

    def store_waiting(self) -> Upload:
        """The upload with all bytes that came safe on disk.

        Raises NotFound where it was deleted, Aborted where another stream was faster, ResourceExhausted where the disk
        is full, DataLost where bytes from before are gone.
        """
        # A call that was cancelled leaves its thread at work, and then stores the rest from another one.
        with self._storing:
            return self._store_waiting() if self._waiting else self._upload

    def _store_waiting(self) -> Upload:
        start, store = self._upload.committed_bytes, self._desk.store
        whole_upload(self._desk, self._upload.upload_id)
        with _locked(self._path) as file, _telling_full_disk():
            present = store.upload(self._upload.upload_id)
            if present.committed_bytes != start or present.state is not UploadState.OPEN:
                raise Aborted(
                    f"{present.name} was written by another call at the same time",
                    reason="UPLOAD_RACE",
                    expected_offset=str(present.committed_bytes),
                )
            ensure_room(self._desk, len(self._waiting))
            _write_all(file, self._waiting, start)
            os.fsync(file)
            if start == 0:
                for folder in (self._path.parent, self._path.parent.parent):
                    sync(folder)
            self._upload = store.commit_bytes(
                present.upload_id,
                start=start,
                end=start + len(self._waiting),
                ttl_s=self._desk.limits.open_upload_ttl_s,
            )
        if self._digest is not None:
            self._digest.update(self._waiting)
        self._waiting = bytearray()
        return self._upload

    def finish(self, end: int, sha256: str) -> Upload:
        """The upload, whole and checked; it ends at `end`. `sha256` is what the caller expects, empty = does not say.

        Raises InvalidArgument where that or the size is another; the upload stays open then.
        """
        upload = self.store_waiting()
        if end != upload.committed_bytes:
            allowed = f"to finish at {upload.committed_bytes} bytes, which are here already"
            raise InvalidArgument([FieldViolation("finish", end, allowed, "UPLOAD_SIZE_MISMATCH")])
        digest = upload.sha256 or (self._digest.hexdigest() if self._digest else digest_of(self._path))
        if sha256 not in ("", digest):
            raise InvalidArgument(
                [FieldViolation("sha256", sha256, f"{digest}, that of the bytes here", "UPLOAD_CHECKSUM_MISMATCH")]
            )
        return self._desk.store.complete_upload(
            upload.upload_id, sha256=digest, ttl_s=self._desk.limits.complete_upload_ttl_s
        )


def whole_upload(desk: JobDesk, upload_id: str) -> Upload:
    """The upload, all of whose committed bytes are there. Raises NotFound, and DataLost where they are not."""
    upload = desk.store.upload(upload_id)
    try:
        size = desk.folders.upload(upload_id).stat().st_size
    except FileNotFoundError:
        size = 0
    if size < upload.committed_bytes:
        upload = desk.store.upload(upload_id)  # its file goes with it, where it was deleted just now
        raise DataLost(
            f"{upload.name} has {size} bytes on disk and should have {upload.committed_bytes}",
            resource_name=upload.name,
            reason="UPLOAD_LOST",
        )
    return upload


def ensure_room(desk: JobDesk, size_bytes: int) -> None:
    """Raises ResourceExhausted where `size_bytes` more would leave less of the disk than the operator wants."""
    desk.folders.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(desk.folders.root).free
    if free - size_bytes < desk.limits.min_free_bytes:
        raise _disk_full(f"{max(0, free - desk.limits.min_free_bytes)} bytes are left, {size_bytes} are wanted")


def _disk_full(fact: str) -> ResourceExhausted:
    return ResourceExhausted(
        f"the disk of the jobs is full: {fact}", subject="disk", retry_after_s=DISK_RETRY_S, reason="DISK_FULL"
    )


@contextmanager
def _telling_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _disk_full("a write failed") from error


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file of an upload, open, and in the hands of no other process or thread."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _write_all(file: int, data: bytearray, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
