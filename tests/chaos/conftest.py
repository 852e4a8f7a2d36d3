"""Servers over the sample gazetteer, which start in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server_process import Server


@pytest.fixture
def start_sample_server(sample_dir: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with flags; they are killed after the test."""
    started: list[Server] = []

    def start(*flags: str) -> Server:
        started.append(Server(sample_dir, *flags))
        return started[-1]

    yield start
    for running in started:
        running.kill()
