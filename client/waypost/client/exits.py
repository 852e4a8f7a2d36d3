"""The exit codes of the command line, which its --help promises to scripts."""

from __future__ import annotations

from enum import IntEnum

import grpc

from waypost.client.errors import LookupFailed


class Exit(IntEnum):
    """What became of a command."""

    FOUND = 0
    NOT_FOUND = 1
    USAGE = 2
    NO_SERVER = 3
    FAILED = 4
    PARTIAL = 5
    JOB_FAILED = 6
    JOB_PAUSED = 7
    # As shells count programs that a signal ended: 128 and the signal's number.
    INTERRUPTED = 130
    BROKEN_PIPE = 141


_BY_CODE = {
    grpc.StatusCode.NOT_FOUND: Exit.NOT_FOUND,
    grpc.StatusCode.INVALID_ARGUMENT: Exit.USAGE,
    grpc.StatusCode.UNAVAILABLE: Exit.NO_SERVER,
    grpc.StatusCode.DEADLINE_EXCEEDED: Exit.NO_SERVER,
}


def exit_of(failure: LookupFailed) -> Exit:
    """Return the exit code for a call that failed."""
    return _BY_CODE.get(failure.code, Exit.FAILED)
