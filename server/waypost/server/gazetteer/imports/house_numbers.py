"""House numbers as sources and people write them: the number, and what follows it.

A number is compared by its leading digits and its *folded suffix*: "12 bis" and "12BIS" are (12, "bis"), "12/3" is
(12, "3"). What does not begin with a digit ("A12", "Villa Rosa") has the number 0 and all of it as suffix.

One text may stand for several houses. "12-16" gives itself as written, and 12, 14 and 16, since people ask for any of
them. Whether a hyphen means that is decided by the country and by the numbers: see `_is_range`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from waypost.server.geocoder.normalize import fold_text

#: More than any street has, and far from the bound of uint32.
_MOST_DIGITS = 9
#: Code points of a suffix; what is longer is a remark, and no part of a number.
MAX_SUFFIX = 24
#: The same of a name that stands for a number; house_texts.HOUSE_BYTES has room for it in any script.
MAX_NAME = 60
#: Houses of one text: a range or a list of more is a mistake.
MAX_HOUSES = 100

#: "12-14" is a number and what is added to it: stairs or flats in the Netherlands, lots in East Asia.
_ADDITION_COUNTRIES = frozenset({"NL", "JP", "KR", "TW", "CN"})
#: Hyphenated numbers name the crossing street and the house: 37-12 in Queens, 94-100 on Hawaii.
_GRID_COUNTRIES = frozenset({"US", "CA"})
#: "2021/12": the number in the register of the municipality, then the one along the street. People say either.
_ORIENTATION_COUNTRIES = frozenset({"CZ", "SK"})
#: "12/14" is a building with both numbers, as flats are not part of addresses in the data.
_SLASH_RANGE_COUNTRIES = frozenset({"PL"})
#: How far a range reaches at most: numbers of one side, and of both.
_LONGEST_RANGE, _LONGEST_MIXED_RANGE, _LONGEST_SLASH_RANGE = 60, 8, 8

_VULGAR_FRACTION = re.compile(r"(?<=\d)\s*([¼-¾⅐-⅞])")
_DASHES = re.compile(r"\s*[‐-―−﹣~〜～ー]\s*")
_SPACE = re.compile(r"\s+")
#: Signs and words that say that a number follows.
_NUMBER_SIGN = re.compile(
    r"^(?:№|#|n\s?[°º˚]|n\.|n[or](?:\.|º|°)?|num\.?|numero|número|д\.|дом\b)\s*(?=\d)", re.IGNORECASE
)
_BARE_N = re.compile(r"^n(?=\d)", re.IGNORECASE)
_NO_NUMBER = re.compile(r"^(?:s\s?[./]?\s?n\.?|snc|s/c|b/n|б/н|bez č\.?p\.?|no number|none|0+|[-./?]*)$", re.IGNORECASE)
#: Chinese, Japanese and Korean words for block and house, between or after numbers.
_BLOCK_WORD = re.compile(r"(?<=\d)(?:丁目|番地の|番地|番|号|號|번지)(?=\d|$)")
_LIST = re.compile(r"\s*[;,、|+&]\s*|\s+(?:and|und|et|y|og|och|i|en)\s+(?=\d)", re.IGNORECASE)
#: What may follow a name; "Smith & Sons" is one.
_NAME_LIST = re.compile(r"\s*[;,、|]\s*")
#: "5. krs.", "2. floor": where in the house it is.
_REMARK = re.compile(r"^\.\s.*$")
_PLAIN = re.compile(r"^(\d+)(.*)$")
_LETTERS = r"[^\W\d_]{1,3}|bis|ter|quater"
_RANGE = re.compile(rf"^(\d+)(\s?(?:{_LETTERS}))?\s?([-/])\s?(\d+)(\s?(?:{_LETTERS}))?$", re.IGNORECASE)
_LETTER_RANGE = re.compile(r"^(\d+)\s?([a-z])\s?-\s?([a-z])$", re.IGNORECASE)
#: The same in a list: "26, 14. krs." is no house 14.
_STOREY = re.compile(r"^\d+\s?\.\s?[^\W\d_]")
#: In a list, what stands without digits continues the number before: "12a,b".
_CONTINUATION = re.compile(rf"^(?:{_LETTERS})$", re.IGNORECASE)


class HouseNumber(NamedTuple):
    """A house number: shown as the number and `suffix` one after the other, compared by the number and `folded`."""

    number: int
    suffix: str
    folded: str

    @property
    def shown(self) -> str:
        """As people write it."""
        return f"{self.number}{self.suffix}" if self.number else self.suffix


def house_number(number: int, suffix: str = "") -> HouseNumber:
    """The house number of those parts."""
    return HouseNumber(number, suffix, fold_suffix(suffix))


def fold_suffix(suffix: str) -> str:
    """The letters and digits of a suffix, folded as names are, nothing between them."""
    return fold_text(suffix)


def read_house_numbers(text: str, country: str = "") -> tuple[HouseNumber, ...]:
    """The houses that a number as written stands for, each once; none where it says that there is no number.

    `country` is an ISO 3166-1 alpha-2 code or empty. A range begins with itself as written, so that the first of the
    answer is always the whole text, unless that is a list. Texts that are too long for a number give none.
    """
    written = _normalized(text)
    if country not in _GRID_COUNTRIES:  # Where N and W are part of the number: N6412 in Wisconsin.
        written = _BARE_N.sub("", written)
    written = _NUMBER_SIGN.sub("", written)
    if _NO_NUMBER.match(written):
        return ()
    houses: dict[tuple[int, str], HouseNumber] = {}
    before = 0
    listed = _LIST if written[:1].isdigit() else _NAME_LIST
    for position, element in enumerate(listed.split(written)):
        if position and _STOREY.match(element):
            continue
        if position and not element[:1].isdigit():
            if before and _CONTINUATION.match(element):
                element = f"{before}{element}"
            else:
                continue  # "12, Villa Rosa", "12, flat 3": set apart, not searched.
        for house in _one(element, country):
            before = house.number or before
            houses.setdefault((house.number, house.folded), house)
    return tuple(houses.values())[:MAX_HOUSES]


def _normalized(text: str) -> str:
    text = _VULGAR_FRACTION.sub(r" \1", text)
    text = unicodedata.normalize("NFKC", text).replace("⁄", "/")
    text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    text = _DASHES.sub("-", text)
    text = _BLOCK_WORD.sub(lambda found: "-" if found.end() < len(text) else "", text)
    return _SPACE.sub(" ", text).strip(" .,;:_")


def _one(element: str, country: str) -> list[HouseNumber]:
    plain = _PLAIN.match(element)
    if plain is None:
        return [house_number(0, element)] if 0 < len(element) <= MAX_NAME and fold_suffix(element) else []
    digits, rest = plain.group(1).lstrip("0"), plain.group(2)
    if len(digits) > _MOST_DIGITS or len(rest) > MAX_SUFFIX:
        return []
    if not digits:
        return [house_number(0, element)] if fold_suffix(rest) else []
    rest = _REMARK.sub("", rest)
    # A suffix of signs alone is none: "12.", "12 -".
    written = house_number(int(digits), _tight(rest)) if fold_suffix(rest) else HouseNumber(int(digits), "", "")
    found = _RANGE.match(element)
    if found:
        return [written, *_members(found, country)]
    letters = _LETTER_RANGE.match(element)
    if letters:
        first, last = (ord(letter.lower()) for letter in letters.groups()[1:])
        return [written, *(house_number(written.number, chr(letter)) for letter in range(first, last + 1))]
    return [written]


def _tight(rest: str) -> str:
    """A suffix without spaces around its signs: " / 3" is "/3"."""
    return re.sub(r"\s?([-/])\s?", r"\1", rest)


def _members(found: re.Match[str], country: str) -> list[HouseNumber]:
    """The houses of "12-16" without the range itself; none where that is no range."""
    first, last = int(found.group(1)), int(found.group(4))
    first_suffix, last_suffix = found.group(2) or "", found.group(5) or ""
    if len(found.group(4)) > _MOST_DIGITS:
        return []
    if found.group(3) == "/":
        if country in _ORIENTATION_COUNTRIES and last:
            return [house_number(last, last_suffix)]
        if country not in _SLASH_RANGE_COUNTRIES or not 0 < last - first <= _LONGEST_SLASH_RANGE or (last - first) % 2:
            return []
    elif not _is_range(first, last, found.group(4), country):
        return []
    step = 2 if (last - first) % 2 == 0 else 1
    between = [HouseNumber(number, "", "") for number in range(first + step, last, step)]
    return [house_number(first, first_suffix), *between, house_number(last, last_suffix)]


def _is_range(first: int, last: int, last_digits: str, country: str) -> bool:
    """Whether "first-last" means the houses between.

    They rise, and are close: on one side of the street, or neighbours. Not in countries where a hyphen adds to the
    number. In North America only as blocks are numbered, by hundreds: two digits after the hyphen, or more than
    before it, are the house on a grid.
    """
    if country in _ADDITION_COUNTRIES or first <= 0 or last <= first:
        return False
    if country in _GRID_COUNTRIES and (len(last_digits) < 3 or len(last_digits) != len(str(first))):
        return False
    span = last - first
    return span <= (_LONGEST_RANGE if span % 2 == 0 else _LONGEST_MIXED_RANGE)
