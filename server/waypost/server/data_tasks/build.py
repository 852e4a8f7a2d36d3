"""`waypost data build`: the world's gazetteer, with the layers that were added."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from waypost.server.config import Config, add_flags
from waypost.server.gazetteer.build import build
from waypost.server.model import SnapshotInfo

#: The step of a build that a machine needs only once, shown apart.
COMPILE_STEP = "compile kernels"


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    task.add_argument("--without", action="append", default=[], metavar="LAYER", help="leave a layer of the world out")
    add_flags(task, "data_dir")


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Builds; the exit code."""
    without = [layer for value in arguments.without for layer in value.split(",") if layer]
    info = _build_snapshot(config.data_dir, without)
    Console(stderr=True).print(f"snapshot {info.snapshot_id} is present in {config.data_dir}", highlight=False)
    return 0


def _build_snapshot(data_dir: Path, without: Iterable[str]) -> SnapshotInfo:
    """Builds with progress bars on stderr: one for the kernels, which is slow once a machine, one for the data."""
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        compiling = progress.add_task(COMPILE_STEP, total=1.0)
        building = progress.add_task("build", total=1.0, start=False)

        def show(step: str, share: float) -> None:
            if not progress.console.is_terminal:
                progress.console.print(f"{share:4.0%}  {step}", highlight=False)
            if step != COMPILE_STEP:
                progress.update(compiling, completed=1.0)
                progress.start_task(building)
                progress.update(building, description=step, completed=share)

        info = build(data_dir, without=frozenset(without), on_step=show)
        progress.update(building, description="build", completed=1.0)
    return info
