"""What the client makes of a network that breaks, against a real gRPC server that breaks on purpose."""

from __future__ import annotations

import hashlib
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import grpc
import pytest
from google.rpc.code_pb2 import Code

from tests.e2e.breaking_server import CHUNK_BYTES, JOB, BreakingServer, serving
from waypost.client import AsyncClient, Client, DamagedFile, JobFailed, LookupFailed
from waypost.v1 import jobs_pb2 as pb

MIB = 1 << 20


@pytest.fixture
def server() -> BreakingServer:
    return BreakingServer()  # type: ignore[abstract]  # what it leaves out is UNIMPLEMENTED


@pytest.fixture
def address(server: BreakingServer) -> Iterator[str]:
    with serving(server) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address) as client:
        yield client


def file_of(folder: Path, size_bytes: int) -> Path:
    path = folder / "input.csv"
    path.write_bytes(random.Random(size_bytes).randbytes(size_bytes))
    return path


def changes(count: int) -> list[pb.JobEvent]:
    return [
        pb.JobEvent(sequence=n, change=pb.JobChange(part_committed=pb.PartCommitted())) for n in range(1, count + 1)
    ]


@pytest.mark.parametrize("size_bytes", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_a_file_arrives_whole_whatever_its_size(
    size_bytes: int, server: BreakingServer, client: Client, tmp_path: Path
) -> None:
    path = file_of(tmp_path, size_bytes)
    upload = client.upload(path)
    assert upload.state == pb.Upload.STATE_COMPLETE
    assert bytes(server.uploads[upload.name]) == path.read_bytes()


def test_an_upload_goes_on_from_what_was_committed(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    path = file_of(tmp_path, 12 * MIB + 17)
    server.breaks["UploadInput"] = [4, 0, 3]
    upload = client.upload(path)
    assert bytes(server.uploads[upload.name]) == path.read_bytes()
    assert server.received_bytes == path.stat().st_size  # nothing twice
    assert (server.calls["UploadInput"], server.calls["GetUpload"]) == (4, 3)


def test_an_upload_whose_last_answer_is_lost_is_complete(
    server: BreakingServer, client: Client, tmp_path: Path
) -> None:
    server.breaks["UploadInput"] = [1 << 30]
    upload = client.upload(file_of(tmp_path, 2 * MIB))
    assert upload.state == pb.Upload.STATE_COMPLETE
    assert (server.calls["UploadInput"], server.calls["GetUpload"]) == (1, 1)


def test_another_process_goes_on_with_an_upload(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    path = file_of(tmp_path, 5 * MIB)
    begun = client.create_upload(size_bytes=5 * MIB)
    server.uploads[begun.name] += path.read_bytes()[: 3 * MIB + 5]
    upload = client.upload(path, to=client.get_upload(begun.name))
    assert bytes(server.uploads[upload.name]) == path.read_bytes()
    assert server.received_bytes == 2 * MIB  # the message that holds the first missing byte, and those behind it


def test_going_on_with_another_file_is_noticed(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    begun = client.create_upload()
    server.uploads[begun.name] += b"something else"
    with pytest.raises(LookupFailed, match="another SHA-256"):
        client.upload(file_of(tmp_path, MIB), to=client.get_upload(begun.name))
    complete = client.upload(file_of(tmp_path, MIB))
    with pytest.raises(DamagedFile):
        client.upload(file_of(tmp_path, 2 * MIB), to=complete)


def test_memory_does_not_grow_with_the_file(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
    server.uploads = Discarding()
    tracemalloc.start()
    try:
        with pytest.raises(LookupFailed):  # this server keeps nothing, so the SHA-256 is another one
            client.upload(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert server.received_bytes == 200 * MIB
    assert peak < 40 * MIB


class Nothing(bytearray):
    """Has every byte and keeps none."""

    length = 0

    def __len__(self) -> int:
        return self.length

    def __iadd__(self, data: bytes) -> Nothing:  # type: ignore[misc, override]
        self.length += len(data)
        return self


class Discarding(dict[str, bytearray]):
    def setdefault(self, name: str, content: bytearray = bytearray()) -> bytearray:  # noqa: B008
        return super().setdefault(name, Nothing())


def test_an_upload_gives_up_after_its_patience(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    server.breaks["UploadInput"] = [0] * 1_000
    with pytest.raises(LookupFailed) as failed:
        client.upload(file_of(tmp_path, 10), patience_s=0.3)
    assert failed.value.code is grpc.StatusCode.UNAVAILABLE


def test_a_file_that_cannot_be_read_is_no_failed_call(client: Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.upload(tmp_path / "missing")


def test_a_job_is_created_once_though_its_answer_is_lost(
    server: BreakingServer, client: Client, tmp_path: Path
) -> None:
    server.breaks["CreateJob"] = [0] * 7  # more often than gRPC tries by itself
    handle = client.submit(file_of(tmp_path, 10), labels={"team": "maps"})
    assert (handle.name, handle.operation) == (JOB, "operations/one")
    requests = server.requests["CreateJob"]
    assert len(requests) == 8
    assert len({request.request_id for request in requests}) == 1
    assert UUID(requests[0].request_id).version == 4
    assert requests[0].job.operation.HasField("geocode")
    assert requests[0].job.input.upload in server.uploads


def test_few_rows_go_with_the_request_and_many_are_uploaded(server: BreakingServer, client: Client) -> None:
    client.submit(["Bern", {"query": "Wien", "id": 7}])
    client.submit(f"place {n}" for n in range(1_001))
    few, many = (request.job.input for request in server.requests["CreateJob"])
    assert few.inline.decode() == '{"query": "Bern"}\n{"query": "Wien", "id": 7}\n'
    assert few.format == pb.FILE_FORMAT_NDJSON
    assert bytes(server.uploads[many.upload]).count(b"\n") == 1_001


def test_a_watch_misses_nothing_and_sees_nothing_twice(server: BreakingServer, client: Client) -> None:
    server.events = changes(20)
    server.breaks["WatchJob"] = [3, 0, 0, 5, 1]
    assert [event.sequence for event in client.job(JOB).watch(0)] == list(range(1, 21))
    cursors = [request.after_sequence for request in server.requests["WatchJob"]]
    assert cursors[0] == 0
    assert set(cursors) == {0, 3, 8, 9}


def test_a_watch_that_is_left_ends_its_call(server: BreakingServer, client: Client) -> None:
    server.events = changes(5)
    events = client.job(JOB).watch()
    assert next(events).sequence == 1
    assert not server.requests["WatchJob"][0].HasField("after_sequence")
    events.close()  # type: ignore[attr-defined]


def test_rows_come_once_and_in_order_over_breaks(server: BreakingServer, client: Client) -> None:
    server.rows = [f'{{"waypost_row": {n}, "text": "\u2028"}}\n' for n in range(1, 31)]
    server.breaks["ReadResults"] = [7, 2]
    assert [row["waypost_row"] for row in client.job(JOB).rows()] == list(range(1, 31))
    assert [request.after_row for request in server.requests["ReadResults"]] == [0, 7, 9]


def test_a_download_goes_on_from_its_offset(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    server.results = random.Random(1).randbytes(10 * CHUNK_BYTES + 3)
    server.breaks["ReadOutputFile"] = [4, 3]
    target = tmp_path / "results.csv"
    seen: list[int] = []
    assert client.job(JOB).download(target, on_bytes=seen.append) == [target]
    assert target.read_bytes() == server.results
    offsets = [request.read_offset for request in server.requests["ReadOutputFile"]]
    assert offsets == [0, 4 * CHUNK_BYTES, 7 * CHUNK_BYTES]
    assert seen == sorted(seen)
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_was_given_up_goes_on_in_the_next_try(
    server: BreakingServer, client: Client, tmp_path: Path
) -> None:
    server.results = random.Random(2).randbytes(10 * CHUNK_BYTES)
    server.breaks["ReadOutputFile"] = [4] + [0] * 1_000
    target = tmp_path / "results.csv"
    with pytest.raises(LookupFailed):
        client.job(JOB, patience_s=0.2).download(target)
    assert not target.exists()
    server.breaks.clear()
    client.job(JOB).download(target)
    assert server.requests["ReadOutputFile"][-1].read_offset == 4 * CHUNK_BYTES
    assert target.read_bytes() == server.results


def test_a_damaged_file_never_gets_its_name(server: BreakingServer, client: Client, tmp_path: Path) -> None:
    server.results = b"good"
    server.promised_sha256 = hashlib.sha256(b"evil").hexdigest()
    with pytest.raises(DamagedFile, match="SHA-256"):
        client.job(JOB).download(tmp_path / "results.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_result_is_waited_for_over_breaks_and_a_failed_job_raises(server: BreakingServer, client: Client) -> None:
    server.breaks["WaitOperation"] = [0] * 6
    assert client.job("operations/one").result().name == JOB
    server.error_code = Code.CANCELLED
    with pytest.raises(JobFailed) as failed:
        client.job(JOB).result()
    assert failed.value.state == pb.Job.STATE_CANCELLED
    server.error_code = Code.FAILED_PRECONDITION
    with pytest.raises(JobFailed, match=r"jobs/one is FAILED: on purpose"):
        client.job(JOB).result()


def test_a_result_that_does_not_come_in_time_is_a_timeout(server: BreakingServer, client: Client) -> None:
    server.job.state = pb.Job.STATE_RUNNING
    with pytest.raises(TimeoutError, match="jobs/one has not ended within"):
        client.job(JOB).result(timeout_s=0.05)


def test_what_changes_a_job_carries_a_request_id(server: BreakingServer, client: Client) -> None:
    server.breaks = {"PauseJob": [0], "DeleteJob": [0]}
    handle = client.job(JOB)
    handle.pause()
    handle.resume()
    handle.cancel()
    handle.delete()
    for method in ("PauseJob", "ResumeJob", "DeleteJob"):
        (request_id,) = {request.request_id for request in server.requests[method]}
        assert UUID(request_id).version == 4
    assert server.calls == {"PauseJob": 2, "ResumeJob": 1, "CancelOperation": 1, "DeleteJob": 2}


async def test_the_asynchronous_client_outlives_the_same_breaks(
    server: BreakingServer, address: str, tmp_path: Path
) -> None:
    path = file_of(tmp_path, 6 * MIB + 1)
    server.results = random.Random(3).randbytes(6 * CHUNK_BYTES)
    server.events = changes(9)
    server.rows = [f'{{"waypost_row": {n}}}\n' for n in range(1, 10)]
    server.breaks = {
        "UploadInput": [2, 0],
        "WatchJob": [4],
        "ReadResults": [4],
        "ReadOutputFile": [2],
        "CreateJob": [0],
    }
    async with AsyncClient(address) as client:
        handle = await client.submit(path)
        assert [event.sequence async for event in handle.watch(0)] == list(range(1, 10))
        assert [row["waypost_row"] async for row in handle.rows()] == list(range(1, 10))
        assert (await handle.result()).name == JOB
        (target,) = await handle.download(tmp_path / "results.csv")
        await handle.cancel()
    assert target.read_bytes() == server.results
    assert bytes(server.uploads[server.requests["CreateJob"][0].job.input.upload]) == path.read_bytes()
    assert server.received_bytes == path.stat().st_size
