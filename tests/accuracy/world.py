"""A snapshot as the makers of questions see it: rows to draw from, and their names in many forms."""

from __future__ import annotations

import unicodedata
import zlib
from enum import Enum
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.schema import ALIAS_KINDS, CATEGORIES
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.model import PlaceType

Rows = npt.NDArray[np.int64]

_NAMES = tuple(ALIAS_KINDS.index(kind) for kind in ("primary", "official", "alternate"))
_CODE = ALIAS_KINDS.index("code")


class Half(Enum):
    """Places are split in two by a hash of their id: what is fitted on one half is judged on the other."""

    FIT = 0
    JUDGE = 1


def half_of(text: str) -> Half:
    """The half that something with that id or name belongs to."""
    return Half(_half(text.encode()))


def _half(text: bytes) -> int:
    return zlib.crc32(text) >> 7 & 1


class World:
    """The places of one half, by kind, as rows of the snapshot."""

    def __init__(self, snapshot: Snapshot, half: Half) -> None:
        self.snapshot = snapshot
        self.place_type = np.asarray(snapshot.array("place_type"))
        self.category = np.asarray(snapshot.array("category"))
        self.population = np.asarray(snapshot.array("population"))
        self.latitude = np.asarray(snapshot.array("latitude"))
        self.longitude = np.asarray(snapshot.array("longitude"))
        self.accuracy_m = np.asarray(snapshot.array("accuracy_m"))
        self.country = np.asarray(snapshot.array("country"))
        self.admin1 = np.asarray(snapshot.array("admin1"))
        self.locality = np.asarray(snapshot.array("locality"))
        self._names = snapshot.text("display_name")
        self._short = snapshot.text("short_name")
        self._ids = snapshot.text("place_id")
        self._alias_offsets = np.asarray(snapshot.array("alias_offsets"))
        self._alias_kind = np.asarray(snapshot.array("alias_kind"))
        self._alias_text = snapshot.text("alias_text")
        self._alias_language = snapshot.text("alias_language")
        self._half = half

    @cached_property
    def _chosen(self) -> npt.NDArray[np.bool_]:
        data, offsets = self._ids.data.tobytes(), self._ids.offsets.tolist()
        halves = np.fromiter((_half(data[begin:end]) for begin, end in pairwise(offsets)), np.int8, len(self._ids))
        chosen: npt.NDArray[np.bool_] = halves == self._half.value
        return chosen

    def rows(self, place_type: PlaceType) -> Rows:
        """All rows of a type in this half."""
        return np.flatnonzero((self.place_type == place_type) & self._chosen)

    def airports(self) -> Rows:
        """All airports in this half."""
        return np.flatnonzero((self.category == CATEGORIES.index("airport")) & self._chosen)

    def by_population(self, rows: Rows, count: int, random: np.random.Generator) -> Rows:
        """`count` different rows, drawn by the square root of their population, in random order."""
        weight = np.sqrt(np.maximum(self.population[rows], 1.0))
        return random.choice(rows, min(count, rows.size), replace=False, p=weight / weight.sum())

    def name(self, row: int) -> str:
        """The usual name."""
        return self._names[row]

    def short(self, row: int) -> str:
        """The ISO or IATA code, empty where there is none."""
        return self._short[row]

    def names(self, row: int) -> list[str]:
        """The name and its alternates, without codes, derived names and transliterations."""
        return [text for text, kind in self._aliases(row) if kind in _NAMES]

    def name_in(self, row: int, language: str) -> str:
        """The first name in a language, empty where there is none."""
        first, last = int(self._alias_offsets[row]), int(self._alias_offsets[row + 1])
        tagged = (alias for alias in range(first, last) if language in self._alias_language[alias].split(" "))
        return next((self._alias_text[alias] for alias in tagged), "")

    def codes(self, row: int) -> list[str]:
        """The codes of a row."""
        return [text for text, kind in self._aliases(row) if kind == _CODE]

    @cached_property
    def owners_of_code(self) -> dict[str, tuple[int, ...]]:
        """For each code in capitals the rows that have it: "CA" is Canada and California."""
        owners: dict[str, list[int]] = {}
        aliases = np.flatnonzero(self._alias_kind == _CODE)
        rows = np.searchsorted(self._alias_offsets, aliases, side="right") - 1
        for alias, row in zip(aliases.tolist(), rows.tolist(), strict=True):
            owners.setdefault(self._alias_text[alias].upper(), []).append(row)
        return {code: tuple(rows) for code, rows in owners.items()}

    def _aliases(self, row: int) -> list[tuple[str, int]]:
        first, last = int(self._alias_offsets[row]), int(self._alias_offsets[row + 1])
        return [(self._alias_text[alias], int(self._alias_kind[alias])) for alias in range(first, last)]


def is_latin(text: str) -> bool:
    """Whether every letter of a text is Latin."""
    return all(unicodedata.name(char, "").startswith("LATIN") for char in text if char.isalpha())


#: The largest language of each script, by the first word of its letters' Unicode names.
_LANGUAGES = {
    "ARABIC": "ar", "ARMENIAN": "hy", "BENGALI": "bn", "CJK": "zh", "CYRILLIC": "ru", "DEVANAGARI": "hi",
    "ETHIOPIC": "am", "GEORGIAN": "ka", "GREEK": "el", "GUJARATI": "gu", "HANGUL": "ko", "HEBREW": "he",
    "HIRAGANA": "ja", "KANNADA": "kn", "KATAKANA": "ja", "KHMER": "km", "LAO": "lo", "MALAYALAM": "ml",
    "MYANMAR": "my", "ORIYA": "or", "SINHALA": "si", "TAMIL": "ta", "TELUGU": "te", "THAI": "th",
}  # fmt: skip
#: Letters that tell a smaller language of a script from its largest one.
_TELLING_LETTERS = (("ٹڈڑےں", "ur"), ("پچژگکی", "fa"), ("іїєґ", "uk"), ("ўі", "be"), ("ђјљњћџ", "sr"))


def language_of(text: str) -> str:
    """The language that a name in another script than Latin is most likely in; empty where nobody can tell."""
    letters = set(text.casefold())
    for telling, language in _TELLING_LETTERS:
        if letters & set(telling):
            return language
    script = next((unicodedata.name(char, "?").split(" ")[0] for char in text if char.isalpha()), "")
    return _LANGUAGES.get(script, "")
