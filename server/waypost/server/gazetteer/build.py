"""Builds a snapshot from the installed packages and makes it the present one: read, assemble, index, write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from waypost.server.gazetteer.arrays import LAYER_OF_KIND, Arrays
from waypost.server.gazetteer.assemble import Sources, assemble
from waypost.server.gazetteer.compose import compose_into
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.imports.layer_store import LayerStore, imported
from waypost.server.gazetteer.layers import chosen_layers, describe_layers
from waypost.server.gazetteer.memory import lean_memory, return_free_memory
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.sources.airports import read_airports
from waypost.server.gazetteer.sources.borders import read_borders
from waypost.server.gazetteer.sources.countries import read_countries
from waypost.server.gazetteer.sources.exemplar_cities import read_exemplar_cities
from waypost.server.gazetteer.sources.places import read_places
from waypost.server.gazetteer.sources.postal_codes import read_postal_codes
from waypost.server.gazetteer.sources.subdivision_names import read_subdivision_names
from waypost.server.gazetteer.sources.subdivisions import read_subdivisions
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.gazetteer.writer import write_snapshot
from waypost.server.geocoder.index import build_forward_index
from waypost.server.geocoder.place_records import build_place_records
from waypost.server.geocoder.reverse_index import build_reverse_index
from waypost.server.kernels import compile_all
from waypost.server.model import SnapshotInfo

#: Steps with the share of a build's time that has passed when they begin, kernels being cached. On a machine that
#: never ran Waypost, compiling takes about as long as everything else together.
STEPS = {
    "compile kernels": 0.0,
    "read sources": 0.05,
    "join and name": 0.20,
    "forward index": 0.65,
    "reverse index": 0.82,
    "write": 0.93,
}
#: The share of the time that the world takes where a layer of a city is put in afterwards.
_WORLD_SHARE = 0.6


def build(
    data_dir: Path,
    *,
    without: frozenset[str] = frozenset(),
    on_step: Callable[[str, float], None] = lambda step, share: None,
) -> SnapshotInfo:
    """The new present snapshot in `data_dir`. Two builds from the same packages have the same id and bytes.

    It is composed with the layers that were added. `without` are layers of the world to leave out ("postal",
    "airports"); `on_step` is told each step of STEPS, and then of compose.STEPS, as it begins and the share of the time
    that has passed. Raises SnapshotError if a layer cannot be left out, a package is missing, or another build is
    running, ImportFailed if a layer that was added is broken. Whatever happens, the old snapshot serves until the new
    one is complete.
    """
    layers = chosen_layers(without)
    store, added = SnapshotStore(data_dir), LayerStore(data_dir)
    with store.building() as directory:
        # Under the lock: what is added or removed by somebody else comes before this build, or after it.
        present = added.present()
        imports = [imported(added.open(name)) for name in present]
        world_share = _WORLD_SHARE if imports else 1.0

        def begin(step: str) -> None:
            on_step(step, STEPS[step] * world_share)

        begin("compile kernels")
        compile_all()
        with lean_memory():
            arrays = _build_arrays(layers, begin)
        begin("write")
        made = directory / "world"
        made.mkdir()
        info = write_snapshot(made, arrays, describe_layers(_counts(layers, arrays)))
        if imports:
            del arrays
            world, made = made, directory / "snapshot"
            made.mkdir()
            info = compose_into(
                made,
                Snapshot.open(world),
                world,
                imports,
                on_step=lambda step, share: on_step(step, world_share + (1 - world_share) * share),
            )
        added.choose(info.snapshot_id, present)
        store.publish(made, info.snapshot_id)
    return replace(info, present=True)


def _build_arrays(layers: tuple[str, ...], begin: Callable[[str], None]) -> Arrays:
    begin("read sources")
    sources = read_sources(layers)
    begin("join and name")
    arrays = assemble(sources, layers)
    del sources
    arrays.update(build_place_records(arrays))
    return_free_memory()
    begin("forward index")
    arrays.update(build_forward_index(arrays))
    return_free_memory()
    begin("reverse index")
    arrays.update(build_reverse_index(arrays))
    return arrays


def read_sources(layers: tuple[str, ...]) -> Sources:
    """Everything that the layers need from the installed packages. Raises SnapshotError if one is missing."""
    return Sources(
        places=read_places(),
        countries=read_countries(),
        subdivisions=read_subdivisions(),
        subdivision_names=read_subdivision_names(),
        exemplar_cities=read_exemplar_cities(),
        airports=read_airports() if "airports" in layers else None,
        postal_codes=read_postal_codes() if "postal" in layers else None,
    )


def _counts(layers: tuple[str, ...], arrays: Arrays) -> dict[str, int]:
    kinds = np.bincount(np.asarray(arrays["category"]), minlength=len(Kind))
    counts = dict.fromkeys(layers, 0)
    for kind, layer in LAYER_OF_KIND.items():
        if layer in counts:
            counts[layer] += int(kinds[kind])
    return counts | {"borders": len(read_borders().codes)}
