"""Servers and workers are killed at random moments; the output is the one of a run that nobody disturbed.

WAYPOST_CHAOS_ROUNDS is how many rounds there are, WAYPOST_CHAOS_SEED the seed of the first one.
"""

from __future__ import annotations

import os
import random
import time
from itertools import pairwise

import pytest

from tests.chaos.arena import PARTS, ROWS, Arena
from waypost.server.jobs.events import PartCommitted
from waypost.server.jobs.spec import FileFormat, JobOutput, OutputLayout
from waypost.server.jobs.states import JobState

ROUNDS = int(os.environ.get("WAYPOST_CHAOS_ROUNDS", "3"))
FIRST_SEED = int(os.environ.get("WAYPOST_CHAOS_SEED", "1"))
#: A part takes some 200 ms on an idle machine, and so does the output.
SHORTLY_S = 0.2


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_a_job_that_is_killed_over_and_over_gives_the_same_bytes(seed: int, arena: Arena) -> None:
    dice = random.Random(seed)
    output = JobOutput(
        format=dice.choice((FileFormat.CSV, FileFormat.PARQUET, FileFormat.NDJSON)),
        layout=dice.choice((OutputLayout.ONE_FILE, OutputLayout.PARTS)),
    )
    undisturbed = arena.undisturbed(output)
    job = arena.create(output)
    for _ in range(dice.randint(1, 3)):
        parts = dice.randint(0, PARTS)
        if dice.random() < 0.3:
            pass  # whatever it does: it may not even have begun to serve
        elif parts == 0:
            arena.reaches(job, lambda job: job.state is not JobState.QUEUED)
        else:
            arena.reaches(job, lambda job, parts=parts: arena.parts(job) >= parts)  # type: ignore[misc]
        time.sleep(dice.uniform(0, SHORTLY_S))
        arena.kill(dice, job)
    arena.end(job)
    assert arena.results(job) == undisturbed
    events = arena.site.store.history(job.job_id, 0)[1].events
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    parts_told = sorted(
        (event.change.first_row, event.change.last_row)
        for event in events
        if isinstance(event.change, PartCommitted)
    )  # fmt: skip
    assert (parts_told[0][0], parts_told[-1][1]) == (1, ROWS)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(parts_told))
    arena.delete(job)
