"""The ways that notifications take, each opened when the first one takes it.

Before that its library is not even imported: aiohttp and nats-py are a quarter of a second of every start, and most
servers tell nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from waypost.server.jobs.notify.addresses import Guard
from waypost.server.jobs.notify.retries import Outcome
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.spec import NatsTarget, WebhookTarget

if TYPE_CHECKING:
    from waypost.server.jobs.notify.nats import NatsSender
    from waypost.server.jobs.notify.webhook import WebhookSender


class Ways:
    """Webhooks, and the NATS at `nats_servers`. Use as an asynchronous context manager."""

    def __init__(self, secrets: Secrets, guard: Guard, nats_servers: Sequence[str], *, timeout_s: float) -> None:
        self._secrets, self._guard, self._nats_servers, self._timeout_s = secrets, guard, nats_servers, timeout_s
        self._open = AsyncExitStack()
        #: Of two first notifications one opens the way.
        self._opening = asyncio.Lock()
        self._webhooks: WebhookSender | None = None
        self._nats: NatsSender | None = None

    async def __aenter__(self) -> Ways:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def send(self, target: WebhookTarget | NatsTarget, event_id: str, body: bytes, now_s: float) -> Outcome:
        """What came of one try. `now_s` is the time that is signed, seconds since the epoch."""
        if isinstance(target, WebhookTarget):
            webhooks = await self._webhook_way()
            return await webhooks.send(target, event_id, body, now_s)
        nats = await self._nats_way()
        return await nats.send(target, event_id, body)

    async def _webhook_way(self) -> WebhookSender:
        async with self._opening:
            if self._webhooks is None:
                # In a thread, as calls are answered meanwhile.
                made = await asyncio.to_thread(self._make_webhooks)
                self._webhooks = await self._open.enter_async_context(made)
            return self._webhooks

    async def _nats_way(self) -> NatsSender:
        async with self._opening:
            if self._nats is None:
                made = await asyncio.to_thread(self._make_nats)
                self._nats = await self._open.enter_async_context(made)
            return self._nats

    def _make_webhooks(self) -> WebhookSender:
        from waypost.server.jobs.notify.webhook import WebhookSender

        return WebhookSender(self._secrets, self._guard, timeout_s=self._timeout_s)

    def _make_nats(self) -> NatsSender:
        from waypost.server.jobs.notify.nats import NatsSender

        return NatsSender(self._nats_servers, timeout_s=self._timeout_s)
