"""A worker process: takes one task after the other from the pool, until the pool or its server is gone.

What it is told arrives in a thread, so that a halt is seen while kernels run, and so that a worker whose server
was killed ends at once, whatever it is doing.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from types import TracebackType

from waypost.server.atlas import Atlas, warm_up
from waypost.server.errors import WaypostError
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.executors import Finished, Halted, Outcome, Refused
from waypost.server.jobs.executors.channel import Alive, HaltOrder, Ready, WorkerSetup, WorkOrder, receive, send
from waypost.server.jobs.tasks import Halt
from waypost.server.logs import configure_logs

_LOG = logging.getLogger("waypost.jobs.worker")


class Worker:
    """One process's side of the pool."""

    def __init__(self, connection: socket.socket, setup: WorkerSetup) -> None:
        self._connection = connection
        self._setup = setup
        self._orders: queue.SimpleQueue[WorkOrder | None] = queue.SimpleQueue()
        self._halt: HaltOrder | None = None
        self._leaving = False
        self._told_s = 0.0

    def run(self) -> None:
        """Works until it is told to leave."""
        # ^C at a terminal reaches every process of the server, which alone decides what ends when.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._leave)
        os.nice(self._setup.niceness)
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        atlas = Atlas(SnapshotStore(self._setup.data_dir))
        atlas.load(warm_up)
        # What is loaded lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        send(self._connection, Ready())
        while not self._leaving:
            order = self._orders.get()
            if order is not None:
                send(self._connection, self._outcome(atlas, order))

    def _outcome(self, atlas: Atlas, order: WorkOrder) -> Outcome:
        """What comes of a task. An unknown error ends the process: that is for the pool to count."""

        def halted() -> Halt | None:
            now_s = time.monotonic()
            if now_s - self._told_s > self._setup.alive_s:
                self._told_s = now_s
                send(self._connection, Alive())
            halt = self._halt
            if halt is not None and halt.number == order.number:
                return halt.how
            return Halt.KEEP if self._leaving else None

        self._told_s = time.monotonic()
        task = order.task
        try:
            result = self._setup.work(atlas.open(task.snapshot_id), task, halted)
        except WaypostError as error:
            return Refused(error.reason, error.message)
        except OSError as error:
            return Refused(_os_reason(error), f"{task.part_path.name}: {error.strerror}")
        return Halted() if result is None else Finished(result)

    def _listen(self) -> None:
        while (message := receive(self._connection)) is not None:
            match message:
                case WorkOrder():
                    self._orders.put(message)
                case HaltOrder():
                    self._halt = message
        # The pool has closed the socket, or its process is dead: nobody wants what is being made here.
        os._exit(0)

    def _leave(self, *_: object) -> None:
        self._leaving = True
        self._orders.put(None)


def _os_reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "DISK_FULL"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR):
        return "NOT_WRITABLE"
    return "IO_ERROR"


def _log_failure(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _LOG.critical("worker failed", exc_info=(kind, error, trace), extra={"facts": {"pid": os.getpid()}})


def main(descriptor: int) -> None:
    """Runs a worker on an inherited socket. The first message is the pool's `sys.path`, the second the setup."""
    connection = socket.socket(fileno=descriptor)
    path = receive(connection)
    if not isinstance(path, list):
        return
    sys.path[:] = path
    setup = receive(connection)
    if isinstance(setup, WorkerSetup):
        configure_logs(setup.log_format, setup.log_level)
        sys.excepthook = _log_failure
        Worker(connection, setup).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
