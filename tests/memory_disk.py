"""A disk in memory, for tests that make many files or sync them often, and do not ask what a loss of power leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Some ten times what all of them hold at once.
_ROOM_BYTES = 1024**3


def memory_disk() -> str | None:
    """A folder for temporary ones; None where there is no such disk or not enough room on it."""
    shared = Path("/dev/shm")  # noqa: S108 - the folders in it are our own
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > _ROOM_BYTES else None
