"""A job store under any sequence of calls, crashes and passing time, against a model of a few lines."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from tests.job_stores import LEASE_S, HandClock, new_shards, part, spec, store_in
from tests.memory_disk import memory_disk
from waypost.server.errors import FailedPrecondition, LeaseLost
from waypost.server.jobs.events import PartCommitted, StateChanged
from waypost.server.jobs.lifecycle import COMMANDS, Actor, Command, is_legal
from waypost.server.jobs.model import Job, Lease, ShardState
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore

ROWS = 6


class JobStoreMachine(RuleBasedStateMachine):
    """Callers, owners that die and come back, and the clock, at one database that is closed and opened again."""

    jobs: Bundle[str] = Bundle("jobs")
    leases: Bundle[Lease] = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.folder = tempfile.TemporaryDirectory(prefix="waypost-", dir=memory_disk())
        self.store = self.opened()
        self.states: dict[str, JobState] = {}
        self.owners: dict[str, Lease | None] = {}
        self.committed: dict[str, set[int]] = {}
        #: Jobs as they were when all of them was compared last.
        self.checked: dict[str, Job] = {}

    def opened(self) -> JobStore:
        return JobStore.open(store_in(Path(self.folder.name)), clock=self.clock)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @initialize(target=jobs)
    def begin(self) -> str:
        return self.created()

    @rule(target=jobs)
    def create(self) -> str:
        return self.created()

    def created(self) -> str:
        job = self.store.create_job(spec())
        self.states[job.job_id], self.owners[job.job_id], self.committed[job.job_id] = job.state, None, set()
        return job.job_id

    @rule(job_id=jobs, command=st.sampled_from(Command))
    def command(self, job_id: str, command: Command) -> None:
        if job_id not in self.states:
            return
        state = self.states[job_id]
        try:
            after = self.store.command(job_id, command).state
        except FailedPrecondition:
            assert state not in COMMANDS[command]
        else:
            assert after is COMMANDS[command][state]
            self.moved(job_id, after)

    @rule(target=leases, owner=st.sampled_from(["one", "two"]))
    def claim(self, owner: str) -> MultipleResults[Lease] | Lease:
        free = {job_id for job_id, state in self.states.items() if state.at_work and self.owners[job_id] is None}
        stopping = {job_id for job_id in free if self.states[job_id] in (JobState.CANCELLING, JobState.PAUSING)}
        taken = self.store.claim_job(owner, lease_s=LEASE_S)
        if taken is None:
            assert not free
            return multiple()
        job, lease = taken
        assert job.job_id in (stopping or free)
        self.owners[job.job_id] = lease
        return lease

    @rule(target=leases, seconds=st.sampled_from([LEASE_S, -2 * LEASE_S]))
    def outlast_leases(self, seconds: float) -> MultipleResults[Lease]:
        self.clock.advance(seconds)
        claimed: dict[str, Lease] = {}
        while (taken := self.store.claim_job("next", lease_s=LEASE_S)) is not None:
            job, lease = taken
            before = self.owners[job.job_id]
            assert job.job_id not in claimed
            assert before is None or lease.token == before.token + 1
            claimed[job.job_id] = lease
        assert claimed.keys() == {job_id for job_id, state in self.states.items() if state.at_work}
        self.owners |= claimed
        return multiple(*(lease for lease in self.owners.values() if lease is not None))

    @rule(lease=leases, to=st.sampled_from(JobState))
    def advance(self, lease: Lease, to: JobState) -> None:
        state = self.states.get(lease.job_id)
        try:
            self.store.advance(lease, to)
        except LeaseLost:
            assert self.owners.get(lease.job_id) != lease
        except FailedPrecondition:
            assert state is not None
            assert not is_legal(state, to, Actor.OWNER)
        else:
            assert self.owners[lease.job_id] == lease
            assert state is not None
            assert is_legal(state, to, Actor.OWNER)
            self.moved(lease.job_id, to)

    @rule(lease=leases)
    def prepare(self, lease: Lease) -> None:
        if self.owners.get(lease.job_id) == lease and self.states[lease.job_id] is JobState.PREPARING:
            if not self.store.job(lease.job_id).prepared:
                self.store.drop_shards(lease)
                self.store.add_shards(lease, new_shards(ROWS, 2))
            self.store.advance(lease, JobState.RUNNING)
            self.moved(lease.job_id, JobState.RUNNING)

    @rule(lease=leases, crash=st.booleans(), count=st.integers(1, 3))
    def work(self, lease: Lease, crash: bool, count: int) -> None:
        try:
            shards = self.store.lease_shards(lease, count)
            if crash:
                return
            for shard in shards:
                assert shard.first_row not in self.committed[lease.job_id]
                assert self.store.commit_part(lease, shard.first_row, part(2))
                self.committed[lease.job_id].add(shard.first_row)
        except LeaseLost:
            assert self.owners.get(lease.job_id) != lease

    @rule(lease=consumes(leases))
    def release(self, lease: Lease) -> None:
        self.store.release_lease(lease)
        if self.owners.get(lease.job_id) == lease:
            self.owners[lease.job_id] = None

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.opened()
        self.checked = {}

    @rule(job_id=jobs)
    def delete(self, job_id: str) -> None:
        if job_id not in self.states:
            return
        try:
            self.store.delete_job(job_id)
        except FailedPrecondition:
            assert not self.states[job_id].finished
        else:
            assert self.states.pop(job_id).finished
            del self.owners[job_id], self.committed[job_id]

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        listed = {job.job_id: job for job in self.store.list_jobs(limit=1_000).items}
        assert {job_id: job.state for job_id, job in listed.items()} == self.states
        for job_id in self.states:
            if self.checked.get(job_id) == listed[job_id]:
                continue  # nothing of it has changed, the number of its newest event among it
            self.checked[job_id] = listed[job_id]
            job, history = self.store.history(job_id, 0)
            assert [event.sequence for event in history.events] == list(range(1, job.last_sequence + 1))
            self.check_steps([event.change for event in history.events], job.state)
            done = {shard.first_row for shard in self.store.shards(job_id, states=[ShardState.DONE])}
            assert done == self.committed[job_id]

    def check_steps(self, changes: list[object], state: JobState) -> None:
        """The events tell a path of legal steps that ends where the job is, and each part once."""
        steps = [change for change in changes if isinstance(change, StateChanged)]
        assert steps[0].old_state is None
        assert steps[-1].new_state is state
        for before, after in pairwise(steps):
            assert after.old_state is before.new_state
            assert any(is_legal(before.new_state, after.new_state, actor) for actor in Actor)
        parts = [change.first_row for change in changes if isinstance(change, PartCommitted)]
        assert len(parts) == len(set(parts))

    def moved(self, job_id: str, state: JobState) -> None:
        self.states[job_id] = state
        if not state.at_work:
            self.owners[job_id] = None


TestJobStore = JobStoreMachine.TestCase
TestJobStore.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
