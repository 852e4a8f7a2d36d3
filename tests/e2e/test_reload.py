"""A new snapshot in a running server: lookups go on, none fails, and the new one answers afterwards."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.sample_data import write_sample
from tests.server_process import Server
from waypost.client import Client


@pytest.fixture
def own_dir(sample_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


def _data(task: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "waypost.server.cli", "data", task, *arguments, "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@contextmanager
def lookups(address: str) -> Iterator[list[str]]:
    """Asks without a pause; the snapshots that answered, in order: one at least, before the block begins.

    A lookup that fails fails the test.
    """
    answered: list[str] = []
    failures: list[Exception] = []
    begun, stop = threading.Event(), threading.Event()

    def ask() -> None:
        with Client(address) as client:
            while not stop.is_set():
                try:
                    answered.append(client.geocode("Berlin").snapshot)
                except Exception as error:
                    failures.append(error)
                    return
                finally:
                    begun.set()

    asking = threading.Thread(target=ask)
    asking.start()
    assert begun.wait(60)
    try:
        yield answered
    finally:
        stop.set()
        asking.join()
    assert not failures


def test_reload_swaps_the_snapshot_while_lookups_go_on(own_dir: Path) -> None:
    with Server(own_dir) as server:
        server.wait_until_serving()
        new = write_sample(own_dir, edition=1)
        with lookups(server.address) as answered:
            told = _data("reload", own_dir)
            assert told.returncode == 0, told.stderr
            assert server.wait_for("reloaded")["snapshot"] == new
            with Client(server.address) as client:
                assert client.geocode("Berlin").snapshot == f"snapshots/{new}"
        names = list(dict.fromkeys(answered))
        assert len(names) == 2
        assert answered == sorted(answered, key=names.index)


def test_a_snapshot_that_was_present_can_still_be_pinned_after_a_reload(own_dir: Path) -> None:
    with Server(own_dir) as server:
        server.wait_until_serving()
        with Client(server.address) as client:
            old = client.geocode("Berlin").snapshot
            write_sample(own_dir, edition=1)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("reloaded")
            assert client.geocode("Berlin", snapshot=old).snapshot == old


def test_every_worker_of_a_server_reloads(own_dir: Path) -> None:
    with Server(own_dir, "--workers", "2") as server:
        server.wait_until_serving()
        server.wait_until_serving()
        new = write_sample(own_dir, edition=1)
        assert _data("reload", own_dir).returncode == 0
        assert [server.wait_for("reloaded")["snapshot"] for _ in range(2)] == [new, new]


def test_a_broken_snapshot_leaves_the_old_one_serving(own_dir: Path) -> None:
    with Server(own_dir) as server:
        server.wait_until_serving()
        new = write_sample(own_dir, edition=1)
        (own_dir / "snapshots" / new / "manifest.json").write_text("{")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("the present snapshot cannot be loaded; the old one serves on")
        with Client(server.address) as client:
            assert client.geocode("Berlin").results


def test_reloads_are_heeded_after_one_that_failed_in_an_unforeseen_way(own_dir: Path) -> None:
    with Server(own_dir) as server:
        server.wait_until_serving()
        new = write_sample(own_dir, edition=1)
        path = own_dir / "snapshots" / new / "manifest.json"
        whole = path.read_bytes()
        manifest = orjson.loads(whole)
        # Readable as a snapshot, but its geocoder misses what nobody expected to be missing.
        del manifest["files"]["reverse_positions"]
        path.write_bytes(orjson.dumps(manifest))
        server.process.send_signal(signal.SIGHUP)
        told = server.wait_for("the present snapshot cannot be loaded; the old one serves on")
        assert "KeyError" in told["error"]
        with Client(server.address) as client:
            assert client.geocode("Berlin").snapshot != f"snapshots/{new}"
        path.write_bytes(whole)
        server.process.send_signal(signal.SIGHUP)
        assert server.wait_for("reloaded")["snapshot"] == new


def test_reload_says_when_no_server_runs(own_dir: Path) -> None:
    told = _data("reload", own_dir)
    assert told.returncode == 1
    assert "no server" in told.stderr


def test_a_killed_server_is_not_told(own_dir: Path) -> None:
    server = Server(own_dir)
    server.wait_until_serving()
    server.kill()
    assert list((own_dir / "servers").glob("*.server"))
    assert _data("reload", own_dir).returncode == 1
    assert not list((own_dir / "servers").glob("*.server"))


def test_a_server_ends_with_its_terminal(own_dir: Path, tmp_path: Path) -> None:
    leader, terminal = os.openpty()

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    command = [sys.executable, "-m", "waypost.server.cli", "serve", "--port", "0", "--data-dir", str(own_dir)]
    command += ["--jobs-workers", "0", "--jobs-dir", str(tmp_path / "jobs")]
    with subprocess.Popen(
        command, stdin=terminal, stderr=subprocess.PIPE, text=True, preexec_fn=own_terminal
    ) as process:
        os.close(terminal)
        assert process.stderr is not None
        assert any("serving snapshot" in line for line in process.stderr)
        os.close(leader)
        assert process.wait(60) == 0
