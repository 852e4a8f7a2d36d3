"""Exit codes of the server's commands, and how a command that cannot go on tells why."""

from __future__ import annotations

import sys

from waypost.server.errors import ConfigError, WaypostError

#: A run that failed.
FAILED = 1
#: A command line or setting that cannot be used, as argparse has it.
BAD_USAGE = 2
#: ^C.
INTERRUPTED = 130


def tell(error: WaypostError) -> int:
    """Writes what is wrong to stderr, for people; the exit code that goes with it."""
    print(f"waypost: {error.message}", file=sys.stderr)  # noqa: T201
    return BAD_USAGE if isinstance(error, ConfigError) else FAILED
