"""What has had its time: finished jobs and uploads with their files, old requests."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from typing import Final

from waypost.server.errors import FailedPrecondition, NotFound
from waypost.server.jobs.coordinator.office import Office

#: Nothing tells that a time has come but the time; the shortest life of a job is a minute.
INTERVAL_S: Final = 30.0
_BATCH: Final = 100


async def run_expiry(office: Office) -> None:
    """Sweeps now and then, until it is cancelled. Several servers may."""
    while True:
        await office.loops.turn("expiry", office.ask(sweep, office), otherwise=None)
        await asyncio.sleep(INTERVAL_S)


def sweep(office: Office) -> None:
    """Removes what has had its time, and what a server that was killed while it deleted has left; blocks."""
    store = office.store
    for job_id in store.expired_jobs(limit=_BATCH):
        try:
            store.delete_job(job_id)
        except (NotFound, FailedPrecondition):
            continue
    for upload_id in store.expired_uploads(limit=_BATCH):
        try:
            store.delete_upload(upload_id)
        except (NotFound, FailedPrecondition):
            continue
    store.forget_requests()
    _remove_leftovers(office)


def _remove_leftovers(office: Office) -> None:
    gone = []
    for name in office.store.leftovers(limit=2 * _BATCH):
        path = office.desk.folders.of(name)
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.unlink(missing_ok=True)
        if not path.exists():
            gone.append(name)
    if gone:
        office.store.forget_leftovers(gone)
