"""What has had its time: finished jobs and uploads with their files, jobs that nobody confirmed, old requests."""

from __future__ import annotations

import asyncio
import shutil
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
    """Removes what has had its time; blocks."""
    store, folders = office.store, office.desk.folders
    store.fail_unconfirmed(limit=_BATCH)
    for job_id in store.expired_jobs(limit=_BATCH):
        try:
            store.delete_job(job_id)
        except (NotFound, FailedPrecondition):
            continue
        shutil.rmtree(folders.job(job_id), ignore_errors=True)
    for upload_id in store.expired_uploads(limit=_BATCH):
        try:
            store.delete_upload(upload_id)
        except (NotFound, FailedPrecondition):
            continue
        folders.upload(upload_id).unlink(missing_ok=True)
    store.forget_requests()
