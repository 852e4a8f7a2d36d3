"""The processes of a run: the server that is measured, the bare one beside it, and clients that load it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pyarrow as pa

from tests.server_process import Server, _record

_MIB = 1 << 20


class MeasuredServer(Server):
    """A server whose access log is written and thrown away: parsing it here would slow the client."""

    def __enter__(self) -> Self:
        return self

    def private_bytes(self) -> int:
        """Memory that only this process has, in bytes."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))

    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                record = _record(line)
                self.records.append(record)
                self._arrived.put(record)
                if record["message"] == "serving":
                    break
            while os.read(lines.fileno(), _MIB):
                pass
        self._arrived.put(None)


def write_columns(path: Path, columns: Mapping[str, Sequence[bytes]]) -> Path:
    """The path, where an Arrow file of binary columns is now."""
    table = pa.table({name: pa.array(values, pa.large_binary()) for name, values in columns.items()})
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return path


@contextmanager
def bare_server(answers: Path) -> Iterator[str]:
    """The address of a running bare server."""
    command = [sys.executable, "-m", "tests.bench.bare_server", str(answers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@contextmanager
def load(address: str, method: str, requests: Path) -> Iterator[None]:
    """A client that keeps the server busy meanwhile."""
    command = [sys.executable, "-m", "tests.bench.load", address, method, str(requests)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            started = process.stdout.readline()
            assert started == "busy\n", "the loading client ended"
            yield
            assert process.poll() is None, "the loading client ended"
        finally:
            process.kill()
