"""When kernels count as compiled."""

from __future__ import annotations

from pathlib import Path

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
