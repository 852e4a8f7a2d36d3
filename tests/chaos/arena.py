"""A store of jobs, the server that works on it now, and the means to kill it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.server_process import Server
from tests.unit.jobs.coordinator.site import PLACES, Site
from waypost.server.errors import FailedPrecondition
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Job, ShardState
from waypost.server.jobs.spec import FailurePolicy, JobInput, JobOutput, UriSource
from waypost.server.jobs.states import JobState
from waypost.server.jobs.tasks import SHARD_ROWS

#: So many parts, so that a kill finds some committed, some in hand and some waiting.
PARTS = 6
ROWS = (PARTS - 1) * SHARD_ROWS + 17
#: What makes a job go on that stands still.
STANDING = {JobState.PAUSED: Command.RESUME, JobState.AWAITING_CONFIRMATION: Command.CONFIRM}
#: A whole job takes one to two seconds on two idle cores.
LONGEST_WAIT_S = 20.0


class Arena:
    def __init__(self, data_dir: Path, folder: Path, killed: Counter[str]) -> None:
        self.site = Site(data_dir, folder)
        self.killed = killed
        self._data_dir = data_dir
        self._flags = (
            "--jobs-dir", str(folder), "--jobs-input-roots", (folder / "in").as_uri(), "--jobs-min-free-mib", "0",
            "--jobs-workers", "2", "--jobs-lease-s", "0.5",
        )  # fmt: skip
        path = folder / "in" / "rows.csv"
        path.write_text("id,query\n" + "".join(f'{row},"{PLACES[row % 4]}"\n' for row in range(1, ROWS + 1)))
        found = path.stat()
        self._input = JobInput(
            source=UriSource(uri=path.as_uri(), size_bytes=found.st_size, modified_ns=found.st_mtime_ns)
        )
        self._undisturbed: dict[JobOutput, dict[str, str]] = {}
        self.server = Server(data_dir, *self._flags)

    def close(self) -> None:
        self.server.kill()
        self.site.store.close()

    def create(self, output: JobOutput, *, confirmation_required: bool = False) -> Job:
        return self.site.create(
            self._input,
            output=output,
            failure_policy=FailurePolicy(),
            confirmation_required=confirmation_required,
        )

    def undisturbed(self, output: JobOutput) -> dict[str, str]:
        """The digests of what such a job gives that nobody disturbs; made once."""
        if output not in self._undisturbed:
            if all(record["message"] != "serving" for record in self.server.records):
                self.server.wait_until_serving()
            job = self.create(output)
            self.end(job)
            self._undisturbed[output] = self.results(job)
            self.delete(job)
        return self._undisturbed[output]

    def kill(self, dice: random.Random, job: Job) -> None:
        """Kills something of the server, and starts another one if it was the server itself."""
        workers = self._workers()
        found = self.site.store.job(job.job_id)
        moment = found.state.name
        if found.state.name == "RUNNING":
            moment += f" after {self.parts(job)} of {PARTS} parts"
        victims = dice.choice(("server", "server", "server and workers", "worker", "worker", "all workers"))
        if not workers:
            victims = "server"
            moment += ", before it had workers"
        self.killed[f"{victims}: {moment}"] += 1
        self.killed[f"{victims}, in all"] += 1
        if victims == "worker":
            workers = [dice.choice(workers)]
        for pid in workers if "worker" in victims else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if "server" in victims:
            self.server.kill()
            self.server = Server(self._data_dir, *self._flags)

    def reaches(self, job: Job, condition: Callable[[Job], bool]) -> None:
        """Returns once the job is as `condition` says or has ended, or after LONGEST_WAIT_S."""
        with suppress(TimeoutError):
            asyncio.run(
                asyncio.wait_for(
                    self.site.reaches(job.job_id, lambda job: job.state.finished or condition(job)), LONGEST_WAIT_S
                )
            )

    def parts(self, job: Job) -> int:
        """How many parts are committed."""
        return self.site.store.shard_counts(job.job_id)[ShardState.DONE]

    def command(self, job: Job, command: Command) -> None:
        """Asks for it; a job that has gone on meanwhile may not allow it any more."""
        with suppress(FailedPrecondition):
            self.site.store.command(job.job_id, command)

    def end(self, job: Job) -> Job:
        """The job at its end; what stands still on the way is asked to go on."""
        while True:
            found = asyncio.run(self.site.reaches(job.job_id, lambda job: job.state.finished or job.state in STANDING))
            if found.state.finished:
                return found
            self.command(job, STANDING[found.state])

    def results(self, job: Job) -> dict[str, str]:
        """The digest of each file of results by its name."""
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in self.site.results(job.job_id)}
        assert found
        return found

    def delete(self, job: Job) -> None:
        self.site.store.delete_job(job.job_id)
        # The server may still be removing what the job needs no more.
        shutil.rmtree(self.site.desk.folders.job(job.job_id), ignore_errors=True)

    def _workers(self) -> list[int]:
        pid = self.server.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(word) for word in children.split()]
