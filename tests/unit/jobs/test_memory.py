from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("peak_memory.py")


def peak_mib(rows: int, read_as: str, written_as: str, folder: Path) -> int:
    command = [sys.executable, str(PROGRAM), str(rows), read_as, written_as, str(folder)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(told[0]) == rows
    return int(told[1])


@pytest.mark.parametrize(("read_as", "written_as"), [("CSV", "PARQUET"), ("NDJSON", "CSV")])
def test_memory_does_not_grow_with_the_input(read_as: str, written_as: str, tmp_path: Path) -> None:
    small = peak_mib(100_000, read_as, written_as, tmp_path)
    large = peak_mib(1_000_000, read_as, written_as, tmp_path)
    print(f"{read_as} to {written_as}: peak {small} MiB at 100,000 rows, {large} MiB at 1,000,000")
    # 100,000 rows fill the read window and a row group hardly twice, so that the allocator has less to keep: 14 to 25
    # MiB were measured between the two, and none beyond. The file itself would be ten times as much.
    assert large <= small + 32
