"""Every constant of the forward ranking, by name and with its reason. docs/ranking.md shows them at work.

Scores are sums of terms in one unit: 1.0 is about what it is worth to explain one short word of the query.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import postings as p
from waypost.server.model import PlaceType

#: What fame is worth: the gap between a metropolis (importance 0.9) and a village (0.2) must not pay for
#: leaving one word of the query unexplained, else "Paris, TX" is Paris in France.
IMPORTANCE_WEIGHT = 1.5
#: Explaining a word is worth this much, plus so much for each of its first eight letters: longer words are rarer.
WORD_GAIN = 1.0
LETTER_GAIN = 0.1
LETTERS_COUNTED = 8
#: House numbers and the like rarely mean a place; from four digits on they may be a postal code.
SHORT_NUMBER_GAIN = 0.5
LONG_NUMBER_GAIN = 1.8
#: Words that say nothing about which place is meant.
FILLER_GAIN = 0.1
#: A Han character is a third of a word: place names have two to four.
HAN_GAIN = 0.5

#: A name that is not the primary one costs a fixed part and a share of the fame, since the names of famous
#: places are spread over many more languages: "Salem" in a list of names of Jerusalem says little.
NAME_COST = {
    p.PRIMARY: 0.0, p.OFFICIAL: 0.05, p.ALTERNATE: 0.1, p.DERIVED: 0.1, p.CODE: 0.1, p.TRANSLITERATION: 0.3,
}  # fmt: skip
NAME_FAME_COST = {
    p.PRIMARY: 0.0, p.OFFICIAL: 0.45, p.ALTERNATE: 0.35, p.DERIVED: 0.2, p.CODE: 0.1, p.TRANSLITERATION: 0.4,
}  # fmt: skip
#: A name is close to the primary one if it is that less its last words ("New York" of New York City), or one letter
#: away ("Marseilles"), or the name of the area around the place, which is often its local form ("Torino").
CLOSE_NAME_COST = 0.02
CLOSE_NAME_FAME_COST = 0.08
#: The sources list airports' codes among the names of cities.
CITY_CODE_FAME_COST = 0.7
#: Who writes a name that a city and its district share means the city.
DISTRICT_COST = 0.25
#: Names in other scripts than Latin are alternate names throughout, so being one says nothing.
OTHER_SCRIPT_NAME_COST = 0.02

#: Letters of the codes of places, of which some are spelt like the parts of a text with a stroke between.
LONGEST_CODE = 4
#: A name torn out of its part of the query ("Pennsylvania" of "1600 Pennsylvania Ave, Washington, DC"): less than what
#: a short word explains, since a company may stand before a town without a comma. Out of words joined by a hyphen it
#: explains nothing, whatever it is worth: "Champs-Élysées" is not Champs.
BROKEN_PART_COST = 0.8
BROKEN_COMPOUND_COST = WORD_GAIN + LETTER_GAIN * LETTERS_COUNTED
#: A name torn out of a street's ("rue de Lyon", "Sunset Blvd") explains nothing either, and what else is named tells
#: where the street is. This is on top of what the name is worth: no less than what fame and context can add to a place
#: near a metropolis ("avenue de Versailles, Paris"), and a short word.
BROKEN_STREET_COST = 2.5
#: A postal code with other gaps than its country writes it with: "90210" is hardly 90-210 in Łódź, nor "100-0001"
#: Lisbon's 1000-001. More than the fame of their places differs by, and much less than what they explain.
CODE_WRITING_COST = 0.3
#: A code as the place meant, beside words that are no part of it: "Bar in LA" hardly means Laos.
CODE_BESIDE_WORDS_COST = 1.2
#: Each typing error, and what a correction costs more where the word is short.
EDIT_COST = 0.55
EDIT_SHORT_COST = 2.0
#: A coarse answer that a finer one in the query supports ("10115 Berlin" for Berlin): the finer one is meant, so
#: this is more than all that fame can be worth.
FINER_CONTEXT_COST = 1.6
#: The fame of what contains a place speaks for the place too: "J5V, Canada" is the postal code, although Canada
#: alone is a thousand times as well known.
CONTEXT_WEIGHT = 1.2
#: So that a name of several words that is the whole query ("New York", "US-CA") does not fall behind a place and
#: an area which its words could be taken for one by one.
WHOLE_QUERY_BONUS = CONTEXT_WEIGHT
#: A code of several parts ("TW-TPE"), or a query of two to four capital letters ("ESNO"), is meant as a code.
WHOLE_CODE_BONUS = 0.5
#: Share of a name's cost that counts where it is only context: which area is meant is then hardly in doubt.
CONTEXT_NAME_SHARE = 0.3
#: A neighbouring bigger place as context is weaker than a containing area ("Kreuzberg, Berlin").
NEARBY_CONTEXT_COST = 0.15
#: The same place named twice ("Bayern, Bavaria") rather than a place and what contains it.
SAME_PLACE_COST = 0.25
#: The most that nearness to the caller's focus adds: it decides among towns of similar fame, and never moves a
#: metropolis. Falls to half at FOCUS_HALF_M.
FOCUS_WEIGHT = 0.35
FOCUS_HALF_M = 100_000.0

#: A place of this importance or more serves as context for places around it.
NEARBY_IMPORTANCE = 0.3
#: Radius of that: a village's few kilometres to a metropolis' 60, growing with importance.
NEARBY_RADIUS_MIN_M = 8_000.0
NEARBY_RADIUS_MAX_M = 60_000.0

#: Words that the answer leaves out contradict it if they name something this well known: an area (a country or
#: a larger region), or a city. Lesser names are chance hits of ordinary words.
CONTRADICTING_AREA = 0.5
CONTRADICTING_PLACE = 0.6

#: What is left of the confidence of an answer that parts of the query contradict; the generated queries on which the
#: confidence is fitted hardly contradict themselves.
CONTRADICTED_SHARE = 0.75

#: Countries whose postal codes are known only by their first part, in the order of match.truncated_length.
TRUNCATING_COUNTRIES = ("GB", "CA", "NL", "US")

#: What of a street's name may be left out, and at what cost: nothing, its kind ("Main" for Main Street), its direction,
#: both. More than an alternate name, since other streets have the rest in common with it. Of the name of a point of
#: interest it is the article ("High Line"), at hardly any.
LEFT_OUT_COST = (0.0, 0.5, 0.6, 1.0, 0.1)
#: Countries that write the house number before the street (Universal Postal Union, addressing guides).
NUMBER_FIRST_COUNTRIES = (
    "US", "GB", "CA", "AU", "NZ", "IE", "FR", "LU", "MC", "IN", "ZA", "SG", "HK", "IL", "MT", "TH", "MY", "PH", "DZ",
    "MA", "TN", "SN", "CI", "KE", "NG", "GH", "PK", "BD", "LK", "JM", "TT", "BB", "VN", "KH", "GP", "MQ", "RE", "GF",
)  # fmt: skip
#: Who names a street means it hardly less than a place: the fame of streets and points of interest is little, and all
#: the same. A stop or a car park that bears the name of its street is less than that.
STREET_WORTH = 0.15
POI_WORTH = 0.1
#: No street is meant by words that are all explained by a place of this importance: more than the smallest villages
#: have, since one of those may be named as a street is ("Broadway, New York").
BEYOND_STREETS = 0.2
#: A house that exists says that the street is the one meant; more than the number as a word.
HOUSE_GAIN = 1.0
#: A number within those of the street says as much as a number can without being there.
INTERPOLATED_GAIN = 0.5
#: Share of a word's worth for a kind of street beside a name that is known without it ("ul. Długa").
BESIDE_KIND_SHARE = 0.5
#: Of two streets of a town whose names are one in signs the one that is spelt just so ("E Street", "East Street").
SPELLING_BONUS = 0.1
#: The street's town is named by its postal code, or named by the bigger town near it, or is said to be the place beside
#: the house, though the data counts it to another.
CODE_FAME = 0.5
NEAR_TOWN_COST = 0.5
VICINITY_COST = 0.55
#: Of points of interest of one kind the nearest to the place that is named; halves at so many metres from the middle.
FAR_KIND_COST = 0.6
FAR_KIND_HALF_M = 2_000.0
#: The town that the words name is another one, but the postal code is the street's, and the reverse.
OTHER_TOWN_COST = 1.0
OTHER_CODE_COST = 0.6
#: A direction is named that the street does not have: it may be left out in the data, or be another street's. One is as
#: likely as the other, so that confidence is halved.
OTHER_DIRECTION_COST = 0.6
OTHER_DIRECTION_SHARE = 0.5
#: Nearness to the focus decides between streets of one name; halves every few streets.
STREET_FOCUS_WEIGHT = 1.2
STREET_FOCUS_HALF_M = 5_000.0
#: Places that are little worse than the best one may be what the words that a street leaves over mean. No more than
#: search.MARGIN, up to which readings are known however many are wanted.
RIVAL_SLACK = 1.5
#: Words that the answer leaves out name a town if explaining them would be worth this much: one short word.
TOWN_WORD_GAIN = 0.9

#: Words that say nothing about which place is meant, in the languages of most queries; folded.
FILLERS = (
    "near", "the", "of", "in", "at", "by", "on", "to", "a", "an", "and", "bei", "nahe", "am", "der", "die", "das",
    "von", "und", "de", "la", "le", "les", "du", "des", "el", "los", "las", "del", "y", "e", "en", "pres", "sur",
    "da", "do", "dos", "das", "di", "della", "il", "lo", "van", "het", "plz", "zip", "code", "postal", "address",
    "area", "international", "no",
)  # fmt: skip
#: Words that people and programs write where there is no address, in the languages of most queries, and such texts of
#: several letters ("n/a"). A few are towns, as None in Italy, so they mean one where anything else is said.
PLACEHOLDERS = (
    "unknown", "na", "none", "null", "nil", "nan", "undefined", "missing", "test", "tbd", "tba", "available",
    "provided", "applicable", "specified", "given", "not", "without", "unbekannt", "keine", "angabe", "ohne",
    "adresse", "anschrift", "inconnu", "inconnue", "sans", "aucune", "aucun", "desconocido", "desconocida", "sin",
    "direccion", "domicilio", "ninguna", "ninguno", "sconosciuto", "indirizzo", "nessuno", "senza", "desconhecido",
    "endereco", "sem", "nenhum", "onbekend", "adres", "geen", "nieznany", "brak", "okand", "ukjent", "ukendt",
    "tuntematon", "bilinmiyor", "yok", "neznamy", "неизвестно", "неизвестный", "нет", "адрес", "без", "адреса",
    "невідомо",
)  # fmt: skip
#: Such a word is worth little where it is left over.
PLACEHOLDER_GAIN = 0.3
#: Words that say what kind of place is meant (kind_words.py): leaving them out is no contradiction …
KIND_GAIN = 0.6
#: … but what is of that kind is meant rather than a namesake of any other, even the city of an airport, or a country.
KIND_AGREES = 0.8
#: One letter is an initial far more often than one of the few villages with such a name.
LETTER_WORD_GAIN = 0.4


def name_cost(
    kind: npt.NDArray[np.uint8],
    importance: npt.NDArray[np.float64],
    script: npt.NDArray[np.uint8],
    close: npt.NDArray[np.bool_],
    place_type: npt.NDArray[np.uint8],
) -> npt.NDArray[np.float64]:
    """What using each name costs.

    Depends on how the name came to its place, the place's fame, the script (0 = Latin), whether it is `close` to the
    primary name, and the place's type.
    """
    fixed = np.array([NAME_COST[k] for k in range(len(NAME_COST))])[kind]
    fame = np.array([NAME_FAME_COST[k] for k in range(len(NAME_FAME_COST))])[kind]
    fixed = np.where(close, np.minimum(fixed, CLOSE_NAME_COST), fixed)
    fame = np.where(close, np.minimum(fame, CLOSE_NAME_FAME_COST), fame)
    city_code = (kind == p.CODE) & (place_type == PlaceType.LOCALITY)
    fame = np.where(city_code, CITY_CODE_FAME_COST, fame)
    latin = fixed + fame * IMPORTANCE_WEIGHT * importance
    cost = np.where((script == 0) | (kind == p.CODE), latin, OTHER_SCRIPT_NAME_COST)
    return cost + np.where(place_type == PlaceType.DISTRICT, DISTRICT_COST, 0.0)
