"""Which state may follow which, who may cause it, and what happens after a crash. The only place that knows.

A state changes by `JobStore` alone, with a conditional update that this module has allowed. docs/jobs.md holds a
diagram made from these tables; a test keeps it equal to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from waypost.server.errors import FailedPrecondition
from waypost.server.jobs.states import UNFINISHED_STATES, JobState

_S = JobState


class Actor(Enum):
    """Who causes a transition."""

    #: A call to the API. Needs no lease, and takes the lease away where the new state needs no work.
    CALLER = "caller"
    #: The server process that holds the job's lease; every write of it is checked against the fencing token.
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Transition:
    """A legal step, and when it is taken."""

    source: JobState
    target: JobState
    actor: Actor
    when: str


@dataclass(frozen=True, slots=True)
class StateNotes:
    """What a state means, how a job leaves it, and what becomes of it when every server dies at that moment."""

    meaning: str
    leaving: str
    after_crash: str


_CHOSEN = (
    Transition(_S.QUEUED, _S.PREPARING, Actor.OWNER, "its turn has come"),
    Transition(_S.QUEUED, _S.PAUSED, Actor.CALLER, "PauseJob"),
    Transition(_S.PREPARING, _S.RUNNING, Actor.OWNER, "every row is in a shard"),
    Transition(_S.PREPARING, _S.AWAITING_CONFIRMATION, Actor.OWNER, "every row is in a shard, confirmation required"),
    Transition(_S.PREPARING, _S.PAUSED, Actor.CALLER, "PauseJob"),
    Transition(_S.AWAITING_CONFIRMATION, _S.RUNNING, Actor.CALLER, "ConfirmJob"),
    Transition(_S.AWAITING_CONFIRMATION, _S.PAUSED, Actor.CALLER, "PauseJob"),
    Transition(_S.AWAITING_CONFIRMATION, _S.FAILED, Actor.OWNER, "30 days without ConfirmJob"),
    Transition(_S.RUNNING, _S.PAUSING, Actor.CALLER, "PauseJob"),
    Transition(_S.RUNNING, _S.PAUSING, Actor.OWNER, "the failure policy, or what an operator can mend"),
    Transition(_S.RUNNING, _S.SUCCEEDED, Actor.OWNER, "the output is final, every row matched or unmatched"),
    Transition(_S.RUNNING, _S.PARTIALLY_SUCCEEDED, Actor.OWNER, "the output is final, some rows invalid or failed"),
    Transition(_S.PAUSING, _S.PAUSED, Actor.OWNER, "no worker holds a shard"),
    Transition(_S.PAUSED, _S.QUEUED, Actor.CALLER, "ResumeJob"),
    Transition(_S.CANCELLING, _S.CANCELLED, Actor.OWNER, "work has stopped, the report is written"),
)
_CANNOT_GO_ON = "it cannot go on; the reason says why"
_FROM_ANY = tuple(
    transition
    for state in sorted(UNFINISHED_STATES)
    for transition in (
        # Who waits to be confirmed is worked on by nobody, until that took too long.
        *([Transition(state, _S.FAILED, Actor.OWNER, _CANNOT_GO_ON)] if state is not _S.AWAITING_CONFIRMATION else []),
        *([Transition(state, _S.CANCELLING, Actor.CALLER, "CancelOperation")] if state is not _S.CANCELLING else []),
    )
)

#: Every legal transition.
TRANSITIONS: tuple[Transition, ...] = (*_CHOSEN, *_FROM_ANY)

_LEGAL = frozenset((step.source, step.target, step.actor) for step in TRANSITIONS)

#: Each state, in the order in which a job usually passes them.
STATES: Mapping[JobState, StateNotes] = MappingProxyType({
    _S.QUEUED: StateNotes(
        "Waits for its turn: higher priority first, then the older one. Comes back here after a pause.",
        "A server takes its lease and prepares it.",
        "Stays queued; any server takes it.",
    ),
    _S.PREPARING: StateNotes(
        "The input is read once and cut into shards of rows. After a pause they are there already.",
        "When every row is in a shard.",
        "Another server takes the lease, drops shards that were not recorded, and reads again from the beginning.",
    ),
    _S.AWAITING_CONFIRMATION: StateNotes(
        "The input is read, counted and sampled; nobody works on it.",
        "By ConfirmJob. After 30 days a server takes its lease, and it fails with CONFIRMATION_EXPIRED.",
        "Nothing: no work was going on.",
    ),
    _S.RUNNING: StateNotes(
        "Workers answer its shards; each finished part is committed.",
        "When every part is committed and the output is final; or by a caller, or the failure policy.",
        "Another server takes the lease and goes on behind the committed parts; shards in hand are tried again, and "
        "an output that was being written is written anew.",
    ),
    _S.PAUSING: StateNotes(
        "Asked to pause; workers finish or give back what they hold.",
        "When no worker holds a shard.",
        "Another server takes the lease, finds no worker at it, and pauses it.",
    ),
    _S.PAUSED: StateNotes(
        "Stands still with its parts; nobody works on it.",
        "By ResumeJob, into the queue.",
        "Nothing: no work was going on.",
    ),
    _S.CANCELLING: StateNotes(
        "Asked to cancel; workers are being stopped.",
        "When they have stopped and the report is written.",
        "Another server takes the lease and ends it.",
    ),
    _S.SUCCEEDED: StateNotes(
        "Every row is matched or unmatched; the output is final.",
        "Not. Deleted by DeleteJob, or when it expires.",
        "Nothing: files were final before the state was.",
    ),
    _S.PARTIALLY_SUCCEEDED: StateNotes(
        "Finished, with at least one row invalid or failed; the output is final.",
        "Not. Deleted by DeleteJob, or when it expires.",
        "Nothing: files were final before the state was.",
    ),
    _S.FAILED: StateNotes(
        "It could not go on; the reason says why. Committed parts are kept.",
        "Not. Deleted by DeleteJob, or when it expires.",
        "Nothing: work had stopped.",
    ),
    _S.CANCELLED: StateNotes(
        "Stopped by a caller; committed parts and the report are kept.",
        "Not. Deleted by DeleteJob, or when it expires.",
        "Nothing: work had stopped.",
    ),
})  # fmt: skip


class Command(Enum):
    """What a caller can ask of a job; the value is the method's name."""

    PAUSE = "PauseJob"
    RESUME = "ResumeJob"
    CONFIRM = "ConfirmJob"
    CANCEL = "CancelOperation"


