"""From the outbox to a receiver and back into the log: real store, real servers, and a clock turned by hand."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from pathlib import Path

import nats
import pytest
from aiohttp import web

from tests.job_stores import HandClock, part, running, spec, store_in, without_table
from tests.log_news import told_of
from tests.nats_server import NatsServer
from tests.unit.jobs.notify.receivers import LOOPBACK, TO_LOOPBACK, Got, Receiver, receiver
from waypost.server.jobs import loops
from waypost.server.jobs.events import Head
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Delivery, DeliveryState
from waypost.server.jobs.notify.retries import DEFAULT_DELAYS_S, JITTER
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.sender import Sender
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.ways import Ways
from waypost.server.jobs.spec import NatsTarget, Notification, WebhookTarget
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore, database

SETTINGS = NotifySettings(allowed_networks=(LOOPBACK,), timeout_s=10.0)
TOLD = frozenset({JobState.PAUSED, JobState.CANCELLING})
ROOT = Path(__file__).parents[4]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return store_in(tmp_path)


@pytest.fixture
def store(url: str, clock: HandClock) -> Iterator[JobStore]:
    with JobStore.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
async def hook() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


class Tries(logging.Handler):
    """The tries as the log tells them, one after another, by the names of their deliveries."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._told: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "notified":
            self._told.put_nowait(record.__dict__["facts"]["delivery"])

    async def next(self, count: int = 1) -> list[str]:
        return [await self._told.get() for _ in range(count)]


@asynccontextmanager
async def sending(
    store: JobStore, clock: Callable[[], float], settings: NotifySettings = SETTINGS
) -> AsyncIterator[tuple[Sender, Tries]]:
    """A running sender; when the block ends, every try that was begun is recorded."""
    log = logging.getLogger("waypost.server.jobs.notify.sender")
    tries, level = Tries(), log.level
    log.addHandler(tries)
    log.setLevel(logging.INFO)
    try:
        with ThreadPoolExecutor(2) as threads:
            async with Ways(Secrets((), {}), TO_LOOPBACK, settings.nats_servers, timeout_s=settings.timeout_s) as ways:
                sender = Sender(store, settings, ways, threads, loops=loops.Loops(pause_s=0.05), clock=clock)
                task = asyncio.create_task(sender.run())
                try:
                    yield sender, tries
                finally:
                    sender.stop()
                    await task
    finally:
        log.removeHandler(tries)
        log.setLevel(level)


def paused(store: JobStore, uri: str) -> str:
    """The id of a new job with one notification in the outbox."""
    told = Notification(target=WebhookTarget(uri=uri), states=TOLD)
    job = store.create_job(spec(notifications=(told,)))
    store.command(job.job_id, Command.PAUSE)
    return job.job_id


def only_delivery(store: JobStore, job_id: str) -> Delivery:
    (delivery,) = store.list_deliveries(job_id, limit=9).items
    return delivery


async def test_progress_is_no_news_and_nothing_is_kept_of_jobs_that_have_ended(
    store: JobStore, clock: HandClock
) -> None:
    async with sending(store, clock) as (sender, _):
        assert sender._is_news("job", Head(1, 0))
        assert not sender._is_news("job", Head(1, 5))
        assert sender._is_news("job", Head(2, 5, finished=True))
        assert sender._last_sequences == {}


async def test_what_waited_in_the_outbox_is_delivered_and_logged(
    store: JobStore, clock: HandClock, hook: Receiver
) -> None:
    job_id = paused(store, hook.uri())
    async with sending(store, clock):
        got = await hook.got.get()
    delivery = only_delivery(store, job_id)
    assert got.headers["webhook-id"] == got.event["id"] == delivery.event_id
    assert got.headers["webhook-timestamp"] == str(int(clock()))
    assert (got.event["type"], got.event["data"]["new_state"]) == ("dev.waypost.job.paused", "PAUSED")
    (attempt,) = delivery.attempts
    assert (delivery.state, delivery.next_attempt_time_s) == (DeliveryState.DELIVERED, None)
    assert (attempt.attempt_time_s, attempt.http_status, attempt.error) == (clock(), 204, "")


