"""Several threads and several processes at one database at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

from tests.contract.job_store.conftest import OpenStore
from tests.job_stores import LEASE_S, HandClock, claimed, part, running, spec
from waypost.server.errors import Aborted, FailedPrecondition, ResourceExhausted
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Lease, RequestKey, ShardState
from waypost.server.jobs.spec import Notification, WebhookTarget
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore

_T = TypeVar("_T")


def at_once(*calls: Callable[[], _T]) -> list[_T]:
    """What the calls return, each made in a thread of its own, begun together."""
    start = Barrier(len(calls))

    def run(call: Callable[[], _T]) -> _T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_of_equal_requests_at_once_one_makes_the_job(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    for round_number in range(5):
        key = RequestKey("CreateJob", f"id-{round_number}", "digest")
        calls = [partial(store.create_job, spec(), request=key) for store in stores * 4]
        assert len({job.job_id for job in at_once(*calls)}) == 1
    assert len(stores[0].list_jobs(limit=99).items) == 5


def test_of_jobs_that_would_write_to_one_folder_at_once_one_is_taken(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]

    def create(store: JobStore) -> str:
        try:
            return store.create_job(spec(), output_folder="file:///out/mine").job_id
        except FailedPrecondition:
            return ""

    for _ in range(5):
        (taken,) = filter(None, at_once(*(partial(create, store) for store in stores * 4)))
        stores[0].command(taken, Command.CANCEL)
        _, lease = claimed(stores[0])
        stores[0].advance(lease, JobState.CANCELLED)


def test_a_request_that_waited_for_one_that_failed_is_carried_out(open_store: OpenStore) -> None:
    one, two = open_store(), open_store()
    key = RequestKey("CreateJob", "id", "digest")

    def create(store: JobStore, max_unfinished: int) -> str:
        try:
            return store.create_job(spec(), max_unfinished=max_unfinished, request=key).job_id
        except ResourceExhausted:
            return ""

    # Whichever is first: a refusal leaves nothing behind that the other one would take for its own answer.
    made = at_once(lambda: create(one, 0), lambda: create(two, 9))
    assert made[1]
    assert made[0] in ("", made[1])


def test_a_job_is_claimed_by_one(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    jobs = {stores[0].create_job(spec()).job_id for _ in range(4)}
    calls = [partial(stores[at % 2].claim_job, f"owner-{at}", lease_s=LEASE_S) for at in range(8)]
    taken = [claim for claim in at_once(*calls) if claim is not None]
    # On PostgreSQL one may pass over a job that another is just taking, and find none.
    taken += [claim for at in range(8) if (claim := stores[0].claim_job(f"late-{at}", lease_s=LEASE_S)) is not None]
    assert sorted(job.job_id for job, _ in taken) == sorted(jobs)
    assert {lease.token for _, lease in taken} == {1}


def test_a_taken_over_job_has_one_owner_however_many_wanted_it(open_store: OpenStore, clock: HandClock) -> None:
    stores = [open_store(), open_store()]
    running(stores[0])
    for token in range(2, 6):
        clock.advance(LEASE_S)
        calls = [partial(stores[at % 2].claim_job, f"owner-{at}", lease_s=LEASE_S) for at in range(6)]
        (taken,) = [claim for claim in at_once(*calls) if claim is not None]
        assert taken[1].token == token


def test_events_have_no_gaps_however_many_write(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    lease = running(stores[0], rows=40, shard_rows=1)
    stores[0].lease_shards(lease, 40)

    def commit(at: int) -> bool:
        return stores[at % 2].commit_part(lease, at + 1, part(1))

    def relabel(at: int) -> None:
        stores[at % 2].update_job(lease.job_id, labels={f"k{at}": "v"})

    with ThreadPoolExecutor(8) as threads:
        parts = list(threads.map(commit, range(40)))
        list(threads.map(relabel, range(10)))
    assert all(parts)
    job, history = stores[1].history(lease.job_id, 0)
    assert [event.sequence for event in history.events] == list(range(1, 3 + 40 + 10 + 1))
    assert job.last_sequence == 53
    assert len(job.labels) == 10


def test_a_watcher_that_reads_while_others_write_sees_each_event_once(open_store: OpenStore) -> None:
    writer, reader = open_store(), open_store()
    lease = running(writer, rows=60, shard_rows=1)
    writer.lease_shards(lease, 60)
    seen: list[int] = []

    def write() -> None:
        for row in range(1, 61):
            writer.commit_part(lease, row, part(1))
        writer.advance(lease, JobState.SUCCEEDED)

    def watch() -> None:
        while True:
            job, history = reader.history(lease.job_id, seen[-1] if seen else 0, limit=7)
            seen.extend(event.sequence for event in history.events)
            # What is read is of one moment, whatever is written meanwhile.
            assert not seen or seen[-1] <= job.last_sequence
            if job.state.finished and seen[-1] == job.last_sequence:
                return

    at_once(write, watch)
    assert seen == list(range(1, 65))


def test_a_pause_and_an_end_at_once_leave_one_of_them(open_store: OpenStore) -> None:
    caller, owner = open_store(), open_store()
    for _ in range(8):
        lease = running(owner, rows=0)

        def pause(job_id: str = lease.job_id) -> str:
            try:
                return caller.command(job_id, Command.PAUSE).state.name
            except FailedPrecondition as refused:
                return refused.facts["state"]

        def end(lease: Lease = lease) -> str:
            try:
                return owner.advance(lease, JobState.SUCCEEDED).state.name
            except FailedPrecondition as refused:
                return refused.facts["state"]

        assert set(at_once(pause, end)) in ({"PAUSING"}, {"SUCCEEDED"})


def test_of_updates_from_one_etag_one_wins(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    job = stores[0].create_job(spec())

    def update(at: int) -> bool:
        try:
            stores[at % 2].update_job(job.job_id, priority=at + 1, etag=job.etag)
        except Aborted:
            return False
        return True

    assert sum(at_once(*[partial(update, at) for at in range(6)])) == 1


def test_a_shard_is_handed_out_once_however_many_ask(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    lease = running(stores[0], rows=50, shard_rows=1)
    calls = [partial(stores[at % 2].lease_shards, lease, 7) for at in range(8)]
    rows = [shard.first_row for shards in at_once(*calls) for shard in shards]
    assert sorted(rows) == list(range(1, 51))


PROCESS = """
import sys
from tests.job_stores import part
from waypost.server.jobs.model import Lease
from waypost.server.jobs.store import JobStore
from waypost.server.errors import LeaseLost

