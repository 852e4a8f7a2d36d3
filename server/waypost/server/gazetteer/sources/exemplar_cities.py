"""Names of about 400 cities in every language: CLDR names each time zone after one of its cities."""

from __future__ import annotations

from dataclasses import dataclass

from waypost.server.gazetteer.sources.languages import names_by_language


@dataclass(frozen=True, slots=True)
class ExemplarCity:
    """The city of one IANA zone: its English name and (language tag, name) pairs."""

    zone: str
    english_name: str
    names: tuple[tuple[str, str], ...]


def read_exemplar_cities() -> tuple[ExemplarCity, ...]:
    """Every zone that CLDR names a city for, by zone id."""
    names: dict[str, dict[str, str]] = {}
    for tag, zones in names_by_language("time_zones"):
        for zone, fields in zones.items():
            city = fields.get("city") if isinstance(fields, dict) else None
            if city and "/" in zone:
                names.setdefault(zone, {})[tag] = city
    return tuple(
        ExemplarCity(zone, tagged.get("en", zone.rpartition("/")[2].replace("_", " ")), tuple(tagged.items()))
        for zone, tagged in sorted(names.items())
    )
