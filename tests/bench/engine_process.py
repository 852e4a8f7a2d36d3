"""One of the engine's processes in the yardstick of jobs: `engine_process.py DATA_DIR FILE FIRST COUNT`.

Answers its rows of an Arrow file's column `query`, all result columns, as often as a line comes in; prints "ready"
once it is warm, and then the seconds that each time took.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pyarrow as pa

from waypost.server.atlas import warm_up
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.jobs.executors.local import NICENESS
from waypost.server.model import GeocodeFilter

#: Rows of a column, as jobs have them in a shard.
_ROWS = 32_768


def main(data_dir: Path, path: Path, first: int, count: int) -> None:
    """Runs until its input ends."""
    # As the workers of jobs are, so that whatever else runs on the machine slows both alike.
    os.nice(NICENESS)
    geocoder = Geocoder(SnapshotStore(data_dir).open_present())
    warm_up(geocoder)
    texts = pa.ipc.open_file(pa.memory_map(str(path))).read_all()["query"].slice(first, count).combine_chunks()
    geocoder.geocode_texts(texts.slice(0, _ROWS), GeocodeFilter(), RESULT_COLUMNS)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for at in range(0, count, _ROWS):
            geocoder.geocode_texts(texts.slice(at, _ROWS), GeocodeFilter(), RESULT_COLUMNS)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
