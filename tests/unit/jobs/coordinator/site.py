"""A store, folders, a pool and coordinators over the sample gazetteer, and jobs to give them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.job_stores import store_in
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.version import ENGINE_VERSION
from waypost.server.jobs.coordinator import Coordinator
from waypost.server.jobs.desk import JobDesk, JobLimits, JobRoots
from waypost.server.jobs.events import Head
from waypost.server.jobs.executors import Executor
from waypost.server.jobs.folders import Folders
from waypost.server.jobs.locations import Root
from waypost.server.jobs.loops import Loops
from waypost.server.jobs.model import Job, OutputFileKind
from waypost.server.jobs.spec import GeocodeOperation, InlineSource, JobInput, JobSpec, UriSource
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore

PLACES = ("Munich", "Nowhere at all", "München, Germany", "")
TIMEOUT_S = 200.0


class Site:
    """What one server has; `start` begins a coordinator, several may run beside each other."""

    def __init__(self, data_dir: Path, folder: Path, url: str = "", clock: Callable[[], float] = time.time) -> None:
        (folder / "in").mkdir(parents=True, exist_ok=True)
        (folder / "out").mkdir(exist_ok=True)
        self.folder = folder
        self.snapshots = SnapshotStore(data_dir)
        self.clock = clock
        self.store = JobStore.open(url or store_in(folder), clock=clock)
        self.desk = JobDesk(
            store=self.store,
            folders=Folders(folder),
            roots=JobRoots(
                input=(Root.parse((folder / "in").as_uri()),), output=(Root.parse((folder / "out").as_uri()),)
            ),
            limits=JobLimits(min_free_bytes=0),
        )
        self.coordinators: list[Coordinator] = []

    async def start(self, executor: Executor, lease_s: float = 30.0) -> Coordinator:
        loops = Loops(pause_s=0.05)
        coordinator = Coordinator(self.desk, executor, self.snapshots, lease_s=lease_s, loops=loops, clock=self.clock)
        await coordinator.start()
        self.coordinators.append(coordinator)
        return coordinator

    async def close(self) -> None:
        for coordinator in self.coordinators:
            await coordinator.stop()
        self.store.close()

    def csv_job(self, rows: int, *, priority: int = 0, text: Callable[[int], str] | None = None, **fields: Any) -> Job:
        """A job over a file of that many rows."""
        path = self.folder / "in" / f"rows-{len(list((self.folder / 'in').iterdir()))}.csv"
        name = text or (lambda row: PLACES[row % len(PLACES)])
        path.write_text("id,query\n" + "".join(f'{row},"{name(row)}"\n' for row in range(1, rows + 1)))
        found = path.stat()
        source = UriSource(uri=path.as_uri(), size_bytes=found.st_size, modified_ns=found.st_mtime_ns)
        return self.create(JobInput(source=source), priority=priority, **fields)

    def inline_job(self, text: str, **fields: Any) -> Job:
        data = text.encode()
        return self.create(JobInput(source=InlineSource(size_bytes=len(data))), inline=data, **fields)

    def create(self, given: JobInput, *, priority: int = 0, inline: bytes | None = None, **fields: Any) -> Job:
        spec = {
            "operation": GeocodeOperation(),
            "input": given,
            "snapshot_id": self.snapshots.present_id(),
            "ttl_s": 3_600.0,
            **fields,
        }
        return self.store.create_job(JobSpec(**spec), priority=priority, inline=inline, engine_version=ENGINE_VERSION)

    async def reaches(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        """The job, once it is as `condition` says."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def hear(_: str, head: Head | None) -> None:
            loop.call_soon_threadsafe(news.set)

        with self.store.changes.watch(job_id, hear):
            async with asyncio.timeout(TIMEOUT_S):
                while not condition(job := self.store.job(job_id)):
                    if job.state.finished:
                        raise AssertionError(f"{job.state.name}: {job.reason}")
                    await news.wait()
                    news.clear()
        return job

    async def ends(self, job_id: str) -> Job:
        return await self.reaches(job_id, lambda job: job.state.finished)

    async def comes_to(self, job_id: str, state: JobState) -> Job:
        return await self.reaches(job_id, lambda job: job.state is state)

    def results(self, job_id: str) -> list[Path]:
        files = self.store.output_files(job_id)
        folder = self.desk.folders.output(job_id)
        return [folder / file.file for file in files if file.kind is OutputFileKind.RESULTS]
