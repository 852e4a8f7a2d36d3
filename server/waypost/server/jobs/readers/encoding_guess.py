"""The encoding of a text that is no UTF-8 and has no mark, guessed from its head.

charset-normalizer tells scripts apart. Among the Latin code pages of Windows, whose readings of a byte are letters
all, it finds no difference: there the letters count that their languages use.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from waypost.server.errors import InputUnreadable

#: How much text with other bytes than ASCII is looked at; more does not change the guess.
_GUESS_BYTES = 32 * 1024
#: What a guess may answer; of other encodings there are hardly any files. A caller can name more.
_GUESSED = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp932", "cp949", "euc_jp",
    "gb18030", "big5", "koi8_r", "cp874",
)  # fmt: skip

#: Letters that are frequent in languages written in a code page, the likeliest page first. Accents that Italian has
#: at the end of words only, and Portuguese before "e" only, count only there: elsewhere they are Czech or Hungarian.
_FREQUENT = {
    "cp1252": re.compile(r"[äöüÄÖÜßéèêëàâçñóíáúÁÉÍÓÚÑãôîåÅøØæÆœï]|[ìòù]\b|õ(?=e)"),
    "cp1250": re.compile(r"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻčďěňřšťůžáíéúýČĎĚŇŘŠŤŽÁÉÚőűöüŐŰÖÜđĐäľôß]"),
    "cp1254": re.compile(r"[çğıöşüÇĞİÖŞÜâî]"),
    "cp1257": re.compile(r"[ąčęėįšųūžĄČĘĖĮŠŲŪŽāēģīķļņĀĒĢĪĶĻŅõäöüÕÄÖÜ]"),
}  # fmt: skip


def guess_encoding(head: bytes) -> str:
    """The encoding that fits best. Raises InputUnreadable, naming the choices, where several fit as well."""
    lines = b"\n".join(line for line in head.split(b"\n") if not line.isascii())[:_GUESS_BYTES]
    matches = list(from_bytes(lines, cp_isolation=list(_GUESSED)))
    least = min((match.chaos for match in matches), default=0.0)
    fitting = {match.encoding: str(match) for match in matches if match.chaos == least}
    latin = [page for page in _FREQUENT if page in {*fitting, *_equal_pages(lines, fitting)}]
    if latin and fitting.keys() <= _FREQUENT.keys():
        best = max(latin, key=lambda page: _frequent_share(lines.decode(page, "replace"), page))
    elif len(set(fitting.values())) == 1:
        best = next(iter(fitting))
    else:
        choices = ", ".join(sorted(fitting)) or "one that the server reads"
        raise InputUnreadable(
            "ENCODING_UNKNOWN",
            f"the input is not UTF-8, and its encoding cannot be told: name it in encoding ({choices})",
            choices=choices,
        )
    return codecs.lookup(best).name


def _equal_pages(lines: bytes, fitting: dict[str, str]) -> list[str]:
    """Latin pages in which the text reads as it does in one that fits."""
    return [page for page in _FREQUENT if lines.decode(page, "replace") in fitting.values()]


def _frequent_share(text: str, page: str) -> float:
    letters = sum(character > "\x7f" and character.isalpha() for character in text)
    return len(_FREQUENT[page].findall(text)) / max(letters, 1)
