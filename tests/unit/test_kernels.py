"""When kernels count as compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from waypost.server.kernels import state_of


def test_what_one_clone_has_compiled_counts_neither_for_another_nor_for_changed_sources(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for clone in (one, other):
        clone.mkdir()
        (clone / "search.py").write_text("1")
    before = state_of(one)
    assert state_of(one) == before != state_of(other)
    (one / "search.py").write_text("2")
    assert state_of(one) != before


@pytest.mark.parametrize(("by_us", "stays"), [("", True), ("/stale", False)])
def test_only_what_an_operator_set_is_kept(by_us: str, stays: bool) -> None:
    """A process that a server started long ago inherits a folder; the sources that it finds may be newer."""
    told = subprocess.run(
        [sys.executable, "-c", "import os, waypost.server.kernel_cache; print(os.environ['NUMBA_CACHE_DIR'])"],
        env={**os.environ, "NUMBA_CACHE_DIR": "/stale", "_WAYPOST_KERNELS": by_us},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert (told.strip() == "/stale") == stays
