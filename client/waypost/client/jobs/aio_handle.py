"""`JobHandle`, awaited. What both share is in patience.py, outcome.py, plan.py, download.py and rows.py."""

from __future__ import annotations

import os
from asyncio import to_thread
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from waypost.client.extras import read_table
from waypost.client.jobs import requests
from waypost.client.jobs.aio_calls import AsyncJobCalls
from waypost.client.jobs.download import Download, end_of
from waypost.client.jobs.handle import PAGE
from waypost.client.jobs.outcome import outcome_of
from waypost.client.jobs.patience import DEFAULT_PATIENCE_S, Deadline, Patience
from waypost.client.jobs.plan import targets_of
from waypost.client.jobs.retrying import patiently_awaited, resumed_awaited
from waypost.client.jobs.rows import Row, rows_of
from waypost.client.jobs.upload import OnBytes
from waypost.v1.jobs_pb2 import Job, JobEvent, OutputFile, ReadOutputFileResponse, ReadResultsResponse, RowEncoding

if TYPE_CHECKING:
    import pyarrow as pa


class AsyncJobHandle:
    """As `JobHandle`, for one event loop."""

    def __init__(self, calls: AsyncJobCalls, name: str, *, patience_s: float = DEFAULT_PATIENCE_S) -> None:
        self.name = requests.job_name(name)
        self.operation = requests.operation_name(name)
        self._calls = calls
        self._patience_s = patience_s

    async def job(self) -> Job:
        """Return the job as it is now."""
        return await patiently_awaited(partial(self._calls.get_job, self.name), self._patience())

    async def result(self, timeout_s: float | None = None) -> Job:
        """Return the job once it has SUCCEEDED or PARTIALLY_SUCCEEDED; None seconds: whenever that is.

        Raises JobFailed where it ends otherwise, TimeoutError where it does not in time. A paused job has not ended.
        """
        deadline = Deadline(timeout_s)
        while True:
            wait = partial(self._calls.wait_operation, self.operation, wait_s=deadline.wait_s())
            job = outcome_of(await patiently_awaited(wait, self._patience()))
            if job is not None:
                return job
            deadline.check(self.name)

    async def pause(self) -> Job:
        """Return the job, which stops within a second and keeps what is done."""
        return await self._calls.pause_job(self.name)

    async def resume(self) -> Job:
        """Return the paused job, back in the queue."""
        return await self._calls.resume_job(self.name)

    async def confirm(self) -> Job:
        """Return the job that awaited confirmation, running."""
        return await self._calls.confirm_job(self.name)

    async def cancel(self) -> None:
        """Ask to stop the job; it ends as CANCELLED, and a finished one stays as it is."""
        await self._calls.cancel_operation(self.operation)

    async def delete(self) -> None:
        """Delete the finished job with its results and its operation."""
        await self._calls.delete_job(self.name)

    def watch(self, after_sequence: int | None = None) -> AsyncIterator[JobEvent]:
        """Yield the events of the job until its end, none missing and none twice whatever breaks on the way.

        Without `after_sequence` a snapshot of the present comes first; 0 begins with the job's creation.
        """

        def read(sequence: int | None) -> AsyncIterator[JobEvent]:
            return self._calls.watch_job(self.name, after_sequence=sequence)

        return resumed_awaited(read, after_sequence, lambda event: event.sequence, self._patience())

    async def rows(self, *, after_row: int = 0, follow: bool = True) -> AsyncIterator[Row]:
        """Yield the rows of results in order, as they are committed; without `follow` only those of now."""
        async for message in self._results(after_row, follow, RowEncoding.ROW_ENCODING_NDJSON):
            for row in rows_of(message):
                yield row

    async def tables(self, *, after_row: int = 0, follow: bool = True) -> AsyncIterator[pa.Table]:
        """Yield the rows of results as Arrow tables, many times faster than `rows`; needs pyarrow."""
        async for message in self._results(after_row, follow, RowEncoding.ROW_ENCODING_ARROW):
            if message.arrow_stream:
                yield read_table(message.arrow_stream)

    async def files(self) -> list[OutputFile]:
        """Return the final files of the finished job, the report first."""
        files: list[OutputFile] = []
        page_token = ""
        while True:
            read = partial(self._calls.list_output_files, self.name, page_size=PAGE, page_token=page_token)
            page = await patiently_awaited(read, self._patience())
            files += page.output_files
            page_token = page.next_page_token
            if not page_token:
                return files

    async def download(
        self,
        target: str | os.PathLike[str],
        *,
        report: str | os.PathLike[str] | None = None,
        on_bytes: OnBytes | None = None,
    ) -> list[Path]:
        """Fetch the results of the finished job and return the files written; see `JobHandle.download`."""
        wanted = targets_of(await self.files(), Path(target), None if report is None else Path(report))
        return [await self._fetch(file, path, on_bytes) for file, path in wanted]

    async def _fetch(self, file: OutputFile, target: Path, on_bytes: OnBytes | None) -> Path:
        def read(offset: int) -> AsyncIterator[ReadOutputFileResponse]:
            return self._calls.read_output_file(file.name, read_offset=offset)

        with await to_thread(Download, file, target, on_bytes) as download:
            async for message in resumed_awaited(read, download.offset, end_of, self._patience()):
                await to_thread(download.write, message)
            return await to_thread(download.finish)

    def _results(
        self, after_row: int, follow: bool, encoding: RowEncoding.ValueType
    ) -> AsyncIterator[ReadResultsResponse]:
        def read(row: int) -> AsyncIterator[ReadResultsResponse]:
            return self._calls.read_results(self.name, after_row=row, follow=follow, encoding=encoding)

        return resumed_awaited(read, after_row, lambda message: message.last_row, self._patience())

    def _patience(self) -> Patience:
        return Patience(self._patience_s)
