"""How long callers wait: for a job to be taken, for a small one, for a change of priority, for lookups beside jobs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
from google.longrunning import operations_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from grpc import aio

from tests.bench import wire
from tests.bench.figures import Figure
from tests.bench.job_server import JobFiles, JobServer, file_job, jobs_without_end, small_job
from tests.bench.questions import Questions
from tests.bench.rounds import Effort, alternate
from waypost.v1 import jobs_pb2 as pb

#: Large enough to be at work for seconds on any machine.
_LARGE_ROWS = 1_000_000
_SMALL_ROWS = 10
_TAKEN_MOST_MS, _SMALL_MOST_MS, _TOLD_MOST_MS = 20.0, 250.0, 100.0
_BEHIND_MOST_MS = 1_000.0
_PRIORITY_MOST_MS = 1_000.0
#: Of a job of lower priority hardly more than one part is in a worker's hands: the second one was begun afterwards.
_PARTS = 2
_CALLS_PER_S = 100.0
_LOOKUPS_MOST = 3.0


def small_figures(server: JobServer, questions: Questions, effort: Effort) -> list[Figure]:
    """CreateJob and jobs of ten rows, one after the other, with nothing else to do; then beside a large one."""
    count = effort.rows(300)
    texts = questions.texts(_SMALL_ROWS * (count + 10))
    taken_ms: list[float] = []
    done_ms: list[float] = []
    told_ms: list[float] = []
    for number in range(count + 10):
        at = number * _SMALL_ROWS
        taken, done, told = _small(server, texts[at : at + _SMALL_ROWS])
        if number >= 10:
            taken_ms.append(taken)
            done_ms.append(done)
            told_ms.append(told)
    p99, median = float(np.percentile(taken_ms, 99)), float(np.median(done_ms))
    slowest = float(np.percentile(done_ms, 99))
    return [
        _at_most("CreateJob on an idle machine, p99", p99, _TAKEN_MOST_MS, f"median {np.median(taken_ms):.1f} ms"),
        _at_most(f"job of {_SMALL_ROWS} rows, median", median, _SMALL_MOST_MS, f"p99 {slowest:.0f} ms"),
        _at_most(
            "WaitOperation after the end of the job, p99",
            float(np.percentile(told_ms, 99)),
            _TOLD_MOST_MS,
            f"median {np.median(told_ms):.1f} ms",
        ),
    ]


def busy_figures(server: JobServer, files: JobFiles, questions: Questions, effort: Effort) -> list[Figure]:
    """Small jobs beside a large one, files taken meanwhile, and how soon a higher priority counts."""
    count = effort.rows(30)
    large = files.csv(_LARGE_ROWS)
    taken_ms: list[float] = []
    done_ms: list[float] = []
    with jobs_without_end(server, file_job(large)):
        for _ in range(count):
            taken, done, _ = _small(server, questions.texts(_SMALL_ROWS))
            taken_ms.append(taken)
            done_ms.append(done)
    p99, worst = float(np.percentile(taken_ms, 99)), max(done_ms)
    median = f"median {np.median(done_ms):.0f} ms"
    return [
        _at_most("CreateJob beside a large job only, p99", p99, _TAKEN_MOST_MS, f"median {np.median(taken_ms):.1f} ms"),
        _at_most(
            f"job of {_SMALL_ROWS} rows beside a large one, the slowest of {count}", worst, _BEHIND_MOST_MS, median
        ),
        _priority_figure(server, files, max(2, effort.rows(5))),
    ]


def _small(server: JobServer, texts: list[str]) -> tuple[float, float, float]:
    """Milliseconds until a small job was taken, until it was done, and of these the ones since its end."""
    job = small_job(texts)
    start = time.perf_counter()
    operation = server.create(job)
    taken = time.perf_counter()
    done = server.ended(operation)
    ended, now_s = time.perf_counter(), time.time()
    server.jobs.DeleteJob(pb.DeleteJobRequest(name=done.name))
    told_s = now_s - done.end_time.ToNanoseconds() / 1e9
    return (taken - start) * 1e3, (ended - start) * 1e3, told_s * 1e3


def _priority_figure(server: JobServer, files: JobFiles, times: int) -> Figure:
    """Two large jobs; the later one of two gets the higher priority once both are at work."""
    path = files.csv(_LARGE_ROWS)
    taken_ms = []
    for _ in range(times):
        ahead, behind = (server.create(file_job(path, priority=priority)) for priority in (2, 1))
        name = behind.replace("operations", "jobs")
        parts_s: list[float] = []
        raised_s = 0.0
        for event in server.jobs.WatchJob(pb.WatchJobRequest(name=name, after_sequence=0)):
            if not event.change.HasField("part_committed"):
                continue
            if not raised_s:
                server.jobs.UpdateJob(
                    pb.UpdateJobRequest(job=pb.Job(name=name, priority=3), update_mask=FieldMask(paths=["priority"]))
                )
                raised_s = time.perf_counter()
            else:
                parts_s.append(time.perf_counter())
            if len(parts_s) == _PARTS:
                break
        taken_ms.append((parts_s[-1] - raised_s) * 1e3)
        for operation in (ahead, behind):
            server.operations.CancelOperation(operations_pb2.CancelOperationRequest(name=operation))
            ended = operations_pb2.Operation()
            while not ended.done:
                ended = server.operations.WaitOperation(operations_pb2.WaitOperationRequest(name=operation))
            server.jobs.DeleteJob(pb.DeleteJobRequest(name=operation.replace("operations", "jobs")))
    title = f"from a higher priority to the second part after it, the slowest of {times}"
    return _at_most(title, max(taken_ms), _PRIORITY_MOST_MS, f"median {np.median(taken_ms):.0f} ms")


def lookup_figures(
    server: JobServer, files: JobFiles, questions: Questions, effort: Effort, runner: asyncio.Runner
) -> list[Figure]:
    """The 99th percentile of unary calls at a fixed rate: idle, and beside jobs from their begin to their end."""
    channel = runner.run(_open(server.address))
    call = wire.unary(channel)
    path = files.csv(effort.rows(_LARGE_ROWS))

    def p99(layout: pb.OutputLayout.ValueType | None) -> Callable[[int], float]:
        def measure(_: int) -> float:
            requests = questions.unary(int(_CALLS_PER_S * effort.seconds(10)), 1)
            with nullcontext() if layout is None else jobs_without_end(server, file_job(path, layout)):
                return float(np.percentile(runner.run(wire.open_loop(call, requests, _CALLS_PER_S)), 99))

        return measure

    runner.run(wire.answers(call, questions.unary(100, 1)))
    found = alternate(
        {"idle": p99(None), "parts": p99(pb.OUTPUT_LAYOUT_PARTS), "file": p99(pb.OUTPUT_LAYOUT_ONE_FILE)}, effort.rounds
    )
    runner.run(channel.close())
    beside = f"idle {found.median('idle'):.1f} ms"
    figures = []
    for title, name in (("unary p99 beside jobs into parts", "parts"), ("unary p99 beside jobs into one file", "file")):
        times = found.ratio(name, "idle")
        aim = f"≤ {_LOOKUPS_MOST:g}×"
        figures.append(
            Figure(title, f"{found.median(name):.1f} ms", beside, f"{times:.1f}×", aim, times <= _LOOKUPS_MOST)
        )
    return figures


async def _open(address: str) -> aio.Channel:
    return aio.insecure_channel(address)


def _at_most(title: str, measured_ms: float, most_ms: float, beside: str) -> Figure:
    shown = f"{measured_ms:.1f} ms" if measured_ms < 100 else f"{measured_ms:.0f} ms"
    return Figure(title, shown, beside, shown, f"≤ {most_ms:g} ms", measured_ms <= most_ms)
