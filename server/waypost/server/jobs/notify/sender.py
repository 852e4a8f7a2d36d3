"""Takes notifications out of the outbox and delivers them, at least once: the only loop of this package.

It is woken by changes of jobs, by the time of the next try, and by `poke`. A try is recorded when it is over; one
that was not, because a process was killed, comes again when its hold is over, under the same event id.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from waypost.server.errors import NotFound, WaypostError
from waypost.server.jobs.events import Head
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.model import Delivery, DeliveryAttempt
from waypost.server.jobs.notify import cloud_events, retries
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.ways import Ways
from waypost.server.jobs.store import JobStore

_log = logging.getLogger(__name__)

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: The longest that it waits at once: a clock may be set, and another process may die after it was asked to redeliver.
LONGEST_WAIT_S: Final = 60.0
#: How soon it asks again where another process was faster.
_SHORTEST_WAIT_S: Final = 0.05
#: One receiver has at most this share of the tries at once, so that some that never answer leave room for others.
_RECEIVER_SHARE: Final = 1 / 4
#: How much longer than a try may take a claimed delivery is held: recording it may wait half a minute for the database.
_HOLD_MARGIN_S: Final = 45.0


class Sender:
    """Delivers what is in the outbox of a store, until stopped. One for each process that opens the store.

    `executor` runs the store's methods. `clock` gives seconds since the epoch, and must be the store's.
    """

    def __init__(
        self,
        store: JobStore,
        settings: NotifySettings,
        ways: Ways,
        executor: Executor,
        *,
        loops: Loops | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._ways = ways
        self._executor = executor
        self._loops = loops or Loops()
        self._clock = clock
        self._random = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._woken = asyncio.Event()
        self._stopping = False
        self._under_way: set[asyncio.Task[None]] = set()
        self._share = max(1, round(settings.max_tries_at_once * _RECEIVER_SHARE))
        #: Tries under way by receiver.
        self._busy: Counter[str] = Counter()
        self._last_sequences: dict[str, int] = {}

    def poke(self) -> None:
        """Has it look now. To be called on its loop, after a delivery was asked for again."""
        self._woken.set()

    def stop(self) -> None:
        """Ends `run` once the tries under way are over, within the timeout of a try. Cancelling it is harsher."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Delivers until `stop`."""
        loop = asyncio.get_running_loop()

        def changed(job_id: str, head: Head | None) -> None:
            if self._is_news(job_id, head):
                # A call that was under way when the watch ended may find the loop closed.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._woken.set)

        async with asyncio.TaskGroup() as tries:
            with self._store.changes.watch(None, changed):
                while not self._stopping:
                    self._woken.clear()
                    wait_s = await self._loops.turn("notifications", self._begin(tries), otherwise=0.0)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(wait_s):
                            await self._woken.wait()

    def _is_news(self, job_id: str, head: Head | None) -> bool:
        """Whether this tells of an event; progress, which comes far more often, brings no notification.

        In any thread. Two at once can at worst wake the loop once too often.
        """
        known = self._last_sequences.pop(job_id, 0)
        if head is None:
            return False
        if not head.finished:
            self._last_sequences[job_id] = head.last_sequence
        return head.last_sequence > known

    async def _begin(self, tries: asyncio.TaskGroup) -> float | None:
        """Begins the tries that are due, as many as there is room for. How long to wait then, None = until woken."""
        while room := self._settings.max_tries_at_once - len(self._under_way):
            full = [receiver for receiver, count in self._busy.items() if count >= self._share]
            due_s = await self._in_store(self._store.next_delivery_time_s, but=full)
            if due_s is None:
                return LONGEST_WAIT_S
            wait_s = due_s - self._clock()
            if wait_s > 0:
                return min(wait_s, LONGEST_WAIT_S)
            # Each is tried at once, so that its hold need not cover time in a queue.
            hold_s = self._settings.timeout_s + _HOLD_MARGIN_S
            claimed = await self._in_store(
                self._store.claim_deliveries, limit=room, hold_s=hold_s, share=self._share, busy=dict(self._busy)
            )
            if not claimed:
                return _SHORTEST_WAIT_S
            for delivery in claimed:
                task = tries.create_task(self._try(delivery))
                self._under_way.add(task)
                self._busy[delivery.receiver] += 1
                task.add_done_callback(partial(self._ended, delivery.receiver))
        return None

    def _ended(self, receiver: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._busy -= Counter((receiver,))
        self._woken.set()

    async def _try(self, delivery: Delivery) -> None:
        """One try and its record. Whatever fails, the hold brings the delivery back, and the others go on."""
        (error,) = await asyncio.gather(self._send_and_record(delivery), return_exceptions=True)
        if isinstance(error, BaseException) and not isinstance(error, NotFound):
            level = logging.WARNING if isinstance(error, WaypostError) else logging.ERROR
            facts = {"delivery": delivery.name}
            _log.log(level, "a notification is to be sent again", exc_info=error, extra={"facts": facts})

    async def _send_and_record(self, delivery: Delivery) -> None:
        """Raises NotFound where the delivery was deleted with its job, and whatever goes wrong beside the receiver."""
        job = await self._in_store(self._store.job, delivery.job_id)
        target = job.spec.notifications[delivery.target].target
        began_s, began_tick_s = self._clock(), time.perf_counter()
        body = cloud_events.body(delivery, self._settings.source)
        outcome = await self._ways.send(target, delivery.event_id, body, began_s)
        attempt = DeliveryAttempt(
            attempt_time_s=began_s,
            duration_s=time.perf_counter() - began_tick_s,
            http_status=outcome.http_status,
            error=outcome.error,
        )
        state, next_s = retries.after(
            outcome,
            tries=delivery.tries + 1,
            now_s=self._clock(),
            delays_s=self._settings.retry_delays_s,
            random=self._random.random,
        )
        facts = {"delivery": delivery.name, "try": delivery.tries + 1, "state": state.name, "error": outcome.error}
        _log.log(logging.WARNING if outcome.error else logging.INFO, "notified", extra={"facts": facts})
        await self._in_store(self._store.record_attempt, delivery, attempt, state, next_s)

    async def _in_store(self, method: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, partial(method, *args, **kwargs))
