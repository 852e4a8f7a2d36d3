"""Where the installed packages keep their data files, and which versions they are."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from waypost.server.errors import SnapshotError


def data_path(module: str, *parts: str) -> Path:
    """The path of a data file inside an installed package. Raises SnapshotError if it is not there.

    The package itself is not imported: some read their files while they are.
    """
    spec = importlib.util.find_spec(module)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(location, *parts)
        if path.exists():
            return path
    raise SnapshotError(
        f"{'/'.join((module, *parts))} is not installed: install waypost with its 'server' extra", module=module
    )


def package_version(distribution: str) -> str:
    """The installed version of a distribution. Raises SnapshotError if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise SnapshotError(
            f"{distribution} is not installed: install waypost with its 'server' extra", distribution=distribution
        ) from error
