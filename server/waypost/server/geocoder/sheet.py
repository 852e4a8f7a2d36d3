"""Questions and answers as kernels read and write them: flat records, and all texts one after the other.

A sheet is what both kinds of answers are made from: values for Python (values.py) and messages (transport/wire). It
belongs to one thread and is written anew by the next question of that thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.language import language_tags
from waypost.server.geocoder.lent import LentArrays, lender

#: A place that is answered. Numbers of texts: the first of its own (see OWN_TEXTS), its name and address in the
#: language asked for, plus code, id of the place whose location it has, and the fields of its postal address, `line`
#: being street and house number (0 is the empty text). Numbers of components from fine to coarse, -1 where there is
#: none; its parts are `part_from` to before `part_to`. Corners and location are degrees. In BASIC only id, type,
#: category, names and location are set.
RESULT = np.dtype(
    [(name, np.int64) for name in (
        "text", "name", "formatted", "plus_code", "origin", "region_code", "postal_code", "area", "town",
        "sublocality", "line", "own", "in_street", "in_quarter", "in_locality", "in_district", "in_region",
        "in_country", "part_from", "part_to",
        "place_type", "category", "layer", "zone", "precision", "location_source",
    )]
    + [("population", np.int64)]
    + [(name, np.float64) for name in (
        "latitude", "longitude", "south", "west", "north", "east", "confidence", "accuracy_m", "score",
    )]
)  # fmt: skip
#: Texts of a place in their order, counted from RESULT.text; FULL has all.
OWN_TEXTS = ("place_id", "source_id", "display_name", "short_name", "formatted_address")
PLACE_ID, SOURCE_ID, NAME, SHORT_NAME, FORMATTED = map(np.int64, range(5))

#: Part of an address: numbers of its texts, how it is written in a postal address, and its type.
COMPONENT = np.dtype([(name, np.int64) for name in ("long_text", "short_text", "place_id", "in_address", "place_type")])

#: What became of a part of a question: its bytes in the data, its code points in its field, the number of the
#: field, MatchOutcome, PlaceType or 0, and the texts that name what it was taken for.
PART = np.dtype(
    [(name, np.int64) for name in (
        "byte_start", "byte_end", "start", "end", "field", "outcome", "place_type", "matched_text", "place_id",
    )]
)  # fmt: skip

#: A question: its results end before `result_to`, flags of search.py, layers of its results as bits, fields of the
#: words that contradict the first result as bits, and readings that were scored.
QUESTION = np.dtype(
    [("result_to", np.int64), ("flags", np.int64), ("layers", np.int64), ("against", np.int64), ("scored", np.int64)]
)

#: The arrays of a sheet, by their place in its table. `SIZES` counts what there is of each, see below. Of what is
#: asked there are the bytes, where each question begins and ends, and where each of its fields ends.
(
    SIZES, RESULTS, COMPONENTS, PARTS, QUESTIONS, TERMS, TEXT, TEXT_END, TAGS, TAG_END, ASKED, ASKED_TO, FIELD_TO,
) = range(13)  # fmt: skip
#: What SIZES counts; then whether something did not fit; then for each level of areas the row and the component
#: that were described last, since the places of an answer often share them.
AT_RESULT, AT_COMPONENT, AT_PART, AT_TEXT, AT_BYTE, OVERFLOW, KNOWN = range(7)
LEVELS = 6

integers = lender(np.int64, readonly=False)
floats = lender(np.float64, readonly=False)
written_bytes = lender(np.uint8, readonly=False)
asked_bytes = lender(np.uint8, readonly=True)
results_of = lender(RESULT, readonly=False)
components_of = lender(COMPONENT, readonly=False)
parts_of = lender(PART, readonly=False)
questions_of = lender(QUESTION, readonly=False)

#: Room at first, enough for 64 full results of ordinary places; pages that are never written take no memory.
_RESULTS = 128
_PARTS = 8_192
_BYTES = 1 << 20
_ASKED_BYTES = 1 << 16
#: Addends of a score that a result has room for.
MAX_TERMS = 10
#: Questions that one call of a kernel answers, and fields that each may have.
MAX_QUESTIONS = 64
MAX_FIELDS = 8


@kernel
def clear(sheet):  # type: ignore[no-untyped-def]
    """Begins anew; text 0 is the empty one."""
    sizes = integers(sheet, SIZES)
    sizes[:] = 0
    for level in range(LEVELS):
        sizes[KNOWN + 2 * level] = -1
    written_bytes(sheet, TEXT)[0] = 10
    integers(sheet, TEXT_END)[0] = 0
    sizes[AT_TEXT] = sizes[AT_BYTE] = 1


@kernel
def put_text(sheet, data, begin, end):  # type: ignore[no-untyped-def]
    """Adds the text `data[begin:end]`; its number."""
    sizes, text, ends = integers(sheet, SIZES), written_bytes(sheet, TEXT), integers(sheet, TEXT_END)
    at, number = sizes[AT_BYTE], sizes[AT_TEXT]
    if at + end - begin >= text.size or number >= ends.size:
        sizes[OVERFLOW] = 1
        return 0
    for offset in range(end - begin):
        text[at + offset] = data[begin + offset]
    at += end - begin
    text[at] = 10
    ends[number] = at
    sizes[AT_BYTE] = at + 1
    sizes[AT_TEXT] = number + 1
    return number


@kernel
def put_lines(sheet, data, begin, end, wanted):  # type: ignore[no-untyped-def]
    """Adds the first `wanted` texts of those in `data[begin:end]`, newlines between; the number of the first."""
    sizes, text, ends = integers(sheet, SIZES), written_bytes(sheet, TEXT), integers(sheet, TEXT_END)
    at, first = sizes[AT_BYTE], sizes[AT_TEXT]
    if at + end - begin >= text.size or first + wanted > ends.size:
        sizes[OVERFLOW] = 1
        return 0
    number = first
    for position in range(begin, end):
        byte = data[position]
        text[at] = byte
        if byte == 10:
            ends[number] = at
            number += 1
            if number == first + wanted:
                at += 1
                break
        at += 1
    if number < first + wanted:
        text[at] = 10
        ends[number] = at
        number += 1
        at += 1
    sizes[AT_BYTE] = at
    sizes[AT_TEXT] = number
    return first


@kernel
def bounds(sheet, number):  # type: ignore[no-untyped-def]
    """First byte of a text and the one after its last."""
    ends = integers(sheet, TEXT_END)
    return (ends[number - 1] + 1 if number > 0 else 0), ends[number]


@kernel
def is_empty(sheet, number):  # type: ignore[no-untyped-def]
    """Whether a text is."""
    begin, end = bounds(sheet, number)
    return begin == end


@kernel
def same_text(sheet, left, right):  # type: ignore[no-untyped-def]
    """Whether two texts are equal."""
    text = written_bytes(sheet, TEXT)
    begin, end = bounds(sheet, left)
    other, other_end = bounds(sheet, right)
    if end - begin != other_end - other:
        return False
    for offset in range(end - begin):  # noqa: SIM110 - kernels have no generators
        if text[begin + offset] != text[other + offset]:
            return False
    return True


class Sheet:
    """The arrays of a sheet, and what of them Python reads."""

    __slots__ = ("_asked", "_asked_to", "_asked_view", "_field_to", "_field_view", "_language", "_lent", "_results",
                 "_text", "_to_view", "components", "parts", "questions", "results", "sizes", "table",
                 "terms")  # fmt: skip

    def __init__(self) -> None:
        self._language = ""
        self._asked = np.empty(_ASKED_BYTES, np.uint8)
        self._asked_to = np.zeros(MAX_QUESTIONS + 1, np.int64)
        self._field_to = np.empty(MAX_QUESTIONS * MAX_FIELDS, np.int64)
        # Python writes a few bytes and numbers into a memoryview in a fifth of the time that it takes with numpy.
        self._asked_view, self._to_view, self._field_view = self._asked.data, self._asked_to.data, self._field_to.data
        self._make(1)

    def _make(self, times: int) -> None:
        self.sizes = np.zeros(KNOWN + 2 * LEVELS, np.int64)
        self.results = np.empty(times * _RESULTS, RESULT)
        self.components = np.empty((LEVELS + 1) * self.results.size, COMPONENT)
        self.parts = np.empty(times * _PARTS, PART)
        self.questions = np.empty(MAX_QUESTIONS, QUESTION)
        self.terms = np.empty((self.results.size, MAX_TERMS))
        self._text = np.empty(times * _BYTES, np.uint8)
        ends = np.empty(self._text.size // 8, np.int64)
        tags, tag_ends = np.zeros(0, np.uint8), np.zeros(0, np.int64)
        arrays = [self.sizes, self.results, self.components, self.parts, self.questions, self.terms, self._text, ends]
        self._lent = LentArrays([*arrays, tags, tag_ends, self._asked, self._asked_to, self._field_to])
        self.table = self._lent.table
        language, self._language = self._language, ""
        self.speak(language)

    def grow(self) -> None:
        """Makes twice the room; what was written is lost."""
        self._make(2 * self.results.size // _RESULTS)

    def ask(self, data: bytes, ends: Sequence[int], field_ends: npt.NDArray[np.int64] | None) -> None:
        """Sets the questions: all their bytes, where each ends, and where its fields end (questions, fields).

        Without `field_ends` a question has one field.
        """
        size = len(data)
        if size > self._asked.size:
            self._asked = np.empty(2 * size, np.uint8)
            self._asked_view = self._asked.data
            self._lent.replace(ASKED, self._asked)
        self._asked_view[:size] = data
        for number, end in enumerate(ends):
            self._to_view[number + 1] = end
            self._field_view[number] = end + 1
        if field_ends is not None:
            self._field_to[: field_ends.size] = field_ends.ravel()

    def speak(self, language_code: str) -> None:
        """Sets the language that names are looked for in; empty for the usual names."""
        if language_code == self._language:
            return
        tags = [tag.encode() for tag in language_tags(language_code)] if language_code else []
        self._lent.replace(TAGS, np.frombuffer(b"".join(tags) or b" ", np.uint8))
        self._lent.replace(TAG_END, np.cumsum([len(tag) for tag in tags], dtype=np.int64))
        self._language = language_code

    def texts(self) -> list[str]:
        """All texts by their numbers."""
        return self._text[: self.sizes[AT_BYTE]].tobytes().decode().split("\n")
