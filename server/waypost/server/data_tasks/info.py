"""`waypost data info`: snapshots, their layers, and whom they are owed to."""

from __future__ import annotations

import argparse
import sys

import orjson
from rich.table import Table

from waypost.server.config import Config, add_flags
from waypost.server.data_tasks.tables import layers_in, print_layers, table_console
from waypost.server.gazetteer.store import SnapshotStore


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    task.add_argument("--json", action="store_true", help="for programs")
    add_flags(task, "data_dir")


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Prints them; the exit code."""
    infos = SnapshotStore(config.data_dir).list_snapshots()
    if arguments.json:
        sys.stdout.buffer.write(orjson.dumps(infos, option=orjson.OPT_INDENT_2) + b"\n")
        return 0
    console = table_console()
    if not infos:
        console.print(f"{config.data_dir} holds no snapshot: run 'waypost data build'")
    for info in infos:
        present = "present, " if info.present else ""
        table = Table("layer", "source", "records", "licence", "credit", box=None, title_justify="left")
        table.title = f"snapshot {info.snapshot_id} ({present}{info.size_bytes / 1e6:.0f} MB)"
        for layer in info.layers:
            credit = layer.attribution
            table.add_row(
                f"{layer.layer}: {layer.title}",
                f"{layer.source} {layer.source_version}",
                f"{layer.record_count:,}",
                credit.license + (" (share-alike)" if credit.share_alike else ""),
                f"{credit.text} {credit.uri}",
            )
        console.print(table)
    if layers := layers_in(config.data_dir):
        console.print("layers that were added:")
        print_layers(layers, console)
    return 0
