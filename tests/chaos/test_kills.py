"""Servers and workers are killed at random moments; the output is the one of a run that nobody disturbed.

WAYPOST_CHAOS_ROUNDS is how many rounds there are, WAYPOST_CHAOS_SEED the seed of the first one.
"""

from __future__ import annotations

import json
import os
import random
import time
from itertools import pairwise

import pytest

from tests.chaos.arena import PARTS, ROWS, STANDING, Arena
from waypost.server.jobs.events import PartCommitted
from waypost.server.jobs.lifecycle import Command
from waypost.server.jobs.model import Job
from waypost.server.jobs.spec import FileFormat, JobOutput, OutputLayout
from waypost.server.jobs.states import JobState

ROUNDS = int(os.environ.get("WAYPOST_CHAOS_ROUNDS", "3"))
FIRST_SEED = int(os.environ.get("WAYPOST_CHAOS_SEED", "1"))
#: A part takes some 200 ms on an idle machine, and so does the output.
SHORTLY_S = 0.2


SEEDS = range(FIRST_SEED, FIRST_SEED + ROUNDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_job_that_is_killed_over_and_over_gives_the_same_bytes(seed: int, arena: Arena) -> None:
    dice = random.Random(seed)
    output = JobOutput(
        format=dice.choice((FileFormat.CSV, FileFormat.PARQUET, FileFormat.NDJSON)),
        layout=dice.choice((OutputLayout.ONE_FILE, OutputLayout.PARTS)),
    )
    undisturbed = arena.undisturbed(output)
    job = arena.create(output, confirmation_required=dice.random() < 0.15)
    for _ in range(dice.randint(1, 3)):
        await_some_moment(dice, arena, job)
        if dice.random() < 0.2:
            arena.command(job, Command.PAUSE)
            time.sleep(dice.uniform(0, SHORTLY_S))
        arena.kill(dice, job)
        if dice.random() < 0.5:
            arena.command(job, Command.RESUME)
            arena.command(job, Command.CONFIRM)
    arena.end(job)
    assert arena.results(job) == undisturbed
    parts = told_parts(arena, job)
    assert (parts[0][0], parts[-1][1]) == (1, ROWS)
    arena.delete(job)


@pytest.mark.parametrize("seed", SEEDS[:: min(10, ROUNDS)])
def test_a_job_that_is_cancelled_while_everything_is_killed_keeps_what_it_has_and_a_report(
    seed: int, arena: Arena
) -> None:
    dice = random.Random(-seed)
    job = arena.create(JobOutput(format=FileFormat.CSV))
    await_some_moment(dice, arena, job)
    arena.command(job, Command.CANCEL)
    time.sleep(dice.uniform(0, SHORTLY_S / 4))
    arena.kill(dice, job)
    ended = arena.end(job)
    if ended.state is JobState.CANCELLED:  # or it had ended before
        parts = told_parts(arena, job)
        report = json.loads((arena.site.desk.folders.output(job.job_id) / "report.json").read_bytes())
        assert (report["state"], report["rows"]["total"]) == ("CANCELLED", sum(b - a + 1 for a, b in parts))
        assert arena.site.results(job.job_id) == []
    arena.delete(job)


def await_some_moment(dice: random.Random, arena: Arena, job: Job) -> None:
    """Any moment of a job's life, those at which something is committed more often than others."""
    parts = dice.randint(0, PARTS)
    if dice.random() < 0.3:
        pass  # whatever the server does: it may not even have begun to serve
    elif parts == 0:
        arena.reaches(job, lambda job: job.state is not JobState.QUEUED)
    else:
        arena.reaches(job, lambda job: job.state in STANDING or arena.parts(job) >= parts)
    time.sleep(dice.uniform(0, SHORTLY_S))


def told_parts(arena: Arena, job: Job) -> list[tuple[int, int]]:
    """First and last rows of what was committed, in order: each once, as gapless events tell."""
    events = arena.site.store.history(job.job_id, 0)[1].events
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    changes = [event.change for event in events if isinstance(event.change, PartCommitted)]
    parts = sorted((change.first_row, change.last_row) for change in changes)
    assert all(before[1] < after[0] for before, after in pairwise(parts))
    assert len(parts) < PARTS or all(before[1] + 1 == after[0] for before, after in pairwise(parts))
    return parts
