"""`waypost data remove`: a snapshot without some of the layers that were added."""

from __future__ import annotations

import argparse

from rich.console import Console

from waypost.server.config import Config, add_flags
from waypost.server.gazetteer.imports.importing import remove_layers
from waypost.server.import_progress import ImportProgress


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    task.add_argument("layers", nargs="+", metavar="LAYER")
    add_flags(task, "data_dir")


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Leaves them out; the exit code."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with ImportProgress(console) as progress:
        snapshot_id = remove_layers(config.data_dir, arguments.layers, progress)
    console.print(f"snapshot {snapshot_id} without {', '.join(arguments.layers)} is present in {config.data_dir}")
    return 0
