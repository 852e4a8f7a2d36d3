"""What a crash may have left of a job's parts: torn ones are to be answered again, what nobody knows is removed.

A part is synced before it is committed, so a torn one means that the disk lost what it had promised to keep. The rows
are still there, and give the same bytes again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from waypost.server.durable import digest_of
from waypost.server.jobs.coordinator.output import committed
from waypost.server.jobs.coordinator.prepared import load_record, output_path
from waypost.server.jobs.coordinator.troubles import os_trouble
from waypost.server.jobs.desk import JobDesk
from waypost.server.jobs.model import Job, Lease, Part, Shard
from waypost.server.jobs.part import token_of

_LOG = logging.getLogger(__name__)

#: Reason of rows that are answered again because their part was torn or gone.
PART_TORN = "PART_TORN"


def mend_parts(desk: JobDesk, job: Job, lease: Lease) -> None:
    """Blocks. Only for the owner, before it gives out shards. Raises CannotGoOn, LeaseLost."""
    parts = [(shard, shard.part, path) for shard, path in committed(desk, job) if shard.part is not None]
    try:
        torn = _torn(parts)
        for shard in torn:
            _LOG.error("a part is torn", extra={"facts": {"job": job.job_id, "first_row": shard.first_row}})
            desk.store.reopen_shard(lease, shard.first_row, PART_TORN)
        keep = {path.stem for shard, _, path in parts if shard not in torn}
        remove_parts(desk.folders.parts(job.job_id), lease.token, keep)
    except OSError as error:
        raise os_trouble(error, "looking at the answers that are there") from error


def remove_parts(folder: Path, token: int, keep: Collection[str] = ()) -> None:
    """Removes parts but those in `keep`, and what killed writers left, of owners up to the one with this token.

    Those of later owners stay: this one may have been fenced off without knowing yet.
    """
    for path in folder.iterdir():
        if path.name.split(".")[0] not in keep and token_of(path.name) <= token:
            path.unlink(missing_ok=True)


def _torn(parts: list[tuple[Shard, Part, Path]]) -> list[Shard]:
    """The shards whose parts are not what was committed: by size, and the newest one by its digest.

    With a part goes its record, and what was made of it for an output in parts.
    """
    torn, newest, newest_ns = [], None, 0
    for shard, part, path in parts:
        files = _files(part, path)
        if files is None or any(_size(file) != size for file, size, _ in files):
            torn.append(shard)
        elif (written_ns := path.stat().st_mtime_ns) >= newest_ns:
            newest, newest_ns = (shard, files), written_ns
    if newest is not None:
        shard, files = newest
        if any(digest_of(file) != digest for file, _, digest in files):
            torn.append(shard)
    return torn


def _files(part: Part, path: Path) -> list[tuple[Path, int, str]] | None:
    """The files of a part with the sizes and digests that they should have; None where nobody knows any more."""
    try:
        made = load_record(path).output
    except (FileNotFoundError, ValidationError):
        return None
    files = [(path, part.size_bytes, part.sha256)]
    return files if made is None else [*files, (output_path(path), made.size_bytes, made.sha256)]


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.exists() else None
