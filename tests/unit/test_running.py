"""Servers register where they serve, by a lock that ends with them."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from waypost.server.running import RunningServer, registered, running_servers, tell_to_reload

#: The user that has no rights.
NOBODY = 65_534


def test_a_server_is_known_while_it_serves(tmp_path: Path) -> None:
    with registered(tmp_path):
        assert running_servers(tmp_path) == [RunningServer(os.getpid(), reachable=True)]
    assert running_servers(tmp_path) == []
    assert not list((tmp_path / "servers").iterdir())


def test_what_a_dead_server_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    left = tmp_path / "servers" / "1-1.server"
    left.write_bytes(orjson.dumps({"pid": 1, "namespace": ""}))
    assert running_servers(tmp_path) == []
    assert not left.exists()


def test_a_server_of_another_namespace_of_processes_is_not_reachable(tmp_path: Path) -> None:
    with registered(tmp_path):
        (path,) = (tmp_path / "servers").iterdir()
        path.write_bytes(orjson.dumps({"pid": os.getpid(), "namespace": "pid:[1]"}))
        assert running_servers(tmp_path) == [RunningServer(os.getpid(), reachable=False)]


def test_a_folder_that_cannot_be_written_is_served_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "servers").write_text("no folder")
    with registered(tmp_path):
        pass
    assert (tmp_path / "servers").read_text() == "no folder"


def test_a_folder_that_nobody_served_has_no_servers(tmp_path: Path) -> None:
    assert running_servers(tmp_path / "nothing") == []


def test_telling_sends_the_signal_that_reloads() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _: heard.append(number))
    try:
        assert tell_to_reload(RunningServer(os.getpid(), reachable=True))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == [signal.SIGHUP]


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Without the rights of root, if the tests have them; the folders of tests are root's then."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_the_server_of_another_user_is_left_out_and_left_alone() -> None:
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(["sleep", "60"]) as server:
        try:
            data_dir = Path(folder)
            data_dir.chmod(0o755)
            with registered(data_dir):
                (path,) = (data_dir / "servers").iterdir()
                path.chmod(0)
                with as_somebody_else():
                    assert running_servers(data_dir) == []
                    assert not tell_to_reload(RunningServer(server.pid, reachable=True))
            assert server.poll() is None
        finally:
            server.kill()
