"""`make demo`, as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"
#: Something of each kind that it is to show: a Japanese name, a typo, a postal code, a namesake, the sea.
_TOLD = (
    "Shinjuku, Tokyo, Japan", "Springfield, IL, United States", "10115 Berlin, Germany", "Paris, TX, United States",
    "NEAR_BORDER", "AT_SEA",
)  # fmt: skip


def test_the_demo_asks_a_dozen_questions_and_stops(data_dir: Path) -> None:
    environment = os.environ | {"WAYPOST_DATA_DIR": str(data_dir), "COLUMNS": "200", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, _DEMO], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    for told in _TOLD:
        assert told in done.stdout, done.stdout
