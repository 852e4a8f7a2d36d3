"""A real `waypost serve` process on a free port, and what it logs."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.job_stores import store_in

#: The first start on a machine compiles the kernels.
START_TIMEOUT_S = 110


class Server:
    """The process, its address once it listens, and its log records as they come."""

    def __init__(self, data_dir: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "waypost.server.cli", "serve", "--port", "0", "--log-format", "json"]
        # Jobs are not in the data, which other tests share; nobody works on them unless a test wants that.
        self._folder = tempfile.TemporaryDirectory(prefix="waypost-jobs-", ignore_cleanup_errors=True)
        # A new one would have each server import what makes tables, which is a sixth of its start.
        store_in(Path(self._folder.name))
        defaults = ["--data-dir", str(data_dir), "--jobs-dir", self._folder.name, "--jobs-workers", "0"]
        self.process = subprocess.Popen([*command, *defaults, *flags], stderr=subprocess.PIPE, text=True)
        self.records: list[dict[str, Any]] = []
        self._arrived: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        listening = self.wait_for("listening")
        self.address = f"{listening['host']}:{listening['port']}"

    def wait_for(self, message: str, timeout_s: float = START_TIMEOUT_S) -> dict[str, Any]:
        """The next log record with that message."""
        while True:
            record = self._arrived.get(timeout=timeout_s)
            if record is None:
                raise AssertionError(f"the server ended before it logged {message!r}: {self.records[-5:]}")
            if record["message"] == message:
                return record

    def wait_until_serving(self) -> None:
        self.wait_for("serving")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout_s: float = 30) -> int:
        """The exit code, once the process has ended and its log is read to the end."""
        code = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        self._folder.cleanup()
        return code

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def processor_s(self) -> float:
        """Processor time of the server so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()
        self.wait()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                record = _record(line)
                self.records.append(record)
                self._arrived.put(record)
        self._arrived.put(None)


def _record(line: str) -> dict[str, Any]:
    """A log record; a line that is none (a traceback of the runtime) is kept as a message."""
    try:
        record: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        return {"message": line.rstrip(), "level": "RAW"}
    return record


def heeding_ctrl_c(command: Sequence[str | Path]) -> list[str | Path]:
    """The command, where ^C ends it: what a shell starts in the background ignores ^C, and hands that down.

    Not a `preexec_fn`: with one, Python forks, and threads of gRPC go on in the child until their files are closed.
    """
    return [sys.executable, "-c", _HEED, *command]


_HEED = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
