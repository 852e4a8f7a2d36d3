"""A file to the server: the upload, in as many streams as it takes."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from waypost.client.errors import LookupFailed
from waypost.client.jobs.aio_calls import AsyncJobCalls
from waypost.client.jobs.calls import JobCalls
from waypost.client.jobs.outcome import DamagedFile
from waypost.client.jobs.patience import Patience
from waypost.client.jobs.retrying import patiently, patiently_awaited
from waypost.client.jobs.upload import UploadSource
from waypost.v1.jobs_pb2 import Upload


def send(calls: JobCalls, source: UploadSource, upload: Upload, patience: Patience) -> Upload:
    """Return the upload once it is COMPLETE, in as many streams as it takes; DamagedFile where it is another file."""
    while upload.state != Upload.STATE_COMPLETE:
        try:
            answer = _whole(calls.upload_input(source.messages(upload)))
        except LookupFailed as failure:
            time.sleep(patience.wait_s(failure))
            answer = patiently(partial(calls.get_upload, upload.name), patience)
        upload = _noted(upload, answer, patience)
    source.check(upload)
    return upload


async def send_awaited(calls: AsyncJobCalls, source: UploadSource, upload: Upload, patience: Patience) -> Upload:
    """As `send`, awaited."""
    while upload.state != Upload.STATE_COMPLETE:
        try:
            answer = _whole(await calls.upload_input(source.messages_awaited(upload)))
        except LookupFailed as failure:
            await asyncio.sleep(patience.wait_s(failure))
            answer = await patiently_awaited(partial(calls.get_upload, upload.name), patience)
        upload = _noted(upload, answer, patience)
    source.check(upload)
    return upload


def _noted(before: Upload, now: Upload, patience: Patience) -> Upload:
    """Return the upload as it is now, and take note of whether anything came through."""
    if now.committed_bytes > before.committed_bytes:
        patience.progressed()
    return now


def _whole(upload: Upload) -> Upload:
    """Return an upload whose stream ended well; another try would end the same way where it is not complete."""
    if upload.state != Upload.STATE_COMPLETE:
        raise DamagedFile(f"{upload.name} took the whole file and is not complete")
    return upload