url, job_id, owner, token = sys.argv[1:]
lease = Lease(job_id, owner, int(token))
with JobStore.open(url) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    committed = 0
    try:
        while shards := store.lease_shards(lease, 2):
            for shard in shards:
                committed += store.commit_part(lease, shard.first_row, part(1))
    except LeaseLost:
        print("fenced", committed, flush=True)
    else:
        print("done", committed, flush=True)
"""


def test_processes_that_work_at_once_commit_every_row_once(store: JobStore, store_url: str) -> None:
    lease = running(store, rows=60, shard_rows=1)
    processes = [start(store_url, lease) for _ in range(3)]
    committed = [finish(process) for process in processes]
    assert [word for word, _ in committed] == ["done"] * 3
    assert sum(count for _, count in committed) == 60
    assert store.committed_through(lease.job_id) == 60
    _, history = store.history(lease.job_id, 0)
    assert [event.sequence for event in history.events] == list(range(1, 64))


def test_a_process_that_was_taken_over_while_it_slept_is_fenced(
    store: JobStore, store_url: str, clock: HandClock
) -> None:
    lease = running(store, rows=20, shard_rows=1)
    sleeper = start(store_url, lease, waiting=True)
    clock.advance(LEASE_S)
    taken = store.claim_job("two", lease_s=LEASE_S)
    assert taken is not None
    begin(sleeper)
    assert finish(sleeper) == ("fenced", 0)
    assert store.shard_counts(lease.job_id)[ShardState.PENDING] == 20


def test_a_process_killed_in_the_middle_leaves_what_it_committed_and_no_more(
    store: JobStore, store_url: str, clock: HandClock
) -> None:
    lease = running(store, rows=2_000, shard_rows=1)
    victim = start(store_url, lease)
    while store.committed_through(lease.job_id) < 20:
        pass
    victim.kill()
    victim.communicate()
    job, history = store.history(lease.job_id, 0, limit=9_999)
    assert [event.sequence for event in history.events] == list(range(1, job.last_sequence + 1))
    done = store.shard_counts(lease.job_id)[ShardState.DONE]
    assert done == job.last_sequence - 3 == store.row_counts(lease.job_id).done
    clock.advance(LEASE_S)
    taken = store.claim_job("two", lease_s=LEASE_S)
    assert taken is not None
    assert store.shard_counts(lease.job_id) == {
        ShardState.PENDING: 2_000 - done, ShardState.LEASED: 0, ShardState.DONE: done
    }  # fmt: skip


def start(url: str, lease: Lease, *, waiting: bool = False) -> subprocess.Popen[str]:
    """A process that works under that lease, once it is told to."""
    arguments = [sys.executable, "-c", PROCESS, url, lease.job_id, lease.owner, str(lease.token)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if not waiting:
        begin(process)
    return process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> tuple[str, int]:
    """The last words of the process."""
    output, _ = process.communicate(timeout=120)
    word, count = output.split()
    return word, int(count)


def test_a_delivery_that_two_processes_claim_at_once_goes_to_one(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    told = Notification(target=WebhookTarget(uri="https://a"), states=frozenset({JobState.PAUSED}))
    for _ in range(40):
        store = stores[0]
        store.command(store.create_job(spec(notifications=(told,))).job_id, Command.PAUSE)
        claimed_now = at_once(*(partial(each.claim_deliveries, limit=9, hold_s=60) for each in stores))
        assert [len(deliveries) for deliveries in claimed_now].count(1) == 1
        assert sum(map(len, claimed_now)) == 1
