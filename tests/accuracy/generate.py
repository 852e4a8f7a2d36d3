"""Questions made from the gazetteer with seeded noise; the same seed and snapshot give the same questions."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np

from tests.accuracy.cases import Case, CaseSet, Floor
from tests.accuracy.generate_reverse import REVERSE_MAKERS
from tests.accuracy.noise import NameChain, no_address, street_named, with_noise, with_typos
from tests.accuracy.world import Half, World, is_latin, language_of
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.model import PlaceType, PostalAddress

#: One for each half, so that not even the noise is shared.
_SEEDS = {Half.FIT: 20_261_101, Half.JUDGE: 20_261_122}
COUNT = 3_000
#: Inhabitants of a city that is known by its name alone.
_LARGE_CITY = 500_000


@dataclass(frozen=True, slots=True)
class Draw:
    """What a maker of questions works with."""

    world: World
    numbers: np.random.Generator
    chance: random.Random
    count: int

    def towns(self, *, in_region: bool = True) -> Iterator[int]:
        """Localities by the square root of their population, twice as many as wanted."""
        rows = self.world.rows(PlaceType.LOCALITY)
        if in_region:
            rows = rows[self.world.admin1[rows] >= 0]
        yield from self.world.by_population(rows, 2 * self.count, self.numbers).tolist()

    def people(self) -> Iterator[int]:
        """Localities by their population, with repeats: whom a name alone is said to, and by whom."""
        rows = self.world.rows(PlaceType.LOCALITY)
        weight = self.world.population[rows].astype(float)
        yield from self.numbers.choice(rows, 4 * self.count, p=weight / weight.sum()).tolist()


def generated_sets(snapshot: Snapshot, half: Half, count: int = COUNT, only: Collection[str] = ()) -> Iterator[CaseSet]:
    """The sets of these names, else every set, forward and then reverse, of at most `count` questions each."""
    world = World(snapshot, half)
    for number, (name, (title, floors, make)) in enumerate(_MAKERS.items()):
        if only and name not in only:
            continue
        seed = _SEEDS[half] + number
        draw = Draw(world, np.random.default_rng(seed), random.Random(seed), count)
        cases = tuple(case for case, _ in zip(make(draw), range(count), strict=False))
        yield CaseSet(name, title, floors, cases)


def _parts(world: World, row: int) -> list[str]:
    return [world.name(row), world.name(int(world.admin1[row])), world.name(int(world.country[row]))]


def _city_region_country(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        yield Case(", ".join(_parts(draw.world, row)), (row,))


def _typos(number: int) -> Callable[[Draw], Iterator[Case]]:
    def make(draw: Draw) -> Iterator[Case]:
        for row in draw.towns():
            text = with_typos(", ".join(_parts(draw.world, row)), number, draw.chance)
            if text is not None:
                yield Case(text, (row,))

    return make


def _missing_parts(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        parts = _parts(draw.world, row)
        yield Case(f"{parts[0]}, {parts[draw.chance.choice((1, 2))]}", (row,))


def _swapped_order(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        parts = _parts(draw.world, row)
        city, region, country = parts
        orders = (f"{country}, {region}, {city}", f"{region} {city} {country}", f"{country} {city}, {region}")
        yield Case(draw.chance.choice(orders), (row,))


def _no_commas(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        yield Case(" ".join(_parts(draw.world, row)), (row,))


def _lower_case(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        yield Case(", ".join(_parts(draw.world, row)).lower(), (row,))


def _other_scripts(*, with_country: bool) -> Callable[[Draw], Iterator[Case]]:
    def make(draw: Draw) -> Iterator[Case]:
        world = draw.world
        # Dozens of towns share a name; without its country it is said of one that people know.
        for row in draw.towns(in_region=False) if with_country else draw.people():
            # One Han sign or two Hangul syllables may be a name, one letter is none.
            names = [name for name in world.names(row) if not is_latin(name) and len(name) >= 2]
            if not names:
                continue
            name = draw.chance.choice(names)
            if with_country:
                country = int(world.country[row])
                name = f"{name}, {world.name_in(country, language_of(name)) or world.name(country)}"
            yield Case(name, (row,))

    return make


def _other_names(draw: Draw) -> Iterator[Case]:
    """Exonyms, older and longer names in Latin script, every second one with its country."""
    world = draw.world
    for number, row in enumerate(draw.people()):
        names = [name for name in world.names(row)[1:] if is_latin(name) and len(name) >= 4]
        if names:
            name = draw.chance.choice(names)
            yield Case(name if number % 2 else f"{name}, {world.name(int(world.country[row]))}", (row,))


def _areas(draw: Draw) -> Iterator[Case]:
    """Countries and regions by any of their names; every second region with its country."""
    world = draw.world
    countries, regions = world.rows(PlaceType.COUNTRY), world.rows(PlaceType.REGION)
    weight = np.sqrt(world.population[regions].astype(float))
    chosen = draw.numbers.choice(regions, draw.count, p=weight / weight.sum())
    for number, region in enumerate(chosen.tolist()):
        row = int(draw.numbers.choice(countries)) if number % 3 == 0 else region
        names = [name for name in world.names(row) if len(name) >= 2]
        if names:
            name = draw.chance.choice(names)
            country = world.name(int(world.country[row]))
            yield Case(f"{name}, {country}" if number % 3 == 1 else name, (row,))


def _misspelt_alone(draw: Draw) -> Iterator[Case]:
    """A well-known city with one typing error and nothing else."""
    for row in draw.people():
        name = draw.world.name(row)
        wrong = with_typos(name, 1, draw.chance)
        if wrong is not None and wrong != name:
            yield Case(wrong, (row,))


def _codes(draw: Draw) -> Iterator[Case]:
    """ISO codes of areas and countries, IATA and ICAO codes of airports, up to a third each. Every owner is right."""
    world, third = draw.world, draw.count // 3
    areas = np.concatenate([world.rows(PlaceType.REGION), world.rows(PlaceType.DISTRICT)])
    iso = [code for row in areas for code in world.codes(int(row)) if re.fullmatch("[A-Z]{2}-[A-Z0-9]{1,3}", code)]
    countries = [
        code
        for row in world.rows(PlaceType.COUNTRY)
        for code in world.codes(int(row))
        if re.fullmatch("[A-Z]{2,3}", code)
    ]
    airports = [code for row in world.airports() for code in world.codes(int(row)) if re.fullmatch("[A-Z]{3,4}", code)]
    chosen = [
        *draw.chance.sample(iso, min(third, len(iso))),
        *draw.chance.sample(countries, min(third, len(countries))),
        *draw.chance.sample(airports, min(third, len(airports))),
    ]
    for code in chosen:
        yield Case(code, world.owners_of_code[code])


def _written(draw: Draw, code: str, country_code: str) -> str:
    """A postal code as people write it."""
    match draw.chance.randrange(5):
        case 0:
            return re.sub("[ -]", "", code)
        case 1:
            return code.lower()
        case 2 if country_code != "JP":
            return f"{country_code}-{code}"
        case 3 if country_code == "JP":
            return f"〒{code}"
        case _:
            return code


def _postal_codes(draw: Draw) -> Iterator[Case]:
    world = draw.world
    for row in draw.numbers.permutation(world.rows(PlaceType.POSTAL_CODE)).tolist():
        country = int(world.country[row])
        code, name = _written(draw, world.name(row), world.short(country)), world.name(country)
        forms = (f"{code}, {name}", f"{code} {name}", f"{name} {code}", f"{code}, {world.short(country)}")
        yield Case(draw.chance.choice(forms), (row,))


def _postal_code_alone(draw: Draw) -> Iterator[Case]:
    """A code and nothing else: several countries may have it, and one of them was meant."""
    world = draw.world
    for row in draw.numbers.permutation(world.rows(PlaceType.POSTAL_CODE)).tolist():
        yield Case(world.name(row), (row,))


def _city_and_postal_code(draw: Draw) -> Iterator[Case]:
    world = draw.world
    rows = world.rows(PlaceType.POSTAL_CODE)
    for row in draw.numbers.permutation(rows[world.locality[rows] >= 0]).tolist():
        code, city = world.name(row), world.name(int(world.locality[row]))
        yield Case(draw.chance.choice((f"{code} {city}", f"{city} {code}", f"{city}, {code}")), (row,))


def _city_alone(draw: Draw) -> Iterator[Case]:
    for row in draw.towns(in_region=False):
        yield Case(draw.world.name(row), (row,))


def _noise_words(draw: Draw) -> Iterator[Case]:
    for row in draw.towns():
        city, region, country = _parts(draw.world, row)
        yield Case(
            with_noise(draw.chance.choice((f"{city}, {country}", f"{city}, {region}, {country}")), draw.chance), (row,)
        )


def _noise_and_large_city(draw: Draw) -> Iterator[Case]:
    """A city that is known by its name alone behind words that mean nothing here."""
    for row in draw.people():
        if draw.world.population[row] >= _LARGE_CITY:
            name = with_noise(draw.world.name(row), draw.chance)
            yield Case(name if draw.chance.random() < 0.5 else name.replace(",", ""), (row,))


def _street_of_another_place(draw: Draw) -> Iterator[Case]:
    """A town behind a street that is named after another place, of the same region or well known: the town is meant."""
    world = draw.world
    towns = world.rows(PlaceType.LOCALITY)
    namesakes = world.by_population(towns, 4 * draw.count, draw.numbers).tolist()
    for row, known in zip(draw.towns(), namesakes, strict=False):
        near = towns[world.admin1[towns] == world.admin1[row]]
        other = known if draw.chance.random() < 0.5 else draw.chance.choice(near.tolist())
        city, region, country = _parts(world, row)
        if not is_latin(world.name(other)) or world.name(other) in (city, region, country):
            continue
        street = street_named(world.name(other), world.short(int(world.country[row])), draw.chance)
        forms = [
            f"{street}, {city}, {country}",
            f"{street}, {city}, {region}",
            f"{street}, {city}, {region}, {country}",
        ]
        if world.population[row] >= _LARGE_CITY:
            forms = [f"{street}, {city}", f"{street} {city}"]
        yield Case(draw.chance.choice(forms), (row,))


def _structured(draw: Draw) -> Iterator[Case]:
    world = draw.world
    for row in draw.towns():
        address = PostalAddress(
            region_code=world.short(int(world.country[row])),
            administrative_area=world.name(int(world.admin1[row])) if draw.chance.random() < 0.7 else "",
            locality=world.name(row),
            address_lines=(with_noise("", draw.chance).strip(" ,"),) if draw.chance.random() < 0.3 else (),
        )
        yield Case(address, (row,))


def _invented(draw: Draw) -> Iterator[str]:
    """Names that sound real and that no place of the gazetteer has; they may be one letter from one that has."""
    world = draw.world
    rows = world.by_population(world.rows(PlaceType.LOCALITY), 30_000, draw.numbers)
    latin = [name for name in map(world.name, rows.tolist()) if is_latin(name) and name.isalpha()]
    aliases = world.snapshot.text("alias_text")
    known = set(map(_letters, aliases.to_arrow().to_pylist()))
    chain = NameChain(latin)
    while True:
        name = chain.invent(draw.chance)
        if _letters(name) not in known:
            known.add(_letters(name))
            yield name


def _letters(name: str) -> str:
    """The letters of a name without case and diacritics: who writes "Brasova" or "Den Den" means Braşova or Denden."""
    return "".join(char for char in unicodedata.normalize("NFKD", name).casefold() if char.isalpha())


def _nonexistent(draw: Draw) -> Iterator[Case]:
    for name in _invented(draw):
        yield Case(name, ())


def _no_address(draw: Draw) -> Iterator[Case]:
    words = _invented(draw)
    while True:
        yield Case(no_address(words, draw.chance), ())


def _nonexistent_in(draw: Draw) -> Iterator[Case]:
    """Half in a real country, half in a large city: that is the best that can be answered."""
    world = draw.world
    towns = world.rows(PlaceType.LOCALITY)
    large = towns[world.population[towns] >= _LARGE_CITY]
    for name, town in zip(_invented(draw), draw.numbers.choice(large, draw.count).tolist(), strict=False):
        container = town if draw.chance.random() < 0.5 else int(world.country[town])
        yield Case(f"{name}, {world.name(container)}", (container,))


#: Name: title, floors (of issue "Immediate lookups", section 4), maker.
_FORWARD: dict[str, tuple[str, tuple[Floor, ...], Callable[[Draw], Iterator[Case]]]] = {
    "city_region_country": ("City, Region, Country", (Floor("top1", 0.98),), _city_region_country),
    "one_typo": ("… with one typo", (Floor("top1", 0.95),), _typos(1)),
    "two_typos": ("… with two typos", (), _typos(2)),
    "missing_parts": ("… with the region or the country missing", (), _missing_parts),
    "swapped_order": ("… in another order", (), _swapped_order),
    "no_commas": ("… without commas", (), _no_commas),
    "lower_case": ("… in lower case", (), _lower_case),
    "other_scripts": ("Name in another script, alone", (Floor("top1", 0.95),), _other_scripts(with_country=False)),
    "other_scripts_country": (
        "Name in another script, country", (Floor("top1", 0.95),), _other_scripts(with_country=True),
    ),
    "other_names": ("Another Latin name, alone or with country", (), _other_names),
    "areas": ("Country or region by any of its names", (), _areas),
    "misspelt_alone": ("City alone with one typo", (), _misspelt_alone),
    "codes": ("Codes: ISO 3166, IATA, ICAO", (Floor("top1", 0.98),), _codes),
    "postal_country": ("Postal code, country", (Floor("top1", 0.99),), _postal_codes),
    "city_postal": ("City and postal code", (), _city_and_postal_code),
    "city_alone": ("City alone", (Floor("top5", 0.95),), _city_alone),
    "noise_words": ("Company or street, city, country", (), _noise_words),
    "structured": ("Structured address", (), _structured),
    "nonexistent": ("A place that does not exist", (Floor("doubtful", 0.98),), _nonexistent),
    "nonexistent_in": ("… in a real city or country", (), _nonexistent_in),
}  # fmt: skip
#: Behind the others, since a set's seed is its place in the order.
_LATER: dict[str, tuple[str, tuple[Floor, ...], Callable[[Draw], Iterator[Case]]]] = {
    "noise_city": ("Company or street, large city", (), _noise_and_large_city),
    "postal_alone": ("Postal code alone", (), _postal_code_alone),
    "no_address": ("Words that are no address", (), _no_address),
    "other_place": ("Street named after another place, city", (), _street_of_another_place),
}
_MAKERS = _FORWARD | REVERSE_MAKERS | _LATER
SET_NAMES = tuple(_MAKERS)
