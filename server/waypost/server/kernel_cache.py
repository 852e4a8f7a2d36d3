"""Where compiled kernels are kept: a folder of the user's cache, one for each state of the kernels' sources.

numba recompiles a cached function when its own file changes, but not when a function that it calls does, and it
cannot write beside a package that was installed by somebody else. A folder named after the sources solves both.
Importing this module sets the folder, so it comes before the first kernel: see geocoder/__init__.py.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

_VARIABLE = "NUMBA_CACHE_DIR"
#: What was set here, so that a process that inherits it does not take it for the operator's: its sources may be newer.
_OURS = "_WAYPOST_KERNELS"


def kernels_digest() -> str:
    """Twelve hexadecimal digits that change with the source of any kernel, and of any constant that one reads."""
    package = Path(__file__).parent
    digest = hashlib.sha256(version("numba").encode())
    for source in sorted((*package.glob("geocoder/*.py"), *package.glob("gazetteer/*.py"), package / "model.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


# An operator who set it knows better.
if os.environ.get(_VARIABLE, "") in ("", os.environ.get(_OURS)):
    # numba reads it when it is imported, which most commands never do: it would be half of what they take.
    os.environ[_VARIABLE] = os.environ[_OURS] = str(user_cache_path("waypost") / "kernels" / kernels_digest())
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = os.environ[_VARIABLE]
