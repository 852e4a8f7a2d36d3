"""`waypost data reload`: has the running servers answer from the present snapshot."""

from __future__ import annotations

import argparse

from rich.console import Console

from waypost.server.config import Config, add_flags
from waypost.server.exits import FAILED
from waypost.server.running import running_servers, tell_to_reload


def set_up(task: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    task.description = "Tell the running servers of this folder to take the present snapshot; lookups go on meanwhile. "
    task.description += "SIGHUP does the same."
    add_flags(task, "data_dir")


def run(config: Config, _: argparse.Namespace) -> int:
    """Tells them; the exit code."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    told = 0
    for server in running_servers(config.data_dir):
        if not server.reachable:
            console.print(f"server {server.pid} runs in another container: send it SIGHUP there")
        elif tell_to_reload(server):
            console.print(f"told server {server.pid}")
            told += 1
        else:
            console.print(f"server {server.pid} has ended, or is another user's: then that user has to tell it")
    if not told:
        console.print(f"no server that can be told runs on {config.data_dir}")
        return FAILED
    return 0
