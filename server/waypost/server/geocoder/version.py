"""Which engine gave an answer."""

from __future__ import annotations

import hashlib
from pathlib import Path


def engine_version(package: Path) -> str:
    """Twelve hexadecimal digits that change whenever an answer could: a hash of all that makes answers.

    That is the normaliser, the kernels, the ranking and the calibration: everything in the geocoder's `package` folder.
    A change of no consequence changes it too; what depends on it then does its work again, which is the safe side.
    """
    digest = hashlib.sha256()
    for source in sorted((*package.glob("*.py"), *package.glob("*.json"))):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


#: Named in every answer.
ENGINE_VERSION = engine_version(Path(__file__).parent)
