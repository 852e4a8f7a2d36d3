"""Uploads: broken off and resumed, written twice at once, checked at their end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from tests.contract.jobs.bench import Bench, failed, new_job
from tests.errors import failure_of
from waypost.server.errors import WaypostError
from waypost.server.jobs.uploads import COMMIT_BYTES, Uploads
from waypost.v1 import jobs_pb2 as pb

Code = grpc.StatusCode
CONTENT = b"query\n" + b"Paris\n" * 2_000_000
PIECE = 1024 * 1024


def pieces(name: str, start: int = 0, *, finish: bool = True, sha256: str = "") -> list[pb.UploadInputRequest]:
    """The messages that bring the content from `start` on."""
    messages = [
        pb.UploadInputRequest(offset=at, data=CONTENT[at : at + PIECE]) for at in range(start, len(CONTENT), PIECE)
    ]
    messages[0].upload = name
    messages[-1].finish = finish
    messages[-1].sha256 = sha256
    return messages


async def opened(bench: Bench, **fields: Any) -> str:
    name: str = (await bench.jobs.CreateUpload(pb.CreateUploadRequest(upload=pb.Upload(**fields)))).name
    return name


async def gone_on_with(bench: Bench, name: str, start: int) -> pb.Upload:
    """The upload, once the rest has come; the end of a stream that broke off may still be on its way to the disk."""
    async with asyncio.timeout(10):
        while True:
            try:
                upload: pb.Upload = await bench.jobs.UploadInput(iter(pieces(name, start)))
            except grpc.aio.AioRpcError as error:
                if failure_of(error).reason != "UPLOAD_RACE":
                    raise
            else:
                return upload


async def test_a_file_arrives_whole_and_a_job_reads_it(bench: Bench) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    name = await opened(bench, size_bytes=len(CONTENT))
    job = new_job(input=pb.JobInput(upload=name))
    assert (await failed(bench.jobs.CreateJob(pb.CreateJobRequest(job=job)))).reason == "UPLOAD_INCOMPLETE"
    upload = await bench.jobs.UploadInput(iter(pieces(name, sha256=digest)))
    assert (upload.state, upload.sha256) == (pb.Upload.STATE_COMPLETE, digest)
    assert (upload.committed_bytes, upload.size_bytes) == (len(CONTENT), len(CONTENT))
    path = bench.desk.folders.upload(name.removeprefix("uploads/"))
    assert path.read_bytes() == CONTENT
    await bench.create(input=pb.JobInput(upload=name))
    error = await failed(bench.jobs.DeleteUpload(pb.DeleteUploadRequest(name=name)))
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "UPLOAD_IN_USE")
    assert path.exists()


async def test_a_stream_that_breaks_off_keeps_what_came_and_is_gone_on_with(bench: Bench) -> None:
    name = await opened(bench)
    sent = asyncio.Event()

    async def broken_off() -> AsyncIterator[pb.UploadInputRequest]:
        for message in pieces(name)[:6]:
            yield message
        sent.set()
        await asyncio.Event().wait()

    call = bench.jobs.UploadInput(broken_off())
    await sent.wait()
    async with asyncio.timeout(10):
        # Whole pieces of a stream that goes on are made safe before it ends.
        while not (await bench.jobs.GetUpload(pb.GetUploadRequest(name=name))).committed_bytes:
            pass
    call.cancel()
    committed = (await bench.jobs.GetUpload(pb.GetUploadRequest(name=name))).committed_bytes
    assert committed >= COMMIT_BYTES
    # What the client is not sure of it sends again.
    upload = await gone_on_with(bench, name, committed - 100)
    assert upload.sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("left", [None, 0, 2 * PIECE - 1])
async def test_an_upload_whose_bytes_are_gone_from_the_disk_takes_no_more_and_no_job_reads_it(
    bench: Bench, left: int | None
) -> None:
    names = [await opened(bench), await opened(bench)]
    await bench.jobs.UploadInput(iter(pieces(names[0], finish=False)[:2]))
    await bench.jobs.UploadInput(iter(pieces(names[1])))
    for name in names:
        path = bench.desk.folders.upload(name.removeprefix("uploads/"))
        if left is None:
            path.unlink()
        else:
            os.truncate(path, left)
    going_on = bench.jobs.UploadInput(iter(pieces(names[0], 2 * PIECE)[:1]))
    reading = bench.jobs.CreateJob(pb.CreateJobRequest(job=new_job(input=pb.JobInput(upload=names[1]))))
    for name, call in zip(names, (going_on, reading), strict=True):
        error = await failed(call)
        assert (error.code, error.reason) == (Code.DATA_LOSS, "UPLOAD_LOST")
        assert error.detail(details.ErrorInfo).metadata["resource_name"] == name
    assert (await bench.jobs.GetUpload(pb.GetUploadRequest(name=names[0]))).committed_bytes == 2 * PIECE


async def test_the_name_of_an_uploads_file_is_safe_on_disk_before_its_first_bytes_count(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    safe: dict[int, int] = {}
    really = os.fsync

    def fsync(file: int) -> None:
        really(file)
        safe.setdefault(os.fstat(file).st_ino, bench.store.upload(name.removeprefix("uploads/")).committed_bytes)

    name = await opened(bench)
    monkeypatch.setattr(os, "fsync", fsync)
    await bench.jobs.UploadInput(iter(pieces(name)))
    folder = bench.desk.folders.upload(name.removeprefix("uploads/")).parent
    assert [safe[each.stat().st_ino] for each in (folder, folder.parent)] == [0, 0]


async def test_asking_again_for_an_upload_gives_it_although_the_disk_has_filled_since(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = pb.CreateUploadRequest(upload=pb.Upload(size_bytes=9), request_id=str(uuid.uuid4()))
    upload = await bench.jobs.CreateUpload(request)
    full = shutil.disk_usage(bench.desk.folders.root)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert await bench.jobs.CreateUpload(request) == upload
    request.request_id = str(uuid.uuid4())
    assert (await failed(bench.jobs.CreateUpload(request))).reason == "DISK_FULL"


async def test_half_a_file_can_be_left_and_repeated_bytes_are_skipped(bench: Bench) -> None:
    name = await opened(bench)
    upload = await bench.jobs.UploadInput(iter(pieces(name)[:2]))
    assert (upload.state, upload.committed_bytes) == (pb.Upload.STATE_OPEN, 2 * PIECE)
    upload = await bench.jobs.UploadInput(iter(pieces(name)))
    assert upload.sha256 == hashlib.sha256(CONTENT).hexdigest()
    again = await bench.jobs.UploadInput(iter(pieces(name)))
    assert again == upload


async def test_a_gap_names_the_offset_and_keeps_what_came_before(bench: Bench) -> None:
    name = await opened(bench)
    first, *_, last = pieces(name)
    error = await failed(bench.jobs.UploadInput(iter([first, last])))
    assert (error.code, error.reason) == (Code.OUT_OF_RANGE, "UPLOAD_GAP")
    assert str(PIECE) in error.status.message
    assert (await bench.jobs.GetUpload(pb.GetUploadRequest(name=name))).committed_bytes == PIECE


async def test_another_checksum_leaves_the_upload_open(bench: Bench) -> None:
    name = await opened(bench)
    error = await failed(bench.jobs.UploadInput(iter(pieces(name, sha256="0" * 64))))
    assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "UPLOAD_CHECKSUM_MISMATCH")
    assert (await bench.jobs.GetUpload(pb.GetUploadRequest(name=name))).state == pb.Upload.STATE_OPEN


async def test_another_size_than_the_one_told_is_refused(bench: Bench) -> None:
    name = await opened(bench, size_bytes=2 * PIECE)
    error = await failed(bench.jobs.UploadInput(iter(pieces(name)[:3])))
    assert (error.reason, error.fields) == ("UPLOAD_SIZE_MISMATCH", ["data"])
    name = await opened(bench, size_bytes=2 * len(CONTENT))
    error = await failed(bench.jobs.UploadInput(iter(pieces(name))))
    assert (error.reason, error.fields) == ("UPLOAD_SIZE_MISMATCH", ["finish"])


async def test_a_complete_upload_takes_no_more_bytes(bench: Bench) -> None:
    name = await opened(bench)
    await bench.jobs.UploadInput(iter(pieces(name)))
    more = pb.UploadInputRequest(upload=name, offset=len(CONTENT), data=b"x")
    error = await failed(bench.jobs.UploadInput(iter([more])))
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "UPLOAD_COMPLETE")


async def test_of_two_streams_the_later_one_to_write_is_aborted_and_no_byte_is_lost(bench: Bench) -> None:
    name = await opened(bench)
    other = Uploads(bench.desk).receive(name.removeprefix("uploads/"))
    other.take(0, b"y" * 10)
    await bench.jobs.UploadInput(iter(pieces(name, finish=False)))
    with pytest.raises(WaypostError) as caught:
        other.store_waiting()
    assert caught.value.reason == "UPLOAD_RACE"
    assert bench.desk.folders.upload(name.removeprefix("uploads/")).read_bytes() == CONTENT

    release = asyncio.Event()

    async def slow() -> AsyncIterator[pb.UploadInputRequest]:
        yield pb.UploadInputRequest(upload=name, offset=len(CONTENT), data=b"a")
        await release.wait()

    held = asyncio.ensure_future(bench.jobs.UploadInput(slow()))
    await bench.jobs.GetUpload(pb.GetUploadRequest(name=name))
    fast = pb.UploadInputRequest(upload=name, offset=len(CONTENT), data=b"b")
    while (await bench.jobs.UploadInput(iter([fast]))).committed_bytes != len(CONTENT) + 1:
        pass
    release.set()
    assert bench.desk.folders.upload(name.removeprefix("uploads/")).read_bytes() == CONTENT + b"b"
    upload = await asyncio.wait_for(_settled(held), 10)
    assert upload in ("UPLOAD_RACE", len(CONTENT) + 1)


async def _settled(call: asyncio.Future[Any]) -> object:
    """The bytes that are committed after a call, or why it was refused."""
    try:
        return (await call).committed_bytes
    except grpc.aio.AioRpcError as error:
        return failure_of(error).reason


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "upload"),
        ([pb.UploadInputRequest(data=b"x")], "upload"),
        ([pb.UploadInputRequest(upload="{name}", offset=-1)], "offset"),
        ([pb.UploadInputRequest(upload="{name}", data=b"x" * (PIECE + 1))], "data"),
        ([pb.UploadInputRequest(upload="{name}", sha256="0" * 64)], "sha256"),
        ([pb.UploadInputRequest(upload="{name}"), pb.UploadInputRequest(upload="{name}")], "upload"),
        ([pb.UploadInputRequest(upload="{name}", finish=True), pb.UploadInputRequest()], "finish"),
    ],
)
async def test_a_wrong_message_names_its_field(bench: Bench, messages: list[pb.UploadInputRequest], field: str) -> None:
    name = await opened(bench)
    told = [pb.UploadInputRequest.FromString(message.SerializeToString()) for message in messages]
    for message in told:
        message.upload = message.upload.replace("{name}", name)
    error = await failed(bench.jobs.UploadInput(iter(told)))
    assert (error.code, error.fields) == (Code.INVALID_ARGUMENT, [field])


async def test_a_deleted_upload_is_gone_with_its_bytes(bench: Bench) -> None:
    request = pb.CreateUploadRequest(request_id=str(uuid.uuid4()))
    name = (await bench.jobs.CreateUpload(request)).name
    assert (await bench.jobs.CreateUpload(request)).name == name
    await bench.jobs.UploadInput(iter(pieces(name)[:1]))
    await bench.jobs.DeleteUpload(pb.DeleteUploadRequest(name=name))
    assert not bench.desk.folders.upload(name.removeprefix("uploads/")).exists()
    for call in (
        bench.jobs.GetUpload(pb.GetUploadRequest(name=name)),
        bench.jobs.UploadInput(iter(pieces(name)[:1])),
    ):
        error = await failed(call)
        assert (error.code, error.reason) == (Code.NOT_FOUND, "UPLOAD_NOT_FOUND")