async def test_an_event_wakes_the_sender(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    part_told = Notification(target=WebhookTarget(uri=hook.uri()), states=frozenset(), committed_parts=True)
    lease = running(store, notifications=(part_told,))
    async with sending(store, clock):
        first, second = store.lease_shards(lease, 2)
        for shard in (first, second):
            await asyncio.to_thread(store.commit_part, lease, shard.first_row, part())
            got = await hook.got.get()
            assert (got.event["type"], got.event["data"]["first_row"]) == (
                "dev.waypost.job.part_committed",
                shard.first_row,
            )


async def test_an_event_of_another_process_wakes_the_sender_too(
    store: JobStore, url: str, clock: HandClock, hook: Receiver
) -> None:
    job_id = paused(store, hook.uri())
    with JobStore.open(url, clock=clock) as other:
        async with sending(store, clock):
            await hook.got.get()
            await asyncio.to_thread(other.command, job_id, Command.CANCEL)
            got = await hook.got.get()
    assert got.event["type"] == "dev.waypost.job.cancelling"


async def test_a_failed_delivery_follows_the_schedule_under_one_id_until_it_is_given_up(
    store: JobStore, clock: HandClock, hook: Receiver
) -> None:
    job_id = paused(store, hook.uri())
    for _ in range(len(DEFAULT_DELAYS_S) + 1):
        hook.answer(500)
    got: list[Got] = []
    for delay_s in (*DEFAULT_DELAYS_S, None):
        async with sending(store, clock):
            got.append(await hook.got.get())
        next_s = only_delivery(store, job_id).next_attempt_time_s
        if delay_s is None:
            assert next_s is None
        else:
            assert next_s is not None
            assert delay_s <= next_s - clock() <= delay_s * (1 + JITTER)
            clock.now_s = next_s
    delivery = only_delivery(store, job_id)
    assert delivery.state is DeliveryState.FAILED
    assert [each.error for each in delivery.attempts] == ["status 500"] * (len(DEFAULT_DELAYS_S) + 1)
    assert {(each.headers["webhook-id"], each.body) for each in got} == {(delivery.event_id, got[0].body)}
    assert hook.got.empty()


async def test_the_time_of_the_next_try_wakes_the_sender(url: str, hook: Receiver) -> None:
    hook.answer(500)
    settings = NotifySettings(allowed_networks=(LOOPBACK,), retry_delays_s=(0.2,))
    with JobStore.open(url) as store:
        job_id = paused(store, hook.uri())
        async with sending(store, time.time, settings):
            assert (await hook.got.get()).headers["webhook-id"] == (await hook.got.get()).headers["webhook-id"]
        first, second = only_delivery(store, job_id).attempts
        assert second.attempt_time_s - first.attempt_time_s >= 0.2


async def test_a_target_that_is_gone_is_told_no_more(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    job_id = paused(store, hook.uri())
    hook.answer(410)
    async with sending(store, clock):
        await hook.got.get()
    delivery = only_delivery(store, job_id)
    assert (delivery.state, delivery.next_attempt_time_s) == (DeliveryState.FAILED, None)


async def test_a_target_that_asks_for_time_gets_it(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    job_id = paused(store, hook.uri())
    hook.answer(429, Retry_After="600")
    async with sending(store, clock):
        await hook.got.get()
    next_s = only_delivery(store, job_id).next_attempt_time_s
    assert next_s is not None
    assert 600 <= next_s - clock() <= 660


async def test_a_redelivery_is_sent_when_the_sender_is_poked(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    job_id = paused(store, hook.uri())
    hook.answer(410)
    async with sending(store, clock) as (sender, tries):
        first = await hook.got.get()
        await tries.next()
        delivery = only_delivery(store, job_id)
        while delivery.state is DeliveryState.PENDING:  # told, and about to be recorded
            delivery = await asyncio.to_thread(only_delivery, store, job_id)
        await asyncio.to_thread(store.redeliver, job_id, delivery.delivery_id)
        sender.poke()
        second = await hook.got.get()
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert only_delivery(store, job_id).state is DeliveryState.DELIVERED


async def test_a_process_killed_before_it_recorded_is_followed_by_another_try_under_the_same_id(
    url: str, hook: Receiver
) -> None:
    killed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def kill(_: web.Request) -> web.Response:
        process.kill()
        killed.set_result(await process.wait())
        return web.Response(status=204)

    hook.answers.append(kill)
    with JobStore.open(url) as store:
        job_id = paused(store, hook.uri())
    command = [sys.executable, "-m", "tests.unit.jobs.notify.sending_process", url]
    path = os.pathsep.join([str(ROOT), *sys.path])
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path})
    assert await killed == -9
    later = HandClock()
    later.now_s = time.time()
    with JobStore.open(url, clock=later) as store:
        held = only_delivery(store, job_id)
        assert (held.state, held.attempts) == (DeliveryState.PENDING, ())
        assert held.next_attempt_time_s is not None
        later.now_s = held.next_attempt_time_s
        async with sending(store, later):
            first, second = await hook.got.get(), await hook.got.get()
        assert only_delivery(store, job_id).state is DeliveryState.DELIVERED
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == held.event_id
    assert first.body == second.body


@pytest.mark.parametrize(("receivers", "most_at_once"), [(1, 2), (5, 8)])
async def test_no_more_tries_at_once_than_set_nor_of_one_receiver_than_a_quarter_and_all_of_them_in_the_end(
    store: JobStore, clock: HandClock, receivers: int, most_at_once: int
) -> None:
    at_once, most, full, go_on = 0, 0, asyncio.Event(), asyncio.Event()

    async def count(_: web.Request) -> web.Response:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == most_at_once:
            full.set()
        await go_on.wait()
        at_once -= 1
        return web.Response()

    async with AsyncExitStack() as running_ones:
        hooks = [await running_ones.enter_async_context(receiver()) for _ in range(receivers)]
        for hook in hooks:
            hook.answers += [count] * 10
        jobs = [paused(store, hooks[number % receivers].uri()) for number in range(10)]
        settings = NotifySettings(allowed_networks=(LOOPBACK,), max_tries_at_once=8)
        async with sending(store, clock, settings) as (sender, tries):
            await full.wait()
            sender.poke()
            go_on.set()
            await tries.next(10)
    assert most == most_at_once
    assert {only_delivery(store, job_id).state for job_id in jobs} == {DeliveryState.DELIVERED}


async def test_a_slow_receiver_does_not_hold_up_another(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    go_on = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response()

    hook.answers.append(slow)
    paused(store, hook.uri())
    async with sending(store, clock) as (_, tries):
        await hook.got.get()
        second = await asyncio.to_thread(paused, store, hook.uri())
        assert await tries.next() == [only_delivery(store, second).name]
        go_on.set()


async def test_a_receiver_with_many_notifications_that_never_answers_does_not_hold_up_another(
    store: JobStore, clock: HandClock, hook: Receiver
) -> None:
    go_on, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def never(_: web.Request) -> web.Response:
        begun.release()
        await go_on.wait()
        return web.Response()

    async with receiver() as deaf:
        deaf.answers += [never] * 20
        for _ in range(20):
            paused(store, deaf.uri())
        settings = NotifySettings(allowed_networks=(LOOPBACK,), max_tries_at_once=8)
        async with sending(store, clock, settings) as (_, tries):
            for _ in range(2):
                await begun.acquire()
            for _ in range(12):  # more than there is room for, and each at once
                job_id = await asyncio.to_thread(paused, store, hook.uri())
                await hook.got.get()
                assert await tries.next() == [only_delivery(store, job_id).name]
            assert begun.locked()
            go_on.set()
            await tries.next(20)


async def test_a_job_that_was_deleted_meanwhile_ends_nothing(store: JobStore, clock: HandClock, hook: Receiver) -> None:
    lease = running(store, notifications=(
        Notification(target=WebhookTarget(uri=hook.uri()), states=frozenset({JobState.FAILED})),
    ))  # fmt: skip
    deleted = asyncio.Event()

    async def delete(_: web.Request) -> web.Response:
        await asyncio.to_thread(store.delete_job, lease.job_id)
        deleted.set()
        return web.Response()

    hook.answers.append(delete)
    store.advance(lease, JobState.FAILED)
    async with sending(store, clock):
        await deleted.wait()
        await hook.got.get()
        await asyncio.to_thread(paused, store, hook.uri())
        await hook.got.get()


async def test_webhook_and_nats_are_told_the_same(
    store: JobStore, clock: HandClock, hook: Receiver, tmp_path: Path
) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    try:
        async with await nats.connect(server.url) as client:
            stream = client.jetstream()
            await stream.add_stream(name="jobs", subjects=["waypost.>"])
            targets = (WebhookTarget(uri=hook.uri()), NatsTarget(subject="waypost.jobs"))
            job = store.create_job(spec(notifications=tuple(Notification(target=each) for each in targets)))
            store.command(job.job_id, Command.PAUSE)
            settings = NotifySettings(allowed_networks=(LOOPBACK,), nats_servers=(server.url,))
            async with sending(store, clock, settings) as (_, tries):
                got = await hook.got.get()
                await tries.next(2)
            message = await stream.get_msg("jobs", 1)
    finally:
        server.stop()
    assert message.data == got.body
    assert (message.headers or {})["Nats-Msg-Id"] == got.event["id"]
    assert {each.state for each in store.list_deliveries(job.job_id, limit=9).items} == {DeliveryState.DELIVERED}


async def test_a_store_that_is_busy_for_too_long_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, url: str, clock: HandClock, hook: Receiver
) -> None:
    monkeypatch.setattr(database, "_LOCK_TIMEOUT_S", 0.1)
    with (
        JobStore.open(url, clock=clock) as store,
        closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other,
    ):
        paused(store, hook.uri())
        other.execute("BEGIN IMMEDIATE")
        with told_of(loops.__name__, loops.FAILED) as stumbled:
            async with sending(store, clock):
                await stumbled.wait()
                other.execute("ROLLBACK")
                await hook.got.get()


async def test_a_sender_outlives_errors_that_nobody_foresaw(
    store: JobStore, url: str, clock: HandClock, hook: Receiver
) -> None:
    paused(store, hook.uri())
    with told_of(loops.__name__, loops.FAILED) as stumbled, ExitStack() as harm:
        harm.enter_context(without_table(Path(url.removeprefix("sqlite:///")), "deliveries"))
        async with sending(store, clock):
            await stumbled.wait()
            harm.close()
            await hook.got.get()


async def test_a_try_that_fails_in_a_way_that_nobody_foresaw_comes_again_and_holds_up_no_other(
    store: JobStore, url: str, clock: HandClock, hook: Receiver
) -> None:
    with (
        told_of("waypost.server.jobs.notify.sender", "a notification is to be sent again") as failed,
        ExitStack() as harm,
    ):

        async def harmful(_: web.Request) -> web.Response:
            harm.enter_context(without_table(Path(url.removeprefix("sqlite:///")), "delivery_attempts"))
            return web.Response(status=204)

        hook.answers.append(harmful)
        first = paused(store, hook.uri())
        async with sending(store, clock) as (sender, _):
            first_try = await hook.got.get()
            await failed.wait()
            harm.close()
            paused(store, hook.uri())
            second_try = await hook.got.get()
            clock.advance(SETTINGS.timeout_s + 60.0)
            sender.poke()
            again = await hook.got.get()
    assert again.event["id"] == first_try.event["id"] != second_try.event["id"]
    assert only_delivery(store, first).state is DeliveryState.DELIVERED
