"""The pool with real processes and real signals."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.unit.jobs.executors import hooks
from tests.unit.jobs.shards import read_part, text_task, write_shard
from waypost.server.jobs.executors import Finished, Halted, Outcome, Refused, WorkerDied
from waypost.server.jobs.executors.channel import Work
from waypost.server.jobs.executors.local import LET_GO_S, LocalPool
from waypost.server.jobs.shard import work_shard
from waypost.server.jobs.tasks import Halt, RowRange, ShardTask

StartPool = Callable[..., LocalPool]
Pools = Callable[[Work], LocalPool]


def task_of(directory: Path, *texts: str, name: str = "1") -> ShardTask:
    return text_task(write_shard(directory / name, [("q", pa.array(texts))]))


async def begin(pool: LocalPool, task: ShardTask) -> asyncio.Task[Outcome]:
    """Submits a task of hooks.endless; it has begun when this returns."""
    os.mkfifo(hooks.started_path(task))
    running = asyncio.create_task(pool.submit(task))
    assert await asyncio.to_thread(hooks.started_path(task).read_text) == "begun"
    hooks.started_path(task).unlink()
    return running


async def assert_works(pool: LocalPool, directory: Path) -> None:
    """The pool answers tasks, whatever befell it before."""
    outcome = await pool.submit(task_of(directory, "Munich", name="after"))
    assert isinstance(outcome, Finished)


async def test_a_task_becomes_a_part(pools: Pools, tmp_path: Path) -> None:
    task = task_of(tmp_path, "Munich", "Atlantis")
    outcome = await pools(work_shard).submit(task)
    assert isinstance(outcome, Finished)
    assert outcome.result.rows == RowRange(0, 2)
    assert read_part(task.part_path).column("waypost_place_id").to_pylist() == ["gn-3", None]


async def test_many_tasks_wait_for_their_turn(pools: Pools, tmp_path: Path) -> None:
    pool = pools(work_shard)
    await pool.wait_until_warm()
    assert len(pool.process_ids) == pool.capacity == 1
    tasks = [task_of(tmp_path, "Munich", name=str(number)) for number in range(20)]
    outcomes = await asyncio.gather(*map(pool.submit, tasks))
    assert all(isinstance(outcome, Finished) for outcome in outcomes)


async def test_workers_are_nicer_than_the_server(pools: Pools) -> None:
    pool = pools(work_shard)
    await pool.wait_until_warm()
    (pid,) = pool.process_ids
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


@pytest.mark.parametrize(
    ("text", "exit_code"), [("KILL", -signal.SIGKILL), ("SEGFAULT", -signal.SIGSEGV), ("RAISE", 1)]
)
async def test_a_worker_that_dies_is_told_and_replaced(pools: Pools, tmp_path: Path, text: str, exit_code: int) -> None:
    pool = pools(hooks.deadly)
    assert await pool.submit(task_of(tmp_path, "Munich", text)) == WorkerDied(exit_code)
    await assert_works(pool, tmp_path)


async def test_a_worker_killed_from_outside_is_told_and_replaced(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    running = await begin(pool, task_of(tmp_path, "Munich"))
    (pid,) = pool.process_ids
    os.kill(pid, signal.SIGKILL)
    assert await running == WorkerDied(-signal.SIGKILL)
    again = await begin(pool, task_of(tmp_path, "Munich"))
    assert pool.process_ids != (pid,)
    pool.halt("1", Halt.KEEP)
    assert isinstance(await again, Finished)


async def test_an_idle_worker_that_is_killed_is_replaced(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.deadly)
    await pool.wait_until_warm()
    os.kill(pool.process_ids[0], signal.SIGKILL)
    # The task may reach the worker before its death is known; then it is told, as any death.
    first = await pool.submit(task_of(tmp_path, "Munich"))
    assert isinstance(first, Finished) or first == WorkerDied(-signal.SIGKILL)
    await assert_works(pool, tmp_path)


async def test_a_worker_that_hangs_or_is_stopped_is_killed_and_replaced(start_pool: StartPool, tmp_path: Path) -> None:
    pool = start_pool(work=hooks.deadly, hang_s=1.0)
    await pool.wait_until_warm()
    killed = WorkerDied(-signal.SIGKILL, hung=True)
    assert await pool.submit(task_of(tmp_path, "HANG")) == killed
    await pool.wait_until_warm()
    os.kill(pool.process_ids[0], signal.SIGSTOP)
    assert await pool.submit(task_of(tmp_path, "stopped", name="2")) == killed
    await assert_works(pool, tmp_path)


async def test_a_worker_that_goes_on_does_not_hang(start_pool: StartPool, tmp_path: Path) -> None:
    # Far more than a busy machine keeps a worker from telling that it is alive, which it does every tenth of a second.
    hang_s = 2.0
    pool = start_pool(work=hooks.endless, hang_s=hang_s)
    running = await begin(pool, task_of(tmp_path, "Munich"))
    done, _ = await asyncio.wait([running], timeout=1.25 * hang_s)
    assert not done
    pool.halt("1", Halt.DISCARD)
    assert await running == Halted()


async def test_a_discarded_task_leaves_nothing_and_its_worker_goes_on(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    task = task_of(tmp_path, "Munich")
    running = await begin(pool, task)
    workers = pool.process_ids
    pool.halt(task.task_id, Halt.DISCARD)
    assert await running == Halted()
    assert not task.part_path.exists()
    assert pool.process_ids == workers


async def test_a_cancelled_submit_halts_its_task(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    running = await begin(pool, task_of(tmp_path, "Munich"))
    workers = pool.process_ids
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    following = await begin(pool, task_of(tmp_path, "Munich", name="2"))
    pool.halt("2", Halt.DISCARD)
    assert await following == Halted()
    assert pool.process_ids == workers
    assert not (tmp_path / "1.part").exists()


async def test_what_is_kept_is_a_part(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    task = task_of(tmp_path, *["Munich"] * 2_000)
    running = await begin(pool, task)
    pool.halt(task.task_id, Halt.KEEP)
    outcome = await running
    assert isinstance(outcome, Finished)
    assert 0 < outcome.result.rows.stop < 2_000
    assert read_part(task.part_path).num_rows == outcome.result.rows.stop


async def test_a_halted_worker_that_hangs_is_ended_and_its_rows_are_not_blamed(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.deadly)
    await pool.wait_until_warm()
    (pid,) = pool.process_ids
    running = asyncio.create_task(pool.submit(task_of(tmp_path, "HANG")))
    await asyncio.sleep(0)
    pool.halt("1", Halt.KEEP)
    assert await running == Halted()
    await assert_works(pool, tmp_path)
    assert pool.process_ids != (pid,)


async def test_whoever_wants_no_part_waits_less_than_a_second_for_a_worker_that_hangs(
    start_pool: StartPool, tmp_path: Path
) -> None:
    pool = start_pool(work=hooks.deadly)
    await pool.wait_until_warm()
    (pid,) = pool.process_ids
    running = asyncio.create_task(pool.submit(task_of(tmp_path, "HANG")))
    await asyncio.sleep(0)
    pool.halt("1", Halt.DISCARD)
    assert await running == Halted()
    assert LET_GO_S < 1
    assert pool.process_ids == (pid,)  # not ended yet: it is let go of, and would be given time
    with pytest.raises(ValueError, match="already"):
        await pool.submit(task_of(tmp_path, "Munich"))


async def test_a_task_that_waits_is_halted_at_once(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    running = await begin(pool, task_of(tmp_path, "Munich"))
    waiting = asyncio.create_task(pool.submit(task_of(tmp_path, "Munich", name="2")))
    await asyncio.sleep(0)
    pool.halt("2", Halt.KEEP)
    assert await waiting == Halted()
    pool.halt("1", Halt.DISCARD)
    assert await running == Halted()


async def test_the_same_task_twice_at_once_is_refused(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    task = task_of(tmp_path, "Munich")
    running = await begin(pool, task)
    with pytest.raises(ValueError, match="already"):
        await pool.submit(task)
    pool.halt(task.task_id, Halt.DISCARD)
    assert await running == Halted()


async def test_what_no_row_can_help_is_refused_with_its_reason(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.deadly)
    full = await pool.submit(task_of(tmp_path, "FULL"))
    gone = await pool.submit(text_task(tmp_path / "gone"))
    other = task_of(tmp_path, "Munich", name="other")
    unknown = await pool.submit(text_task(other.shard_path, snapshot_id="f" * 16))
    nowhere = await pool.submit(text_task(other.shard_path, part_path=tmp_path / "no" / "part"))
    outcomes = [full, gone, unknown, nowhere]
    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Refused)]
    assert reasons == ["DISK_FULL", "SHARD_UNREADABLE", "SNAPSHOT_NOT_FOUND", "NOT_WRITABLE"]


async def test_sigint_does_nothing_to_a_worker(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    running = await begin(pool, task_of(tmp_path, "Munich"))
    workers = pool.process_ids
    os.kill(workers[0], signal.SIGINT)
    pool.halt("1", Halt.KEEP)
    assert isinstance(await running, Finished)
    assert pool.process_ids == workers


async def test_a_worker_that_gets_sigterm_hands_in_what_it_has(pools: Pools, tmp_path: Path) -> None:
    pool = pools(hooks.endless)
    running = await begin(pool, task_of(tmp_path, *["Munich"] * 2_000))
    (pid,) = pool.process_ids
    os.kill(pid, signal.SIGTERM)
    outcome = await running
    assert isinstance(outcome, Finished)
    assert outcome.result.rows.stop < 2_000
    again = await begin(pool, task_of(tmp_path, "Munich"))
    assert pool.process_ids != (pid,)
    pool.halt("1", Halt.DISCARD)
    assert await again == Halted()


async def test_stopping_halts_every_task_and_ends_every_worker(start_pool: StartPool, tmp_path: Path) -> None:
    pool = start_pool(work=hooks.endless)
    running = await begin(pool, task_of(tmp_path, *["Munich"] * 2_000))
    waiting = asyncio.create_task(pool.submit(task_of(tmp_path, "Munich", name="2")))
    await asyncio.sleep(0)
    (pid,) = pool.process_ids
    await pool.stop(Halt.KEEP)
    assert isinstance(await running, Finished)
    assert await waiting == Halted()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert await pool.submit(task_of(tmp_path, "Munich", name="3")) == Halted()


async def test_a_pool_stops_while_its_workers_start(start_pool: StartPool) -> None:
    pool = start_pool(2)
    await asyncio.sleep(0)
    await pool.stop(Halt.DISCARD)
    assert pool.process_ids == ()


PARENT = """
import asyncio, sys
from pathlib import Path
from waypost.server.jobs.executors.local import LocalPool

async def main():
    pool = LocalPool(Path(sys.argv[1]), 1, niceness=0)
    pool.start()
    await pool.wait_until_warm()
    print(*pool.process_ids, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waiting for a process that is no child needs Linux")
async def test_workers_end_when_their_server_is_killed(sample_dir: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(sample_dir)], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(pid) for pid in (await asyncio.to_thread(parent.stdout.readline)).split()]
    assert len(pids) == 1
    descriptors = [os.pidfd_open(pid) for pid in pids]
    parent.kill()
    await asyncio.to_thread(parent.wait)
    for descriptor in descriptors:
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, ended.set)
        await asyncio.wait_for(ended.wait(), 30)
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
