"""The data directory: complete snapshots, which of them is present, and one build at a time.

- `snapshots/<id>/` is a complete snapshot, never changed once it has this name.
- `building-<random>/` is a build that has not finished; a later build removes what a killed one left.
- `present` holds the id of the snapshot that new work uses, `previous` that of the one before; both are
  replaced by rename.
- `lock` is held by the build that runs and freed by the system when it dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_data_path

from waypost.server.durable import are_whole, sync
from waypost.server.errors import NotFound, SnapshotError
from waypost.server.gazetteer.snapshot import Snapshot, files_from_manifest, info_from_manifest, read_manifest
from waypost.server.model import SnapshotInfo

_BUILDING_PREFIX = "building-"


def default_data_directory() -> Path:
    """Where snapshots are kept when no setting tells, by the rules of the operating system."""
    return user_data_path("waypost")


class SnapshotStore:
    """The snapshots in one data directory, which may not exist yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._snapshots = directory / "snapshots"

    def present_id(self) -> str | None:
        """Id of the present snapshot, None if nothing was built yet."""
        return self._read_pointer("present")

    def open_present(self) -> Snapshot:
        """The snapshot that new work uses. Raises SnapshotError if nothing was built yet."""
        present = self.present_id()
        if present is None:
            raise SnapshotError(
                f"{self.directory} holds no snapshot: run 'waypost data build'", directory=str(self.directory)
            )
        return Snapshot.open(self._snapshots / present)

    def open(self, snapshot_id: str) -> Snapshot:
        """The snapshot with that id. Raises NotFound."""
        if snapshot_id not in self._ids():
            raise NotFound("waypost.dev/Snapshot", f"snapshots/{snapshot_id}")
        return Snapshot.open(self._snapshots / snapshot_id)

    def path_of(self, snapshot_id: str) -> Path:
        """The directory of a complete snapshot."""
        return self._snapshots / snapshot_id

    def list_snapshots(self) -> tuple[SnapshotInfo, ...]:
        """Every complete snapshot, the newest first. Those of another format are left out: nobody can open them."""
        present = self.present_id()
        found = []
        for snapshot_id in self._ids():
            try:
                manifest = read_manifest(self._snapshots / snapshot_id)
            except SnapshotError:
                continue
            found.append(info_from_manifest(manifest, present=snapshot_id == present))
        return tuple(sorted(found, key=lambda info: (-info.create_time_s, info.snapshot_id)))

    def prune(self, pinned: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Removes all but the present snapshot, the one before and the `pinned` ones; returns the removed ids.

        Raises SnapshotError while a build runs. A process that still maps a removed snapshot keeps its pages.
        """
        with self._locked():
            kept = {self.present_id(), self._read_pointer("previous"), *pinned}
            removed = [snapshot_id for snapshot_id in self._ids() if snapshot_id not in kept]
            for snapshot_id in removed:
                shutil.rmtree(self._set_aside(snapshot_id))
            return tuple(removed)

    @contextmanager
    def building(self) -> Iterator[Path]:
        """An empty directory to build in, which nobody else does at the same time.

        It is removed at the end if it is still there. Raises SnapshotError if another build runs.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._locked():
            for leftover in self.directory.glob(f"{_BUILDING_PREFIX}*"):
                shutil.rmtree(leftover)
            directory = Path(tempfile.mkdtemp(prefix=_BUILDING_PREFIX, dir=self.directory))
            try:
                yield directory
            finally:
                shutil.rmtree(directory, ignore_errors=True)

    def publish(self, building: Path, snapshot_id: str) -> None:
        """Makes the finished directory `building` the present snapshot; only inside of `building()`."""
        self._snapshots.mkdir(exist_ok=True)
        target = self._snapshots / snapshot_id
        damaged = self._set_aside(snapshot_id) if target.exists() and not _is_whole(target) else None
        if not target.exists():
            building.chmod(0o755)
            sync(building)
            building.rename(target)
            sync(self._snapshots)
        if damaged:
            shutil.rmtree(damaged)
        before = self.present_id()
        if before not in (None, snapshot_id):
            self._write_pointer("previous", str(before))
        self._write_pointer("present", snapshot_id)

    def _set_aside(self, snapshot_id: str) -> Path:
        """Where a snapshot is then that is to be removed: its name is none of a snapshot, should a kill come."""
        doomed = self.directory / f"{_BUILDING_PREFIX}{snapshot_id}"
        (self._snapshots / snapshot_id).rename(doomed)
        return doomed

    def _ids(self) -> list[str]:
        return sorted(path.name for path in self._snapshots.iterdir()) if self._snapshots.exists() else []

    def _read_pointer(self, name: str) -> str | None:
        try:
            return (self.directory / name).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def _write_pointer(self, name: str, snapshot_id: str) -> None:
        temporary = self.directory / f"{name}.new"
        with temporary.open("w", encoding="ascii") as file:
            file.write(snapshot_id + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.directory / name)
        sync(self.directory)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SnapshotError(
                    f"another build or prune is at work in {self.directory}", directory=str(self.directory)
                ) from error
            yield


def _is_whole(directory: Path) -> bool:
    """Whether a snapshot is what its manifest tells; a disk can fail after it got its name."""
    try:
        digests = files_from_manifest(read_manifest(directory))
    except SnapshotError:
        return False
    return are_whole(directory, digests)
