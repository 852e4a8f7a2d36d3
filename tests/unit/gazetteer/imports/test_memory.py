from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]
GIBIBYTE = 1 << 30


@pytest.mark.parametrize("addresses", [2_000_000])
def test_a_country_stays_within_its_bounds_of_memory_and_disk(addresses: int, data_dir: Path) -> None:
    command = [sys.executable, "-m", "tests.bench.import_country", str(addresses), str(data_dir)]
    told = orjson.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    print(told)
    assert told["addresses"] + told["repeated"] == addresses
    assert told["peak_mib"] << 20 <= GIBIBYTE + 120 * addresses
    assert told["bytes_per_address"] <= 45
