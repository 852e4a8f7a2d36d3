"""What is written for good: folders synced to disk, and hashes that tell whether files are still what they were."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path


def sync(path: Path) -> None:
    """Makes what a file has written, or the names in a directory, outlast a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def are_whole(directory: Path, digests: Mapping[str, str]) -> bool:
    """Whether the arrays in a directory are those that its manifest tells: `digests` by their names."""
    try:
        return all(digest_of(directory / f"{name}.npy") == told for name, told in digests.items())
    except OSError:
        return False
