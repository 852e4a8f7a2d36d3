"""From a source to a job: what has to be uploaded is, then the job is created, once whatever breaks on the way."""

from __future__ import annotations

import os
from functools import partial
from typing import Unpack

from google.longrunning.operations_pb2 import Operation

from waypost.client.jobs import requests
from waypost.client.jobs.aio_calls import AsyncJobCalls
from waypost.client.jobs.calls import JobCalls
from waypost.client.jobs.patience import Patience
from waypost.client.jobs.requests import JobOptions
from waypost.client.jobs.retrying import patiently, patiently_awaited
from waypost.client.jobs.source import Content, Source, input_from, is_uri, opened
from waypost.client.jobs.transfer import send, send_awaited
from waypost.client.jobs.upload import OnBytes, UploadSource
from waypost.v1.jobs_pb2 import Job, JobInput, Upload


def upload(
    calls: JobCalls, path: str | os.PathLike[str], to: Upload | None, on_bytes: OnBytes | None, patience_s: float
) -> Upload:
    """Return the complete upload of a file, a new one or the rest of `to`."""
    with opened(path) as content:
        return _sent(calls, content, to, on_bytes, patience_s)


def submit(
    calls: JobCalls, source: Source, reading: JobInput | None, patience_s: float, **options: Unpack[JobOptions]
) -> Operation:
    """Return the operation of the new job. A server that is away at the first call is a failure at once."""
    if isinstance(source, Upload) or is_uri(source):
        return _created(calls, requests.job(input_from(source, reading), **options), patience_s)
    with opened(source) as content:
        if content.fits_inline():
            inline = input_from(content.file.read(), reading)
            return calls.create_job(requests.job(inline, **options))
        complete = _sent(calls, content, None, None, patience_s)
    return _created(calls, requests.job(input_from(complete, reading), **options), patience_s)


async def upload_awaited(
    calls: AsyncJobCalls, path: str | os.PathLike[str], to: Upload | None, on_bytes: OnBytes | None, patience_s: float
) -> Upload:
    """As `upload`, awaited."""
    with opened(path) as content:
        return await _sent_awaited(calls, content, to, on_bytes, patience_s)


async def submit_awaited(
    calls: AsyncJobCalls, source: Source, reading: JobInput | None, patience_s: float, **options: Unpack[JobOptions]
) -> Operation:
    """As `submit`, awaited."""
    if isinstance(source, Upload) or is_uri(source):
        return await _created_awaited(calls, requests.job(input_from(source, reading), **options), patience_s)
    with opened(source) as content:
        if content.fits_inline():
            inline = input_from(content.file.read(), reading)
            return await calls.create_job(requests.job(inline, **options))
        complete = await _sent_awaited(calls, content, None, None, patience_s)
    return await _created_awaited(calls, requests.job(input_from(complete, reading), **options), patience_s)


def _sent(calls: JobCalls, content: Content, to: Upload | None, on_bytes: OnBytes | None, patience_s: float) -> Upload:
    place = calls.create_upload(size_bytes=content.size_bytes) if to is None else to
    return send(calls, UploadSource(content.file, content.size_bytes, on_bytes), place, Patience(patience_s))


def _created(calls: JobCalls, job: Job, patience_s: float) -> Operation:
    create = partial(calls.create_job, job, request_id=requests.new_request_id())
    return patiently(create, Patience(patience_s))


async def _sent_awaited(
    calls: AsyncJobCalls, content: Content, to: Upload | None, on_bytes: OnBytes | None, patience_s: float
) -> Upload:
    place = await calls.create_upload(size_bytes=content.size_bytes) if to is None else to
    source = UploadSource(content.file, content.size_bytes, on_bytes)
    return await send_awaited(calls, source, place, Patience(patience_s))


async def _created_awaited(calls: AsyncJobCalls, job: Job, patience_s: float) -> Operation:
    create = partial(calls.create_job, job, request_id=requests.new_request_id())
    return await patiently_awaited(create, Patience(patience_s))
