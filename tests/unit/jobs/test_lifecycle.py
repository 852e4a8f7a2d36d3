"""The legal transitions, against the contract's own words."""

from __future__ import annotations

import pytest

from scripts.draw_lifecycle import DOCUMENT, redrawn
from waypost.server.errors import FailedPrecondition
from waypost.server.jobs.lifecycle import COMMANDS, STATES, TRANSITIONS, Actor, Command, is_legal, target_of
from waypost.server.jobs.states import END_STATES, UNFINISHED_STATES, JobState

S = JobState


def test_the_diagram_in_the_documentation_is_the_table() -> None:
    document = DOCUMENT.read_text()
    assert redrawn(document) == document, "run `make generate`"


def test_every_state_is_described_and_can_be_reached_and_left() -> None:
    assert set(STATES) == set(S)
    reached = {S.QUEUED} | {step.target for step in TRANSITIONS}
    assert reached == set(S)
    assert {step.source for step in TRANSITIONS} == UNFINISHED_STATES


def test_no_transition_is_there_twice_or_leads_to_itself() -> None:
    steps = [(step.source, step.target, step.actor) for step in TRANSITIONS]
    assert len(set(steps)) == len(steps)
    assert all(source is not target for source, target, _ in steps)


def test_an_end_is_an_end() -> None:
    assert not any(is_legal(state, target, actor) for state in END_STATES for target in S for actor in Actor)


@pytest.mark.parametrize("state", sorted(UNFINISHED_STATES))
def test_any_unfinished_job_can_be_cancelled_and_can_fail(state: JobState) -> None:
    assert target_of(Command.CANCEL, state, "jobs/x") is S.CANCELLING
    assert is_legal(state, S.FAILED, Actor.OWNER)


def test_a_finished_job_stays_as_it_is_when_cancelled() -> None:
    assert all(target_of(Command.CANCEL, state, "jobs/x") is state for state in END_STATES)


def test_before_running_a_pause_is_at_once_and_pausing_twice_is_fine() -> None:
    for state in (S.QUEUED, S.PREPARING, S.AWAITING_CONFIRMATION, S.PAUSED):
        assert target_of(Command.PAUSE, state, "jobs/x") is S.PAUSED
    for state in (S.RUNNING, S.PAUSING):
        assert target_of(Command.PAUSE, state, "jobs/x") is S.PAUSING


@pytest.mark.parametrize("command", Command)
def test_a_command_leads_where_a_caller_may_go(command: Command) -> None:
    for state in S:
        if state in COMMANDS[command]:
            target = target_of(command, state, "jobs/x")
            assert target is state or is_legal(state, target, Actor.CALLER)
        else:
            with pytest.raises(FailedPrecondition, match=state.name) as refused:
                target_of(command, state, "jobs/x")
            assert refused.value.facts["state"] == state.name


def test_only_an_owner_ends_the_work_of_a_running_job() -> None:
    for target in (S.SUCCEEDED, S.PARTIALLY_SUCCEEDED, S.FAILED):
        assert {actor for actor in Actor if is_legal(S.RUNNING, target, actor)} == {Actor.OWNER}
