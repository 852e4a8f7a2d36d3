"""What the built gazetteer of the whole world must hold: the traps of docs/data.md, on the real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from waypost.server.gazetteer.schema import ALIAS_KINDS, CATEGORIES, PLACES
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.model import LocationSource, PlaceType, Precision


@pytest.fixture(scope="module")
def world(data_dir: Path) -> Snapshot:
    return SnapshotStore(data_dir).open_present()


@pytest.fixture(scope="module")
def rows_by_name(world: Snapshot) -> dict[str, list[tuple[int, str]]]:
    """Lower-cased name → rows with the kind of the name, postal codes left out."""
    offsets, kinds = world.array("alias_offsets"), world.array("alias_kind")
    owner = np.repeat(np.arange(world.row_count), np.diff(offsets))
    spoken = np.flatnonzero(world.array("place_type")[owner] != PlaceType.POSTAL_CODE)
    texts = pc.utf8_lower(world.text("alias_text").to_arrow().take(spoken)).to_pylist()
    found: dict[str, list[tuple[int, str]]] = {}
    for text, row, kind in zip(texts, owner[spoken].tolist(), kinds[spoken].tolist(), strict=True):
        found.setdefault(text, []).append((row, ALIAS_KINDS[kind]))
    return found


def _best(world: Snapshot, rows_by_name: dict[str, list[tuple[int, str]]], name: str) -> str:
    """Category and address of the most important place whose main or official name it is."""
    importance = world.array("importance")
    rows = [row for row, kind in rows_by_name[name.casefold()] if kind in ("primary", "official", "derived")]
    row = max(rows, key=lambda row: float(importance[row]))
    return f"{CATEGORIES[world.array('category')[row]]}: {world.text('formatted_address')[row]}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Paris", "city: Paris, France"),
        ("London", "city: London, United Kingdom"),
        ("Springfield", "city: Springfield, IL, United States"),
        ("Georgia", "country: Georgia"),
        ("Mexico", "country: Mexico"),
        ("Luxembourg", "country: Luxembourg"),
        ("Singapore", "country: Singapore"),
        ("Panama", "country: Panama"),
        ("São Paulo", "city: São Paulo - SP, Brazil"),
        ("Tokyo", "city: Tokyo, Japan"),
        ("Moscow", "city: Moscow, Russia"),
        ("California", "first_level: California, United States"),
        ("Bavaria", "first_level: Bavaria, Germany"),
        ("Ontario", "first_level: Ontario, Canada"),
        ("England", "first_level: England, United Kingdom"),
        ("Birmingham", "city: Birmingham, United Kingdom"),
    ],
)
def test_a_name_alone_means_the_place_that_people_mean(
    world: Snapshot, rows_by_name: dict[str, list[tuple[int, str]]], name: str, expected: str
) -> None:
    assert _best(world, rows_by_name, name) == expected


def test_a_city_ranks_before_the_region_that_bears_its_name(world: Snapshot) -> None:
    importance = world.array("importance").view(np.float32)
    # New York, Moscow, Berlin, Buenos Aires: the city and the region around it.
    for city, region in (("gn-5128581", "gn-5128638"), ("gn-524901", "gn-524894"), ("gn-2950159", "gn-2950157")):
        rows = world.row_of(city), world.row_of(region)
        assert importance[rows[0]] > importance[rows[1]]


def test_no_name_is_empty_and_none_stands_twice_in_a_row(world: Snapshot) -> None:
    texts, offsets = world.text("alias_text"), world.array("alias_offsets")
    assert (np.diff(texts.offsets) > 0).all()
    ids = texts.to_arrow().dictionary_encode().indices.to_numpy().astype(np.int64)
    owner = np.repeat(np.arange(world.row_count), np.diff(offsets))
    assert len(np.unique(owner << 32 | ids)) == len(ids)
    kinds = world.array("alias_kind")
    assert (kinds[offsets[:-1]] == ALIAS_KINDS.index("primary")).all()


def test_machine_transliterations_and_codes_are_told_from_names(
    rows_by_name: dict[str, list[tuple[int, str]]], world: Snapshot
) -> None:
    london, beijing = world.row_of("gn-2643743"), world.row_of("gn-1816670")
    assert (london, "transliteration") in rows_by_name["lndn"]
    assert (london, "code") in rows_by_name["lon"]
    assert (beijing, "transliteration") in rows_by_name["byjng"]
    assert (london, "alternate") in rows_by_name["londinium"]


@pytest.mark.parametrize(
    ("code", "place_id"),
    [
        ("uk", "gn-2635167"),
        ("usa", "gn-6252001"),
        ("holland", "gn-2750405"),
        ("us-ca", "gn-5332921"),
        ("ca", "gn-5332921"),
        ("ca", "gn-6251999"),
        ("deu", "gn-2921044"),
        ("lhr", "ap-egll"),
        ("egll", "ap-egll"),
        ("fr-973", "gn-3381670"),
        ("us-pr", "gn-4566966"),
    ],
)
def test_codes_and_short_names_lead_to_their_place(
    world: Snapshot, rows_by_name: dict[str, list[tuple[int, str]]], code: str, place_id: str
) -> None:
    assert world.row_of(place_id) in [row for row, _ in rows_by_name[code]]


def test_overseas_departments_and_territories_are_countries_and_no_regions(world: Snapshot) -> None:
    for place_id in ("iso-fr-973", "iso-us-pr", "iso-cn-tw", "iso-nl-bq2", "iso-fi-01", "iso-rs-km"):
        assert world.row_of(place_id) is None
    # French Guiana, Réunion, Puerto Rico, Taiwan, Åland, Kosovo.
    for place_id in ("gn-3381670", "gn-935317", "gn-4566966", "gn-1668284", "gn-661882", "gn-831053"):
        row = world.row_of(place_id)
        assert row is not None
        assert world.array("place_type")[row] == PlaceType.COUNTRY


def test_every_place_has_a_point_inside_the_world_and_an_accuracy(world: Snapshot) -> None:
    assert (np.abs(world.array("latitude")) <= 90).all()
    assert (np.abs(world.array("longitude")) <= 180).all()
    assert world.array("accuracy_m").view(np.float32).min() >= 500
    importance = world.array("importance").view(np.float32)
    assert ((importance >= 0) & (importance <= 1)).all()


def test_places_join_their_areas_as_the_documents_say(world: Snapshot) -> None:
    localities = world.array("place_type") == PlaceType.LOCALITY
    assert (world.array("admin1")[localities] < 0).sum() < 460
    assert (world.array("admin2")[localities] < 0).sum() < 36_000
    assert (world.array("population")[localities] == 0).sum() > 30_000


@pytest.mark.parametrize(
    ("place_id", "address", "source"),
    [
        ("pc-us-90210", "Beverly Hills, CA 90210, United States", LocationSource.OWN),
        ("pc-de-10115", "10115 Berlin, Germany", LocationSource.INHERITED),
        ("pc-jp-1000001", "Chiyoda, Tokyo 100-0001, Japan", LocationSource.INHERITED),
        ("pc-fr-75001", "75001 Paris, France", LocationSource.INHERITED),
        ("pc-gb-sw", "London, SW, United Kingdom", LocationSource.OWN),
        ("pc-ca-k1a", "Ottawa, ON K1A, Canada", LocationSource.OWN),
        ("pc-pl-00001", "00-001 Warsaw, Poland", LocationSource.OWN),
        ("pc-se-11120", "111 20 Stockholm, Sweden", LocationSource.INHERITED),
    ],
)
def test_postal_codes_belong_to_their_town(
    world: Snapshot, place_id: str, address: str, source: LocationSource
) -> None:
    row = world.row_of(place_id)
    assert row is not None
    assert world.text("formatted_address")[row] == address
    assert world.array("location_source")[row] == source


def test_postal_codes_tell_how_exactly_their_place_is_known(world: Snapshot) -> None:
    postal = world.array("place_type") == PlaceType.POSTAL_CODE
    source, precision = world.array("location_source")[postal], world.array("precision")[postal]
    assert (precision[source == LocationSource.OWN] == Precision.POSTAL_CODE).all()
    assert (precision[source == LocationSource.INHERITED] == Precision.LOCALITY).all()
    assert (precision[source == LocationSource.CENTROID] >= Precision.REGION).all()
    assert ((world.array("location_from")[postal] >= 0) == (source == LocationSource.INHERITED)).all()
    # The shares in docs/data.md.
    assert (source == LocationSource.OWN).mean() == pytest.approx(0.155, abs=0.01)
    assert (source == LocationSource.INHERITED).mean() > 0.53
    assert (precision == Precision.COUNTRY).mean() < 0.017


def test_airports_are_called_by_city_and_without_the_word(
    world: Snapshot, rows_by_name: dict[str, list[tuple[int, str]]]
) -> None:
    for name, place_id in (("london heathrow", "ap-egll"), ("munich airport", "ap-eddm"), ("hnd", "ap-rjtt")):
        assert world.row_of(place_id) in [row for row, _ in rows_by_name[name]]


def test_opening_maps_every_array_and_reads_none(data_dir: Path) -> None:
    snapshot = SnapshotStore(data_dir).open_present()
    names = [name for name in PLACES if PLACES[name].dtype != "text"]
    assert all(isinstance(snapshot.array(name).base, np.memmap) for name in names)
    assert [layer.layer for layer in snapshot.layers][:3] == ["places", "countries", "subdivisions"]


def test_ids_are_unique_and_of_the_documented_form(world: Snapshot) -> None:
    ids = world.text("place_id").to_arrow()
    assert len(ids.unique()) == world.row_count
    assert pc.all(pc.match_substring_regex(ids, "^[a-z0-9][a-z0-9-]{1,62}$")).as_py()
