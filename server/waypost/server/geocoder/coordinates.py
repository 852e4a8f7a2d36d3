"""Pairs of angles in a text: which of them are coordinates, by the rules that notation.py states."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import NoReturn

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.geocoder.angle import (
    ANY_ANGLE,
    GAP,
    LATITUDE,
    LONGITUDE,
    SPACED_ANGLE,
    Angle,
    angle_pattern,
    magnitude,
    read_angle,
)
from waypost.server.geocoder.notation_prefilter import INTEGER_PAIR_LETTERS
from waypost.server.model import Point


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A position written in `text[start:end]`."""

    point: Point
    start: int
    end: int


#: Decimals from which on two numbers are coordinates among other words, and hardly anything else alone.
_SURE_DECIMALS = 3
_LABELS = {"lat": LATITUDE, "bre": LATITUDE, "lon": LONGITUDE, "lng": LONGITUDE, "län": LONGITUDE}


def _pair_pattern(value: str) -> re.Pattern[str]:
    angle = angle_pattern(value)
    return re.compile(
        rf"(?<![\w.+\-−])(?<![0-9],)(?P<first>{angle})(?P<between>[\s,;/|]{{0,4}})(?P<second>{angle})(?!\w|\.[0-9])",
        re.IGNORECASE | re.VERBOSE,
    )


