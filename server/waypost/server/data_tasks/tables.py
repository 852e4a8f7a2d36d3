"""The layers that were added, in tables and words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.layer_info import LayerInfo
from waypost.server.gazetteer.imports.layer_store import LayerStore

#: Columns of a table that is read by a program, or in a file.
_WIDE = 400
_PLURALS = {
    "street": "streets", "poi": "points of interest", "locality": "settlements", "neighborhood": "quarters",
    "postal_code": "postal codes", "country": "countries", "region": "regions", "district": "districts",
    "address": "addresses",
}  # fmt: skip


def table_console() -> Console:
    """Where tables are printed: as wide as the terminal, and wide enough for all that is in them elsewhere."""
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _WIDE)


def layers_in(data_dir: Path) -> tuple[LayerInfo | ImportFailed, ...]:
    """The layers that were added, by name; of one that cannot be read, why."""
    layers = LayerStore(data_dir)
    found: list[LayerInfo | ImportFailed] = []
    for name in layers.present():
        try:
            found.append(layers.info(name))
        except ImportFailed as error:
            found.append(error)
    return tuple(found)


def print_layers(layers: Sequence[LayerInfo | ImportFailed], console: Console) -> None:
    """A table of layers that were added; below it those that cannot be read."""
    table = Table("layer", "file", "version", "records", "size", "licence", "credit", box=None)
    for layer in layers:
        if isinstance(layer, ImportFailed):
            continue
        credit = layer.credit
        table.add_row(
            layer.name,
            layer.source,
            layer.source_version,
            counts_of(layer),
            f"{layer.size_bytes / 1e6:,.1f} MB",
            credit.license + (" (share-alike)" if credit.share_alike else ""),
            f"{credit.text} {credit.uri}".strip(),
        )
    console.print(table)
    for layer in layers:
        if isinstance(layer, ImportFailed):
            console.print(f"cannot be read: {layer.message}")


def counts_of(layer: LayerInfo) -> str:
    """The records of a layer in words: what there is most of first."""
    counts = {"addresses": layer.addresses, "number ranges": layer.ranges}
    counts |= {_PLURALS[kind]: count for kind, count in layer.features.items()}
    return ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items(), key=lambda item: -item[1]) if count)
