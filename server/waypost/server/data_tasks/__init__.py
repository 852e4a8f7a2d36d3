"""What `waypost data` can do: a module for each task, which is imported when the task is asked for.

A module has `set_up`, which adds its arguments to a parser, and `run`, which does the task and returns the exit code.
Building and importing need most of the server and half a dozen libraries; to list what is there needs next to nothing.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Final

#: Module and help of each task.
_TASKS: Final = {
    "build": ("build", "build a snapshot and make it the present one, with the layers that were added"),
    "add": ("add", "import a file of addresses, streets or places"),
    "remove": ("remove", "leave imported layers out, in a new snapshot"),
    "list": ("list_layers", "the imported layers"),
    "reload": (
        "reload",
        "tell the running servers of this folder to take the present snapshot; lookups go on meanwhile",
    ),
    "info": ("info", "snapshots, layers, counts, versions, licences, attributions"),
    "prune": (
        "prune",
        "remove all snapshots but the present one, the one before, and those that unfinished jobs answer from; and "
        "imported layers that were removed or replaced",
    ),
}


def add_tasks(tasks: argparse._SubParsersAction[argparse.ArgumentParser], asked: str) -> None:
    """Adds every task; of the one that is asked for, its arguments too."""
    for name, (module, about) in _TASKS.items():
        task = tasks.add_parser(name, help=about)
        if name == asked:
            wanted = import_module(f"{__name__}.{module}")
            wanted.set_up(task)
            task.set_defaults(run=wanted.run)
