"""Uploads: how many bytes of each are safe on disk. The bytes themselves are not here."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlalchemy import Row, delete, exists, insert, select, update

from waypost.server.errors import Aborted, FailedPrecondition, FieldViolation, InvalidArgument, NotFound, OutOfRange
from waypost.server.jobs.model import UPLOAD_TYPE, RequestKey, Upload, UploadState
from waypost.server.jobs.states import UNFINISHED_STATES
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import StoreCore, Writing
from waypost.server.jobs.store.records import read_upload
from waypost.server.jobs.store.requests import known_resource, remembered

_UPLOADS: Final = schema.uploads.c


class Uploads(StoreCore):
    """The part of `JobStore` that keeps uploads. Every method raises NotFound."""

    def create_upload(self, *, size_bytes: int = 0, ttl_s: float, request: RequestKey | None = None) -> Upload:
        """A new OPEN upload, or the one that an earlier equal request made. 0 = its size is not known yet."""
        upload_id = secrets.token_hex(10)
        with self._writing() as transaction:
            known = remembered(transaction, request, upload_id)
            if known is None:
                transaction.connection.execute(
                    insert(schema.uploads).values(
                        upload_id=upload_id,
                        state=UploadState.OPEN,
                        committed_bytes=0,
                        size_bytes=size_bytes,
                        sha256="",
                        create_time_s=transaction.now_s,
                        expire_time_s=transaction.now_s + ttl_s,
                    )
                )
            return read_upload(_locked_upload(transaction, known or upload_id))

    def upload_created_earlier(self, request: RequestKey) -> Upload | None:
        """The upload that an earlier equal request made, as it is now. Raises InvalidArgument as `create_upload`."""
        with self._database.reading() as connection:
            known = known_resource(connection, request)
            if known is None:
                return None
            return read_upload(_found(connection.execute(_by_id(known)).one_or_none(), known))

    def upload(self, upload_id: str) -> Upload:
        """The upload as it is now."""
        with self._database.reading() as connection:
            return read_upload(_found(connection.execute(_by_id(upload_id)).one_or_none(), upload_id))

    def commit_bytes(self, upload_id: str, *, start: int, end: int, ttl_s: float) -> Upload:
        """The upload, with the bytes from `start` to before `end` safe on disk too; it lives `ttl_s` from now on.

        Raises OutOfRange where `start` lies behind the committed bytes, Aborted where it lies before them because
        another writer was there, FailedPrecondition where the upload is complete.
        """
        with self._writing() as transaction:
            upload = _open_upload(transaction, upload_id)
            if start > upload.committed_bytes:
                raise OutOfRange(
                    f"offset is {start}; allowed: at most the {upload.committed_bytes} bytes committed",
                    reason="UPLOAD_GAP",
                    expected_offset=str(upload.committed_bytes),
                )
            if start < upload.committed_bytes:
                raise Aborted(
                    f"{upload.name} was written by another call at the same time",
                    reason="UPLOAD_RACE",
                    expected_offset=str(upload.committed_bytes),
                )
            values = {"committed_bytes": end, "expire_time_s": transaction.now_s + ttl_s}
            transaction.connection.execute(
                update(schema.uploads).where(_UPLOADS.upload_id == upload_id).values(**values)
            )
            return read_upload(_locked_upload(transaction, upload_id))

    def complete_upload(self, upload_id: str, *, sha256: str, ttl_s: float) -> Upload:
        """The upload, COMPLETE with the bytes that are committed; completing it twice with the same hash is fine.

        Raises InvalidArgument where it was opened for another size, FailedPrecondition where it is complete with
        another hash.
        """
        with self._writing() as transaction:
            upload = read_upload(_locked_upload(transaction, upload_id))
            if upload.state is UploadState.COMPLETE and upload.sha256 == sha256:
                return upload
            _check_open(upload)
            if upload.size_bytes not in (0, upload.committed_bytes):
                allowed = f"to finish at {upload.size_bytes} bytes, the size told at the start"
                violation = FieldViolation("finish", upload.committed_bytes, allowed, "UPLOAD_SIZE_MISMATCH")
                raise InvalidArgument([violation])
            values = {
                "state": UploadState.COMPLETE,
                "size_bytes": upload.committed_bytes,
                "sha256": sha256,
                "expire_time_s": transaction.now_s + ttl_s,
            }
            transaction.connection.execute(
                update(schema.uploads).where(_UPLOADS.upload_id == upload_id).values(**values)
            )
            return read_upload(_locked_upload(transaction, upload_id))

    def delete_upload(self, upload_id: str, *, request: RequestKey | None = None) -> None:
        """Forgets the upload; its bytes are leftovers from now on. FailedPrecondition while a job reads it."""
        with self._writing() as transaction:
            if remembered(transaction, request, upload_id) is not None:
                return
            _locked_upload(transaction, upload_id)
            jobs = schema.jobs.c
            used = exists().where(jobs.upload_id == upload_id, jobs.state.in_(UNFINISHED_STATES))
            if transaction.connection.execute(select(used)).scalar_one():
                raise FailedPrecondition(
                    f"an unfinished job reads uploads/{upload_id}; allowed: to delete it after that",
                    reason="UPLOAD_IN_USE",
                    subject=f"uploads/{upload_id}",
                )
            transaction.connection.execute(delete(schema.uploads).where(_UPLOADS.upload_id == upload_id))
            transaction.connection.execute(insert(schema.leftovers).values(name=f"uploads/{upload_id}"))


def _by_id(upload_id: str) -> Any:
    return select(schema.uploads).where(_UPLOADS.upload_id == upload_id)


def _locked_upload(transaction: Writing, upload_id: str) -> Row[Any]:
    return _found(transaction.connection.execute(_by_id(upload_id).with_for_update()).one_or_none(), upload_id)


def _found(row: Row[Any] | None, upload_id: str) -> Row[Any]:
    if row is None:
        raise NotFound(UPLOAD_TYPE, f"uploads/{upload_id}")
    return row


def _open_upload(transaction: Writing, upload_id: str) -> Upload:
    upload = read_upload(_locked_upload(transaction, upload_id))
    _check_open(upload)
    return upload


def _check_open(upload: Upload) -> None:
    if upload.state is not UploadState.OPEN:
        message = f"{upload.name} is complete; allowed: to write into an open one"
        raise FailedPrecondition(message, reason="UPLOAD_COMPLETE", subject=upload.name)
