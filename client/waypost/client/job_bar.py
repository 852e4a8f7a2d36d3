"""A line on the terminal behind standard error that moves while a file is sent, answered and fetched."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from waypost.client.job_wording import rows_text, state_text
from waypost.client.jobs.standing import Standing
from waypost.client.wording import size


class JobBar:
    """A context manager; where standard error is no terminal it shows nothing."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TextColumn("{task.fields[note]}"))
        # Left to itself it would take over standard output too, which may be a file.
        self._bar = Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not sys.stderr.isatty(),
        )
        self._task: TaskID = self._bar.add_task("waiting", total=None, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show_bytes(self, what: str, done_bytes: int, total_bytes: int) -> None:
        """Show how far a transfer is."""
        note = f"{size(done_bytes)} of {size(total_bytes)}"
        self._bar.update(self._task, description=what, completed=done_bytes, total=total_bytes or None, note=note)

    def show_fetching(self, done_bytes: int) -> None:
        """Show that the bytes of a final file are coming."""
        self._bar.update(self._task, description="fetching", note=size(done_bytes))

    def show_job(self, standing: Standing) -> None:
        """Show how far a job is."""
        progress = standing.progress
        total = progress.total_rows if progress.HasField("total_rows") else None
        self._bar.update(
            self._task,
            description=state_text(standing.state),
            completed=standing.done_rows,
            total=total,
            note=rows_text(progress),
        )
