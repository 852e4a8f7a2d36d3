"""`waypost data build`, `info` and `prune`: the snapshots; what imports files is in layer_commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from waypost.server.config import Config, add_flags
from waypost.server.gazetteer.build import build
from waypost.server.gazetteer.imports.importing import layers_of, prune_layers
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.desk import pinned_snapshots
from waypost.server.layer_commands import add_layer_tasks, print_layers, table_console
from waypost.server.model import SnapshotInfo

#: The step of a build that a machine needs only once, shown apart.
COMPILE_STEP = "compile kernels"


def add_tasks(tasks: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds what `waypost data` can do."""
    task = tasks.add_parser(
        "build", help="build a snapshot and make it the present one, with the layers that were added"
    )
    task.add_argument("--without", action="append", default=[], metavar="LAYER", help="leave a layer of the world out")
    add_flags(task, "data_dir")
    task.set_defaults(run=_build)
    add_layer_tasks(tasks)
    task = tasks.add_parser("info", help="snapshots, layers, counts, versions, licences, attributions")
    task.add_argument("--json", action="store_true", help="for programs")
    add_flags(task, "data_dir")
    task.set_defaults(run=_info)
    about = (
        "remove all snapshots but the present one, the one before, and those that unfinished jobs answer from; and "
        "imported layers that were removed or replaced"
    )
    task = tasks.add_parser("prune", help=about)
    add_flags(task, "data_dir", "jobs_dir", "jobs_store")
    task.set_defaults(run=_prune)


def _build(config: Config, arguments: argparse.Namespace) -> int:
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


def _info(config: Config, arguments: argparse.Namespace) -> int:
    infos = SnapshotStore(config.data_dir).list_snapshots()
    if arguments.json:
        sys.stdout.buffer.write(orjson.dumps(infos, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    console = table_console()
    if not infos:
        console.print(f"{config.data_dir} holds no snapshot: run 'waypost data build'")
    for info in infos:
        present = "present, " if info.present else ""
        table = Table("layer", "source", "records", "licence", "credit", box=None, title_justify="left")
        table.title = f"snapshot {info.snapshot_id} ({present}{info.size_bytes / 1e6:.0f} MB)"
        for layer in info.layers:
            credit = layer.attribution
            table.add_row(
                f"{layer.layer}: {layer.title}",
                f"{layer.source} {layer.source_version}",
                f"{layer.record_count:,}",
                credit.license + (" (share-alike)" if credit.share_alike else ""),
                f"{credit.text} {credit.uri}",
            )
        console.print(table)
    if layers := layers_of(config.data_dir):
        console.print("layers that were added:")
        print_layers(layers, console)
    return 0


def _prune(config: Config, _: argparse.Namespace) -> int:
    removed = [*SnapshotStore(config.data_dir).prune(pinned_snapshots(config)), *prune_layers(config.data_dir)]
    console = Console(highlight=False, markup=False)
    for name in removed:
        console.print(f"removed {name}")
    if not removed:
        console.print("nothing to remove")
    return 0
