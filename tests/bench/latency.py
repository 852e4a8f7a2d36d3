"""How long unary calls wait while another client loads the same server process, and what memory that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import grpc
import numpy as np
from grpc import aio

from tests.bench import wire
from tests.bench.figures import Figure
from tests.bench.processes import MeasuredServer, load, write_columns
from tests.bench.questions import Questions, tables
from tests.bench.rounds import Effort, alternate

_CALLS_PER_S = 100.0
_BATCH = 1_000
_TABLE_ROWS = 10_000
#: Times the idle p99 while tables stream and while batches are sent, and milliseconds for the latter.
_TABLES_MOST, _BATCHES_MOST, _BATCHES_MOST_MS = 3.0, 8.0, 40.0
_MEMORY_MOST_MB = 300.0


def latency_figures(
    server: MeasuredServer, questions: Questions, effort: Effort, runner: asyncio.Runner, folder: Path
) -> list[Figure]:
    """The 99th percentile of unary calls at a fixed rate: idle, beside tables, beside batches."""
    channel = runner.run(_open(server.address))
    call = wire.unary(channel)
    streams = {
        wire.STREAM_TABLES: tables(questions.texts(8 * _TABLE_ROWS), _TABLE_ROWS),
        wire.BATCH_LOOKUP: questions.batches(20, _BATCH, 1),
    }
    files = {
        method: write_columns(folder / f"{method.rpartition('/')[2]}.arrow", {"request": requests})
        for method, requests in streams.items()
    }

    def p99(method: str | None) -> Callable[[int], float]:
        def measure(_: int) -> float:
            requests = questions.unary(int(_CALLS_PER_S * effort.seconds(5)), 1)
            with load(server.address, method, files[method]) if method else nullcontext():
                return float(np.percentile(runner.run(wire.open_loop(call, requests, _CALLS_PER_S)), 99))

        return measure

    runner.run(wire.answers(call, questions.unary(100, 1)))
    found = alternate(
        {"idle": p99(None), "tables": p99(wire.STREAM_TABLES), "batches": p99(wire.BATCH_LOOKUP)}, effort.rounds
    )
    runner.run(channel.close())
    beside = f"idle {found.median('idle'):.1f} ms"
    figures = []
    for title, name, most in (
        ("unary p99 while tables stream", "tables", _TABLES_MOST),
        ("unary p99 beside batches of 1,000", "batches", _BATCHES_MOST),
    ):
        times = found.ratio(name, "idle")
        measured = f"{found.median(name):.1f} ms"
        figures.append(Figure(title, measured, beside, f"{times:.1f}×", f"≤ {most:g}×", times <= most))
    taken = found.median("batches")
    aim = f"≤ {_BATCHES_MOST_MS:g} ms"
    title = "unary p99 beside batches of 1,000"
    return [*figures, Figure(title, f"{taken:.1f} ms", beside, f"{taken:.1f} ms", aim, taken <= _BATCHES_MOST_MS)]


async def _open(address: str) -> aio.Channel:
    return aio.insecure_channel(address)


def memory_figures(loaded: MeasuredServer, data_dir: Path, questions: Questions) -> list[Figure]:
    """Private memory of a new server after calls of each kind, and of the one that had the load of this run."""
    with MeasuredServer(data_dir) as fresh:
        fresh.wait_until_serving()
        with grpc.insecure_channel(fresh.address) as channel:
            unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(wire.GEOCODE)
            for request in questions.unary(500, 5):
                unary(request)
            wire.batch_rate(channel, questions.batches(2, _BATCH, 1), _BATCH)
            wire.table_rate(channel, tables(questions.texts(2 * _TABLE_ROWS), _TABLE_ROWS), 2 * _TABLE_ROWS)
        used = {"after calls of each kind": fresh.private_bytes(), "after this run": loaded.private_bytes()}
    figures = []
    for title, size in used.items():
        text, most = f"{size / 1e6:.0f} MB", f"≤ {_MEMORY_MOST_MB:g} MB"
        figures.append(Figure(f"private memory {title}", text, "", text, most, size <= _MEMORY_MOST_MB * 1e6))
    return figures
