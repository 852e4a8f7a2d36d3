"""A server that works on jobs, the files that they read, and jobs from CreateJob to their end."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import grpc
import pyarrow as pa
from google.longrunning import operations_pb2, operations_pb2_grpc

from tests.bench.processes import MeasuredServer
from tests.bench.questions import Questions
from waypost.v1 import jobs_pb2 as pb
from waypost.v1 import jobs_pb2_grpc

#: What is drawn at once: no place comes twice among so many.
_DRAWN = 50_000
_LONGEST_S = 900
#: How often memory is looked at.
_LOOK_S = 0.1


class JobFiles:
    """Inputs of "City, Region, Country" rows below one folder, as CSV for jobs and as Arrow for the engine."""

    def __init__(self, folder: Path, questions: Questions) -> None:
        self.folder = folder
        self._questions = questions
        self._texts: list[str] = []

    def texts(self, rows: int) -> list[str]:
        """So many texts, the same ones each time; beyond a million they come round again."""
        while len(self._texts) < min(rows, 1_000_000):
            self._texts += self._questions.texts(_DRAWN)
        return (self._texts * (rows // len(self._texts) + 1))[:rows]

    def csv(self, rows: int) -> Path:
        """A file with a header and so many rows."""
        path = self.folder / f"rows-{rows}.csv"
        if not path.exists():
            lines = ('"{}"'.format(text.replace('"', '""')) for text in self.texts(rows))
            path.write_text("query\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    def arrow(self, rows: int) -> Path:
        """The same rows as a column."""
        path = self.folder / f"rows-{rows}.arrow"
        table = pa.table({"query": pa.array(self.texts(rows), pa.large_string())})
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        return path


class JobServer(MeasuredServer):
    """A server with a worker for each core, which may read below `inputs`."""

    def __init__(self, data_dir: Path, inputs: Path, *flags: str, workers: int | None = None) -> None:
        self.workers = len(os.sched_getaffinity(0)) if workers is None else workers
        roots = ("--jobs-input-roots", inputs.as_uri())
        super().__init__(data_dir, *roots, "--jobs-workers", str(self.workers), *flags)

    def __enter__(self) -> Self:
        try:
            self.wait_until_serving()
        except BaseException:
            self.kill()
            raise
        self.channel = grpc.insecure_channel(self.address)
        self.jobs = jobs_pb2_grpc.JobServiceStub(self.channel)
        self.operations = operations_pb2_grpc.OperationsStub(self.channel)  # type: ignore[no-untyped-call]
        return self

    @property
    def folder(self) -> Path:
        """Where its jobs lie."""
        return Path(self._folder.name)

    def process_ids(self) -> list[int]:
        """The server and its workers."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [self.process.pid, *(int(word) for found in children for word in found.read_text().split())]

    def memory_bytes(self) -> int:
        """Memory that only the server and its workers have, each what only it has."""
        total = 0
        for process_id in self.process_ids():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
                total += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
        return total

    def create(self, job: pb.Job) -> str:
        """The name of the operation of a new job."""
        operation: operations_pb2.Operation = self.jobs.CreateJob(pb.CreateJobRequest(job=job))
        return operation.name

    def ended(self, operation: str) -> pb.Job:
        """The job, which has ended well."""
        request = operations_pb2.WaitOperationRequest(name=operation)
        request.timeout.FromSeconds(_LONGEST_S)
        ended: operations_pb2.Operation = self.operations.WaitOperation(request, timeout=_LONGEST_S)
        while not ended.done:
            ended = self.operations.WaitOperation(request, timeout=_LONGEST_S)
        assert not ended.HasField("error"), ended.error
        job = pb.Job()
        assert ended.response.Unpack(job)
        return job

    def seconds(self, job: pb.Job) -> float:
        """From CreateJob to the end of a job, as its caller sees it. The job is deleted afterwards."""
        start = time.perf_counter()
        operation = self.create(job)
        done = self.ended(operation)
        taken_s = time.perf_counter() - start
        self.jobs.DeleteJob(pb.DeleteJobRequest(name=done.name))
        return taken_s


def file_job(path: Path, layout: pb.OutputLayout.ValueType = pb.OUTPUT_LAYOUT_ONE_FILE, priority: int = 0) -> pb.Job:
    """CSV in, Parquet out."""
    job = pb.Job(input=pb.JobInput(uri=path.as_uri()), priority=priority)
    job.operation.geocode.SetInParent()
    job.output.format = pb.FILE_FORMAT_PARQUET
    job.output.layout = layout
    return job


def small_job(texts: Sequence[str], priority: int = 0) -> pb.Job:
    """A few rows in the request, Parquet out."""
    lines = "".join('"{}"\n'.format(text.replace('"', '""')) for text in texts)
    job = pb.Job(input=pb.JobInput(inline=f"query\n{lines}".encode()), priority=priority)
    job.operation.geocode.SetInParent()
    job.output.format = pb.FILE_FORMAT_PARQUET
    return job


@contextmanager
def jobs_without_end(server: JobServer, job: pb.Job) -> Iterator[None]:
    """Keeps a server's workers busy with one such job after the other, whose rows are being answered."""
    stopping, running = threading.Event(), threading.Event()

    def run() -> None:
        while not stopping.is_set():
            operation = server.create(job)
            name = operation.replace("operations", "jobs")
            for event in server.jobs.WatchJob(pb.WatchJobRequest(name=name, after_sequence=0)):
                if event.change.HasField("part_committed"):
                    running.set()
                if stopping.is_set():
                    server.operations.CancelOperation(operations_pb2.CancelOperationRequest(name=operation))
            server.jobs.DeleteJob(pb.DeleteJobRequest(name=name))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        running.wait(_LONGEST_S)
        yield
    finally:
        stopping.set()
        thread.join()


class PeakMemory:
    """The most that a server and its workers had, from enter to exit."""

    def __init__(self, server: JobServer) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self.peak_bytes = max(self.peak_bytes, self._server.memory_bytes())
