"""One angle as people write it: its pattern, and what a text that matches it means.

The one maintained library for this, `lat-lon-parser`, reads but does not find: it takes any digits for an
angle, and a closing "s" for south where it marks seconds. What is left for it is a sum of three quotients.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

LATITUDE, LONGITUDE = "latitude", "longitude"
#: Hemispheres as people write them: axis and sign. "o" is in no list, see the rules of notation.py.
_HEMISPHERES = {
    word: (axis, sign)
    for axis, sign, words in (
        (LATITUDE, 1.0, "n north nord norte с 北緯 北纬"),
        (LATITUDE, -1.0, "s south süd sud sur sul ю 南緯 南纬"),
        (LONGITUDE, 1.0, "e east ost est este leste в 東経 东经"),
        (LONGITUDE, -1.0, "w west ouest oeste ovest з 西経 西经"),
    )
    for word in words.split()
}

_WORDS = "|".join(sorted((re.escape(word) for word in _HEMISPHERES if len(word) > 1), key=len, reverse=True))
_HEMISPHERE = rf"(?:{_WORDS}|[сювз](?:\.?\s?[шд]\.?)?|[NSEWO])"
# Gaps are bounded, so that a text of blanks cannot make the search slow.
GAP = r"\s{0,3}"
_INTEGER, _FRACTION = r"[0-9]{1,3}", r"(?:[.,][0-9]{1,20})?"
_DEGREES, _SIXTIETHS = rf"{_INTEGER}{_FRACTION}", rf"[0-9]{{1,2}}{_FRACTION}"
_SIGNS = rf"""{_DEGREES}{GAP}[°º˚度](?:{GAP}{_SIXTIETHS}(?:{GAP}['′’‘´`分]
    (?:{GAP}{_SIXTIETHS}(?:{GAP}(?:''|′′|’’|["″”“秒]))?)?)?)?"""
_LETTERS = rf"""{_DEGREES}{GAP}d(?:eg(?:rees)?)?\.?(?:{GAP}{_SIXTIETHS}{GAP}m(?:in)?\.?
    (?:{GAP}{_SIXTIETHS}{GAP}s(?:ec)?\.?)?)?"""
_COLONS = rf"{_INTEGER}:{_SIXTIETHS}(?::{_SIXTIETHS})?"
SPACED_ANGLE = rf"{_INTEGER}\s{_SIXTIETHS}(?:\s{_SIXTIETHS})?"
ANY_ANGLE = rf"{_SIGNS}|{_LETTERS}|{_COLONS}|{_DEGREES}"


def angle_pattern(value: str) -> str:
    """A hemisphere before or after, never both, lest "N 48 E 16" read as "N 48 E"."""
    value = rf"[+\-−]?(?:{value})"
    return rf"(?:{_HEMISPHERE}{GAP}{value}|{value}(?:{GAP}{_HEMISPHERE}(?![^\W0-9_]))?)"


@dataclass(frozen=True, slots=True)
class Angle:
    """Half a pair as written. `axis` is empty without a hemisphere; `decimals`: those of the last number."""

    degrees: float
    axis: str
    decimal_sign: str
    decimals: int
    has_mark: bool
    has_minutes: bool


_ANGLE_PARTS = re.compile(
    rf"(?P<before>{_HEMISPHERE})?{GAP}(?P<sign>[+\-−])?"
    rf"(?P<value>{ANY_ANGLE}|{SPACED_ANGLE}){GAP}(?P<after>{_HEMISPHERE})?",
    re.IGNORECASE | re.VERBOSE,
)


def read_angle(text: str) -> Angle:
    """Reads what an angle pattern matched. Degrees are NaN with 60 minutes or signs that contradict."""
    parts = _ANGLE_PARTS.fullmatch(text).groupdict("")  # type: ignore[union-attr]  # every angle has this form
    hemisphere = (parts["before"] or parts["after"]).lower()
    # "с. ш." is known by its first letter; a lone "o" is not known.
    axis, sign = (
        _HEMISPHERES.get(hemisphere) or _HEMISPHERES.get(hemisphere[:1]) or ("", math.nan if hemisphere else 1.0)
    )
    if parts["sign"] in ("-", "−"):
        sign = -1.0 if sign == -1.0 or not axis else math.nan
    numbers = re.findall(r"[0-9]+(?:[.,][0-9]+)?", parts["value"])
    fraction = re.search("([.,])([0-9]+)", numbers[-1])
    return Angle(
        degrees=magnitude(numbers) * sign,
        axis=axis,
        decimal_sign=fraction[1] if fraction else "",
        decimals=len(fraction[2]) if fraction else 0,
        has_mark=re.search("[°º˚度]", parts["value"]) is not None,
        has_minutes=len(numbers) > 1,
    )


def magnitude(numbers: list[str]) -> float:
    """The value of degrees, minutes and seconds, each with "." or ","; NaN where they make no angle."""
    *whole, _ = numbers
    values = [float(number.replace(",", ".")) for number in numbers]
    if any(not number.isdigit() for number in whole) or any(value >= 60.0 for value in values[1:]):
        return math.nan
    return sum(value / 60.0**power for power, value in enumerate(values))
