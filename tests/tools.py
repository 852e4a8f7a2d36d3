"""Programs that the development dependencies bring; a test finds them without an activated environment."""

from __future__ import annotations

import sys
from pathlib import Path


def tool(name: str) -> str:
    """The path of a program of this virtual environment."""
    return str(Path(sys.executable).parent / name)
