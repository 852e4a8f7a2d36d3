"""Starts command.py as a module of this repository, from whatever folder it is called: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    root = Path(__file__).parents[2]
    sys.exit(subprocess.call([sys.executable, "-m", "tests.bench.command", *sys.argv[1:]], cwd=root))
