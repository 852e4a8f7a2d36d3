"""Jobs beside the engine in as many processes: rows a second, what a row costs by the size of the job, and memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.figures import Figure, rate
from tests.bench.job_server import JobFiles, JobServer, PeakMemory, file_job
from tests.bench.rounds import Effort, alternate
from waypost.v1 import jobs_pb2 as pb

_ROWS = 1_000_000
_LAYOUTS = (
    ("job, into parts", pb.OUTPUT_LAYOUT_PARTS, 0.55),
    ("job, into one file", pb.OUTPUT_LAYOUT_ONE_FILE, 0.40),
)
#: A job's fixed cost is in the smallest one too, so that a row of any larger one may cost no more than of that.
_SIZES, _QUICK_SIZES = (10_000, 100_000, 1_000_000, 10_000_000), (10_000, 100_000, 1_000_000)
_FLAT_MOST = 1.1
_GROWTH_MOST = 1.1
_MEMORY_MOST_MB = 900.0


@contextmanager
def engine(data_dir: Path, column: Path, rows: int, processes: int) -> Iterator[Callable[[], float]]:
    """What gives the rows a second of the engine in so many processes at once, each with its share of the rows."""
    share = rows // processes
    with ExitStack() as opened:
        running = []
        for number in range(processes):
            command = [sys.executable, "-m", "tests.bench.engine_process", str(data_dir), str(column)]
            started = subprocess.Popen(
                [*command, str(number * share), str(share)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            running.append(opened.enter_context(started))
        for process in running:
            _read(process)

        def measure() -> float:
            for process in running:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            return processes * share / max(float(_read(process)) for process in running)

        yield measure
        for process in running:
            assert process.stdin is not None
            process.stdin.close()


def _read(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "a process of the engine ended"
    return line


def rate_figures(server: JobServer, data_dir: Path, files: JobFiles, effort: Effort) -> list[Figure]:
    """Rows a second from CreateJob to SUCCEEDED beside those of the engine."""
    rows = effort.rows(_ROWS)
    path = files.csv(rows)

    def job(layout: pb.OutputLayout.ValueType) -> Callable[[int], float]:
        return lambda _: rows / server.seconds(file_job(path, layout))

    server.seconds(file_job(files.csv(10_000)))
    with engine(data_dir, files.arrow(rows), rows, server.workers) as engine_rate:
        measures: dict[str, Callable[[int], float]] = {title: job(layout) for title, layout, _ in _LAYOUTS}
        found = alternate({"engine": lambda _: engine_rate(), **measures}, effort.rounds)
    beside = f"engine in {server.workers} processes {rate(found.median('engine'))}"
    figures = []
    for title, _, least in _LAYOUTS:
        share = found.ratio(title, "engine")
        named = f"{title}, {rows:,} rows"
        figures.append(
            Figure(named, rate(found.median(title)), beside, f"{share:.0%}", f"≥ {least:.0%}", share >= least)
        )
    return figures


def size_figures(server: JobServer, files: JobFiles, effort: Effort) -> list[Figure]:
    """What a row costs and what memory is taken at most, by the number of rows."""
    sizes = _SIZES if effort.share == 1 else _QUICK_SIZES
    server.seconds(file_job(files.csv(100_000)))
    row_us: dict[int, float] = {}
    peak_mb: dict[int, float] = {}
    for rows in sizes:
        path = files.csv(rows)
        # Small ones are over too soon to be told from a moment's noise.
        times = max(1, min(5, 500_000 // rows))
        with PeakMemory(server) as memory:
            seconds = sorted(server.seconds(file_job(path)) for _ in range(times))
        row_us[rows] = seconds[len(seconds) // 2] / rows * 1e6
        peak_mb[rows] = memory.peak_bytes / 1e6
        path.unlink()
    smallest, *others = sizes
    figures = [Figure(f"a row of {smallest:,}", f"{row_us[smallest]:.1f} µs")]
    for rows in others:
        times_ = row_us[rows] / row_us[smallest]
        beside = f"of {smallest:,} {row_us[smallest]:.1f} µs"
        figures.append(
            Figure(
                f"a row of {rows:,}", f"{row_us[rows]:.1f} µs", beside, f"{times_:.2f}×", f"≤ {_FLAT_MOST:g}×",
                times_ <= _FLAT_MOST,
            )
        )  # fmt: skip
    first, last = 100_000, sizes[-1]
    growth = peak_mb[last] / peak_mb[first]
    title = f"private memory of server and {server.workers} workers, {last:,} rows"
    beside, aim = f"{first:,} rows {peak_mb[first]:.0f} MB", f"≤ {_GROWTH_MOST:g}×"
    figures.append(Figure(title, f"{peak_mb[last]:.0f} MB", beside, f"{growth:.2f}×", aim, growth <= _GROWTH_MOST))
    aim = f"≤ {_MEMORY_MOST_MB:g} MB"
    most = max(peak_mb.values())
    figures.append(
        Figure("private memory, the most of all", f"{most:.0f} MB", "", f"{most:.0f} MB", aim, most <= _MEMORY_MOST_MB)
    )
    return figures
