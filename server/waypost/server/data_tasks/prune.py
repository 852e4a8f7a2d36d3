"""`waypost data prune`: what no answer needs any more leaves the disk."""

from __future__ import annotations

import argparse

from rich.console import Console

from waypost.server.config import Config, add_flags
from waypost.server.gazetteer.imports.importing import prune_layers
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.jobs.desk import pinned_snapshots


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    add_flags(task, "data_dir", "jobs_dir", "jobs_store")


def run(config: Config, _: argparse.Namespace) -> int:
    """Removes it; the exit code."""
    removed = [*SnapshotStore(config.data_dir).prune(pinned_snapshots(config)), *prune_layers(config.data_dir)]
    console = Console(highlight=False, markup=False)
    for name in removed:
        console.print(f"removed {name}")
    if not removed:
        console.print("nothing to remove")
    return 0
