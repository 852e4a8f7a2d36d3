"""Compiles every kernel ahead of need, so that a server that starts finds them in their cache."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numba
from llvmlite.binding import get_host_cpu_name  # type: ignore[import-untyped]
from numba.core import config

from waypost.server import kernel_cache as kernel_cache
from waypost.server.errors import SnapshotError

#: What compiles the kernels: of queries, up to the bytes of their answers, and of points and columns.
_PARTS = (
    "from waypost.server.transport.editions import compile_kernels; compile_kernels()",
    "from waypost.server.geocoder.warmup import compile_columns; compile_columns()",
)


def compile_all() -> None:
    """Fills numba's cache in processes of their own, for the compiler takes 200 MB that it does not give back.

    A mark in the cache tells that it is full for this clone, numba and processor. Raises SnapshotError if a kernel does
    not compile.
    """
    mark = Path(config.CACHE_DIR) / f"complete-{state_of(Path(__file__).parent)}"  # type: ignore[attr-defined]
    if mark.exists():
        return
    commands = [[sys.executable, "-c", part] for part in _PARTS]
    # Our own interpreter and our own words.
    parts = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]  # noqa: S603
    errors = [part.communicate()[1] for part in parts]
    for part, error in zip(parts, errors, strict=True):
        if part.returncode:
            raise SnapshotError(f"the kernels do not compile: {error.strip()}")
    with suppress(OSError):  # a cache that cannot be written is filled anew each time
        mark.touch()


def state_of(package: Path) -> str:
    """Twelve hexadecimal digits that change with any source, with where it is, with numba and with the processor.

    numba looks for a kernel by the path of its source, so what another clone has compiled is of no use to this one.
    """
    digest = hashlib.sha256(f"{numba.__version__} {get_host_cpu_name()} {package}".encode())
    for source in sorted(package.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
