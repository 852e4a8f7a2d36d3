"""Compiles every kernel ahead of need, so that a server that starts finds them in their cache."""

from __future__ import annotations

import subprocess
import sys

from waypost.server.errors import SnapshotError

#: What compiles the kernels: of queries, up to the bytes of their answers, and of points and columns.
_PARTS = (
    "from waypost.server.transport.editions import compile_kernels; compile_kernels()",
    "from waypost.server.geocoder.warmup import compile_columns; compile_columns()",
)


def compile_all() -> None:
    """Fills numba's cache in processes of their own, for the compiler takes 200 MB that it does not give back.

    Raises SnapshotError if a kernel does not compile.
    """
    commands = [[sys.executable, "-c", part] for part in _PARTS]
    # Our own interpreter and our own words.
    parts = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]  # noqa: S603
    errors = [part.communicate()[1] for part in parts]
    for part, error in zip(parts, errors, strict=True):
        if part.returncode:
            raise SnapshotError(f"the kernels do not compile: {error.strip()}")
