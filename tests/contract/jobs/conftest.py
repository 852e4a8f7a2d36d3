"""A real server in this process over a real store and the whole gazetteer; jobs go on as their owner leads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc.aio
import pytest
from cryptography.fernet import Fernet

from tests.contract.jobs.bench import Bench
from tests.job_stores import store_in
from waypost.server.atlas import Atlas
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.desk import JobDesk, JobLimits, JobRoots
from waypost.server.jobs.folders import Folders
from waypost.server.jobs.locations import Root
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.targets import Targets
from waypost.server.jobs.store import JobStore
from waypost.server.transport.access import AccessLog
from waypost.server.transport.interceptors import Boundary
from waypost.server.transport.server import Admission, add_jobs, build_server


@pytest.fixture(scope="session")
def atlas(data_dir: Path) -> Atlas:
    loaded = Atlas(SnapshotStore(data_dir))
    loaded.load()
    return loaded


@pytest.fixture
def limits() -> JobLimits:
    return JobLimits(min_free_bytes=0)


@pytest.fixture
def desk(tmp_path: Path, limits: JobLimits) -> Iterator[JobDesk]:
    for name in ("jobs", "in", "out"):
        (tmp_path / name).mkdir()
    with JobStore.open(store_in(tmp_path)) as store:
        yield JobDesk(
            store=store,
            folders=Folders(tmp_path / "jobs"),
            roots=JobRoots(
                input=(Root.parse(f"file://{tmp_path}/in"),), output=(Root.parse(f"file://{tmp_path}/out"),)
            ),
            limits=limits,
        )


@pytest.fixture
def secrets() -> Secrets:
    """The keys that callers' secrets are stored with."""
    return Secrets((Fernet.generate_key().decode(),), {})


@pytest.fixture
async def bench(desk: JobDesk, atlas: Atlas, secrets: Secrets) -> AsyncIterator[Bench]:
    targets = Targets(NotifySettings(nats_servers=("nats://127.0.0.1:4222",)), secrets)
    access = AccessLog()
    boundary = Boundary(access, stream_idle_s=30.0)
    admission = Admission(boundary, 2_000, 64)
    with ThreadPoolExecutor(8) as executor:
        add_jobs(admission, boundary, desk=desk, atlas=atlas, targets=targets, executor=executor, workers=2)
        server = build_server(
            admission, reuse_port=False, max_waiting_calls=2_000, max_connection_age_s=0, grace_s=1, channelz=False
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Bench(desk, channel, boundary, f"127.0.0.1:{port}")
        await server.stop(None)
    access.flush()
