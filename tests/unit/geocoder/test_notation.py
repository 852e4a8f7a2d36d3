from __future__ import annotations

import time

import numpy as np
import pytest

from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.notation import Coordinates, FullPlusCode, ShortPlusCode, parse_notation
from waypost.server.geocoder.notation_prefilter import could_be_notation
from waypost.server.model import Point

VIENNA = (48.2083, 16.3731)
VIENNA_SECONDS = (48 + 12 / 60 + 30 / 3600, 16 + 22 / 60 + 23 / 3600)

WRITINGS = [
    ("48.2083, 16.3731", VIENNA),
    ("48.2083 16.3731", VIENNA),
    ("48.2083/16.3731", VIENNA),
    ("48,2083; 16,3731", VIENNA),
    ("48,2; 16,3", (48.2, 16.3)),
    ("48,2083 16,3731", VIENNA),
    ("48,2083, 16,3731", VIENNA),
    ("(48.2083, 16.3731)", VIENNA),
    ("-33.9 151.2", (-33.9, 151.2)),
    ("−33.9, 151.2", (-33.9, 151.2)),
    ("12.5 -14.5", (12.5, -14.5)),
    ("48.2083N 16.3731E", VIENNA),
    ("N48.2083 E16.3731", VIENNA),
    ("16.3731 E, 48.2083 N", VIENNA),
    ("48.2083 N, 16.3731", VIENNA),
    ("W 74.0060 N 40.7128", (40.7128, -74.0060)),
    ("-33.9 S 151.2 E", (-33.9, 151.2)),
    ("48N 16E", (48.0, 16.0)),
    ("90, 0.0", (90.0, 0.0)),
    ("-90.0 180", (-90.0, 180.0)),
    ("0.0, 0.0", (0.0, 0.0)),
    ("lat: 48.2083 lon: 16.3731", VIENNA),
    ("lon: 16.3731, lat: 48.2083", VIENNA),
    ('{"lat": 48.2083, "lon": 16.3731}', VIENNA),
    ("https://example.org/?mlat=48.2083&mlon=16.3731#map", VIENNA),
    ("latitude=48.2083&longitude=16.3731", VIENNA),
    ("Breite 48.2083 Länge 16.3731", VIENNA),
    ("48°12'30\"N 16°22'23\"E", VIENNA_SECONDS),
    ("48°12′30″N 16°22′23″E", VIENNA_SECONDS),
    ("48° 12’ 30” N, 16° 22’ 23” E", VIENNA_SECONDS),
    ("48º12'30''N16º22'23''E", VIENNA_SECONDS),
    ("48d12m30sN 16d22m23sE", VIENNA_SECONDS),
    ("33d52m10s S 151d12m40s E", (-(33 + 52 / 60 + 10 / 3600), 151 + 12 / 60 + 40 / 3600)),
    ("48 12 30 N 16 22 23 E", VIENNA_SECONDS),
    ("N 48 12 30 E 16 22 23", VIENNA_SECONDS),
    ("48:12:30N 16:22:23E", VIENNA_SECONDS),
    ("N 48° 12.500 E 016° 22.383", (48 + 12.5 / 60, 16 + 22.383 / 60)),
    ("48°12.5'N, 16°22.383'E", (48 + 12.5 / 60, 16 + 22.383 / 60)),
    ("48.2083° N, 16.3731° E", VIENNA),
    ("48.2083°, 16.3731°", VIENNA),
    ("48.2083° Nord 16.3731° Ost", VIENNA),
    ("48°51′24″ Nord 2°21′07″ Ouest", (48 + 51 / 60 + 24 / 3600, -(2 + 21 / 60 + 7 / 3600))),
    ("55°45′ с. ш. 37°37′ в. д.", (55.75, 37 + 37 / 60)),
    ("北緯35度41分22秒 東経139度41分30秒", (35 + 41 / 60 + 22 / 3600, 139 + 41 / 60 + 30 / 3600)),
    ("+48.2083+016.3731/", VIENNA),
    ("+4812.5+01622.4/", (48 + 12.5 / 60, 16 + 22.4 / 60)),
    ("+481230+0162223/", VIENNA_SECONDS),
    ("-33-070/", (-33.0, -70.0)),
    ("geo:48.2083,16.3731;u=35", VIENNA),
    ("GEO:48.2083,16.3731,170;crs=wgs84;u=1", VIENNA),
    ("geo:-5,-6", (-5.0, -6.0)),
    ("Coordinates: 48.2, 16.3", (48.2, 16.3)),
    ("Stephansdom 48.2083, 16.3731", VIENNA),
    ("https://example.org/maps/@48.2083,16.3731,15z", VIENNA),
    ("12 Main St 48°12'30\"N 16°22'23\"E", VIENNA_SECONDS),
]

ORDINARY = [
    "10115 Berlin",
    "1234 56",
    "100-0001",
    "〒100-0001",
    "+49 30 123456",
    "+1 212-555-1212",
    "12, 14",
    "Hauptstr. 12, 14",
    "450 N 200 W, Salt Lake City",
    "AAAA+BB",
    "SW1A 1AA",
    "K1A 0B6",
    "東京都新宿区西新宿2-8-1",
    "1100 Wien",
    "São Paulo, 01310-100",
    "",
]

