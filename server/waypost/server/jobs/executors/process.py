"""The pool's side of one worker process: starting it, its messages, and its end."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator

from waypost.server.jobs.executors.channel import WorkerSetup, pack, receive_async

_WORKER_MODULE = "waypost.server.jobs.executors.worker"
#: A worker leaves at once when its socket closes; only one that is stopped (SIGSTOP) does not.
_LEAVE_S = 2.0


class WorkerProcess:
    """A process that was started and has not been waited for; `end` must be called once."""

    def __init__(
        self, process: subprocess.Popen[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = process.pid
        #: Whether it was killed because it did not answer in time.
        self.hung = False
        self._process = process
        self._reader = reader
        self._writer = writer
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls, setup: WorkerSetup) -> WorkerProcess:
        """A new process, which gets warm on its own."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                reader, writer = await asyncio.open_unix_connection(sock=ours)
            except asyncio.CancelledError:
                ours.close()
                raise
            try:
                process = _spawn(theirs)
            except OSError:
                writer.close()
                raise
        worker = cls(process, reader, writer)
        worker.send(sys.path)
        worker.send(setup)
        return worker

    async def messages(self) -> AsyncIterator[object]:
        """What the worker tells, until it is gone."""
        while (message := await receive_async(self._reader)) is not None:
            yield message

    def send(self, message: object) -> None:
        """Sends a message; to a worker that is gone, none."""
        if not self._writer.is_closing():
            self._writer.write(pack(message))

    def expect(self, within_s: float | None) -> None:
        """Kills the worker unless this is called again in time; None expects nothing."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if within_s is None else asyncio.get_running_loop().call_later(within_s, self._kill)

    async def end(self) -> int:
        """The exit code, negative for a signal, once the process has ended; one that still works is ended."""
        self.expect(None)
        self._writer.close()
        return await asyncio.to_thread(self._wait)

    def _kill(self) -> None:
        self.hung = True
        self._process.kill()

    def _wait(self) -> int:
        try:
            return self._process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def _spawn(connection: socket.socket) -> subprocess.Popen[bytes]:
    """A fresh interpreter with that socket, since gRPC does not survive a fork; takes a millisecond or two.

    -P, since a file of the folder that the server was started in must not stand in for a module.
    """
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", _WORKER_MODULE, str(connection.fileno())],
        pass_fds=(connection.fileno(),),
        stdin=subprocess.DEVNULL,
    )
