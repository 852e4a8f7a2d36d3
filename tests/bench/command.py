"""Speed of the engine, of a server and of jobs, each figure beside its yardstick, alternating in the same run."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.bench.engine_rates import forward_figures, reverse_figures
from tests.bench.figures import Figure, print_figures, print_summary
from tests.bench.houses import house_figures
from tests.bench.import_rates import import_figures
from tests.bench.job_delays import busy_figures, lookup_figures, small_figures
from tests.bench.job_rates import rate_figures, size_figures
from tests.bench.job_server import JobFiles, JobServer
from tests.bench.latency import latency_figures, memory_figures
from tests.bench.one_query import one_query_figures
from tests.bench.processes import MeasuredServer
from tests.bench.questions import Questions
from tests.bench.rounds import FULL, QUICK
from tests.bench.serving import batch_figures, table_figures, unary_figures
from tests.bench.watching import watching_figures
from waypost.server.atlas import warm_up
from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.store import SnapshotStore, default_data_directory
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.version import ENGINE_VERSION

#: Columns of what is written to a file or a pipe, which have no width of their own.
_FILE_WIDTH = 140
_SECTIONS = ("server", "engine", "houses", "jobs")


def main() -> int:
    """Measures and prints; the exit code tells only whether there was something to measure."""
    arguments = _arguments()
    # Tables keep their columns in a file or a pipe too.
    console = Console(width=None if sys.stdout.isatty() else 140)
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    started = time.monotonic()
    try:
        snapshot = SnapshotStore(arguments.data_dir).open_present()
    except SnapshotError as error:
        console.print(f"{error.message}, or set WAYPOST_DATA_DIR to a folder that holds one", style="red")
        return 2
    effort = QUICK if arguments.quick else FULL
    console.print(f"snapshot {snapshot.snapshot_id}, engine {ENGINE_VERSION}, median of {effort.rounds} rounds")
    _print_machine(console)
    geocoder, questions = Geocoder(snapshot), Questions(snapshot)
    # Compiles kernels that are not in the cache yet, which takes minutes; the server then finds them there.
    warm_up(geocoder)
    figures: list[Figure] = []

    def show(title: str, found: list[Figure]) -> None:
        print_figures(console, title, found)
        figures.extend(found)

    if "server" in arguments.only:
        with (
            tempfile.TemporaryDirectory() as name,
            asyncio.Runner() as runner,
            MeasuredServer(arguments.data_dir) as server,
        ):
            folder = Path(name)
            server.wait_until_serving()
            show("Unary calls", unary_figures(server, questions, effort, runner, folder))
            show("Batches", batch_figures(server, questions, effort))
            show("Tables", table_figures(server, geocoder, questions, effort))
            show("Unary calls at 100 a second, open loop", latency_figures(server, questions, effort, runner, folder))
            show("Memory", memory_figures(server, arguments.data_dir, questions))
    if "engine" in arguments.only:
        show("One query", one_query_figures(geocoder, questions, effort))
        show("Forward, one thread", forward_figures(geocoder, questions, effort))
        show("Reverse, one thread", reverse_figures(geocoder, questions, effort))
    if "houses" in arguments.only:
        show("Houses, one thread", house_figures(arguments.data_dir, geocoder, questions, effort))
        show("Imports", import_figures(arguments.data_dir))
    if "jobs" in arguments.only:
        with tempfile.TemporaryDirectory(prefix="waypost-bench-") as name, asyncio.Runner() as runner:
            folder = Path(name)
            files = JobFiles(folder, questions)
            with JobServer(arguments.data_dir, folder) as jobs:
                show("Jobs beside the engine", rate_figures(jobs, arguments.data_dir, files, effort))
                show("Small jobs, and being told", small_figures(jobs, questions, effort))
                show("Jobs beside a large one", busy_figures(jobs, files, questions, effort))
                show("Lookups beside jobs", lookup_figures(jobs, files, questions, effort, runner))
            with JobServer(arguments.data_dir, folder, workers=0) as jobs:
                show("Watchers", watching_figures(jobs, effort))
            with JobServer(arguments.data_dir, folder) as jobs:
                show("Jobs by their size", size_figures(jobs, files, effort))
    print_summary(console, figures)
    _print_machine(console)
    console.print(f"took {time.monotonic() - started:.0f} s")
    return 0


def _print_machine(console: Console) -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    console.print(f"{os.cpu_count()} cores, load average {load} (1, 5 and 15 minutes)")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run.py", description=__doc__)
    given = os.environ.get("WAYPOST_DATA_DIR")
    directory = Path(given) if given else default_data_directory()
    parser.add_argument("--data-dir", type=Path, default=directory, help="folder of the snapshots, default %(default)s")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--only", nargs="+", choices=_SECTIONS, default=_SECTIONS, help="what to measure, default all")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
