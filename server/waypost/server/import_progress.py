"""The bar of an import: what is done, how fast, how long it takes; without a terminal a line for every tenth."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINES = 10


class ImportProgress:
    """Told of steps and shares, and of the records that were read."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task: TaskID | None = None
        self._step = ""
        self._tenth = -1
        self._records = 0

    def begin(self, step: str) -> None:
        """Ends the step before, if there is one, and begins another."""
        self._end()
        self._step, self._tenth, self._records = step, -1, 0
        self._task = self._bar.add_task(step, total=1.0, rate="")
        if not self._console.is_terminal:
            self._console.print(step)

    def share(self, share: float) -> None:
        """Tells what share of the step is done."""
        if self._task is None:
            return
        self._bar.update(self._task, completed=share, rate=self._rate())
        tenth = int(share * _LINES)
        if tenth > self._tenth and not self._console.is_terminal and self._tenth >= 0:
            self._console.print(f"{share:4.0%}  {self._step}  {self._rate()}".rstrip())
        self._tenth = max(tenth, self._tenth)

    def count(self, records: int) -> None:
        """Adds records that were read in this step."""
        self._records += records

    def __enter__(self) -> ImportProgress:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end()
        if self._console.is_terminal:  # elsewhere it would write an empty line
            self._bar.stop()

    def _end(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=1.0, rate=self._rate())
            self._bar.stop_task(self._task)

    def _rate(self) -> str:
        if self._task is None or not self._records:
            return ""
        elapsed_s = self._bar.tasks[self._task].elapsed or 0.0
        return f"{self._records / elapsed_s:,.0f} records/s" if elapsed_s > 0 else ""
