"""Text to tokens that compare equal whenever people would call two writings the same.

Case, accents, width and punctuation do not count; letters of every script do. The fold table is made once
from the Unicode database when a gazetteer is built and travels in the snapshot, so that names and queries are
folded alike whatever Python serves them. Hashes ignore token borders: "NewYork" and "new-york" are one.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import read_only
from waypost.server.geocoder.jit import kernel, njit

#: Code points from here on are not in the fold table: Han extensions are letters, the rest separates.
FOLD_SIZE = 0x20000
_HAN_EXTENSIONS_END = 0x33480

#: Entries of the fold table: a kind in the top byte, above the folded code point or an offset into the pool.
SEPARATOR, DROP, LETTER, HAN, DIGIT, SEQUENCE, COMMA, HAN_SEQUENCE = range(8)
_KIND_SHIFT = 24
_VALUE_MASK = (1 << _KIND_SHIFT) - 1
_SEQUENCE_LENGTH_SHIFT = 20

#: Letters without a decomposition in Unicode whose base letter everybody types instead.
_BASE_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n",
    "ŧ": "t", "ə": "e", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ɛ": "e", "ɔ": "o", "ƴ": "y", "ɣ": "g", "ʋ": "v",
    "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ٱ": "ا", "ۆ": "و",
    "ۇ": "و", "ĸ": "k", "ヶ": "ケ", "ヵ": "カ", "臺": "台", "&": "and",
    "〒": "日本",  # the mark of the Japanese post, before its codes
}  # fmt: skip
#: Written or left out at will: apostrophes and their look-alikes, the Arabic tatweel, ordinal dots.
_DROPPED = "'’‘`´ʻʼʽʾʿˈ′＇ʹʺـ·ʺ"
#: What separates the parts of an address, besides line breaks.
_COMMAS = ",;|\n\r،、，；﹐/()[]"
#: Scripts whose marks are accents; elsewhere (Devanagari, Thai, …) marks are vowels and belong to the word.
_ACCENTED_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC", "COMBINING")

#: Abbreviations that stand for one word wherever they occur, in names and in queries alike.
SYNONYMS = {
    "st": "saint", "ste": "sainte", "sankt": "saint", "mt": "mount", "ft": "fort", "sta": "santa", "sto": "santo",
    "pto": "puerto", "gral": "general", "cnel": "coronel", "hts": "heights", "spgs": "springs", "twp": "township",
}  # fmt: skip

#: Odd multiplier of the polynomial hash: 2^64 divided by the golden ratio.
HASH_BASE = np.uint64(0x9E3779B97F4A7C15)
MAX_TOKENS = 64
#: "½" and its like are words of their own: "12½" is "12 1/2", not "1212". No number begins with them, so they are
#: letters though they fold to digits.
_QUARTERS, _LAST_QUARTERS, _SEVENTH, _SEVEN_EIGHTHS = 0xBC, 0xBE, 0x2150, 0x215E
#: A query has at most 512 code points, of which one folds to at most 18.
MAX_CHARS = 2048


class FoldTable(NamedTuple):
    """`entries` (FOLD_SIZE,) uint32, see the kinds above; `pool` uint32, the sequences."""

    entries: npt.NDArray[np.uint32]
    pool: npt.NDArray[np.uint32]


#: A word of a query: its first and last-plus-one char, its bytes in the source, comma segment, whether it is
#: LETTER, DIGIT (has a digit) or HAN, whether it is a kind of street (generic_words.STREET_KIND), the field that it
#: stands in, what explaining it is worth, and four sets of words as bits, see broken_parts.py.
WORD = np.dtype(
    [
        ("start", np.int32),
        ("end", np.int32),
        ("byte_start", np.int32),
        ("byte_end", np.int32),
        ("segment", np.int32),
        ("kind", np.int32),
        ("street", np.int64),
        ("field", np.int64),
        ("gain", np.float64),
        ("part", np.uint64),
        ("joined", np.uint64),
        ("street_before", np.uint64),
        ("street_behind", np.uint64),
    ]
)


class Tokens(NamedTuple):
    """Folded text of one query: `char` (n,) code points, `prefix` (n + 1,) their hashes, `word` of type WORD.

    Records rather than a column per field: a kernel hands them on by value, and a column costs seven registers.
    """

    char: npt.NDArray[np.uint32]
    prefix: npt.NDArray[np.uint64]
    word: npt.NDArray[np.void]


@cache
def build_fold_table() -> FoldTable:
    """The fold table from this Python's Unicode database, which takes half a second, once a process."""
    entries = np.zeros(FOLD_SIZE, np.uint32)
    pool: list[int] = []
    for code_point in range(FOLD_SIZE):
        if 0xD800 <= code_point < 0xE000:
            continue
        folded = _fold(chr(code_point))
        if isinstance(folded, int):
            entries[code_point] = folded << _KIND_SHIFT
        elif len(folded) == 1:
            entries[code_point] = (_letter_kind(folded) << _KIND_SHIFT) | ord(folded)
        else:
            length_and_offset = (len(folded) << _SEQUENCE_LENGTH_SHIFT) | len(pool)
            kind = HAN_SEQUENCE if _letter_kind(folded[0]) == HAN else SEQUENCE
            entries[code_point] = (kind << _KIND_SHIFT) | length_and_offset
            pool.extend(map(ord, folded))
    return FoldTable(read_only(entries), read_only(np.array(pool, np.uint32)))


