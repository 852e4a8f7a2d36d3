"""Which servers use a data directory, so that they can be told of a new snapshot: each holds a locked file there.

The lock is the system's, and goes with the process, however that ends. A file tells the process id and the namespace
in which that id means something: a server in another container shares the folder, but not the ids.
"""

from __future__ import annotations

import fcntl
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

_LOG = logging.getLogger("waypost.running")

_FOLDER = "servers"
_SUFFIX = ".server"
_NAMESPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server by its process id; `reachable` tells whether that id means the same here as there."""

    pid: int
    reachable: bool


@contextmanager
def registered(data_dir: Path) -> Iterator[None]:
    """Registers this process while it serves from `data_dir`; where nothing can be written, it does without."""
    path = data_dir / _FOLDER / f"{os.getpid()}-{_namespace().removeprefix('pid:').strip('[]')}{_SUFFIX}"
    unlocked = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = unlocked.open("wb")
    except OSError as error:
        facts = {"data_dir": str(data_dir), "error": type(error).__name__}
        _LOG.warning("cannot register; 'waypost data reload' will not find this server", extra={"facts": facts})
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(orjson.dumps({"pid": os.getpid(), "namespace": _namespace()}))
        file.flush()
        unlocked.replace(path)  # nobody sees it before it is locked, and takes it for a dead one's
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def running_servers(data_dir: Path) -> list[RunningServer]:
    """The servers that use `data_dir`; files that dead ones left are removed."""
    found = []
    for path in sorted((data_dir / _FOLDER).glob(f"*{_SUFFIX}")):
        try:
            with path.open("rb") as file:
                if _is_free(file.fileno()):
                    path.unlink(missing_ok=True)
                    continue
                known = orjson.loads(file.read() or b"{}")
        except (FileNotFoundError, PermissionError):
            continue
        if "pid" in known:
            found.append(RunningServer(int(known["pid"]), known.get("namespace") == _namespace()))
    return found


def tell_to_reload(server: RunningServer) -> bool:
    """Tells a reachable server to take the present snapshot; False if it has just ended or is another user's."""
    try:
        os.kill(server.pid, signal.SIGHUP)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def ends_with_terminal() -> bool:
    """Whether this process, asked at its start, is to end with its terminal, as most are; not one of `nohup`.

    SIGHUP means both: that the terminal is gone, and that the present snapshot is to be taken.
    """
    return signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and not terminal_is_gone()


def terminal_is_gone() -> bool:
    """Whether there is no terminal, or none any more."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return True
    return False


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _namespace() -> str:
    """The namespace of process ids, empty where the system has none."""
    try:
        return str(_NAMESPACE.readlink())
    except OSError:
        return ""
