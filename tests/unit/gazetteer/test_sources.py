"""The installed packages hold what docs/data.md says of them."""

from __future__ import annotations

import pytest

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.sources.airports import read_airports
from waypost.server.gazetteer.sources.countries import UNINHABITED, read_countries
from waypost.server.gazetteer.sources.exemplar_cities import read_exemplar_cities
from waypost.server.gazetteer.sources.packages import data_path, package_version
from waypost.server.gazetteer.sources.subdivision_names import read_subdivision_names
from waypost.server.gazetteer.sources.subdivisions import read_subdivisions


def test_countries_are_those_of_today_with_aliases_and_names_in_every_language() -> None:
    countries = {country.code: country for country in read_countries()}
    assert len(countries) == 250
    assert {"AN", "CS", "SU", "YU"}.isdisjoint(countries)
    assert {"XK", "RE", "GF", *UNINHABITED} <= set(countries)
    kingdom = countries["GB"]
    assert {"UK", "Great Britain"} <= set(kingdom.alternate_names)
    assert ("Vereinigtes Königreich", "de") in kingdom.official_names
    assert ("イギリス", "ja") in kingdom.official_names
    assert countries["NL"].name == "Netherlands"
    assert "Holland" in countries["NL"].alternate_names
    assert {"USA", "America"} <= set(countries["US"].alternate_names)


def test_languages_of_a_variant_are_told_only_where_they_differ() -> None:
    spain = {tag for country in read_countries() if country.code == "ES" for _, tag in country.official_names}
    assert {"de", "es", "zh"} <= spain
    assert "de-AT" not in spain
    assert not [tag for tag in spain if tag.endswith(("-US", "-DE", "-BR"))]


def test_cities_of_time_zones_have_names_in_many_languages() -> None:
    cities = {city.zone: dict(city.names) for city in read_exemplar_cities()}
    assert cities["Asia/Tokyo"]["ja"] == "東京"
    assert cities["Europe/Moscow"]["de"] == "Moskau"


def test_areas_have_their_codes_and_the_levels_above_the_first_are_skipped() -> None:
    source = read_subdivisions()
    assert set(source.level.tolist()) == {1, 2}
    codes = source.iso_code.to_pylist()
    california = codes.index("US-CA")
    assert source.geonames_code[california].as_py() == "US.CA"
    # Cape Verde's municipalities lie below "Ilhas de Sotavento", which is no level of ours.
    brava = codes.index("CV-BR")
    assert source.level[brava] == 1
    assert source.parent[brava] == -1
    assert (source.parent[source.level == 2] >= 0).all()


def test_names_of_areas_in_all_languages_come_from_the_file_in_the_repository() -> None:
    names = read_subdivision_names()
    assert names["DE-BY"]["en"] == "Bavaria"
    assert names["US-CA"]["de"] == "Kalifornien"
    assert names["US-CA"]["it"] == "California", "a name that is the English one is told, too"
    assert names["IN-RJ"]["hi"] == "राजस्थान"
    assert len(names) > 5_600
    assert sum(map(len, names.values())) > 250_000


def test_airports_have_codes_and_points() -> None:
    source = read_airports()
    row = source.code.to_pylist().index("EGLL")
    assert source.iata[row].as_py() == "LHR"
    assert source.country_code[row].as_py() == "GB"
    assert 51.4 < source.latitude[row] < 51.5


def test_a_missing_package_is_named() -> None:
    with pytest.raises(SnapshotError, match="no_such_module"):
        data_path("no_such_module", "data.json")
    with pytest.raises(SnapshotError, match="no-such-distribution"):
        package_version("no-such-distribution")
