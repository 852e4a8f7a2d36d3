"""What became of each part of a query, told in the caller's own words and positions."""

from __future__ import annotations

from collections.abc import Sequence

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.forward import Found, Reading
from waypost.server.model import MatchOutcome, MatchPart, PlaceType

_PLACE_TYPES = {int(kind): kind for kind in PlaceType}


class QueryText:
    """The text that a kernel searched, with the fields that it is made of.

    `fields` are (path, text) in order; the searched text is these, each ended by a newline if there are several.
    """

    __slots__ = ("_data", "_ends", "_paths", "_starts", "_text")

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._paths = [path for path, _ in fields]
        self._text = fields[0][1] if len(fields) == 1 else "".join(f"{text}\n" for _, text in fields)
        self._data = b"" if self._text.isascii() else self._text.encode()
        self._starts = [0]
        for _, text in fields:
            self._starts.append(self._starts[-1] + len(text) + 1)

    def position(self, byte: int) -> int:
        """The code point at a byte."""
        return len(self._data[:byte].decode(errors="replace")) if self._data else byte

    def field_at(self, position: int) -> int:
        """The number of the field that a code point lies in."""
        number = 0
        while number + 1 < len(self._paths) and position >= self._starts[number + 1]:
            number += 1
        return number

    def part(
        self,
        first_byte: int,
        last_byte: int,
        outcome: MatchOutcome,
        kind: PlaceType | None,
        name: str,
        place_id: str,
    ) -> MatchPart:
        """A part by its bytes."""
        start, end = self.position(first_byte), self.position(last_byte)
        number = self.field_at(start)
        offset = self._starts[number]
        return MatchPart(
            self._text[start:end],
            self._paths[number],
            start - offset,
            end - offset,
            outcome,
            kind,
            name,
            place_id,
        )


class MatchDescriber:
    """Match parts of readings, with the names of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._names = snapshot.text("display_name")
        self._ids = snapshot.text("place_id")
        self._types = snapshot.array("place_type").data
        self._admin1 = snapshot.array("admin1").data
        self._country = snapshot.array("country").data

    def parts(self, text: QueryText, found: Found, reading: Reading) -> tuple[MatchPart, ...]:
        """The parts in the order of the query, then what was inferred: region and country nobody wrote."""
        words = found.words
        result = []
        named = set()
        used = [False] * len(words)
        for part in reading.parts:
            outcome = MatchOutcome.CORRECTED if part.edits else MatchOutcome.MATCHED
            first, last = words[part.first][0], words[part.last - 1][1]
            result.append((first, text.part(first, last, outcome, *self._named(part.row))))
            named.add(part.row)
            used[part.first : part.last] = [True] * (part.last - part.first)
        result.extend(self._left_over(text, found, reading, used))
        if len(result) > 1:
            result.sort(key=lambda item: item[0])
        inferred = [
            MatchPart("", "", 0, 0, MatchOutcome.INFERRED, *self._named(row))
            for row in (self._admin1[reading.row], self._country[reading.row])
            if row >= 0 and row not in named
        ]
        return (*(part for _, part in result), *inferred)

    def _left_over(
        self, text: QueryText, found: Found, reading: Reading, used: Sequence[bool]
    ) -> list[tuple[int, MatchPart]]:
        """Runs of words that the reading does not explain, apart by whether they contradict it, and by field."""
        result: list[tuple[int, MatchPart]] = []
        word = 0
        while word < len(used):
            if used[word]:
                word += 1
                continue
            first = word
            against = (reading.against >> word) & 1
            field = text.field_at(text.position(found.words[word][0]))
            while (
                word < len(used)
                and not used[word]
                and (reading.against >> word) & 1 == against
                and text.field_at(text.position(found.words[word][0])) == field
            ):
                word += 1
            outcome = MatchOutcome.CONTRADICTED if against else MatchOutcome.UNUSED
            begin, end = found.words[first][0], found.words[word - 1][1]
            result.append((begin, text.part(begin, end, outcome, None, "", "")))
        return result

    def _named(self, row: int) -> tuple[PlaceType, str, str]:
        return _PLACE_TYPES[self._types[row]], self._names[row], self._ids[row]
