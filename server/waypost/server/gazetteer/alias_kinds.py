"""Tells by its letters what an alternate name is, and in which language it must be.

GeoNames' alternate names carry no tags here. They mix real names with IATA codes ("LON") and with machine
transliterations, which are recognised by a stated rule: Latin letters, none of them a capital ("lndn", "byjng",
"lun dun"). People and atlases write names with a capital; of 1,140,799 names 181,000 have none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.schema import ALIAS_KINDS
from waypost.server.gazetteer.texts import text, to_mask

PRIMARY, OFFICIAL, ALTERNATE, DERIVED, CODE, TRANSLITERATION = range(len(ALIAS_KINDS))

#: Two to four capitals and nothing else: IATA and ICAO codes, ISO codes, initials.
_CODE_PATTERN = r"^[A-Z]{2,4}$"
_LATIN_LETTER = r"[a-zß-öø-ÿ]"
_CAPITAL = r"\p{Lu}|\p{Lt}"

#: Scripts that only one living language with towns on the map uses.
_LANGUAGE_BY_SCRIPT = (
    ("ko", r"\p{Hangul}"),
    ("ja", r"[\p{Hiragana}\p{Katakana}]"),
    ("el", r"\p{Greek}"),
    ("th", r"\p{Thai}"),
    ("ka", r"\p{Georgian}"),
    ("hy", r"\p{Armenian}"),
)


def classify_alternate_names(texts: pa.Array) -> npt.NDArray[np.uint8]:
    """The kind of each untagged name: CODE, TRANSLITERATION or ALTERNATE; (n,)."""
    codes = _matches(texts, _CODE_PATTERN)
    machine_made = _matches(texts, _LATIN_LETTER) & ~_matches(texts, _CAPITAL)
    kinds = np.full(len(texts), ALTERNATE, np.uint8)
    kinds[machine_made] = TRANSLITERATION
    kinds[codes] = CODE
    return kinds


def languages_of_scripts(texts: pa.Array) -> pa.Array:
    """The BCP-47 tag of each name whose script proves its language, else empty.

    Scripts that several languages share prove nothing, Hebrew among them: Yiddish names are in the data.
    """
    conditions = [pc.match_substring_regex(texts, pattern) for _, pattern in _LANGUAGE_BY_SCRIPT]
    tags = [text(tag) for tag, _ in _LANGUAGE_BY_SCRIPT]
    struct = pc.make_struct(*conditions, field_names=[tag for tag, _ in _LANGUAGE_BY_SCRIPT])
    return pc.case_when(struct, *tags, text(""))


def _matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return to_mask(pc.match_substring_regex(texts, pattern))
