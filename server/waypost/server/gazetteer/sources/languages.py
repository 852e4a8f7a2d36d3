"""Names in the languages of CLDR, as Babel ships them, without Babel's merging of languages with their parents.

Merged and cached as `babel.Locale` does it, they take 150 MB that a build never gets back.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from babel import localedata

#: Regional forms that differ from their language in more than a handful of names. The other thousand repeat it.
_REGIONAL = frozenset({"de_AT", "de_CH", "en_GB", "es_419", "es_MX", "fr_CA", "pt_PT", "zh_Hant_HK"})
_LONGEST_LANGUAGE = 3
_SCRIPT = 4


def names_by_language(section: str) -> Iterator[tuple[str, dict[str, object]]]:
    """BCP-47 tag of each language and its section of that name ("territories", "time_zones"), by tag.

    A variant ("pt-PT", "sr-Latn") has only what differs from its language.
    """
    for identifier in sorted(localedata.locale_identifiers()):
        if identifier in _REGIONAL or _is_language(identifier):
            with open(localedata.resolve_locale_filename(identifier), "rb") as file:  # noqa: PTH123 - a text path
                # Babel's own file, which importing Babel reads in the same way.
                names = pickle.load(file).get(section, {})  # noqa: S301
            yield identifier.replace("_", "-"), names


def _is_language(identifier: str) -> bool:
    """Whether it is a language, or one in another script, but no country's form of it."""
    language, *rest = identifier.split("_")
    return len(language) <= _LONGEST_LANGUAGE and all(len(part) == _SCRIPT and part.isalpha() for part in rest)
