"""Which region codes there are."""

from __future__ import annotations

from functools import cache

from babel import Locale

#: Two-letter territories of CLDR that are no country: groups of countries, test codes and "unknown".
_NO_COUNTRY = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


@cache
def region_codes() -> frozenset[str]:
    """Every CLDR region code of a country or territory, upper case; the first call reads CLDR, about 30 ms."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRY
