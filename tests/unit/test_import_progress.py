"""The progress of an import: a line for every tenth where there is no terminal, a bar where there is one."""

from __future__ import annotations

import io

from rich.console import Console

from waypost.server.import_progress import ImportProgress


def _told(*, terminal: bool) -> str:
    output = io.StringIO()
    with ImportProgress(Console(file=output, force_terminal=terminal, width=120)) as progress:
        progress.begin("read")
        for hundredth in range(101):
            progress.count(1_000)
            progress.share(hundredth / 100)
        progress.begin("write")
    return output.getvalue()


def test_a_script_gets_a_line_for_every_tenth() -> None:
    lines = _told(terminal=False).splitlines()
    assert lines[0] == "read"
    assert [line[:4].strip() for line in lines[1:11]] == [f"{tenth}0%" for tenth in range(1, 11)]
    assert lines[11] == "write"
    assert "records/s" in lines[5]


def test_a_terminal_gets_a_bar_with_rate_and_time_left() -> None:
    told = _told(terminal=True)
    assert "records/s" in told
    assert "left" in told
    assert "100 %" in told