_PAIR = _pair_pattern(ANY_ANGLE)
_SPACED_PAIR = _pair_pattern(SPACED_ANGLE)
_LABEL = r"""(?<!\w)m?(?:lat(?:itude)?|long?(?:itude)?|lng|breite(?:ngrad)?|länge(?:ngrad)?)["']?"""
_LABELLED_PAIR = re.compile(
    rf"""(?P<label1>{_LABEL}){GAP}[:=.]?{GAP}(?P<first>{angle_pattern(ANY_ANGLE)})(?P<between>[\s,;/|&"']{{1,4}})
    (?P<label2>{_LABEL}){GAP}[:=.]?{GAP}(?P<second>{angle_pattern(ANY_ANGLE)})(?!\w|\.[0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
_ISO_6709 = re.compile(
    r"""(?<![\w.])(?P<sign1>[+\-−])(?P<first>[0-9]{6}|[0-9]{4}|[0-9]{2})(?P<part1>[.,][0-9]{1,20})?
    (?P<sign2>[+\-−])(?P<second>[0-9]{7}|[0-9]{5}|[0-9]{3})(?P<part2>[.,][0-9]{1,20})?
    (?P<extras>(?:[+\-−][0-9]{1,6}(?:\.[0-9]{1,6})?)?(?:CRS[\w:]{1,20})?)(?P<solidus>/)?(?!\w)""",
    re.VERBOSE,
)
_GEO_URI = re.compile(
    r"(?<!\w)geo:(?P<first>-?[0-9]{1,20}(?:\.[0-9]{1,20})?),(?P<second>-?[0-9]{1,20}(?:\.[0-9]{1,20})?)"
    r"(?:,-?[0-9.]{1,20})?(?:;crs=(?P<crs>[\w-]{1,20}))?(?:;[\w.%=-]{0,40}){0,9}(?P<query>\?\S*)?",
    re.IGNORECASE,
)
#: Words that stand beside coordinates and say nothing else.
_CAPTION = re.compile(
    r"\b(?:coordinates?|coords?|coordonn[ée]es|coordenadas|koordinaten|location|position|pos|point|gps|wgs\s?84|"
    r"lat(?:itude)?\s?/?\s?(?:long?(?:itude)?|lng)|ll)\b",
    re.IGNORECASE,
)
#: Pairs of one text that are looked at: 256 numbers in a row are no coordinates, but would cost 10 ms.
_MAX_PAIRS = 8


def read_coordinates(text: str) -> Coordinates | None:
    """The first coordinates in `text`, or None. Raises InvalidArgument where they clearly cannot be."""
    for read in (_read_geo_uri, _read_labelled, _read_iso_6709, _read_pair, _read_spaced_pair):
        coordinates = read(text)
        if coordinates is not None:
            return coordinates
    return None


def _read_geo_uri(text: str) -> Coordinates | None:
    match = _GEO_URI.search(text)
    if match is None:
        return None
    latitude, longitude = float(match["first"]), float(match["second"])
    if match["query"] and latitude == longitude == 0.0:
        return None  # Android's "geo:0,0?q=…" asks for the words of q, not for the Gulf of Guinea.
    if (match["crs"] or "wgs84").lower() != "wgs84":
        _refuse(text, "a geo: URI in the reference system wgs84")
    return _coordinates(text, latitude, longitude, match.span(), clear=True)


def _read_iso_6709(text: str) -> Coordinates | None:
    for match in islice(_ISO_6709.finditer(text), _MAX_PAIRS):
        if not (match["part1"] or match["part2"] or (match["solidus"] and not match["extras"])):
            continue
        latitude = _iso_angle(match["sign1"], match["first"], match["part1"] or "", 2)
        longitude = _iso_angle(match["sign2"], match["second"], match["part2"] or "", 3)
        return _coordinates(text, latitude, longitude, match.span(), clear=_stands_alone(text, match))
    return None


def _iso_angle(sign: str, digits: str, fraction: str, width: int) -> float:
    """An angle of ISO 6709, as DD, DDMM or DDMMSS with a fraction; degrees have `width` digits."""
    numbers = [digits[:width], *(digits[k : k + 2] for k in range(width, len(digits), 2))]
    return math.copysign(magnitude([*numbers[:-1], numbers[-1] + fraction]), 1.0 if sign == "+" else -1.0)


def _read_pair(text: str) -> Coordinates | None:
    for match in islice(_PAIR.finditer(text), _MAX_PAIRS):
        first, second = read_angle(match["first"]), read_angle(match["second"])
        alone = _stands_alone(text, match)
        if _is_evident(first, second, match["between"], text, alone):
            clear = alone and _is_clear(first, second)
            found = _resolve(text, first, second, match.span(), clear=clear, alone=alone)
            if found is not None:
                return found
    return None


def _read_spaced_pair(text: str) -> Coordinates | None:
    """Reads "48 12 30 N 16 22 23 E", where only hemispheres tell minutes from a pair of numbers."""
    match = _SPACED_PAIR.search(text)
    if match is None:
        return None
    first, second = read_angle(match["first"]), read_angle(match["second"])
    if not (first.axis and second.axis and _stands_alone(text, match)):
        return None
    if not (first.decimals or second.decimals or _has_only_hemispheres(text)):
        return None
    return _resolve(text, first, second, match.span(), clear=False)


def _read_labelled(text: str) -> Coordinates | None:
    for match in islice(_LABELLED_PAIR.finditer(text), _MAX_PAIRS):
        first, second = read_angle(match["first"]), read_angle(match["second"])
        axes = [_LABELS[match[name].lower().lstrip("m")[:3]] for name in ("label1", "label2")]
        if not (first.decimals or second.decimals or first.has_mark or second.has_mark) or axes[0] == axes[1]:
            continue
        clear = _stands_alone(text, match)
        if any(angle.axis not in ("", axis) for angle, axis in zip((first, second), axes, strict=True)):
            if clear:
                _refuse(text, "labels and hemispheres that agree")
            continue
        latitude, longitude = (first, second) if axes[0] == LATITUDE else (second, first)
        return _coordinates(text, latitude.degrees, longitude.degrees, match.span(), clear=clear)
    return None


def _is_evident(first: Angle, second: Angle, between: str, text: str, alone: bool) -> bool:
    """Whether the pair can be nothing but coordinates, by the rules of the module."""
    angles = (first, second)
    if not between and not (first.axis or second.axis or first.has_mark):
        return False
    signs = {angle.decimal_sign for angle in angles} - {""}
    if len(signs) == 2:
        return False
    marked = first.has_mark or second.has_mark
    if not marked and "," in signs and ";" not in between:
        decimals = sorted(angle.decimals for angle in angles)
        if decimals[0] < 3 or decimals[1] < 4:
            return False
    if not alone:
        return all(
            angle.decimals >= _SURE_DECIMALS or (angle.has_minutes and (angle.has_mark or angle.axis))
            for angle in angles
        )
    if any(angle.has_minutes and not angle.has_mark and not angle.axis for angle in angles):
        return False  # "8:30 12:15" are hours
    return bool(signs) or marked or bool(first.axis and second.axis and _has_only_hemispheres(text))


def _is_clear(first: Angle, second: Angle) -> bool:
    """Whether a pair that stands alone means coordinates even where no such coordinates can be.

    Hemispheres without a fraction are not enough: "500 S 200 W" is an address in Utah.
    """
    if first.has_mark or second.has_mark:
        return True
    return {first.axis, second.axis} == {LATITUDE, LONGITUDE} and bool(first.decimals or second.decimals)


def _resolve(
    text: str, first: Angle, second: Angle, span: tuple[int, int], *, clear: bool, alone: bool = False
) -> Coordinates | None:
    """Puts the two angles into their order; of a pair that stands `alone` the wrong order is told where it shows."""
    if first.axis and first.axis == second.axis:
        if clear:
            _refuse(text, "one latitude and one longitude")
        return None
    swapped = first.axis == LONGITUDE or second.axis == LATITUDE
    latitude, longitude = (second, first) if swapped else (first, second)
    unmarked = alone and not (first.axis or second.axis) and min(first.decimals, second.decimals) >= _SURE_DECIMALS
    if unmarked and abs(second.degrees) <= 90.0 < abs(first.degrees) <= 180.0:
        _refuse(text, "latitude before longitude")
    return _coordinates(text, latitude.degrees, longitude.degrees, span, clear=clear)


def _coordinates(
    text: str, latitude: float, longitude: float, span: tuple[int, int], *, clear: bool
) -> Coordinates | None:
    if abs(latitude) <= 90.0 and abs(longitude) <= 180.0:
        return Coordinates(Point(latitude=latitude, longitude=longitude), *span)
    if clear:
        _refuse(
            text,
            "latitude -90 to 90, longitude -180 to 180, minutes and seconds below 60, hemispheres N S E W",
        )
    return None


def _refuse(text: str, allowed: str) -> NoReturn:
    raise InvalidArgument([FieldViolation("query", text, allowed)])


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Whether the rest of the text is punctuation and captions."""
    rest = text[: match.start()] + " " + text[match.end() :]
    return re.search(r"\w", _CAPTION.sub(" ", rest)) is None


def _has_only_hemispheres(text: str) -> bool:
    return set(re.findall(r"[^\W\d_]", text.lower())) <= INTEGER_PAIR_LETTERS