def _fold(char: str) -> str | int:
    """The folded text of one character, or SEPARATOR, DROP or COMMA."""
    if char in _DROPPED:
        return DROP
    if char in _COMMAS:
        return COMMA
    if char in _BASE_LETTERS:
        return _BASE_LETTERS[char]
    if unicodedata.category(char) in ("Cf", "Me") or 0xFE00 <= ord(char) <= 0xFE0F:  # variation selectors
        return DROP
    if unicodedata.category(char)[0] == "M":
        accent = unicodedata.name(char, "").split(" ")[0] in _ACCENTED_SCRIPTS
        return DROP if accent and not 0x3099 <= ord(char) <= 0x309A else char
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    out = []
    for part in decomposed:
        base = _BASE_LETTERS.get(part, part)
        category = unicodedata.category(part)
        if part in _DROPPED or (category[0] == "M" and _fold(part) == DROP):
            continue
        if category == "Nd":
            base = str(unicodedata.decimal(part))
        elif category[0] not in "LMN" and part not in _BASE_LETTERS:
            continue
        if 0x3041 <= ord(base[0]) <= 0x3096:  # hiragana to katakana
            base = chr(ord(base[0]) + 0x60)
        out.append(base)
    # Sequences are bounded so that their length fits four bits; longer ones are ligature phrases, not names.
    return "".join(out)[:15] or SEPARATOR


class _FoldedChars(dict[int, str]):
    """What str.translate needs to fold, filled as characters are met."""

    def __init__(self, separator: str) -> None:
        super().__init__()
        self._separator = separator

    def __missing__(self, code_point: int) -> str:
        folded = _fold(chr(code_point))
        if not isinstance(folded, str):
            folded = "" if folded == DROP else self._separator
        elif _QUARTERS <= code_point <= _LAST_QUARTERS or _SEVENTH <= code_point <= _SEVEN_EIGHTHS:
            folded = self._separator + folded + self._separator
        self[code_point] = folded
        return folded


_TIGHT, _SPACED = _FoldedChars(""), _FoldedChars(" ")


def fold_text(text: str) -> str:
    """The letters and digits of a text, folded, nothing between them; abbreviations stay as they are."""
    return text.translate(_TIGHT)


def fold_words(text: str) -> list[str]:
    """The words of a text, folded; abbreviations stay as they are, and Han characters together."""
    return text.translate(_SPACED).split()


def _letter_kind(char: str) -> int:
    if char.isdecimal():
        return DIGIT
    return HAN if unicodedata.name(char, "").startswith("CJK UNIFIED") or char == "々" else LETTER


