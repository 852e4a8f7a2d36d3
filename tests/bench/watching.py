"""What watchers of jobs cost a serving process, and how soon they hear of changes.

The jobs are another process's: this one holds their leases and writes their progress, as a server with workers does,
so that what is measured is nothing but watching, over the longer of the two ways.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from tests.bench.figures import Figure
from tests.bench.job_server import JobServer, small_job
from tests.bench.rounds import Effort
from waypost.server.jobs.model import Lease, Progress
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore

#: Title, running jobs, watchers of each, cores at most, milliseconds of the changes' p99 at most.
_CASES = (
    ("1,000 watchers of a running job", 1, 1_000, 0.15, 500.0),
    ("200 running jobs with a watcher each", 200, 1, 0.15, 500.0),
    ("50 watchers of a running job", 1, 50, None, 100.0),
)
_LEASE_S = 60.0
_PROGRESS_S = 0.25
_CHANGE_S = 0.5
_SECONDS = 20.0


class RunningJobs:
    """Jobs that seem to run: progress of all of them four times a second, and twice a second a change of one."""

    def __init__(self, server: JobServer, store: JobStore, count: int) -> None:
        self._store = store
        for _ in range(count):
            server.create(small_job(["Bern"]))
        self._leases: list[Lease] = []
        while (taken := store.claim_job("bench", lease_s=_LEASE_S)) is not None:
            self._leases.append(taken[1])
        for lease in self._leases:
            for state in (JobState.PREPARING, JobState.RUNNING):
                store.advance(lease, state)
        self.names = [f"jobs/{lease.job_id}" for lease in self._leases]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile."""
        stopping = threading.Event()
        threads = [threading.Thread(target=work, args=(stopping,)) for work in (self._progress, self._changes)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopping.set()
            for thread in threads:
                thread.join()

    def end(self) -> None:
        """Fails the jobs, so that nobody has them any more."""
        for lease in self._leases:
            self._store.advance(lease, JobState.FAILED)

    def _progress(self, stopping: threading.Event) -> None:
        for done in itertools.count(1):
            if stopping.wait(_PROGRESS_S):
                return
            rows = RowCounts(matched=done * 1_000)
            progress = Progress(rows=rows, total_rows=10_000_000, rows_per_second=4_000, update_time_s=time.time())
            self._store.write_progress(dict.fromkeys(self._leases, progress))
            if done % 40 == 0:
                self._store.renew_leases(self._leases, lease_s=_LEASE_S)

    def _changes(self, stopping: threading.Event) -> None:
        for number, lease in enumerate(itertools.cycle(self._leases)):
            if stopping.wait(_CHANGE_S):
                return
            self._store.update_job(lease.job_id, priority=number % 100 + 1)


@contextmanager
def watchers(address: str, names: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process with a watcher of each of these jobs, all of which have begun."""
    command = [sys.executable, "-m", "tests.bench.watchers", address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{name}\n" for name in names) + "\n")
        process.stdin.flush()
        started = process.stdout.readline()
        assert started == "watching\n", "the watchers ended"
        yield process


def watching_figures(server: JobServer, effort: Effort) -> list[Figure]:
    """Processor time and delays, a while for each number of watchers. The server must have no workers."""
    figures = []
    with JobStore.open(f"sqlite:///{server.folder / 'jobs.sqlite'}") as store:
        for title, jobs, each, most_cores, most_ms in _CASES:
            found = RunningJobs(server, store, jobs)
            with watchers(server.address, found.names * each) as process, found.running():
                time.sleep(1.0)
                before_s, start_s = server.cpu_s(), time.perf_counter()
                time.sleep(effort.seconds(_SECONDS))
                lasted_s = time.perf_counter() - start_s
                cores = (server.cpu_s() - before_s) / lasted_s
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.close()
                told = json.loads(process.stdout.readline())
            found.end()
            p99 = float(np.percentile(told["change_ms"], 99))
            rate = f"{told['progress'] / lasted_s:,.0f} messages/s of progress"
            if most_cores is not None:
                cost, aim = f"{cores:.2f} cores", f"≤ {most_cores:g} cores"
                figures.append(Figure(title, cost, rate, cost, aim, cores <= most_cores))
            delay, aim = f"{p99:.0f} ms", f"≤ {most_ms:g} ms"
            figures.append(Figure(f"{title}, p99 of changes", delay, rate, delay, aim, p99 <= most_ms))
    return figures
