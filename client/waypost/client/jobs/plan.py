"""What both handles decide alike: which files are wanted, and where each goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from waypost.v1.jobs_pb2 import OutputFile, OutputFileKind


def file_name(file: OutputFile) -> str:
    """Return the last part of "jobs/{job}/files/{file}"; ValueError where it could lead out of a folder."""
    name = file.name.rpartition("/files/")[2]
    if not name or name in (".", "..") or Path(name).name != name:
        raise ValueError(f"{file.name!r} is no name of a file")
    return name


def targets_of(files: Sequence[OutputFile], target: Path, report: Path | None) -> list[tuple[OutputFile, Path]]:
    """Return each wanted file with its path.

    A `target` that is a folder gets all of them under their own names, else it is the single file of results;
    ValueError where there are several. `report` is where the report goes, None leaves it out, unless into a folder.
    """
    if target.is_dir():
        return [(file, target / file_name(file)) for file in files]
    results = [file for file in files if file.kind == OutputFileKind.OUTPUT_FILE_KIND_RESULTS]
    if len(results) != 1:
        raise ValueError(f"the job has {len(results)} files of results; {target} can take one, a folder all")
    wanted = [(results[0], target)]
    if report is not None:
        wanted += [(file, report) for file in files if file.kind == OutputFileKind.OUTPUT_FILE_KIND_REPORT]
    return wanted
