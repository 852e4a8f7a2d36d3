"""Several serving processes on one port: starts them, replaces those that die, and stops or reloads them together.

All of them take jobs in and tell of them; the first one works on them, and so does whichever is started in its place.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from waypost.server.config import Config
from waypost.server.errors import ConfigError, SnapshotError
from waypost.server.exits import BAD_USAGE, FAILED, tell
from waypost.server.logs import configure_logs
from waypost.server.running import ends_with_terminal, terminal_is_gone

_LOG = logging.getLogger("waypost.workers")

#: A worker that lives no longer than this did not get going; so many in a row, and something is wrong that
#: starting again does not mend.
_SHORT_LIFE_S = 10.0
_MAX_SHORT_LIVES = 5

#: A worker that has not ended this long after its grace is killed.
_KILL_AFTER_S = 5.0


#: What signals leave in the pipe that the parent waits at.
_STOP, _RELOAD = b".", b"r"
_MANY_SIGNALS = 4096


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    started_s: float


def serve_with_workers(config: Config) -> int:
    """Serves until SIGTERM or SIGINT; the exit code, FAILED when the workers die as soon as they are started.

    Raises ConfigError if the address cannot be used; of any other setting a worker tells, and the exit code is its own.
    """
    port_holder = _hold_port(config)
    config = replace(config, port=port_holder.getsockname()[1])
    signal_reader, signal_writer = os.pipe()
    terminal_bound = ends_with_terminal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(signal_writer, _STOP))
    signal.signal(
        signal.SIGHUP, lambda *_: os.write(signal_writer, _STOP if terminal_bound and terminal_is_gone() else _RELOAD)
    )
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    facts = {"host": config.host, "port": config.port, "workers": config.workers, "pid": os.getpid()}
    _LOG.info("starting workers", extra={"facts": facts})
    workers = [_start(config, works=number == 0, terminal_bound=terminal_bound) for number in range(config.workers)]
    short_lives = 0
    try:
        while short_lives < _MAX_SHORT_LIVES:
            ended = wait([signal_reader, *(worker.process.sentinel for worker in workers)])
            if signal_reader in ended:
                if _STOP in os.read(signal_reader, _MANY_SIGNALS):
                    return 0
                for worker in workers:
                    if worker.process.is_alive() and worker.process.pid:
                        os.kill(worker.process.pid, signal.SIGHUP)
            for at, worker in enumerate(workers):
                if worker.process.sentinel not in ended:
                    continue
                worker.process.join()  # its end has been seen, its exit code has not
                life_s = time.monotonic() - worker.started_s
                if worker.process.exitcode == BAD_USAGE and life_s < _SHORT_LIFE_S:
                    return BAD_USAGE
                short_lives = short_lives + 1 if life_s < _SHORT_LIFE_S else 0
                lost = {
                    "pid": worker.process.pid,
                    "exit_code": worker.process.exitcode,
                    "life_s": round(life_s, 1),
                }
                _LOG.error("worker died", extra={"facts": lost})
                workers[at] = _start(config, works=at == 0, terminal_bound=terminal_bound)
        _LOG.error("workers die as soon as they are started; giving up")
        return FAILED
    finally:
        _stop(workers, config.grace_s)
        port_holder.close()


def _hold_port(config: Config) -> socket.socket:
    """A socket that is bound but does not listen: it fixes the port, and takes no connection."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    holder = socket.socket(family)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        holder.bind((config.host, config.port))
    except OSError as error:
        holder.close()
        raise ConfigError(f"cannot listen on {config.address}: {error.strerror or error}") from error
    return holder


def _start(config: Config, *, works: bool, terminal_bound: bool) -> _Worker:
    # Spawned: gRPC does not survive a fork.
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(config, works, terminal_bound))
    # A signal that comes before the process can heed it waits; it would end it otherwise.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return _Worker(process, time.monotonic())


def _work(config: Config, works: bool, terminal_bound: bool) -> None:
    # Not at the top: the process that starts the others serves nothing, and has no need of 100 MB.
    from waypost.server.app import run

    configure_logs(config.log_format, config.log_level)
    parent = multiprocessing.parent_process()
    sentinel = parent.sentinel if parent else None
    try:
        run(config, reuse_port=True, parent=sentinel, works=works, terminal_bound=terminal_bound)
    except (ConfigError, SnapshotError) as error:
        sys.exit(tell(error))


def _stop(workers: list[_Worker], grace_s: float) -> None:
    for worker in workers:
        worker.process.terminate()
    end_s = time.monotonic() + grace_s + _KILL_AFTER_S
    for worker in workers:
        worker.process.join(max(0.0, end_s - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
