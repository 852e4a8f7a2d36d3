"""A job from the caller's side: waits, watches, reads, downloads and steers, and outlives broken connections."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from waypost.client.extras import read_table
from waypost.client.jobs import requests
from waypost.client.jobs.calls import JobCalls
from waypost.client.jobs.download import Download, end_of
from waypost.client.jobs.outcome import outcome_of
from waypost.client.jobs.patience import DEFAULT_PATIENCE_S, Deadline, Patience
from waypost.client.jobs.plan import targets_of
from waypost.client.jobs.retrying import patiently, resumed
from waypost.client.jobs.rows import Row, rows_of
from waypost.client.jobs.upload import OnBytes
from waypost.v1.jobs_pb2 import Job, JobEvent, OutputFile, ReadOutputFileResponse, ReadResultsResponse, RowEncoding

if TYPE_CHECKING:
    import pyarrow as pa

PAGE = 1_000


class JobHandle:
    """A job by its name; nothing is asked of the server until a method is called.

    Reading, waiting and watching go on after breaks, for as long as the server is away for less than `patience_s`
    at a time; then, and for every other failure, they raise `LookupFailed`.
    """

    def __init__(self, calls: JobCalls, name: str, *, patience_s: float = DEFAULT_PATIENCE_S) -> None:
        self.name = requests.job_name(name)
        self.operation = requests.operation_name(name)
        self._calls = calls
        self._patience_s = patience_s

    def job(self) -> Job:
        """Return the job as it is now."""
        return patiently(partial(self._calls.get_job, self.name), self._patience())

    def result(self, timeout_s: float | None = None) -> Job:
        """Return the job once it has SUCCEEDED or PARTIALLY_SUCCEEDED; None seconds: whenever that is.

        Raises JobFailed where it ends otherwise, TimeoutError where it does not in time. A paused job has not ended.
        """
        deadline = Deadline(timeout_s)
        while True:
            wait = partial(self._calls.wait_operation, self.operation, wait_s=deadline.wait_s())
            job = outcome_of(patiently(wait, self._patience()))
            if job is not None:
                return job
            deadline.check(self.name)

    def pause(self) -> Job:
        """Return the job, which stops within a second and keeps what is done."""
        return self._calls.pause_job(self.name)

    def resume(self) -> Job:
        """Return the paused job, back in the queue."""
        return self._calls.resume_job(self.name)

    def confirm(self) -> Job:
        """Return the job that awaited confirmation, running."""
        return self._calls.confirm_job(self.name)

    def cancel(self) -> None:
        """Ask to stop the job; it ends as CANCELLED, and a finished one stays as it is."""
        self._calls.cancel_operation(self.operation)

    def delete(self) -> None:
        """Delete the finished job with its results and its operation."""
        self._calls.delete_job(self.name)

    def watch(self, after_sequence: int | None = None) -> Iterator[JobEvent]:
        """Yield the events of the job until its end, none missing and none twice whatever breaks on the way.

        Without `after_sequence` a snapshot of the present comes first; 0 begins with the job's creation.
        """

        def read(sequence: int | None) -> Iterator[JobEvent]:
            return self._calls.watch_job(self.name, after_sequence=sequence)

        return resumed(read, after_sequence, lambda event: event.sequence, self._patience())

    def rows(self, *, after_row: int = 0, follow: bool = True) -> Iterator[Row]:
        """Yield the rows of results in order, as they are committed; without `follow` only those of now."""
        for message in self._results(after_row, follow, RowEncoding.ROW_ENCODING_NDJSON):
            yield from rows_of(message)

    def tables(self, *, after_row: int = 0, follow: bool = True) -> Iterator[pa.Table]:
        """Yield the rows of results as Arrow tables, many times faster than `rows`; needs pyarrow."""
        for message in self._results(after_row, follow, RowEncoding.ROW_ENCODING_ARROW):
            if message.arrow_stream:
                yield read_table(message.arrow_stream)

    def files(self) -> list[OutputFile]:
        """Return the final files of the finished job, the report first."""
        files: list[OutputFile] = []
        page_token = ""
        while True:
            read = partial(self._calls.list_output_files, self.name, page_size=PAGE, page_token=page_token)
            page = patiently(read, self._patience())
            files += page.output_files
            page_token = page.next_page_token
            if not page_token:
                return files

    def download(
        self,
        target: str | os.PathLike[str],
        *,
        report: str | os.PathLike[str] | None = None,
        on_bytes: OnBytes | None = None,
    ) -> list[Path]:
        """Fetch the results of the finished job and return the files written.

        `target` is a path for the single file of results, or a folder for all files of the job, the report among
        them; beside a single file the report goes to `report`. A file has its name only once its SHA-256 is right;
        after a break, and in a later try, it goes on where it was. `on_bytes` is told how much of a file is there.
        Raises DamagedFile, ValueError where there are several files of results and no folder, OSError.
        """
        wanted = targets_of(self.files(), Path(target), None if report is None else Path(report))
        return [self._fetch(file, path, on_bytes) for file, path in wanted]

    def _fetch(self, file: OutputFile, target: Path, on_bytes: OnBytes | None) -> Path:
        def read(offset: int) -> Iterator[ReadOutputFileResponse]:
            return self._calls.read_output_file(file.name, read_offset=offset)

        with Download(file, target, on_bytes) as download:
            for message in resumed(read, download.offset, end_of, self._patience()):
                download.write(message)
            return download.finish()

    def _results(self, after_row: int, follow: bool, encoding: RowEncoding.ValueType) -> Iterator[ReadResultsResponse]:
        def read(row: int) -> Iterator[ReadResultsResponse]:
            return self._calls.read_results(self.name, after_row=row, follow=follow, encoding=encoding)

        return resumed(read, after_row, lambda message: message.last_row, self._patience())

    def _patience(self) -> Patience:
        return Patience(self._patience_s)
