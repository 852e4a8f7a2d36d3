"""What it costs to make a layer of a country: rate of reading, rate on one core, peak of memory, bytes of an address.

python -m tests.bench.import_country ADDRESSES [DATA_DIR] [--via csv|parquet]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tests.bench.generated_country import Country
from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.readers.formats import FORMATS, detect_format
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch, Credit
from waypost.server.gazetteer.store import SnapshotStore, default_data_directory

#: How the columns of a file are called: as a user's own file might call them, so that they have to be guessed.
_COLUMNS = {
    "number": "house_number", "street": "street", "city": "city", "postal_code": "postcode", "country": "country",
    "latitude": "latitude", "longitude": "longitude", "source_id": "id",
}  # fmt: skip
_WRITERS = {"csv": pa.csv.CSVWriter, "parquet": pa.parquet.ParquetWriter}


def main(addresses: int, data_dir: Path, via: str | None) -> None:
    """Prints one line of JSON. Processor seconds, which other programs on the machine do not change."""
    world = SnapshotStore(data_dir).open_present()
    batches: Iterable[Batch] = Country(world, addresses, with_city=True)
    with tempfile.TemporaryDirectory() as folder:
        if via:
            path = _write(batches, Path(folder) / f"country.{via}", via)
            batches = FORMATS[detect_format([path])].read([path], Wishes(), BadRecords(), lambda share: None)
            generating_s = 0.0
        else:
            generating_s = _processor_s(batches)
        steps: dict[str, float] = {}
        began = time.process_time()
        info = build_layer(
            batches, world=world, name="country", credit=Credit("", "", "", share_alike=False), source="generated",
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


def _write(batches: Iterable[Batch], path: Path, via: str) -> Path:
    writer = None
    for batch in batches:
        rows = batch.rows.select(list(_COLUMNS)).rename_columns(list(_COLUMNS.values()))
        writer = writer or _WRITERS[via](path, rows.schema)
        writer.write_batch(rows)
    if writer:
        writer.close()
    return path


def _processor_s(batches: Iterable[Batch]) -> float:
    began = time.process_time()
    for _ in batches:
        pass
    return time.process_time() - began


if __name__ == "__main__":
    given = os.environ.get("WAYPOST_DATA_DIR")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", type=lambda text: int(float(text)))
    parser.add_argument("data_dir", nargs="?", type=Path, default=Path(given) if given else default_data_directory())
    parser.add_argument("--via", choices=sorted(_WRITERS), help="write a file of them first, and import that")
    arguments = parser.parse_args()
    main(arguments.addresses, arguments.data_dir, arguments.via)
