"""Addresses of towns that do not exist on the streets that do: for those who have no extract to ask about."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pyarrow as pa

from waypost.server.gazetteer.imports.records import ADDRESS, Batch

#: Town, region, country, its middle, and whether numbers come first.
TOWNS = (
    ("Springfield", "Illinois", "US", 39.8017, -89.6437, True),
    ("Kassel", "Hesse", "DE", 51.3167, 9.5, False),
    ("Dijon", "Bourgogne-Franche-Comté", "FR", 47.3167, 5.0167, True),
)
_NAMES = {
    "US": [f"{direction}{name} {kind}" for direction in ("", "North ") for name in (
        "Oak", "Maple", "Washington", "Lincoln", "5th", "Lakeview", "Franklin", "Jefferson", "Walnut", "Chestnut",
    ) for kind in ("Street", "Avenue")],
    "DE": [f"{name}{kind}" for name in (
        "Bahnhof", "Schiller", "Goethe", "Linden", "Garten", "Berg", "Kirch", "Schul", "Wald", "Wiesen",
    ) for kind in ("straße", "weg", "platz")],
    "FR": [f"{kind} {name}" for name in (
        "de la République", "Victor Hugo", "du Général de Gaulle", "des Fleurs", "Saint-Michel", "du 8 mai 1945",
        "Jean Jaurès", "de la Gare", "Pasteur", "des Écoles",
    ) for kind in ("Rue", "Avenue", "Place")],
}  # fmt: skip
_HOUSES = 30


def town_batches(country: str, seed: int) -> Iterator[Batch]:
    """The addresses of the town of that country: streets of _HOUSES houses on lines, as a reader gives them."""
    chance = random.Random(seed)
    town, region, _, latitude, longitude, _ = next(each for each in TOWNS if each[2] == country)
    rows = []
    for name in _NAMES[country]:
        south, west = latitude + chance.uniform(-0.02, 0.02), longitude + chance.uniform(-0.02, 0.02)
        north, east = chance.uniform(-3e-4, 3e-4), chance.uniform(-3e-4, 3e-4)
        for house in range(_HOUSES):
            side = 1e-4 if house % 2 else -1e-4
            rows.append(
                {"number": str(house + 1), "street": name, "city": town, "region": region, "country": country,
                 "latitude": south + north * house + side, "longitude": west + east * house,
                 "source_id": f"{name}/{house}"}
            )  # fmt: skip
    yield Batch("address", pa.RecordBatch.from_pylist(rows, ADDRESS))
