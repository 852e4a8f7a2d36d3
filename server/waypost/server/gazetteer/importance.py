"""How likely people mean a place when they say its name alone: 0 to 1, the same scale for every kind.

importance(locality) = POPULATION_SHARE * log10(1 + population) / LOG_LARGEST
                     + FAME_SHARE * log2(1 + names) / LOG_NAMES        (names in other languages and scripts)
                     + CAPITAL_BONUS for a country's capital, REGION_SEAT_BONUS for the namesake of its region.
A region or district gets the same from its own population and names less AREA_DISCOUNT; but if a locality in
it bears its name and holds SEAT_SHARE of its people, people mean that city: the area ranks just below it.
Countries are lifted above everything else: "Mexico", "Georgia", "Luxembourg", "Singapore" mean the country.

The shares are a judgement, not a fit: they were set so that the orders named in tests/unit/gazetteer hold.
Ranking has a fitted weight for the whole term.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

#: Of a locality's importance: a city of LARGEST people scores all of it, a village of 500 about a third.
POPULATION_SHARE = 0.50
#: The largest city in the data has 24.9 million inhabitants.
LOG_LARGEST = np.log10(25e6)
#: The best known cities have about 250 names in the data, a village one or two.
FAME_SHARE = 0.22
LOG_NAMES = np.log2(1 + 250)
CAPITAL_BONUS = 0.07
REGION_SEAT_BONUS = 0.02
#: A region's people live in its towns: the area is meant less often than a town with as many inhabitants.
AREA_DISCOUNT = 0.05
DISTRICT_DISCOUNT = 0.14
#: Share of an area's people that its namesake holds at least if people mean the city. Cádiz holds 9 % of its
#: province, New York City 44 % of its state; Québec City holds 6 % of Québec, which is meant itself.
SEAT_SHARE = 0.08
SEAT_MARGIN = 0.01
#: Countries: COUNTRY_FLOOR to 1, by population. No other place reaches the floor.
COUNTRY_FLOOR = 0.82
#: Airports: well-known ones have an IATA code and "International" in their name; strips have neither.
AIRPORT_BASE, AIRPORT_IATA, AIRPORT_INTERNATIONAL, AIRPORT_CITY_SHARE = 0.02, 0.10, 0.05, 0.30
#: Postal codes are asked for by their code only, so they just follow the place that they belong to.
POSTAL_BASE, POSTAL_PLACE_SHARE = 0.05, 0.25
#: The fame of a region is not that of each of its codes: of one that is known less exactly than this, about the size of
#: the largest cities, nobody can say which place it is.
POSTAL_KNOWN_M = 20_000.0


def locality_importance(population: Floats, names: Floats, capital: Bools, region_seat: Bools) -> Floats:
    """(n,) importance of localities; `names` counts names in the data, codes left out."""
    score = _population_and_fame(population, names) + CAPITAL_BONUS * capital + REGION_SEAT_BONUS * region_seat
    result: Floats = np.minimum(score, COUNTRY_FLOOR)
    return result


def area_importance(population: Floats, names: Floats, is_region: Bools, namesake: Floats) -> Floats:
    """(n,) importance of regions and districts.

    `namesake` (n,) is the importance of the city in it that holds SEAT_SHARE of its people and bears its name, NaN
    where there is none.
    """
    score = _population_and_fame(population, names) - np.where(is_region, AREA_DISCOUNT, DISTRICT_DISCOUNT)
    capped = np.where(np.isnan(namesake), score, np.minimum(score, namesake - SEAT_MARGIN))
    return np.clip(capped, 0.0, COUNTRY_FLOOR)


def country_importance(population: Floats) -> Floats:
    """(n,) importance of countries; the largest has 1.5 billion inhabitants."""
    people: Floats = np.minimum(np.log10(1.0 + population) / np.log10(1.5e9), 1.0)
    return COUNTRY_FLOOR + (1.0 - COUNTRY_FLOOR) * people


def airport_importance(has_iata: Bools, international: Bools, city: Floats) -> Floats:
    """(n,) importance of airports; `city` is the importance of the city that each one names, else 0."""
    fame = AIRPORT_BASE + AIRPORT_IATA * has_iata + AIRPORT_INTERNATIONAL * (international & has_iata)
    return fame + AIRPORT_CITY_SHARE * city * has_iata


def postal_importance(place: Floats, accuracy_m: Floats) -> Floats:
    """(n,) importance of postal codes from that of the place that each one belongs to, and how exactly it is known."""
    known = np.minimum(POSTAL_KNOWN_M / np.maximum(accuracy_m, 1.0), 1.0)
    result: Floats = POSTAL_BASE + POSTAL_PLACE_SHARE * place * known
    return result


def _population_and_fame(population: Floats, names: Floats) -> Floats:
    people = np.minimum(np.log10(1.0 + population) / LOG_LARGEST, 1.0)
    fame = np.minimum(np.log2(1.0 + names) / LOG_NAMES, 1.0)
    result: Floats = POPULATION_SHARE * people + FAME_SHARE * fame
    return result
