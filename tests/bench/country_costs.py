"""What a country of addresses costs beside smaller ones: made into a layer, composed into a snapshot, and looked up.

python -m tests.bench.country_costs ADDRESSES... [--data-dir DATA_DIR]

Each step of each size runs in a process of its own, so that its peak of memory is its own; the look-ups of all sizes
alternate in one. Times are those of the processor, which other programs hardly change.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from tests.bench.generated_country import Country
from tests.bench.rounds import alternate
from waypost.server.gazetteer.compose import compose_into
from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.layer_store import imported, open_layer
from waypost.server.gazetteer.imports.records import Credit
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore, default_data_directory
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeFilter, GeocodeQuery

#: Questions of one round, and rounds.
_QUESTIONS, _ROUNDS = 20_000, 5
_RADIUS_M = 50_000.0
#: A point that is asked for lies this many degrees beside its house at most.
_BESIDE = 1e-4


def make_layer(data_dir: Path, folder: Path, addresses: int) -> dict[str, float]:
    """Writes the layer; what of an address lies on disk."""
    world = SnapshotStore(data_dir).open_present()
    (folder / "layer").mkdir(parents=True)
    info = build_layer(
        Country(world, addresses, with_city=True), world=world, name="country",
        credit=Credit("", "", "", share_alike=False), source="generated", source_version="1",
        directory=folder / "layer",
    )  # fmt: skip
    own = info.size_bytes - info.source_id_bytes
    (folder / "info").write_bytes(pickle.dumps(info))
    return {
        "houses": info.addresses,
        "streets": info.features["street"],
        "bytes_per_address": round(own / info.addresses, 1),
        "source_id_bytes_per_address": round(info.source_id_bytes / info.addresses, 1),
    }


def compose_layer(data_dir: Path, folder: Path) -> dict[str, float]:
    """Composes the snapshot; what it is longer than the world's, per address."""
    store = SnapshotStore(data_dir)
    world = store.open_present()
    world_directory = store.path_of(world.snapshot_id)
    (folder / "snapshot").mkdir()
    info = pickle.loads((folder / "info").read_bytes())  # noqa: S301 - written by the step before
    layer = imported(open_layer(folder / "layer", info))
    compose_into(folder / "snapshot", world, world_directory, [layer])
    more = _size(folder / "snapshot") - _size(world_directory)
    return {"snapshot_bytes_per_address": round(more / info.addresses, 1)}


def look_up(data_dir: Path, folders: list[Path], sizes: list[int]) -> dict[str, list[float]]:
    """Of each size, in the order given: microseconds of one address alone, and rows a second of columns."""
    world = SnapshotStore(data_dir).open_present()
    measured: dict[str, Callable[[int], float]] = {}
    for folder, addresses in zip(folders, sizes, strict=True):
        country = _OneCountry(Geocoder(Snapshot.open(folder / "snapshot")), *_questions(world, addresses))
        measured |= {
            f"one address p50 µs {addresses}": country.one_us(50),
            f"one address p99 µs {addresses}": country.one_us(99),
            f"addresses in a column rows/s {addresses}": country.forward_rate,
            f"points in a column rows/s {addresses}": country.reverse_rate,
        }
    for measure in measured.values():
        measure(0)
    found = alternate(measured, _ROUNDS)
    told: dict[str, list[float]] = {}
    for name in measured:
        told.setdefault(name.rpartition(" ")[0], []).append(round(found.median(name), 1))
    return told


@dataclass(frozen=True, slots=True)
class _OneCountry:
    """A snapshot of so many addresses, and what it is asked."""

    geocoder: Geocoder
    texts: list[str]
    latitude: npt.NDArray[np.float64]
    longitude: npt.NDArray[np.float64]

    def one_us(self, percentile: float) -> Callable[[int], float]:
        """Measures that percentile of the time of one address."""
        return lambda _: float(np.percentile(self._each_us(), percentile))

    def _each_us(self) -> list[float]:
        taken_us = []
        for text in self.texts[: _QUESTIONS // 4]:
            start = time.thread_time_ns()
            self.geocoder.geocode(GeocodeQuery(text=text, max_results=1))
            taken_us.append((time.thread_time_ns() - start) / 1_000)
        return taken_us

    def forward_rate(self, _: int) -> float:
        """Rows a second from texts to all columns."""
        start = time.process_time()
        self.geocoder.geocode_texts(pa.array(self.texts), GeocodeFilter(), RESULT_COLUMNS)
        return len(self.texts) / (time.process_time() - start)

    def reverse_rate(self, _: int) -> float:
        """Rows a second from points to all columns."""
        start = time.process_time()
        self.geocoder.reverse_points(self.latitude, self.longitude, frozenset(), _RADIUS_M, RESULT_COLUMNS)
        return len(self.latitude) / (time.process_time() - start)


def _questions(world: Snapshot, addresses: int) -> tuple[list[str], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Addresses as people write them, drawn evenly, and points beside them."""
    chance = np.random.default_rng(5)
    share = min(1.0, 1.5 * _QUESTIONS / addresses)
    drawn = [
        batch.rows.filter(pa.array(chance.random(batch.rows.num_rows) < share))
        for batch in Country(world, addresses, with_city=True)
    ]
    table = pa.Table.from_batches(drawn)
    table = table.take(pa.array(chance.permutation(table.num_rows)[:_QUESTIONS]))
    texts = [
        f"{row['number']} {row['street']}, {row['postal_code']} {row['city']}"
        for row in table.select(["number", "street", "postal_code", "city"]).to_pylist()
    ]
    latitude, longitude = (
        table[name].to_numpy() + chance.uniform(-_BESIDE, _BESIDE, len(texts)) for name in ("latitude", "longitude")
    )
    return texts, latitude, longitude


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _run(step: str, *arguments: object) -> None:
    """Runs a step in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "tests.bench.country_costs", "--step", step, *map(str, arguments)], check=True
    )


def _step(arguments: argparse.Namespace) -> None:
    """Prints what a step cost: processor seconds, which other programs do not change, and the peak of memory."""
    began = time.process_time()
    if arguments.step == "layer":
        told: object = make_layer(arguments.data_dir, arguments.folder, arguments.addresses[0])
    elif arguments.step == "snapshot":
        told = compose_layer(arguments.data_dir, arguments.folder)
    else:
        folders = [arguments.folder / str(size) for size in arguments.addresses]
        told = look_up(arguments.data_dir, folders, arguments.addresses)
    cost = {
        "step": arguments.step,
        "addresses": arguments.addresses,
        "cpu_s": round(time.process_time() - began, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "told": told,
    }
    print(orjson.dumps(cost).decode(), flush=True)


def main() -> None:
    """Prints one line of JSON for each step of each size, and one for the look-ups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="+", type=lambda text: int(float(text)))
    parser.add_argument("--data-dir", type=Path, default=default_data_directory())
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        _step(arguments)
        return
    with tempfile.TemporaryDirectory() as name:
        for size in arguments.addresses:
            own = ("--data-dir", arguments.data_dir, "--folder", f"{name}/{size}")
            _run("layer", size, *own)
            _run("snapshot", size, *own)
        _run("look up", *arguments.addresses, "--data-dir", arguments.data_dir, "--folder", name)


if __name__ == "__main__":
    main()
