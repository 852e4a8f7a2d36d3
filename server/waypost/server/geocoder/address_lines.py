"""The line of street and house number: which comes first, and what stands between, by country.

No address metadata that we know of tells this for programs; the lists follow the Universal Postal Union's sheets of
postal addressing systems. Countries that are in no list write the street first, as most of the world does.
"""

from __future__ import annotations

from string import ascii_uppercase

import numpy as np
import numpy.typing as npt

#: "10 Rue de la Paix".
_NUMBER_FIRST = (
    "AG AI AS AU BB BL BM BS BZ CA CI CK DM DZ EG FJ FK FM FR GB GD GF GG GH GI GP GU GY HK IE IL IM IN JE JM KE KN "
    "KY LC LK MA MC MF MH MM MP MQ MS MT MU MY NC NF NG NR NZ PF PG PH PK PM PN PR PW RE SB SC SG SH SL SN SZ TC TH "
    "TN TO TT UG UM US VC VG VI VU WF WS YT ZA ZM ZW"
)
#: "10, rue de la Gare".
_NUMBER_FIRST_COMMA = "LU"
#: "Via Roma, 10".
_NUMBER_LAST_COMMA = "AD BR BY ES IT KG KZ RU SM TJ TM UA UZ VA"

#: What house_order gives: the number first or last, and whether there is a comma between.
FIRST, LAST, COMMA = 1, 0, 2


def house_order(country_code: str) -> int:
    """FIRST or LAST, with COMMA or without, for an upper-case ISO 3166-1 code."""
    for order, codes in (
        (FIRST, _NUMBER_FIRST),
        (FIRST | COMMA, _NUMBER_FIRST_COMMA),
        (LAST | COMMA, _NUMBER_LAST_COMMA),
    ):
        if country_code in codes.split():
            return order
    return LAST


def house_orders() -> npt.NDArray[np.uint8]:
    """(26 * 26,) house_order of each country code, AA first."""
    return np.array([house_order(one + two) for one in ascii_uppercase for two in ascii_uppercase], np.uint8)


def address_line(country_code: str, street: str, house: str) -> str:
    """Street and house number as the country writes them; the one alone where the other is empty."""
    if not (street and house):
        return street or house
    order = house_order(country_code)
    first, last = (house, street) if order & FIRST else (street, house)
    return f"{first}{', ' if order & COMMA else ' '}{last}"