def _synonym_table() -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Hashes of the abbreviations, ascending, and beside each its expansion, zero-padded to 8."""
    rows = sorted((int(hash_text(short)), long) for short, long in SYNONYMS.items())
    expansion = np.zeros((len(rows), 8), np.uint32)
    for row, (_, long) in enumerate(rows):
        expansion[row, : len(long)] = [ord(char) for char in long]
    return np.array([key for key, _ in rows], np.uint64), expansion


def hash_text(folded: str) -> np.uint64:
    """The hash of a text that is folded already, as `tokenize` computes it."""
    value = 0
    for char in folded:
        value = (value * int(HASH_BASE) + ord(char) + 1) & 0xFFFFFFFFFFFFFFFF
    return np.uint64(value)


#: Signs of streets (street_words.py) may take a border more for each word than the text itself.
POWERS = np.array([pow(int(HASH_BASE), n, 1 << 64) for n in range(2 * MAX_CHARS + 1)], np.uint64)
_SYNONYM_HASH, _SYNONYM_TEXT = _synonym_table()


@njit(cache=True, nogil=True, inline="always")
def span_hash(prefix, first, last):  # type: ignore[no-untyped-def]
    """Hash of the chars from `first` to before `last`."""
    return prefix[last] - prefix[first] * POWERS[last - first]


def new_tokens() -> Tokens:
    """Room for the tokens of one text."""
    return Tokens(np.empty(MAX_CHARS, np.uint32), np.empty(MAX_CHARS + 1, np.uint64), np.empty(MAX_TOKENS + 1, WORD))


@kernel
def push(tokens, count, char):  # type: ignore[no-untyped-def]
    """Appends a folded char to the `count` that there are; their new number."""
    tokens.char[count] = char
    tokens.prefix[count + 1] = tokens.prefix[count] * HASH_BASE + np.uint64(char) + np.uint64(1)
    return count + 1


@kernel
def _expand_synonym(tokens, first, count):  # type: ignore[no-untyped-def]
    """Replaces the token from `first` to `count` by what it abbreviates; the new count."""
    value = span_hash(tokens.prefix, first, count)
    for row in range(_SYNONYM_HASH.size):
        if _SYNONYM_HASH[row] == value:
            count = first
            for char in _SYNONYM_TEXT[row]:
                if char != 0:
                    count = push(tokens, count, char)
            break
    return count


@njit(cache=True, nogil=True)
def tokenize(entries, pool, data, begin, end, tokens):  # type: ignore[no-untyped-def]
    """Folds UTF-8 `data[begin:end]` into `tokens`; the number of tokens, negative if some were left out.

    Han characters are tokens of their own, since nobody writes spaces between them; so is a run of digits
    beside them. Malformed UTF-8 separates. Bounded by MAX_TOKENS and MAX_CHARS.
    """
    tokens.prefix[0] = np.uint64(0)
    # Numbers of numpy's: for one of Python's own, known while it compiles, numba compiles what takes it once more.
    chars, open_first = int(np.int64(0)), int(np.int64(0))
    count = 0
    open_kind = SEPARATOR  # LETTER while inside a token
    open_byte = begin
    has_digit = False
    segment = 0
    position = begin
    truncated = False
    behind_fraction = False
    while position <= end:
        here = position
        if position == end:
            kind, value = SEPARATOR, np.uint32(0)
            position += 1
        else:
            lead = data[position]
            code_point = np.uint32(lead)
            if lead < 0x80:
                position += 1
            else:
                size = 2 if lead < 0xE0 else (3 if lead < 0xF0 else 4)
                whole = 0xC2 <= lead <= 0xF4 and position + size <= end
                for offset in range(1, size):
                    whole = whole and data[position + offset] & 0xC0 == 0x80
                if not whole:
                    code_point = np.uint32(0x20)
                    position += 1
                else:
                    code_point = np.uint32(lead & (0x7F >> size))
                    for offset in range(1, size):
                        code_point = (code_point << np.uint32(6)) | np.uint32(data[position + offset] & 0x3F)
                    position += size
            if code_point < FOLD_SIZE:
                entry = entries[code_point]
                kind = int(entry >> np.uint32(_KIND_SHIFT))
                value = entry & np.uint32(_VALUE_MASK)
            else:
                kind = HAN if code_point < _HAN_EXTENSIONS_END else SEPARATOR
                value = code_point
        if kind == DROP:
            continue
        wanted = LETTER if kind in (LETTER, DIGIT, SEQUENCE) else SEPARATOR
        fraction = bool(
            kind == SEQUENCE and (_QUARTERS <= code_point <= _LAST_QUARTERS or _SEVENTH <= code_point <= _SEVEN_EIGHTHS)
        )
        if open_kind == LETTER and (wanted != LETTER or fraction or behind_fraction):
            if not has_digit and chars - open_first <= 5:
                chars = _expand_synonym(tokens, open_first, chars)
            tokens.word[count].start = open_first
            tokens.word[count].end = chars
            tokens.word[count].byte_start = open_byte
            tokens.word[count].byte_end = here
            tokens.word[count].segment = segment
            tokens.word[count].kind = DIGIT if has_digit else LETTER
            count += 1
            open_kind = SEPARATOR
            has_digit = False
        behind_fraction = fraction
        if kind == COMMA:
            segment += 1
        if kind in (SEPARATOR, COMMA):
            continue
        if count >= MAX_TOKENS or chars + 20 > MAX_CHARS:
            truncated = True
            break
        if kind in (HAN, HAN_SEQUENCE):
            # One sign may be written for several: "㍻" for "平成".
            pooled = np.int64(value & np.uint32((1 << _SEQUENCE_LENGTH_SHIFT) - 1))
            signs = np.int64(value >> np.uint32(_SEQUENCE_LENGTH_SHIFT)) if kind == HAN_SEQUENCE else np.int64(1)
            for step in range(min(signs, MAX_TOKENS - count)):  # type: ignore[call-overload]
                tokens.word[count].start = chars
                chars = push(tokens, chars, value if kind == HAN else pool[pooled + step])
                tokens.word[count].end = chars
                tokens.word[count].byte_start = here
                tokens.word[count].byte_end = position
                tokens.word[count].segment = segment
                tokens.word[count].kind = HAN
                count += 1
            continue
        if open_kind != LETTER:
            open_kind = LETTER
            open_first = chars
            open_byte = here
        if kind == SEQUENCE:
            offset = int(value & np.uint32((1 << _SEQUENCE_LENGTH_SHIFT) - 1))
            for step in range(np.int64(value >> np.uint32(_SEQUENCE_LENGTH_SHIFT))):
                chars = push(tokens, chars, pool[offset + step])
        else:
            has_digit = has_digit or kind == DIGIT
            chars = push(tokens, chars, value)
    return -count if truncated else count
