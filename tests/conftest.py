"""What tests of every kind share: a built gazetteer, and real server processes over it."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Postgres, running_postgres
from tests.server_process import Server
from waypost.server.gazetteer.store import SnapshotStore

ROOT = Path(__file__).parents[1]

# A first example may compile a kernel or read a table from disk; how fast things are is for tests/bench to tell.
settings.register_profile("waypost", deadline=None)
settings.load_profile("waypost")

_BUILD = pytest.StashKey["subprocess.Popen[bytes]"]()


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that is run in this process sends the logs of all of it to where its own stderr is."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """A data directory with a whole gazetteer: WAYPOST_DATA_DIR if it has one, else one built for these sources."""
    given = os.environ.get("WAYPOST_DATA_DIR")
    if given and SnapshotStore(Path(given)).present_id():
        return Path(given)
    return _built_data_dir()


def _built_data_dir() -> Path:
    directory = ROOT / ".cache" / f"data-{_sources_digest()}"
    directory.parent.mkdir(exist_ok=True)
    # Of several processes that run tests, one builds.
    with (directory.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if SnapshotStore(directory).present_id() is None:
            from waypost.server.gazetteer.build import build  # not at the top: most tests need no kernels

            for outdated in directory.parent.glob("data-*"):
                shutil.rmtree(outdated)
            build(directory)
    return directory


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compiles, and then builds beside the first tests, before several processes run them and each would compile."""
    distributes = getattr(session.config.option, "numprocesses", None) and not hasattr(session.config, "workerinput")
    if distributes and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        from waypost.server.kernels import compile_all

        compile_all()
        # The first tests need no gazetteer. If this fails, the first that needs it builds it again, and tells why.
        session.config.stash[_BUILD] = subprocess.Popen(
            [sys.executable, "-m", "tests.conftest"], cwd=ROOT, stderr=subprocess.DEVNULL
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Waits for the build, where the tests ended before it."""
    if building := session.config.stash.get(_BUILD, None):
        building.wait()


@pytest.fixture(scope="session")
def sample_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose present snapshot is the sample."""
    from tests.sample_data import write_sample  # not at the top: most tests need no kernels

    directory = tmp_path_factory.mktemp("sample")
    write_sample(directory)
    return directory


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for all tests; each takes a database of its own."""
    with running_postgres() as running:
        yield running


@pytest.fixture(scope="session")
def server(data_dir: Path) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    with Server(data_dir) as running:
        running.wait_until_serving()
        yield running


@pytest.fixture
def start_server(data_dir: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of a test's own, with flags; they are ended after the test."""
    started: list[Server] = []

    def start(*flags: str) -> Server:
        started.append(Server(data_dir, *flags))
        return started[-1]

    yield start
    for running in started:
        running.kill()


def _sources_digest() -> str:
    digest = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    for folder in ("gazetteer", "geocoder"):
        for source in sorted((ROOT / "server/waypost/server" / folder).rglob("*")):
            if source.is_file() and source.suffix != ".pyc":
                digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    _built_data_dir()
