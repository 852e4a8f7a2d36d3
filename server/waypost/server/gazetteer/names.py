"""The names of countries, areas, places and airports: which one is shown, and every other one as an alias."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.alias_kinds import (
    CODE,
    DERIVED,
    OFFICIAL,
    PRIMARY,
    classify_alternate_names,
)
from waypost.server.gazetteer.aliases import AliasCollector
from waypost.server.gazetteer.derived_names import (
    airport_parts,
    country_of,
    inverted_names,
    with_sign,
    without_airport_words,
    without_area_words,
    without_sign,
)
from waypost.server.gazetteer.hierarchy import Kind
from waypost.server.gazetteer.locality_names import LocalityNames
from waypost.server.gazetteer.sources.exemplar_cities import ExemplarCity
from waypost.server.gazetteer.texts import index_in, text, text_array, to_mask
from waypost.server.gazetteer.world import World

Int32s = npt.NDArray[np.int32]


#: Some languages of CLDR call the United Kingdom by a part of it.
_NAMES_OF_PARTS = frozenset({"England", "Scotland", "Wales"})
#: "Île-de-France²", "Centar †", "Tarfaya (EH-partial)".
_FOOTNOTE = re.compile(r"[¹²³*]|\s*†|\s*\(.*\)$")
#: CLDR calls Ukraine's areas "Odeshchyna" and the like; atlases in English write "Odesa Oblast".
_OBLAST = re.compile(r"[A-Z][A-Za-z]+(?:[- ][A-Z][A-Za-z]+)* (?:Oblast|Krai)$")
#: CLDR has no English name for Nei Mongol Zizhiqu.
_ENGLISH_LONG_FORMS = {"BY": _OBLAST, "RU": _OBLAST, "UA": _OBLAST, "CN": re.compile("Inner Mongolia$")}


@dataclass(frozen=True, slots=True)
class Names:
    """By row: the name that is shown and the usual short form or code (empty if none); pyarrow large_string."""

    display: pa.Array
    short: pa.Array
    iso_code: pa.Array


def collect_names(
    world: World,
    subdivision_names: dict[str, dict[str, str]],
    cities: tuple[ExemplarCity, ...],
    collector: AliasCollector,
) -> Names:
    """Names of every row of `world`; all of them go into `collector`."""
    display = np.full(world.row_count, "", dtype=object)
    short = np.full(world.row_count, "", dtype=object)
    iso_code = np.full(world.row_count, "", dtype=object)
    _name_countries(world, display, short, collector)
    _name_areas(world, subdivision_names, display, short, iso_code, collector)
    _name_places(world, display, collector)
    _name_airports(world, display, short, collector)
    _name_exemplar_cities(world, display, cities, collector)
    return Names(text_array(display), text_array(short), text_array(iso_code))


def _name_countries(
    world: World, display: npt.NDArray[np.object_], short: npt.NDArray[np.object_], collector: AliasCollector
) -> None:
    rows, sources = world.rows(Kind.COUNTRY)
    row_of = dict(zip(sources.tolist(), rows.tolist(), strict=True))
    tagged, untagged, codes = [], [], []
    for index, country in enumerate(world.joined.countries):
        row = row_of[index]
        display[row], short[row] = country.name, country.code
        codes += [(row, country.code), (row, country.iso3)]
        untagged += [(row, name) for name in country.alternate_names]
        tagged += [(row, name, tag) for name, tag in country.official_names if name not in _NAMES_OF_PARTS]
    codes += [(row_of[index], code) for index, code in world.joined.areas.territory_codes]
    collector.add(rows, text_array(display[rows]), PRIMARY, text_array(["en"] * len(rows)))
    official = text_array(name for _, name, _ in tagged)
    # "UK" is a code, although CLDR has it as the name in some language.
    kinds = np.where(classify_alternate_names(official) == CODE, CODE, OFFICIAL).astype(np.uint8)
    tags = text_array(tag for _, _, tag in tagged)
    collector.add(np.array([row for row, _, _ in tagged], np.int32), official, kinds, tags)
    collector.add_pairs([(row, country_of(name, tag)) for row, name, tag in tagged], DERIVED)
    collector.add_pairs(codes, CODE)
    names = text_array(name for _, name in untagged)
    collector.add(np.array([row for row, _ in untagged], np.int32), names, classify_alternate_names(names))


def _name_areas(
    world: World,
    subdivision_names: dict[str, dict[str, str]],
    display: npt.NDArray[np.object_],
    short: npt.NDArray[np.object_],
    iso_code: npt.NDArray[np.object_],
    collector: AliasCollector,
) -> None:
    source = world.joined.subdivisions
    rows = np.concatenate([world.rows(Kind.REGION)[0], world.rows(Kind.DISTRICT)[0]])
    picked = pa.array(world.hierarchy.source[rows])
    local_names, codes = source.name.take(picked), source.iso_code.take(picked)
    iso_code[rows] = codes.to_numpy(zero_copy_only=False)
    suffixes = pc.replace_substring_regex(codes, "^..-", "")
    letters = pc.if_else(pc.match_substring_regex(suffixes, "^[A-Z]{1,3}$"), suffixes, text(""))
    is_region = world.hierarchy.kind[rows] == Kind.REGION
    short[rows] = np.where(is_region, letters.to_numpy(zero_copy_only=False), "")

    inverted, spoken, alone = inverted_names(local_names)
    shown = local_names.to_numpy(zero_copy_only=False).copy()
    shown[inverted] = spoken.to_numpy(zero_copy_only=False)
    aliases_of = source.aliases.take(picked).to_pylist()
    tagged = []
    for index, code in enumerate(codes.to_pylist()):
        for tag, name in subdivision_names.get(code, {}).items():
            # CLDR has a few of ISO's inverted names left: "Prague, Hlavní mešto".
            plain = _FOOTNOTE.sub("", name.partition(", ")[0])
            tagged.append((rows[index], plain, tag))
            if tag == "en":
                shown[index] = plain
        shown[index] = _FOOTNOTE.sub("", shown[index])
        pattern = _ENGLISH_LONG_FORMS.get(code[:2])
        if pattern is not None:
            shown[index] = next(filter(pattern.match, aliases_of[index].split("|")), shown[index])
    display[rows] = shown

    names = AliasCollector()
    names.add(rows, text_array(shown), PRIMARY)
    names.add(
        np.array([row for row, _, _ in tagged], np.int32),
        text_array(name for _, name, _ in tagged),
        OFFICIAL,
        text_array(tag for _, _, tag in tagged),
    )
    names.add(rows[inverted], spoken, OFFICIAL)
    upright = np.setdiff1d(np.arange(len(rows)), inverted)
    names.add(rows[upright], local_names.take(pa.array(upright)), OFFICIAL)
    split = pc.split_pattern(source.aliases.take(picked), "|")
    owners = rows[pc.list_parent_indices(split).to_numpy()]
    aliases = pc.list_flatten(split)
    names.add(owners, aliases, classify_alternate_names(aliases))
    collector.extend(names)
    collector.add(rows[inverted], alone, DERIVED)
    named_rows, texts, _ = names.collected()
    indexes, shorter = without_area_words(texts)
    collector.add(named_rows[indexes], shorter, DERIVED)
    collector.add(rows, codes, CODE)
    collector.add(rows, letters, CODE)


def _name_places(world: World, display: npt.NDArray[np.object_], collector: AliasCollector) -> None:
    source = world.joined.places
    rows, picked = world.rows(Kind.LOCALITY)
    names = source.name.take(pa.array(picked))
    display[rows] = names.to_numpy(zero_copy_only=False)
    row_of_place = np.empty(len(rows), np.int32)
    row_of_place[picked] = rows
    owners = row_of_place[source.alias_owner]
    collector.add(rows, names, PRIMARY)
    collector.add(owners, source.alias_text, classify_alternate_names(source.alias_text))
    indexes, shorter = without_sign(source.alias_text)
    collector.add(owners[indexes], shorter, DERIVED)
    country_code = pc.take(source.country_code, pa.array(source.alias_owner))
    indexes, longer = with_sign(source.alias_text, country_code, source.population[source.alias_owner])
    collector.add(owners[indexes], longer, DERIVED)


def _name_airports(
    world: World, display: npt.NDArray[np.object_], short: npt.NDArray[np.object_], collector: AliasCollector
) -> None:
    source = world.joined.airports
    if source is None:
        return
    rows, picked = world.rows(Kind.AIRPORT)
    taken = pa.array(picked)
    names, city = source.name.take(taken), source.city.take(taken)
    display[rows] = names.to_numpy(zero_copy_only=False)
    short[rows] = source.iata.take(taken).to_numpy(zero_copy_only=False)
    collector.add(rows, names, PRIMARY)
    for codes in (source.iata, source.code, source.local_code):
        collector.add(rows, codes.take(taken), CODE)
    collector.add(rows, without_airport_words(names), DERIVED)
    # "Munich airport": only for airports with scheduled flights, or every strip of a county would answer to it.
    scheduled = to_mask(pc.and_(pc.not_equal(city, ""), pc.not_equal(source.iata.take(taken), "")))
    chosen = city.filter(pa.array(scheduled))
    collector.add(rows[scheduled], pc.binary_join_element_wise(chosen, text("Airport"), text(" ")), DERIVED)
    pairs = zip(
        rows[scheduled].tolist(), names.filter(pa.array(scheduled)).to_pylist(), chosen.to_pylist(), strict=True
    )
    parts = [(row, f"{part} Airport") for row, name, served in pairs for part in airport_parts(name, served)]
    collector.add_pairs(parts, DERIVED)


def _name_exemplar_cities(
    world: World,
    display: npt.NDArray[np.object_],
    cities: tuple[ExemplarCity, ...],
    collector: AliasCollector,
) -> None:
    rows, _ = world.rows(Kind.LOCALITY)
    rows = rows[np.argsort(-world.population[rows], kind="stable")]
    zones = text_array(city.zone for city in cities)
    zone_of_row = index_in(world.time_zone.take(pa.array(rows)), zones)
    known = rows[zone_of_row >= 0]
    names = LocalityNames(zone_of_row[zone_of_row >= 0], text_array(display[known]), known)
    found = names.find(np.arange(len(cities), dtype=np.int32), text_array(city.english_name for city in cities))
    tagged = [
        (row, name, tag)
        for row, city in zip(found.tolist(), cities, strict=True)
        for tag, name in city.names
        if row >= 0
    ]
    collector.add(
        np.array([row for row, _, _ in tagged], np.int32),
        text_array(name for _, name, _ in tagged),
        OFFICIAL,
        text_array(tag for _, _, tag in tagged),
    )
