"""WatchJob and WaitOperation: cursors, resets, many watchers, and one that never reads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
import grpc.aio
import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration

from tests.contract.jobs.bench import Bench, failed, read_all
from tests.errors import failure_of
from waypost.server.jobs.blocking import Threads
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Progress
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.store import JobStore, core
from waypost.server.jobs.watching import BOOKMARK_S, Watching
from waypost.server.transport.wire import jobs
from waypost.server.transport.wire.jobs_events import EventMessages
from waypost.v1 import jobs_pb2 as pb

Code = grpc.StatusCode


def watch(bench: Bench, job_id: str, after: int | None = None) -> Any:
    return bench.jobs.WatchJob(pb.WatchJobRequest(name=f"jobs/{job_id}", after_sequence=after))


def kinds(events: list[pb.JobEvent]) -> list[tuple[int, str | None]]:
    return [(event.sequence, event.WhichOneof("event")) for event in events]


async def changes(call: Any, last: int) -> list[pb.JobEvent]:
    """The events of a watch up to that sequence, without progress."""
    found = []
    async with asyncio.timeout(20):
        while (event := await call.read()) is not grpc.aio.EOF:
            if event.WhichOneof("event") in ("change", "snapshot"):
                found.append(event)
                if event.sequence >= last:
                    break
    return found


async def test_without_a_cursor_comes_one_snapshot_then_every_change_then_the_end(bench: Bench) -> None:
    job_id = await bench.create()
    call = watch(bench, job_id)
    first = await call.read()
    assert (first.sequence, first.snapshot.job.state, first.snapshot.reset) == (1, pb.Job.STATE_QUEUED, False)
    lease = bench.begin(job_id)
    bench.commit(lease)
    bench.end(lease)
    rest = [event for event in await read_all(call) if event.WhichOneof("event") != "progress"]
    assert kinds(rest) == [(2, "change"), (3, "change"), (4, "change"), (5, "change")]
    assert rest[0].change.state_changed.new_state == pb.Job.STATE_PREPARING
    committed = rest[2].change.part_committed
    assert (committed.first_row, committed.last_row, committed.matched_rows) == (1, 10, 10)
    assert rest[3].change.state_changed.new_state == pb.Job.STATE_SUCCEEDED
    assert await call.code() == Code.OK


async def test_a_cursor_goes_on_behind_it_wherever_it_stands(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    bench.commit(lease)
    bench.end(lease)
    for after in range(6):
        events = await read_all(watch(bench, job_id, after))
        assert kinds(events) == [(sequence, "change") for sequence in range(after + 1, 6)]
    (snapshot,) = await read_all(watch(bench, job_id))
    assert (snapshot.sequence, snapshot.snapshot.job.state) == (5, pb.Job.STATE_SUCCEEDED)


async def test_a_cursor_beyond_the_present_or_before_the_beginning_is_refused(bench: Bench) -> None:
    job_id = await bench.create()
    error = await failed(read_all(watch(bench, job_id, 2)))
    assert (error.code, error.reason) == (Code.OUT_OF_RANGE, "SEQUENCE_BEYOND_END")
    assert (await failed(read_all(watch(bench, job_id, -1)))).fields == ["after_sequence"]
    assert (await failed(read_all(watch(bench, "none")))).reason == "JOB_NOT_FOUND"


async def test_events_that_are_no_longer_kept_are_replaced_by_one_snapshot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "EVENTS_KEPT", 2)
    monkeypatch.setattr(core, "FORGET_EVERY", 1)
    job_id = await bench.create()
    lease = bench.begin(job_id)
    for _ in range(3):
        bench.commit(lease)
    call = watch(bench, job_id, 1)
    first = await call.read()
    assert (first.sequence, first.snapshot.reset) == (6, True)
    assert first.snapshot.job.state == pb.Job.STATE_RUNNING
    bench.end(lease)
    assert kinds(await changes(call, 7)) == [(7, "change")]
    assert kinds(await read_all(watch(bench, job_id, 5))) == [(6, "change"), (7, "change")]
    assert kinds(await read_all(watch(bench, job_id, 0))) == [(7, "snapshot")]


async def test_more_events_than_are_read_at_once_come_without_a_gap(bench: Bench) -> None:
    job_id = await bench.create()
    call = watch(bench, job_id, 0)
    for priority in range(1, 1_011):
        bench.store.update_job(job_id, priority=priority % 1_000 + 1)
    events = await changes(call, 1_011)
    assert [event.sequence for event in events] == list(range(1, 1_012))
    again = await changes(watch(bench, job_id, 0), 1_011)
    assert again == events
    call.cancel()


async def test_progress_repeats_the_last_sequence_and_the_newest_counts_win(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    call = watch(bench, job_id)
    snapshot = await call.read()
    told: list[pb.JobEvent] = []
    for number in range(1, 401):
        bench.tell(lease, Progress(rows=RowCounts(matched=number), total_rows=400))
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        while not told or told[-1].progress.matched_rows < 400:
            told.append(await call.read())
    assert {event.WhichOneof("event") for event in told} == {"progress"}
    assert {event.sequence for event in told} == {snapshot.sequence}
    counts = [event.progress.matched_rows for event in told]
    assert counts == sorted(counts)
    call.cancel()


async def test_every_change_is_told_to_two_hundred_watchers_though_one_never_reads(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id, rows=300, shard_rows=1)
    async with grpc.aio.insecure_channel(bench.address) as channel:
        path = "/waypost.v1.JobService/WatchJob"
        ask: Any = channel.unary_stream(path, pb.WatchJobRequest.SerializeToString, pb.JobEvent.FromString)
        request = pb.WatchJobRequest(name=f"jobs/{job_id}")
        calls = [ask(request) for _ in range(200)]
        deaf = watch(bench, job_id)
        for call in calls:
            await call.read()
        for _ in range(5):
            await asyncio.get_running_loop().run_in_executor(None, bench.commit, lease)
            last = bench.store.job(job_id).last_sequence
            for call in calls:
                await changes(call, last)
        bench.end(lease)
        for call in calls:
            assert kinds(await read_all(call))[-1] == (last + 1, "change")
        deaf.cancel()


async def test_draining_ends_a_watch_with_unavailable_and_its_cursor_goes_on(bench: Bench) -> None:
    job_id = await bench.create()
    call = watch(bench, job_id, 0)
    cursor = (await call.read()).sequence
    bench.boundary.drain()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert failure_of(caught.value).reason == "DRAINING"
    bench.store.command(job_id, Command.PAUSE)
    assert kinds(await changes(watch(bench, job_id, cursor), 2)) == [(2, "change")]


async def test_a_job_deleted_under_a_watch_is_not_found(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    call = watch(bench, job_id)
    await call.read()
    bench.end(lease)
    bench.store.delete_job(job_id)  # before the loop, which this holds, could hear of the end and read it
    assert (await asyncio.wait_for(failed(read_all(call)), 20)).reason == "JOB_NOT_FOUND"
    assert (await failed(read_all(watch(bench, job_id, 1)))).reason == "JOB_NOT_FOUND"


async def test_a_watch_ends_although_all_that_is_heard_of_the_job_is_that_it_is_gone(bench: Bench) -> None:
    job_id = await bench.create()
    call = watch(bench, job_id)
    await call.read()
    # As of a job that another process ends and deletes between two looks at the store.
    bench.store.changes.announce({job_id: None})
    assert (await asyncio.wait_for(failed(call.read()), 20)).reason == "JOB_NOT_FOUND"


async def wait(bench: Bench, job_id: str, **fields: Any) -> operations_pb2.Operation:
    request = operations_pb2.WaitOperationRequest(name=f"operations/{job_id}", **fields)
    operation: operations_pb2.Operation = await bench.operations.WaitOperation(request)
    return operation


async def test_waiting_is_answered_when_the_job_has_ended(bench: Bench) -> None:
    job_id = await bench.create()
    lease = bench.begin(job_id)
    waiting = asyncio.ensure_future(wait(bench, job_id))
    await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    await asyncio.get_running_loop().run_in_executor(None, bench.end, lease)
    assert (await asyncio.wait_for(waiting, 20)).done


async def before_its_deadline(bench: Bench, job_id: str) -> operations_pb2.Operation:
    """The answer to a wait that would outlast its deadline: it comes a tenth of a second sooner, unless we are slow."""
    request = operations_pb2.WaitOperationRequest(name=f"operations/{job_id}")
    for _ in range(5):
        with suppress(grpc.aio.AioRpcError):
            operation: operations_pb2.Operation = await bench.operations.WaitOperation(request, timeout=1)
            return operation
    raise AssertionError("each wait ran into its deadline")


async def test_waiting_ends_at_its_timeout_its_deadline_and_a_drain(bench: Bench) -> None:
    job_id = await bench.create()
    assert not (await wait(bench, job_id, timeout=Duration())).done
    assert not (await wait(bench, job_id, timeout=Duration(nanos=50_000_000))).done
    assert not (await before_its_deadline(bench, job_id)).done
    error = await failed(wait(bench, job_id, timeout=Duration(seconds=-1)))
    assert error.fields == ["timeout"]
    waiting = asyncio.ensure_future(wait(bench, job_id))
    await bench.jobs.GetJob(pb.GetJobRequest(name=f"jobs/{job_id}"))
    bench.boundary.drain()
    assert not (await asyncio.wait_for(waiting, 5)).done


async def test_a_watch_hears_of_changes_by_another_process(bench: Bench) -> None:
    job_id = await bench.create()
    call = watch(bench, job_id)
    await call.read()
    url = f"sqlite:///{bench.desk.folders.root.parent}/jobs.sqlite"
    with JobStore.open(url) as other:
        other.command(job_id, Command.PAUSE)
        (change,) = await changes(call, 2)
    assert change.change.state_changed.new_state == pb.Job.STATE_PAUSED
    call.cancel()


async def test_a_stream_on_which_nothing_happens_gets_bookmarks(bench: Bench) -> None:
    job_id = await bench.create()
    with ThreadPoolExecutor(1) as executor:
        messages = EventMessages(jobs.job)
        watching = Watching(bench.store, Threads(executor), messages, bookmark_s=0.02)
        async with asyncio.timeout(10):
            events = watching.watch(job_id, 1)
            for _ in range(2):
                event = pb.JobEvent.FromString(await anext(events))
                assert (event.sequence, event.WhichOneof("event")) == (1, "bookmark")
    assert BOOKMARK_S < 30
