"""How fast files become layers: addresses a second of processor time, from CSV and from Parquet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson

from tests.bench.figures import Figure, at_least

_ADDRESSES = 1_000_000
_LEAST_PER_S = 100_000
_ROOT = Path(__file__).parents[2]


def import_figures(data_dir: Path) -> list[Figure]:
    """Reading and making the layer together, each format in a process of its own."""
    return [
        at_least(f"Import of {_ADDRESSES:,} addresses, {name}", _per_s(data_dir, via), _LEAST_PER_S, "addresses/s")
        for name, via in (("CSV", "csv"), ("Parquet", "parquet"))
    ]


def _per_s(data_dir: Path, via: str) -> float:
    command = [sys.executable, "-m", "tests.bench.import_country", str(_ADDRESSES), str(data_dir), "--via", via]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE)
    return float(orjson.loads(done.stdout)["addresses_per_s"])
