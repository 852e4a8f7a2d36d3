"""A server process over gRPC: unary calls beside a bare handler, batches, and tables beside the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import grpc
from grpc import aio

from tests.bench import wire
from tests.bench.engine_rates import forward_rate
from tests.bench.figures import Figure, at_least, rate
from tests.bench.processes import MeasuredServer, bare_server, write_columns
from tests.bench.questions import Questions, tables
from tests.bench.rounds import Effort, alternate
from waypost.server.geocoder.engine import Geocoder

#: Results asked for: least share of the bare handler's calls/s.
_UNARY_AIMS = {1: 0.8, 5: 0.6}
#: Title, lookups in a batch (full answers with five results would pass 3.5 MiB with 1,000), results, FULL, rows/s.
_BATCHES = (
    ("BatchLookup, FULL, 1 result", 1_000, 1, True, 18_000),
    ("BatchLookup, FULL, 5 results", 500, 5, True, 6_000),
    ("BatchLookup, BASIC, 1 result", 1_000, 1, False, 30_000),
)
_TABLE_ROWS = 10_000
_TABLE_LEAST = 0.6


def unary_figures(
    server: MeasuredServer, questions: Questions, effort: Effort, runner: asyncio.Runner, folder: Path
) -> list[Figure]:
    """Calls/s of one server process beside the bare one, with the same requests, answers and client."""
    seconds = effort.seconds(2.5)
    requests = {results: questions.unary(effort.rows(6_000), results) for results in _UNARY_AIMS}
    distinct = [request for several in requests.values() for request in several]
    measures: dict[str, Callable[[int], float]] = {}
    cpu_us: dict[str, list[float]] = {}
    with ExitStack() as opened:
        real_channel = runner.run(_open(server.address))
        real = wire.unary(real_channel)
        responses = runner.run(wire.answers(real, distinct))
        path = write_columns(folder / "answers.arrow", {"request": distinct, "response": responses})
        bare_channel = runner.run(_open(opened.enter_context(bare_server(path))))
        bare = wire.unary(bare_channel)

        def served(results: int) -> Callable[[int], float]:
            def measure(_: int) -> float:
                before = server.cpu_s()
                per_s = runner.run(wire.calls_per_s(real, requests[results], seconds))
                cpu_us.setdefault(str(results), []).append((server.cpu_s() - before) / (per_s * seconds) * 1e6)
                return per_s

            return measure

        for results in _UNARY_AIMS:
            measures[f"real {results}"] = served(results)
            measures[f"bare {results}"] = lambda _, results=results: runner.run(  # type: ignore[misc]
                wire.calls_per_s(bare, requests[results], seconds)
            )
        found = alternate(measures, effort.rounds)
        runner.run(real_channel.close())
        runner.run(bare_channel.close())
    figures = []
    for results, least in _UNARY_AIMS.items():
        share = found.ratio(f"real {results}", f"bare {results}")
        measured, yardstick = found.median(f"real {results}"), found.median(f"bare {results}")
        title = f"Geocode, {results} result{'s' if results > 1 else ''}"
        beside = f"bare handler {rate(yardstick, 'calls/s')}"
        figures.append(
            Figure(title, rate(measured, "calls/s"), beside, f"{share:.0%}", f"≥ {least:.0%}", share >= least)
        )
        processor_us = sorted(cpu_us[str(results)])[len(cpu_us[str(results)]) // 2]
        figures.append(Figure(f"{title}, processor time of the server", f"{processor_us:.0f} µs/call"))
    return figures


async def _open(address: str) -> aio.Channel:
    return aio.insecure_channel(address)


def batch_figures(server: MeasuredServer, questions: Questions, effort: Effort) -> list[Figure]:
    """Rows/s of one client that sends batches back to back."""
    with grpc.insecure_channel(server.address) as channel:

        def send(size: int, results: int, full: bool) -> Callable[[int], float]:
            batches = max(2, effort.rows(12_000) // size)

            def measure(_: int) -> float:
                return wire.batch_rate(channel, questions.batches(batches, size, results, full=full), size)

            return measure

        measures = {title: send(size, results, full) for title, size, results, full, _ in _BATCHES}
        found = alternate(measures, effort.rounds)
    return [at_least(title, found.median(title), lowest) for title, _, _, _, lowest in _BATCHES]


def table_figures(server: MeasuredServer, geocoder: Geocoder, questions: Questions, effort: Effort) -> list[Figure]:
    """Rows/s of one client that streams tables, beside the engine in this process."""
    rows = effort.rows(100_000)
    with grpc.insecure_channel(server.address) as channel:
        wire.table_rate(channel, tables(questions.texts(_TABLE_ROWS), _TABLE_ROWS), _TABLE_ROWS)
        forward_rate(geocoder, questions.texts(_TABLE_ROWS))
        found = alternate(
            {
                "stream": lambda _: wire.table_rate(channel, tables(questions.texts(rows), _TABLE_ROWS), rows),
                "engine": lambda _: forward_rate(geocoder, questions.texts(rows)),
            },
            effort.rounds,
        )
    share = found.ratio("stream", "engine")
    measured, yardstick = rate(found.median("stream")), f"engine {rate(found.median('engine'))}"
    return [Figure("StreamTables", measured, yardstick, f"{share:.0%}", f"≥ {_TABLE_LEAST:.0%}", share >= _TABLE_LEAST)]
