"""`waypost data list`: the layers that were added."""

from __future__ import annotations

import argparse

from waypost.server.config import Config, add_flags
from waypost.server.data_tasks.tables import layers_in, print_layers, table_console


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    add_flags(task, "data_dir")


def run(config: Config, _: argparse.Namespace) -> int:
    """Prints them; the exit code."""
    console = table_console()
    layers = layers_in(config.data_dir)
    if not layers:
        console.print("no layer was added: 'waypost data add FILE' adds one")
        return 0
    print_layers(layers, console)
    return 0
