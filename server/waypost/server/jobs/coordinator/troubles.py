"""Why the work on a job ends before its end: somebody asked for it, or it cannot go on."""

from __future__ import annotations

import errno

from waypost.server.jobs.events import Reason

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


class Stopped(Exception):
    """The work was told to stop, and has."""


class CannotGoOn(Exception):
    """The job cannot go on; `pauses` where it could once somebody has mended what the reason tells."""

    def __init__(self, code: str, message: str, *, pauses: bool = False) -> None:
        super().__init__(message)
        self.reason = Reason(code=code, message=message)
        self.pauses = pauses


def os_trouble(error: OSError, doing: str) -> CannotGoOn:
    """What a failed write means to a job. The system's own words name no path that callers should not see."""
    if error.errno in _FULL:
        return CannotGoOn("DISK_FULL", f"{doing}: no space is left on the disk", pauses=True)
    if error.errno in _FORBIDDEN:
        return CannotGoOn("OUTPUT_UNWRITABLE", f"{doing}: {error.strerror}", pauses=True)
    return CannotGoOn("IO_ERROR", f"{doing}: {error.strerror or type(error).__name__}", pauses=True)
