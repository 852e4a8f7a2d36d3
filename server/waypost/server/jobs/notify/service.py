"""Notifications of a serving process: who may be told, and the sender at work."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from pathlib import Path

from waypost.server.config import Config
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.notify.addresses import Guard
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.sender import Sender
from waypost.server.jobs.notify.settings import NotifySettings, read_keys, read_named_secrets
from waypost.server.jobs.notify.targets import Targets
from waypost.server.jobs.notify.ways import Ways
from waypost.server.jobs.store import JobStore


def notify_settings(config: Config) -> NotifySettings:
    """The settings of notifications, secrets read from their files. Raises ConfigError."""
    keys, secrets = config.notify_keys_file, config.notify_secrets_file
    return NotifySettings(
        allowed_networks=config.notify_allowed_networks,
        keys=read_keys(Path(keys).expanduser()) if keys else (),
        named_secrets=read_named_secrets(Path(secrets).expanduser()) if secrets else {},
        nats_servers=config.notify_nats_url,
        nats_subject_prefix=config.notify_nats_subject_prefix,
        retry_delays_s=config.notify_retry_delays_s,
        timeout_s=config.notify_timeout_s,
        max_tries_at_once=config.notify_max_tries_at_once,
        source=config.notify_source,
    )


class NotifyService:
    """Sends what the outbox holds between `start` and `stop`; every process that opens the store may."""

    def __init__(self, settings: NotifySettings, store: JobStore, executor: Executor, loops: Loops) -> None:
        self._settings, self._store, self._executor, self._loops = settings, store, executor, loops
        self._stopping = False
        self._secrets = Secrets(settings.keys, settings.named_secrets)
        self.targets = Targets(settings, self._secrets)
        self._sender: Sender | None = None
        self._sending: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to send. To be called on the loop."""
        self._sending = asyncio.create_task(self._keep_sending())

    def poke(self) -> None:
        """Has the sender look now, after a delivery was asked for again."""
        if self._sender is not None:
            self._sender.poke()

    async def stop(self) -> None:
        """Ends once the tries under way are over."""
        self._stopping = True
        if self._sending is None:
            return
        if self._sender is not None:
            self._sender.stop()
        await asyncio.wait((self._sending,))

    async def _keep_sending(self) -> None:
        while not self._stopping:
            await self._loops.turn("notify", self._send(), otherwise=None)

    async def _send(self) -> None:
        """Sends until `stop`."""
        settings = self._settings
        guard = Guard(settings.allowed_networks)
        async with Ways(self._secrets, guard, settings.nats_servers, timeout_s=settings.timeout_s) as ways:
            self._sender = Sender(self._store, settings, ways, self._executor, loops=self._loops)
            await self._sender.run()
