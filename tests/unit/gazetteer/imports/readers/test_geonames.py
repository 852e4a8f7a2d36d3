"""GeoNames' dumps: places with their kinds, names by language joined by id, and postal codes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.unit.gazetteer.imports.readers.read_files import read, write_text
from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers.formats import credit_of, detect_format
from waypost.server.model import PlaceType


def _place(number: int, name: str, kind: str, *, alternates: str = "", latitude: str = "47.1", people: int = 0) -> str:
    feature_class, code = kind.split(".")
    cells = [str(number), name, name, alternates, latitude, "9.5", feature_class, code, "LI", "", "11", "", "", "",
             str(people), "", "465", "Europe/Vaduz", "2025-01-01"]  # fmt: skip
    return "\t".join(cells)


def _name(place: int, language: str, text: str, preferred: str = "") -> str:
    return "\t".join(["9", str(place), language, text, preferred, "", "", "", "", ""])


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return write_text(
        tmp_path / "LI.txt",
        [
            _place(1, "Vaduz", "P.PPLC", alternates="Faduc,QVU,Вадуц", people=5197),
            _place(2, 'Schloss "Vaduz"', "S.CSTL"),
            _place(3, "Mühleholz", "P.PPLX"),
            _place(4, "Gone", "P.PPLH"),
            _place(5, "Liechtenstein", "A.PCLI"),
            _place(6, "Odd", "S.ZZZ"),
            _place(7, "Lost", "P.PPL", latitude="north"),
            "8\tTorn",
        ],
    )


def test_classes_and_codes_become_kinds_and_categories(dump: Path) -> None:
    found = read(dump)
    assert detect_format([dump]) == "geonames"
    assert [(row["name"], row["kind"], row["category"]) for row in found.places] == [
        ("Vaduz", PlaceType.LOCALITY, "capital"),
        ('Schloss "Vaduz"', PlaceType.POI, "castle"),
        ("Mühleholz", PlaceType.NEIGHBORHOOD, "quarter"),
        ("Odd", PlaceType.POI, "building"),
    ]
    assert found.places[0]["population"] == 5197
    assert {sample.where for sample in found.bad.samples} == {f"LI.txt line {line}" for line in (4, 5, 7, 8)}
    assert found.bad.count == 4


def test_places_that_are_no_features_of_a_layer_are_counted_by_the_reason(tmp_path: Path) -> None:
    dump = write_text(
        tmp_path / "XX.txt",
        [
            _place(1, "Vaduz", "P.PPLC"), _place(2, "Liechtenstein", "A.PCLI"), _place(3, "Oberland", "A.ADM1"),
            _place(4, "Gone", "P.PPLH"), _place(5, "Seamount", "U.SMTU"),
        ],
    )  # fmt: skip
    found = read(dump)
    assert [row["name"] for row in found.places] == ["Vaduz"]
    assert dict(found.bad.reasons) == {
        "an administrative area (class A): the world has its own": 2,
        "a place that is no more": 1,
        "no feature class that is imported (P, H, L, R, S, T, V)": 1,
    }


def test_names_in_the_dump_itself_have_no_language(dump: Path) -> None:
    names = {name["text"]: (name["language"], name["kind"]) for name in read(dump).places[0]["names"]}
    assert names == {"Faduc": ("", "alternate"), "QVU": ("", "code"), "Вадуц": ("", "alternate")}


def test_alternate_names_are_joined_by_id_with_their_languages(dump: Path, tmp_path: Path) -> None:
    names = write_text(
        tmp_path / "alternateNamesV2.txt",
        [
            _name(2, "fr", "Château de Vaduz"),
            _name(1, "de", "Vaduz", "1"),
            _name(1, "link", "https://example.org"),
            _name(1, "zh-CN", "瓦杜茲"),
            _name(1, "", "Vadutz"),
            _name(1, "iata", "QVU"),
            _name(99, "fr", "Elsewhere"),
            _name(4, "fr", "Perdu"),
        ],
    )
    assert detect_format([dump, names]) == "geonames"
    vaduz, castle, *_ = read(names, dump).places
    assert {(name["text"], name["language"], name["kind"]) for name in vaduz["names"]} == {
        ("Vaduz", "de", "official"),
        ("瓦杜茲", "zh-CN", "alternate"),
        ("Vadutz", "", "alternate"),
        ("QVU", "", "code"),
    }
    assert [(name["text"], name["language"]) for name in castle["names"]] == [("Château de Vaduz", "fr")]


def test_names_without_their_places_are_refused(tmp_path: Path) -> None:
    names = write_text(tmp_path / "alternateNamesV2.txt", [_name(1, "fr", "X")])
    with pytest.raises(ImportFailed, match="alternate names go together with the dump of their places"):
        read(names)


def test_a_dump_in_its_archive_is_read(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "LI.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "x" * 100_000)
        archive.write(dump, "LI.txt")
    assert len(read(path).places) == 4
    assert credit_of("geonames", [path]).license == "CC-BY-4.0"


def test_postal_codes_are_one_record_each_at_their_best_lines(tmp_path: Path) -> None:
    def line(code: str, city: str, latitude: str, accuracy: str) -> str:
        return "\t".join(["LI", code, city, "Oberland", "", "", "", "", "", latitude, "9.5", accuracy])

    path = write_text(
        tmp_path / "LI.txt",
        [line("9490", "Vaduz", "47.1", "4"), line("9490", "Ebenholz", "47.3", "4"), line("9490", "Wrong", "40", "1"),
         line("9487", "Gamprin", "47.2", ""), line("", "X", "47.2", "1"), line("9488", "X", "", "1")],
    )  # fmt: skip
    found = read(path)
    assert detect_format([path]) == "geonames-postal"
    first, second = found.places
    assert (first["name"], first["city"], first["kind"]) == ("9487", "Gamprin", PlaceType.POSTAL_CODE)
    assert second["latitude"] == pytest.approx(47.2)
    assert (second["south"], second["north"], second["city"]) == (47.1, 47.3, "Ebenholz")
    assert found.reasons() == {"no postal code": 1, "no coordinates on Earth": 1}


def test_a_postal_code_across_the_antimeridian_stands_at_neither_end_of_the_map(tmp_path: Path) -> None:
    def line(code: str, longitude: str) -> str:
        return "\t".join(["FJ", code, "Rabi", "", "", "", "", "", "", "-16.5", longitude, "4"])

    lines = [line("1", "179.9"), line("1", "-179.5"), line("2", "178"), line("2", "179"), line("3", "-179")]
    across, west, east = read(write_text(tmp_path / "FJ.txt", lines)).places
    assert across["longitude"] == pytest.approx(-179.8)
    assert "west" not in across  # a box that no reader of boxes would take for a small one
    assert (west["longitude"], west["west"], west["east"]) == (178.5, 178, 179)
    assert east["longitude"] == -179
