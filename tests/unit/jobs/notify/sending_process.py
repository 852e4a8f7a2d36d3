"""A process that delivers what is in an outbox until it is killed: `python -m … URL_OF_STORE`."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.unit.jobs.notify.receivers import LOOPBACK, TO_LOOPBACK
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.sender import Sender
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.ways import Ways
from waypost.server.jobs.store import JobStore


async def send(url: str) -> None:
    settings = NotifySettings(allowed_networks=(LOOPBACK,))
    with JobStore.open(url) as store, ThreadPoolExecutor(2) as threads:
        async with Ways(Secrets((), {}), TO_LOOPBACK, (), timeout_s=settings.timeout_s) as ways:
            await Sender(store, settings, ways, threads).run()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1]))
