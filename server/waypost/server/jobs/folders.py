"""Where the files of jobs and uploads lie, below one folder of the operator's. Names only; nothing is made here.

uploads/{upload}          the bytes of an upload so far
jobs/{job}/input          rows that came in the request itself
jobs/{job}/shards/{token} rows on their way to the workers, and what was found out about them
jobs/{job}/parts/         their answers
jobs/{job}/staging/       final files on their way to an object store
jobs/{job}/output/        final files that the server keeps, the report among them
"""

from __future__ import annotations

from pathlib import Path


class Folders:
    """The layout below `root`; ids are those that the store gave out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, name: str) -> Path:
        """Everything of the job or upload of this resource name."""
        return self.root / name

    def upload(self, upload_id: str) -> Path:
        """The file of an upload."""
        return self.root / "uploads" / upload_id

    def job(self, job_id: str) -> Path:
        """Everything of one job."""
        return self.root / "jobs" / job_id

    def inline_input(self, job_id: str) -> Path:
        """Rows that came in the request itself, as a file that readers open."""
        return self.job(job_id) / "input"

    def shards(self, job_id: str) -> Path:
        """Shards of a job."""
        return self.job(job_id) / "shards"

    def parts(self, job_id: str) -> Path:
        """Parts of a job."""
        return self.job(job_id) / "parts"

    def staging(self, job_id: str) -> Path:
        """Final files of a job on their way to an object store."""
        return self.job(job_id) / "staging"

    def output(self, job_id: str) -> Path:
        """Final files of a job that the server keeps; of one with an output URI the report only."""
        return self.job(job_id) / "output"
