"""Single values of places that results need beside the place itself."""

from __future__ import annotations

from collections.abc import Iterable

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.model import LocationSource, Precision

#: Every formatted address names areas of these layers.
_ADDRESS_LAYERS = frozenset({"places", "countries", "subdivisions"})
# By number, since an enum's own lookup takes half a microsecond.
_PRECISIONS = {int(kind): kind for kind in Precision}
_SOURCES = {int(kind): kind for kind in LocationSource}


class PlaceValues:
    """Reads the columns of one snapshot row by row; memoryviews give Python numbers in a tenth of numpy's time."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._precision = snapshot.array("precision").data
        self._accuracy = snapshot.array("accuracy_m").data
        self._source = snapshot.array("location_source").data
        self._from = snapshot.array("location_from").data
        self._layer = snapshot.array("layer").data
        self._ids = snapshot.text("place_id")
        self._layers = [layer.layer for layer in snapshot.layers]
        self._layers_by_bits: dict[tuple[int, bool], tuple[str, ...]] = {}

    def precision(self, row: int) -> Precision:
        """What the place's location is exact to."""
        return _PRECISIONS[self._precision[row]]

    def accuracy_m(self, row: int) -> float:
        """Radius around the location within which nine of ten such places lie."""
        return float(self._accuracy[row])

    def location_source(self, row: int) -> LocationSource:
        """Where the location comes from."""
        return _SOURCES[self._source[row]]

    def location_from(self, row: int) -> str:
        """Resource name of the place whose location it is, empty where it is its own."""
        origin = self._from[row]
        return f"places/{self._ids[origin]}" if origin >= 0 else ""

    def layers_of(self, rows: Iterable[int], *, borders: bool = False) -> tuple[str, ...]:
        """The layers whose credits an answer owes: of its places, and of the areas that its addresses name."""
        bits = 0
        for row in rows:
            bits |= 1 << self._layer[row]
        return self.layers_of_bits(bits, borders=borders)

    def layers_of_bits(self, bits: int, *, borders: bool = False) -> tuple[str, ...]:
        """The same for places of the layers that are set in `bits`, by their position in the snapshot."""
        known = self._layers_by_bits.get((bits, borders))
        if known is None:
            used = {layer for number, layer in enumerate(self._layers) if bits >> number & 1}
            if used:
                used |= _ADDRESS_LAYERS
            if borders:
                used.add("borders")
            known = tuple(layer for layer in self._layers if layer in used)
            self._layers_by_bits[bits, borders] = known
        return known
