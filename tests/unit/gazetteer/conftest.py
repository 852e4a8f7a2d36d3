"""The gazetteer of the small sources, assembled once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tests.unit.gazetteer import small_sources
from waypost.server.gazetteer.arrays import Arrays
from waypost.server.gazetteer.assemble import Sources, assemble
from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.sources.exemplar_cities import ExemplarCity

LAYERS = ("places", "countries", "subdivisions", "postal", "airports", "borders")


@dataclass(frozen=True)
class Small:
    """Arrays with short ways to read them."""

    arrays: Arrays

    def number(self, name: str, place_id: str) -> float:
        return float(np.asarray(self.arrays[name])[self.row(place_id)])

    def text(self, name: str, place_id: str) -> str:
        return self.column(name)[self.row(place_id)]

    def row(self, place_id: str) -> int:
        ids = self.column("place_id")
        return [ids[row] for row in range(len(ids))].index(place_id)

    def ids(self) -> list[str]:
        ids = self.column("place_id")
        return [ids[row] for row in range(len(ids))]

    def id_at(self, name: str, place_id: str) -> str:
        """The id of the row that an array of rows points to, empty for -1."""
        row = int(self.number(name, place_id))
        return self.column("place_id")[row] if row >= 0 else ""

    def aliases(self, place_id: str) -> dict[str, str]:
        """Name → kind."""
        row, offsets = self.row(place_id), np.asarray(self.arrays["alias_offsets"])
        kinds = np.asarray(self.arrays["alias_kind"])
        texts = self.column("alias_text")
        return {texts[index]: ALIAS_KINDS[kinds[index]] for index in range(offsets[row], offsets[row + 1])}

    def column(self, name: str) -> TextColumn:
        column = self.arrays[name]
        assert isinstance(column, TextColumn)
        return column


def small_world(*, airports: bool = True, postal: bool = True) -> Sources:
    return Sources(
        places=small_sources.places(),
        countries=small_sources.COUNTRIES,
        subdivisions=small_sources.subdivisions(),
        subdivision_names={"DE-BY": {"en": "Bavaria", "fr": "Bavière²"}},
        exemplar_cities=(ExemplarCity("Europe/Berlin", "Berlin", (("ru", "Берлин"),)),),
        airports=small_sources.airports() if airports else None,
        postal_codes=small_sources.postal_codes() if postal else None,
    )


@pytest.fixture(scope="session")
def small() -> Small:
    return Small(assemble(small_world(), LAYERS))
