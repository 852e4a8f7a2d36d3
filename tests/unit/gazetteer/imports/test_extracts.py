"""Real extracts of OpenStreetMap, where they are: in WAYPOST_SHARED_DATA, or ../shared/data beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.unit.gazetteer.imports.small_import import Import, Row, build
from waypost.server.gazetteer.imports.house_numbers import HouseNumber, fold_suffix, read_house_numbers
from waypost.server.gazetteer.imports.readers.osm import read_osm
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore

ROOT = Path(__file__).parents[4]
EXTRACTS = Path(os.environ.get("WAYPOST_SHARED_DATA", ROOT.parent / "shared" / "data")) / "osm"

pytestmark = pytest.mark.skipif(not EXTRACTS.is_dir(), reason=f"{EXTRACTS} holds no extracts")


@pytest.fixture(scope="module")
def world(data_dir: Path) -> Snapshot:
    return SnapshotStore(data_dir).open_present()


def batches_of(name: str) -> list[Batch]:
    path = EXTRACTS / f"{name}.osm.pbf"
    return list(read_osm([path], Wishes(country="US"), BadRecords(), lambda share: None))


def houses_of(found: Import) -> dict[tuple[int, str], list[tuple[float, float, str]]]:
    """By number and folded suffix: latitude, longitude and the place of every house."""
    arrays, texts = found.layer.arrays, found.layer.texts
    features = np.repeat(np.arange(len(found.names)), np.diff(arrays["address_offsets"]))
    houses: dict[tuple[int, str], list[tuple[float, float, str]]] = {}
    for house, feature in enumerate(features.tolist()):
        key = (
            int(arrays["address_number"][house]),
            fold_suffix(texts["suffixes"][int(arrays["address_suffix"][house])]),
        )
        latitude, longitude = arrays["address_point"][house].tolist()
        houses.setdefault(key, []).append((latitude / 1e7, longitude / 1e7, found.within(feature)))
    return houses


def near(houses: list[tuple[float, float, str]], row: Row, metres: float) -> list[str]:
    """The places of the houses so near to an address."""
    found = []
    for latitude, longitude, where in houses:
        north = (latitude - float(str(row["latitude"]))) * 111_195
        east = (longitude - float(str(row["longitude"]))) * 111_195 * np.cos(np.radians(latitude))
        if np.hypot(north, east) <= metres:
            found.append(where)
    return found


@pytest.mark.parametrize("name", ["baltimore", "harrisburg", "nyc"])
def test_every_address_of_an_extract_is_there_and_lies_in_the_city_that_it_names(name: str, world: Snapshot) -> None:
    batches = batches_of(name)
    found = build(*batches, world=world)
    houses = houses_of(found)
    rows = [row for batch in batches if batch.kind == "address" for row in batch.rows.to_pylist()]
    named, right = 0, 0
    for row in rows:
        for house in read_house_numbers(row["number"], "US"):
            assert isinstance(house, HouseNumber)
            places = near(houses.get((house.number, house.folded), []), row, 150)
            assert places, row
            if row["city"]:
                named += 1
                told = {world.text("display_name")[world.row_of(where) or 0] for where in places}
                right += row["city"].split()[0] in " ".join(told)
    print(f"{name}: {len(rows)} addresses, {found.info.addresses} houses, {named} name a city, {right} lie in it")
    assert right >= 0.99 * named


def test_an_extract_read_backwards_gives_the_same_layer(world: Snapshot) -> None:
    batches = batches_of("harrisburg")
    assert build(*reversed(batches), world=world).info == build(*batches, world=world).info
