"""What rounds share: servers over the sample gazetteer, which start in seconds, and what was killed how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.arena import Arena

_KILLED = pytest.StashKey[Counter[str]]()


@pytest.fixture(scope="session")
def killed(pytestconfig: pytest.Config) -> Counter[str]:
    """How often what was killed, for the summary."""
    return pytestconfig.stash.setdefault(_KILLED, Counter())


@pytest.fixture(scope="session")
def arena(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory, killed: Counter[str]) -> Iterator[Arena]:
    """One store for all rounds; whatever server a round leaves behind, the next one begins with."""
    arena = Arena(sample_dir, tmp_path_factory.mktemp("chaos"), killed)
    yield arena
    arena.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    killed = config.stash.get(_KILLED, None)
    if killed:
        terminalreporter.section("killed")
        for what, count in sorted(killed.items()):
            terminalreporter.write_line(f"{count:5} {what}")
