"""Copies google/*.proto of googleapis-common-protos to third_party/, for buf and for any generator.

The package ships google/longrunning/operations.proto under another name, because of a clash inside
itself; code generated from that name cannot be imported, so it gets its own name back here.
"""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import files
from pathlib import Path

RENAMED = {"google/longrunning/operations_proto.proto": "google/longrunning/operations.proto"}


def fill(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for file in files("googleapis-common-protos") or ():
        if file.suffix == ".proto":
            copy = target / RENAMED.get(file.as_posix(), file.as_posix())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), copy)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
