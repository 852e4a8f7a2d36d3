"""ReadResults over committed parts, with and without follow, and final files from an offset."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pytest
from google.longrunning.operations_pb2 import ListOperationsRequest

from tests.contract.jobs.bench import Bench, failed, read_all
from waypost.server.jobs.model import OutputFile, OutputFileKind
from waypost.server.jobs.states import JobState
from waypost.server.transport.wire.pages import page_token
from waypost.v1 import jobs_pb2 as pb

Code = grpc.StatusCode
MIB = 1024 * 1024


def read(bench: Bench, job_id: str, **fields: Any) -> Any:
    return bench.jobs.ReadResults(pb.ReadResultsRequest(name=f"jobs/{job_id}", **fields))


def rows(messages: list[pb.ReadResultsResponse]) -> list[dict[str, Any]]:
    return [json.loads(line) for message in messages for line in message.ndjson.splitlines()]


async def test_rows_that_are_committed_are_read_and_the_stream_ends(bench: Bench) -> None:
    job_id = await bench.create()
    assert await read_all(read(bench, job_id)) == []
    lease = bench.begin(job_id)
    bench.commit(lease)
    bench.commit(lease)
    messages = await read_all(read(bench, job_id))
    assert messages[-1].last_row == 20
    found = rows(messages)
    assert [row["waypost_row"] for row in found] == list(range(1, 21))
    assert found[0]["query"] == "row 1 "
    assert (found[0]["waypost_status"], found[0]["waypost_place_id"]) == ("matched", None)
    rest = rows(await read_all(read(bench, job_id, after_row=13)))
    assert [row["waypost_row"] for row in rest] == list(range(14, 21))
    assert await read_all(read(bench, job_id, after_row=20)) == []
    assert await read_all(read(bench, job_id, after_row=30)) == []


async def test_a_part_behind_an_open_one_is_not_shown(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    bench.commit(lease)
    (held,) = bench.store.lease_shards(lease, 1)
    bench.commit(lease)
    assert (await read_all(read(bench, job_id)))[-1].last_row == 10
    bench.store.retry_shard(lease, held.first_row, "WORKER_DIED")
    bench.commit(lease)
    assert (await read_all(read(bench, job_id)))[-1].last_row == 30


async def test_following_waits_for_rows_and_ends_after_the_last_one(bench: Bench) -> None:
    job_id = await bench.create()
    call = read(bench, job_id, follow=True, after_row=5)
    collected = asyncio.ensure_future(read_all(call))
    lease = await asyncio.get_running_loop().run_in_executor(None, bench.begin, job_id)
    for _ in range(3):
        await asyncio.get_running_loop().run_in_executor(None, bench.commit, lease)
    await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    assert not collected.done()
    bench.end(lease)
    messages = await asyncio.wait_for(collected, 10)
    assert [row["waypost_row"] for row in rows(messages)] == list(range(6, 31))


async def test_a_cancelled_job_keeps_the_rows_that_it_has(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    bench.commit(lease)
    bench.end(lease, JobState.FAILED)
    assert (await read_all(read(bench, job_id, follow=True)))[-1].last_row == 10


async def test_a_row_beyond_the_input_is_out_of_range(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    for follow in (False, True):
        error = await failed(read_all(read(bench, job_id, after_row=31, follow=follow)))
        assert (error.code, error.reason) == (Code.OUT_OF_RANGE, "ROW_BEYOND_END")
    bench.end(lease, JobState.FAILED)
    assert (await failed(read_all(read(bench, job_id, after_row=-1)))).fields == ["after_row"]
    assert (await failed(read_all(read(bench, job_id, encoding=9)))).fields == ["encoding"]
    assert (await failed(read_all(read(bench, "none")))).reason == "JOB_NOT_FOUND"


@pytest.mark.parametrize("encoding", [pb.ROW_ENCODING_NDJSON, pb.ROW_ENCODING_ARROW])
async def test_messages_hold_at_most_a_mebibyte_and_every_row_once(bench: Bench, encoding: Any) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id, rows=6_000, shard_rows=3_000)
    for width in (3_000, 10):
        bench.commit(lease, width=width)
    messages = await read_all(read(bench, job_id, encoding=encoding))
    assert len(messages) > 9
    assert max(message.ByteSize() for message in messages) <= MIB
    if encoding == pb.ROW_ENCODING_NDJSON:
        numbers = [row["waypost_row"] for row in rows(messages)]
    else:
        tables = [pa.ipc.open_stream(message.arrow_stream).read_all() for message in messages]
        numbers = [number for table in tables for number in table["waypost_row"].to_pylist()]
        assert tables[0].schema.names[:2] == ["waypost_row", "query"]
    assert numbers == list(range(1, 6_001))
    assert messages[-1].last_row == 6_000


@pytest.mark.parametrize("harm", ["shorter", "other bytes", "gone", "empty"])
async def test_rows_whose_file_is_torn_are_told_as_lost_behind_those_that_are_not(bench: Bench, harm: str) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    bench.commit(lease)
    bench.commit(lease)
    harmed(bench.desk.folders.parts(job_id) / "11.arrow", harm)
    call = read(bench, job_id)
    assert rows([await call.read()])[-1]["waypost_row"] == 10
    error = await failed(read_all(call))
    assert (error.code, error.reason) == (Code.DATA_LOSS, "RESULTS_LOST")
    assert "rows 11 to 20" in error.status.message
    bench.end(lease, JobState.FAILED)
    bench.store.delete_job(job_id)
    assert (await failed(read_all(read(bench, job_id)))).reason == "JOB_NOT_FOUND"


@pytest.mark.parametrize("harm", ["shorter", "gone", "empty"])
async def test_a_final_file_that_is_not_the_one_that_was_written_is_told_as_lost(bench: Bench, harm: str) -> None:
    job_id = await bench.create()
    finished(bench, job_id, b"abc" * 1_000)
    harmed(bench.desk.folders.output(job_id) / "results.csv", harm)
    request = pb.ReadOutputFileRequest(name=f"jobs/{job_id}/files/results.csv")
    error = await failed(read_all(bench.jobs.ReadOutputFile(request)))
    assert (error.code, error.reason) == (Code.DATA_LOSS, "RESULTS_LOST")


async def test_a_final_file_that_was_moved_out_of_the_callers_folder_is_told_as_lost(bench: Bench) -> None:
    job_id = await bench.create()
    (out,) = bench.desk.roots.output
    file = OutputFile(
        file="results.csv", kind=OutputFileKind.RESULTS, uri=f"{out.uri}/mine/results.csv", size_bytes=1,
        sha256="0" * 64, row_count=1,
    )  # fmt: skip
    bench.end(bench.begin(job_id), files=[file])
    request = pb.ReadOutputFileRequest(name=f"jobs/{job_id}/files/results.csv")
    error = await failed(read_all(bench.jobs.ReadOutputFile(request)))
    assert (error.code, error.reason) == (Code.DATA_LOSS, "RESULTS_LOST")


async def test_rows_that_the_job_leaves_out_are_accounted_for(bench: Bench) -> None:
    output = pb.JobOutput(rows=pb.OUTPUT_ROWS_NOT_MATCHED, columns=["status"], column_prefix="")
    job_id = await bench.create(output=output)
    lease = bench.begin(job_id)
    bench.commit(lease, statuses=["matched", "unmatched"])
    bench.commit(lease)
    messages = await read_all(read(bench, job_id))
    assert rows(messages) == [{"row": row, "query": f"row {row} ", "status": "unmatched"} for row in range(1, 11, 2)]
    assert [message.last_row for message in messages] == [10, 20]


async def test_a_row_that_fits_into_no_message_is_named(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id, rows=2, shard_rows=1)
    bench.commit(lease)
    bench.commit(lease, width=2 * MIB)
    error = await failed(read_all(read(bench, job_id)))
    assert (error.code, error.reason) == (Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    assert "row 2" in error.status.message


def harmed(path: Path, harm: str) -> None:
    size_bytes = path.stat().st_size
    match harm:
        case "shorter":
            os.truncate(path, size_bytes // 2)
        case "other bytes":
            path.write_bytes(bytes(size_bytes))
        case "empty":
            os.truncate(path, 0)
        case "gone":
            path.unlink()


def finished(bench: Bench, job_id: str, content: bytes) -> None:
    folder = bench.desk.folders.output(job_id)
    folder.mkdir(parents=True)
    (folder / "results.csv").write_bytes(content)
    (folder / "report.json").write_bytes(b"{}")
    files = [
        OutputFile(
            file=name, kind=kind, uri="", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), row_count=0
        )
        for name, kind, data in (
            ("report.json", OutputFileKind.REPORT, b"{}"),
            ("results.csv", OutputFileKind.RESULTS, content),
        )
    ]
    bench.end(bench.begin(job_id), files=files)


async def test_a_token_that_somebody_made_is_refused_by_every_list(bench: Bench) -> None:
    job_id = await bench.create()
    finished(bench, job_id, b"")
    parent = f"jobs/{job_id}"
    lists: dict[str, tuple[Callable[[str], Awaitable[object]], tuple[str, ...]]] = {
        "/waypost.v1.JobService/ListOutputFiles": (
            lambda token: bench.jobs.ListOutputFiles(pb.ListOutputFilesRequest(parent=parent, page_token=token)),
            (job_id,),
        ),
        "/waypost.v1.JobService/ListDeliveries": (
            lambda token: bench.jobs.ListDeliveries(pb.ListDeliveriesRequest(parent=parent, page_token=token)),
            (job_id,),
        ),
        "/waypost.v1.JobService/ListJobs": (
            lambda token: bench.jobs.ListJobs(pb.ListJobsRequest(page_token=token)),
            ("",),
        ),
        "/google.longrunning.Operations/ListOperations": (
            lambda token: bench.operations.ListOperations(ListOperationsRequest(page_token=token)),
            ("",),
        ),
    }
    for method, (ask, arguments) in lists.items():
        await ask(page_token(method, "7" if "Files" in method else "1.0 a", arguments))
        for position in ("x", "-1", "1 \0", "9" * 5_000):
            error = await failed(ask(page_token(method, position, arguments)))
            assert (error.code, error.reason) == (Code.INVALID_ARGUMENT, "BAD_PAGE_TOKEN"), (method, position)


async def test_final_files_are_listed_and_read_from_any_offset(bench: Bench) -> None:
    job_id = await bench.create()
    listing = pb.ListOutputFilesRequest(parent=f"jobs/{job_id}", page_size=1)
    error = await failed(bench.jobs.ListOutputFiles(listing))
    assert (error.code, error.reason) == (Code.FAILED_PRECONDITION, "JOB_UNFINISHED")
    content = bytes(range(256)) * 10_000
    finished(bench, job_id, content)
    first = await bench.jobs.ListOutputFiles(listing)
    second = await bench.jobs.ListOutputFiles(
        pb.ListOutputFilesRequest(parent=listing.parent, page_size=1, page_token=first.next_page_token)
    )
    assert not second.next_page_token
    assert first.output_files[0].kind == pb.OUTPUT_FILE_KIND_REPORT
    (file,) = second.output_files
    for offset in (0, 1_000_001, len(content)):
        chunks = await read_all(bench.jobs.ReadOutputFile(pb.ReadOutputFileRequest(name=file.name, read_offset=offset)))
        assert b"".join(chunk.data for chunk in chunks) == content[offset:]
        assert [chunk.offset for chunk in chunks] == list(range(offset, len(content), MIB))


async def test_a_file_that_is_not_there_or_an_offset_beyond_its_end_is_told(bench: Bench) -> None:
    job_id = await bench.create()
    finished(bench, job_id, b"abc")

    async def reason(name: str, offset: int = 0) -> tuple[grpc.StatusCode, str]:
        request = pb.ReadOutputFileRequest(name=name, read_offset=offset)
        error = await failed(read_all(bench.jobs.ReadOutputFile(request)))
        return error.code, error.reason

    assert await reason(f"jobs/{job_id}/files/results.csv", 4) == (Code.OUT_OF_RANGE, "OFFSET_BEYOND_END")
    assert await reason(f"jobs/{job_id}/files/other.csv") == (Code.NOT_FOUND, "OUTPUT_FILE_NOT_FOUND")
    assert await reason(f"jobs/{job_id}/files/results.csv", -1) == (Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert await reason(f"jobs/{job_id}/files/../x") == (Code.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_deliveries_of_a_job_are_listed_and_sent_again(bench: Bench) -> None:
    target = pb.Notification(nats=pb.NatsSubject(subject="waypost.done"))
    job_id = await bench.create(notifications=[target])
    bench.end(bench.begin(job_id))
    page = await bench.jobs.ListDeliveries(pb.ListDeliveriesRequest(parent=f"jobs/{job_id}"))
    (delivery,) = page.deliveries
    assert (delivery.event_type, delivery.target) == ("dev.waypost.job.succeeded", "nats:waypost.done")
    again = await bench.jobs.RedeliverNotification(pb.RedeliverNotificationRequest(name=delivery.name))
    assert (again.event_id, again.state) == (delivery.event_id, pb.Delivery.STATE_PENDING)
    error = await failed(
        bench.jobs.RedeliverNotification(pb.RedeliverNotificationRequest(name=f"jobs/{job_id}/deliveries/none"))
    )
    assert (error.code, error.reason) == (Code.NOT_FOUND, "DELIVERY_NOT_FOUND")
