"""The stream of an upload: what came is kept, however the stream ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from waypost.server.errors import FieldViolation, InvalidArgument, WaypostError
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.model import Upload
from waypost.server.jobs.uploads import Receiver, Uploads
from waypost.server.transport.wire import jobs_requests as requests
from waypost.v1 import jobs_pb2 as pb


async def receive_upload(messages: AsyncIterator[pb.UploadInputRequest], uploads: Uploads, threads: Threads) -> Upload:
    """The upload after the last message. Raises what `Receiver` raises, and InvalidArgument for a wrong message."""
    first = await anext(messages, None)
    if first is None:
        raise InvalidArgument([FieldViolation("upload", None, "the name of an upload, in the first message")])
    receiver = await threads.run(uploads.receive, requests.first_chunk(first))
    try:
        upload = await _take(first, receiver, threads, first=True)
        async for message in messages:
            if upload is not None:
                raise InvalidArgument([FieldViolation("finish", True, "true in the last message alone")])
            upload = await _take(message, receiver, threads, first=False)
        return await threads.run(receiver.store_waiting) if upload is None else upload
    except BaseException:
        # The connection broke, or a later message was wrong: bytes before that need not come again.
        with suppress(WaypostError):
            await threads.run(receiver.store_waiting)
        raise


async def _take(message: pb.UploadInputRequest, receiver: Receiver, threads: Threads, *, first: bool) -> Upload | None:
    """The whole upload where it ends with this message."""
    chunk = requests.chunk(message, first=first)
    if receiver.take(chunk.offset, chunk.data):
        await threads.run(receiver.store_waiting)
    if not chunk.finish:
        return None
    return await threads.run(receiver.finish, chunk.offset + len(chunk.data), chunk.sha256)
