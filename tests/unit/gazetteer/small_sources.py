"""Small sources written by hand in the shape of the real ones: two countries, and a territory of one of them."""

from __future__ import annotations

import numpy as np

from waypost.server.gazetteer.sources.airports import AirportsSource
from waypost.server.gazetteer.sources.countries import Country
from waypost.server.gazetteer.sources.places import PlacesSource
from waypost.server.gazetteer.sources.postal_codes import PostalCodesSource
from waypost.server.gazetteer.sources.subdivisions import SubdivisionsSource
from waypost.server.gazetteer.texts import text_array

COUNTRIES = (
    Country(
        "FR", "FRA", 1, "France", "France", "Paris", 66_000_000,
        (("French Republic", "en"), ("Frankreich", "de")), ("République",),
    ),
    Country("GF", "GUF", 2, "French Guiana", "French Guiana", "Cayenne", 195_000, (("Guyane", "fr"),), ()),
    Country(
        "DE", "DEU", 3, "Germany", "Germany", "Berlin", 83_000_000,
        (("Deutschland", "de"), ("Allemagne", "fr"), ("RFA", "fr")), ("BRD", "FRG"),
    ),
    Country("ES", "ESP", 5, "Spain", "Spain", "Madrid", 47_000_000, (), ()),
    Country("BV", "BVT", 4, "Bouvet Island", "Bouvet Island", "", 0, (), ()),
)  # fmt: skip

#: name, ISO code, GeoNames code, GeoNames id, country, aliases, level, parent
_AREAS = (
    ("Bayern", "DE-BY", "DE.02", "100", "DE", "Bavaria|Free State of Bavaria", 1, -1),
    ("Berlin", "DE-BE", "DE.16", "101", "DE", "Land Berlin", 1, -1),
    ("Landkreis Dachau", "", "DE.02.091", "102", "DE", "", 2, 0),
    ("Guyane", "FR-GF", "", "", "FR", "", 1, -1),
    ("Île-de-France", "FR-IDF", "FR.11", "103", "FR", "Région Île-de-France", 1, -1),
    ("Leeres Land", "DE-ZZ", "", "", "DE", "", 1, -1),
    ("Madrid, Comunidad de", "ES-M", "ES.29", "105", "ES", "", 1, -1),
    ("Pontevedra", "ES-PO", "ES.58", "106", "ES", "", 1, -1),
)
#: id, name, latitude, longitude, people, country, admin1, zone, region, district, alternate names
_PLACES = (
    (
        10,
        "Paris",
        48.85,
        2.35,
        2_138_551,
        "FR",
        "11",
        "Europe/Paris",
        4,
        -1,
        ("PAR", "Parigi", "bali", "Париж", "파리"),
    ),
    (11, "Cayenne", 4.93, -52.33, 61_550, "GF", "00", "America/Cayenne", -1, -1, ("",)),
    (12, "Berlin", 52.52, 13.41, 3_426_354, "DE", "16", "Europe/Berlin", 1, -1, ("Berlín", "blyn")),
    (13, "Munich", 48.14, 11.58, 1_260_391, "DE", "02", "Europe/Berlin", 0, -1, ("München", "MUC")),
    (14, "Dachau", 48.26, 11.43, 47_721, "DE", "02", "Europe/Berlin", 0, 2, ()),
    (15, "Nowhere", 51.0, 10.0, 0, "DE", "", "Europe/Berlin", -1, -1, ()),
    (17, "Madrid", 40.42, -3.70, 3_255_944, "ES", "29", "Europe/Madrid", 6, -1, ()),
    (18, "Aranjuez", 40.03, -3.60, 54_055, "ES", "29", "Europe/Madrid", 6, -1, ()),
    (19, "Vigo", 42.23, -8.72, 297_332, "ES", "58", "Europe/Madrid", 7, -1, ("Pontevedra",)),
    (20, "Pontevedra", 42.43, -8.64, 81_576, "ES", "58", "Europe/Madrid", 7, -1, ()),
    (16, "Augsburg", 48.37, 10.89, 259_196, "DE", "02", "Europe/Berlin", -1, -1, ()),
)
#: country, code, state, locality, latitude, longitude
_POSTAL = (
    ("DE", "85221", "BY", "Dachau", None, None),
    ("DE", "85221", "BY", "Nirgendwo", None, None),
    ("DE", "80331", "BY", "MUNCHEN 1", None, None),
    ("DE", "86150", "", "", 48.36, 10.88),
    ("DE", "86150", "", "", 48.38, 10.90),
    ("DE", "86150", "", "", 48.37, 10.89),
    ("DE", "99999", "BY", "Nirgendwo", None, None),
    ("DE", "00000", "", "Nirgendwo", None, None),
    ("FR", "75 001", "IDF", "PARIS", None, None),
    ("FR", "75001", "IDF", "PARIS", None, None),
    ("ES", "28013", "M", "Aranjuez", None, None),
    ("ES", "28300", "M", "Madrid", None, None),
    ("ES", "36002", "PO", "Vigo", None, None),
)


def places() -> PlacesSource:
    columns = list(zip(*_PLACES, strict=True))
    names = [[name for name in group if name] for group in columns[10]]
    return PlacesSource(
        geoname_id=np.array(columns[0], np.int64),
        name=text_array(columns[1]),
        latitude=np.array(columns[2]),
        longitude=np.array(columns[3]),
        population=np.array(columns[4], np.int64),
        country_code=text_array(columns[5]),
        admin1_code=text_array(columns[6]),
        time_zone=text_array(columns[7]),
        alias_owner=np.repeat(np.arange(len(names), dtype=np.int32), [len(group) for group in names]),
        alias_text=text_array(name for group in names for name in group),
    )


def subdivisions() -> SubdivisionsSource:
    columns = list(zip(*_AREAS, strict=True))
    return SubdivisionsSource(
        name=text_array(columns[0]),
        iso_code=text_array(columns[1]),
        geonames_code=text_array(columns[2]),
        geoname_id=text_array(columns[3]),
        country_code=text_array(columns[4]),
        aliases=text_array(columns[5]),
        level=np.array(columns[6], np.int8),
        parent=np.array(columns[7], np.int32),
        # Augsburg (16) is not listed: its admin1 code must do.
        place_geoname_id=np.array([row[0] for row in _PLACES[:-1]], np.int64),
        place_region=np.array([row[8] for row in _PLACES[:-1]], np.int32),
        place_district=np.array([row[9] for row in _PLACES[:-1]], np.int32),
    )


def airports() -> AirportsSource:
    return AirportsSource(
        code=text_array(["EDDM", "XX01"]),
        iata=text_array(["MUC", ""]),
        local_code=text_array(["", "XX01"]),
        name=text_array(["Munich International Airport", "Lonely Strip"]),
        city=text_array(["Munich", ""]),
        country_code=text_array(["DE", "DE"]),
        latitude=np.array([48.35, 54.5]),
        longitude=np.array([11.79, 9.0]),
        time_zone=text_array(["Europe/Berlin", "Europe/Berlin"]),
    )


def postal_codes() -> PostalCodesSource:
    columns = list(zip(*_POSTAL, strict=True))
    return PostalCodesSource(
        country_code=text_array(columns[0]),
        code=text_array(columns[1]),
        state_code=text_array(columns[2]),
        locality_name=text_array(columns[3]),
        latitude=np.array(columns[4], np.float64),
        longitude=np.array(columns[5], np.float64),
    )
