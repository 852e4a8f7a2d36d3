"""What it costs to make a layer of a country: rate on one core, peak of memory, bytes of an address on disk.

python -m tests.bench.import_country ADDRESSES [DATA_DIR]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import orjson

from tests.bench.generated_country import Country
from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.records import Credit
from waypost.server.gazetteer.store import SnapshotStore, default_data_directory


def main(addresses: int, data_dir: Path) -> None:
    """Prints one line of JSON. Processor seconds, which other programs on the machine do not change."""
    world = SnapshotStore(data_dir).open_present()
    country = Country(world, addresses, with_city=True)
    began = time.process_time()
    for _ in country:
        pass
    generating_s = time.process_time() - began
    steps: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        info = build_layer(
            country, world=world, name="country", credit=Credit("", "", "", share_alike=False), source="generated",
            source_version="1", directory=Path(folder),
            on_progress=lambda step, share: steps.update({step: round(time.process_time() - began, 1)}),
        )  # fmt: skip
        used_s = time.process_time() - began - generating_s
    told = {
        "addresses": info.addresses,
        "repeated": info.repeated_addresses,
        "streets": info.features["street"],
        "addresses_per_s": round(addresses / used_s),
        "steps_begin_s": steps,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "bytes_per_address": round((info.size_bytes - info.source_id_bytes) / info.addresses, 1),
        "source_id_bytes_per_address": round(info.source_id_bytes / info.addresses, 1),
    }
    print(orjson.dumps(told).decode())


if __name__ == "__main__":
    given = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("WAYPOST_DATA_DIR")
    main(int(float(sys.argv[1])), Path(given) if given else default_data_directory())
