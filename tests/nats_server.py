"""A real nats-server with JetStream for tests, that can be stopped and come back on its port with what it stored."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.tools import tool


class NatsServer:
    """The process, and its URL while it runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = -1  # a free one
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        command = [tool("nats-server"), "-js", "-sd", str(self._folder), "-a", "127.0.0.1", "-p", str(self._port)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"Listening for client connections on 127\.0\.0\.1:(\d+)", line):
                self._port = int(found[1])
            if "Server is ready" in line:
                return
        raise AssertionError("nats-server ended before it was ready")

    def stop(self) -> None:
        if self._process is not None:
            assert self._process.stderr is not None
            self._process.terminate()
            self._process.communicate()
            self._process = None