LOOK_ALIKES = [
    "Calle Mayor 3, 1º 2º",
    "12 rue de la Paix, N° 5",
    "91.5, 16.3",
    "151.2, -33.9",
    "192.168.1.1",
    "212.555.1234",
    "1,234 5,678",
    "12,14 16,18",
    "8:30 12:15",
    "12.5 - 14.5",
    "12.5 E 14th Ave",
    "48.2083",
    "20.11.2026 12.5",
    "48.2083,16,3731",
    "U2 3.5 7.5",
    "48.2N 16.37N",
    "48 N 16 O",
    "48 north 16 east",
    "lat 48 lon 16",
    "48°12'30\"N",
    "33d52m10S 151d12m40E",
    "geo:0,0?q=Berlin",
    "22+22",
    "C++",
    "CV+QR Berlin",
    "XXXXXXXX+XX",
]


def _prefilter(text: str) -> bool:
    data = np.frombuffer(text.encode(), np.uint8)
    return bool(could_be_notation(data, 0, data.size))


@pytest.mark.parametrize(("text", "expected"), WRITINGS)
def test_usual_writings_are_read(text: str, expected: tuple[float, float]) -> None:
    found = parse_notation(text)

    assert isinstance(found, Coordinates)
    assert (found.point.latitude, found.point.longitude) == pytest.approx(expected, abs=1e-9)
    assert _prefilter(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_addresses_never_reach_the_grammar(text: str) -> None:
    assert not _prefilter(text)


@pytest.mark.parametrize("text", [*LOOK_ALIKES, "500 S 200 W", "95 N 11 E", "95.5 N, 11.5 E Main Street"])
def test_numbers_of_something_else_are_no_coordinates(text: str) -> None:
    assert parse_notation(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "geo:91,16",
        "geo:48,181",
        "geo:48,16;crs=nad27",
        "91°0'0\"N 16°E",
        "91° N, 16° E",
        "48°75'N 16°22'E",
        "48°12'N 16°22'O",
        "-33.9°N 151.2°E",
        "48°N 16°N",
        "lat: 91.5 lon: 16.3",
        "lat: 48.2 E lon: 16.3 N",
        "+91.2083+016.3731/",
        "95.5 N, 11.5 E",
        "95.5N 11E",
        "11.5 E 95 N",
        "48.2 N, 190.5 W",
        "-122.4194, 37.7749",
        "(151.2093 -33.8688)",
    ],
)
def test_what_clearly_means_coordinates_but_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_notation(text)

    assert [violation.field for violation in caught.value.violations] == ["query"]
    assert _prefilter(text)


def test_the_wrong_order_is_told_where_it_shows_and_taken_as_it_stands_where_not() -> None:
    with pytest.raises(InvalidArgument, match="latitude before longitude"):
        parse_notation("-122.4194, 37.7749")
    found = parse_notation("16.3731, 48.2083")
    assert isinstance(found, Coordinates)
    assert found.point == Point(latitude=16.3731, longitude=48.2083)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Stephansdom 48.2083, 16.3731 Wien", "48.2083, 16.3731"),
        ("〠 48.2083N 16.3731E", "48.2083N 16.3731E"),
        ("東京 9F4MGCF6+RP", "9F4MGCF6+RP"),
    ],
)
def test_offsets_count_code_points(text: str, written: str) -> None:
    found = parse_notation(text)

    assert found is not None
    assert text[found.start : found.end] == written


def test_a_full_plus_code_has_its_point_and_size() -> None:
    found = parse_notation("9f4mgcf6+rp")

    assert isinstance(found, FullPlusCode)
    assert found.code == "9F4MGCF6+RP"
    assert (found.point.latitude, found.point.longitude) == pytest.approx((52.5245625, 13.4118125))
    assert 8.0 < found.precision_m < 8.3


@pytest.mark.parametrize(
    ("text", "remainder"),
    [
        ("GCF6+RP Berlin", "        Berlin"),
        ("Berlin, GCF6+RP, Germany", "Berlin,        , Germany"),
        ("GCF6+RP", "       "),
    ],
)
def test_a_short_plus_code_leaves_the_place_where_it_stood(text: str, remainder: str) -> None:
    found = parse_notation(text)

    assert isinstance(found, ShortPlusCode)
    assert found.code == "GCF6+RP"
    assert found.remainder == remainder


def test_a_short_plus_code_is_recovered_near_its_place() -> None:
    found = parse_notation("GCF6+RP Berlin")

    assert isinstance(found, ShortPlusCode)
    assert found.recover(Point(latitude=52.5, longitude=13.4)).code == "9F4MGCF6+RP"


@pytest.mark.parametrize(
    "unit",
    [
        "1 ",
        "1° ",
        "1.5 ",
        "N1°",
        "lat:1.5 ",
        "1°1'1\" ",
        "22+22 ",
        "+48",
        "geo:1,1;a",
        "48.2083 ",
        "1° N   ",
        "с",
        " ",
    ],
)
def test_no_text_is_slow(unit: str) -> None:
    text = (unit * 512)[:512]
    spent_s = []
    for _ in range(3):
        started_s = time.thread_time()
        parse_notation(text)
        spent_s.append(time.thread_time() - started_s)

    # Half of what the engine may take for a query, in processor time, which other programs do not lengthen.
    assert min(spent_s) < 0.025
