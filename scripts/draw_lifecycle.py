"""Draws the states of a job into docs/jobs.md, from the tables of the server. `make generate` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

from waypost.server.jobs.lifecycle import STATES, TRANSITIONS, Actor

DOCUMENT = Path(__file__).parents[1] / "docs/jobs.md"
BEGIN, END = "<!-- begin: made from lifecycle.py -->", "<!-- end: made from lifecycle.py -->"

#: Drawn as one arrow each, so that the picture can be read; the sentence below it tells of the rest.
FROM_ANY = ("it cannot go on; the reason says why", "CancelOperation")


def drawn() -> str:
    """What stands between the marks: the diagram, and a row for each state."""
    lines = ["", "```mermaid", "stateDiagram-v2", "    [*] --> QUEUED: CreateJob"]
    lines += [
        f"    {step.source.name} --> {step.target.name}: {_label(step.when, step.actor)}"
        for step in TRANSITIONS
        if step.when not in FROM_ANY
    ]
    lines += [f"    {state.name} --> [*]" for state in STATES if state.finished]
    lines += ["```", ""]
    lines += [
        "Not drawn: `CancelOperation` leads every state that is no end to CANCELLING; and each of them",
        "leads to FAILED, CANCELLING too, when the server that works on the job finds that it cannot go on.",
        "",
        "| state | what it means | how a job leaves it | after a crash |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {state.name} | {notes.meaning} | {notes.leaving} | {notes.after_crash} |" for state, notes in STATES.items()
    ]
    return "\n".join([*lines, "", ""])


def redrawn(document: str) -> str:
    """The document with what stands between the marks made anew."""
    before, _, rest = document.partition(BEGIN + "\n")
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn()}{END}{after}"


def _label(when: str, actor: Actor) -> str:
    # A colon or a semicolon would end the label.
    return when.replace(";", ",").replace(":", ",") if actor is not Actor.OWNER else f"({when})"


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit("usage: draw_lifecycle.py")
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text()))
