"""A real HTTP server that takes webhooks, answers as told, and shows what it got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import orjson
from aiohttp import web

from waypost.server.jobs.notify.addresses import Guard

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOOPBACK = ip_network("127.0.0.0/8")
#: Lets connections out to the receiver of a test.
TO_LOOPBACK = Guard((LOOPBACK,))


@dataclass(frozen=True)
class Got:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = orjson.loads(self.body)
        return event


@dataclass
class Receiver:
    """Answers with each of `answers` in turn, then always with 204."""

    port: int = 0
    answers: list[Answer] = field(default_factory=list)
    got: asyncio.Queue[Got] = field(default_factory=asyncio.Queue)

    def uri(self, host: str = "127.0.0.1", *, scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook"

    def answer(self, status: int, **headers: str) -> None:
        """Has it answer once with this; `_` in names of headers stands for `-`."""

        async def once(_: web.Request) -> web.Response:
            return web.Response(status=status, headers={name.replace("_", "-"): v for name, v in headers.items()})

        self.answers.append(once)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.got.put_nowait(Got(request.method, request.path, dict(request.headers), body))
        if self.answers:
            return await self.answers.pop(0)(request)
        return web.Response(status=204)


@asynccontextmanager
async def receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that runs as long as the block."""
    running = Receiver()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", running._take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    running.port = runner.addresses[0][1]
    try:
        yield running
    finally:
        await runner.cleanup()