#: Where each command leads from which state; its own state = it is fulfilled already, and that is OK.
COMMANDS: Mapping[Command, Mapping[JobState, JobState]] = MappingProxyType({
    Command.PAUSE: {
        _S.QUEUED: _S.PAUSED, _S.PREPARING: _S.PAUSED, _S.AWAITING_CONFIRMATION: _S.PAUSED, _S.RUNNING: _S.PAUSING,
        _S.PAUSING: _S.PAUSING, _S.PAUSED: _S.PAUSED,
    },
    Command.RESUME: {_S.PAUSED: _S.QUEUED},
    Command.CONFIRM: {_S.AWAITING_CONFIRMATION: _S.RUNNING},
    Command.CANCEL: {state: state if state.finished else _S.CANCELLING for state in _S},
})  # fmt: skip


def is_legal(source: JobState, target: JobState, actor: Actor) -> bool:
    """Whether `actor` may lead a job from `source` to `target`."""
    return (source, target, actor) in _LEGAL


def target_of(command: Command, state: JobState, job_name: str) -> JobState:
    """The state that `command` leads to from `state`, which is `state` itself where nothing is left to do.

    Raises FailedPrecondition where the command is not allowed.
    """
    targets = COMMANDS[command]
    if state not in targets:
        allowed = ", ".join(each.name for each in sorted(targets))
        raise FailedPrecondition(
            f"{command.value} on {job_name} in state {state.name}; allowed in: {allowed}",
            reason="WRONG_JOB_STATE",
            subject=job_name,
            state=state.name,
            method=command.value,
        )
    return targets[state]
