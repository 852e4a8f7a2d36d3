"""`waypost serve` and `waypost data …`: argv and environment to settings, then to the app or the gazetteer.

The commands that ask a server are in waypost.client.cli.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from waypost.server.app import run
from waypost.server.config import Config, add_flags, read_config
from waypost.server.errors import ConfigError, SnapshotError
from waypost.server.gazetteer.build import build
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.desk import pinned_snapshots
from waypost.server.logs import configure_logs
from waypost.server.model import SnapshotInfo
from waypost.server.workers import serve_with_workers

#: Exit codes: a run that failed, and a command line or setting that cannot be used (as argparse has it).
FAILED = 1
BAD_USAGE = 2

#: The step of a build that a machine needs only once, shown apart.
COMPILE_STEP = "compile kernels"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        config = read_config({name: value for name, value in vars(arguments).items() if name in _settings()})
        configure_logs(config.log_format, config.log_level)
        return int(arguments.run(config, arguments))
    except ConfigError as error:
        print(f"waypost: {error.message}", file=sys.stderr)  # noqa: T201
        return BAD_USAGE
    except SnapshotError as error:
        print(f"waypost: {error.message}", file=sys.stderr)  # noqa: T201
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="waypost")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API; builds the gazetteer first if there is none")
    add_flags(serve)
    serve.set_defaults(run=_serve)

    data = commands.add_parser("data", help="build, show and prune the gazetteer's snapshots")
    tasks = data.add_subparsers(required=True, metavar="TASK")
    task = tasks.add_parser("build", help="build a snapshot and make it the present one")
    task.add_argument("--without", action="append", default=[], metavar="LAYER", help="leave a layer out")
    add_flags(task, "data_dir")
    task.set_defaults(run=_build)
    task = tasks.add_parser("info", help="snapshots, layers, counts, versions, licences, attributions")
    task.add_argument("--json", action="store_true", help="for programs")
    add_flags(task, "data_dir")
    task.set_defaults(run=_info)
    about = "remove all snapshots but the present one, the one before, and those that unfinished jobs answer from"
    task = tasks.add_parser("prune", help=about)
    add_flags(task, "data_dir", "jobs_dir", "jobs_store")
    task.set_defaults(run=_prune)
    return parser


def _settings() -> frozenset[str]:
    return frozenset(Config.__dataclass_fields__)


def _serve(config: Config, _: argparse.Namespace) -> int:
    if SnapshotStore(config.data_dir).present_id() is None:
        # In a process of its own: what a build takes, above a gigabyte, would stay with the server.
        command = [sys.executable, "-m", "waypost.server.cli", "data", "build", "--data-dir", str(config.data_dir)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own words, no shell
            return FAILED
    if config.workers > 1:
        return serve_with_workers(config)
    run(config)
    return 0


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
    console = Console(highlight=False)
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
    return 0


def _prune(config: Config, _: argparse.Namespace) -> int:
    removed = SnapshotStore(config.data_dir).prune(pinned_snapshots(config))
    console = Console(highlight=False)
    for snapshot_id in removed:
        console.print(f"removed {snapshot_id}")
    if not removed:
        console.print("nothing to remove")
    return 0


if __name__ == "__main__":
    sys.exit(main())
