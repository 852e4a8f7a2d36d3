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
    ValueError where there are several. `report` is where the report goes, as text where the path ends in ".txt", else
    as JSON; None leaves it out.
    """
    if target.is_dir():
        return [(file, target / file_name(file)) for file in files]
    results = [file for file in files if file.kind == OutputFileKind.OUTPUT_FILE_KIND_RESULTS]
    if len(results) != 1:
        raise ValueError(f"the job has {len(results)} files of results; {target} can take one, a folder all")
    wanted = [(results[0], target)]
    if report is not None:
        wanted += [(file, report) for file in _reports_like(files, report)[:1]]
    return wanted


def _reports_like(files: Sequence[OutputFile], path: Path) -> list[OutputFile]:
    """Return the reports, which are one in several forms, those first whose names end as the path does."""
    reports = [file for file in files if file.kind == OutputFileKind.OUTPUT_FILE_KIND_REPORT]
    return sorted(reports, key=lambda file: not file.name.endswith(path.suffix or ".json"))
