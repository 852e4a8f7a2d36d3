"""A progress bar on the terminal behind standard error, while the answers go somewhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from waypost.client.lines import AnsweredLine

Value = TypeVar("Value", bound=AnsweredLine)


def wants_progress() -> bool:
    """Return whether a bar helps: where the answers scroll by on the same terminal they are the progress."""
    return sys.stderr.isatty() and not sys.stdout.isatty()


def with_progress(answered: Iterable[Value], total_bytes: int | None) -> Iterator[Value]:
    """Yield what is given and show how far it is: by bytes of the input, or only by lines if it is a pipe."""
    columns = (TextColumn("{task.fields[lines]:,} lines"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Left to itself it would take over stdout too, and print the answers to the terminal instead of the file.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task("lines", total=total_bytes, lines=0)
        for value in answered:
            yield value
            progress.update(task, completed=value.line.end_byte, lines=value.line.number)
