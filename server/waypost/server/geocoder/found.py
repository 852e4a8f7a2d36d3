"""Answers on a sheet, and what of them is read question by question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from waypost.server.geocoder.forward import Questions, address_fields
from waypost.server.geocoder.place_values import PlaceValues
from waypost.server.geocoder.search import NOTATION, TRUNCATED
from waypost.server.geocoder.sheet import Sheet
from waypost.server.geocoder.texts import ADDRESS_FIELDS
from waypost.server.geocoder.values import ValueReader
from waypost.server.model import Answer, GeocodeQuery, Notice, NoticeCode, PlaceType, Result

#: Names of the fields that parts of a question stand in.
TEXT_PATHS = ("query",)
ADDRESS_PATHS = tuple(f"address.{name}" for name in ADDRESS_FIELDS)


class Found:
    """The answers to questions that differ in nothing but their texts or addresses.

    They are gone with the next question of this thread. Question k has the results `result_to[k - 1]` (0 for the
    first) to before `result_to[k]` of the sheet.
    """

    __slots__ = ("_notices", "_states", "_values", "query", "questions", "sheet")

    def __init__(
        self,
        query: GeocodeQuery,
        questions: Questions,
        sheet: Sheet,
        values: PlaceValues,
        notices: Callable[[frozenset[PlaceType]], tuple[Notice, ...]],
    ) -> None:
        self.query = query
        self.questions = questions
        self.sheet = sheet
        self._values = values
        self._notices = notices
        self._states = sheet.questions[: len(questions.ends)].tolist()

    @property
    def paths(self) -> tuple[str, ...]:
        """The names of the fields of each question."""
        return TEXT_PATHS if self.query.address is None else ADDRESS_PATHS

    @property
    def result_to(self) -> list[int]:
        """Where the results of each question end."""
        return [state[0] for state in self._states]

    def positions(self) -> list[int]:
        """Numbers of the questions that may hold coordinates or a plus code: they are not answered here."""
        return [number for number, state in enumerate(self._states) if state[1] & NOTATION]

    def layers(self, number: int) -> tuple[str, ...]:
        """The layers whose credits an answer owes."""
        return self._values.layers_of_bits(self._states[number][2])

    def notices(self, number: int) -> tuple[Notice, ...]:
        """What a caller should know about an answer."""
        _, flags, _, against, _ = self._states[number]
        place_types = self.query.filter.place_types
        if not (flags or place_types or against):
            return ()
        notices = list(self._notices(place_types))
        if flags & TRUNCATED:
            detail = "a bound was met: not every word or place was considered"
            notices.append(Notice(NoticeCode.TRUNCATED, detail))
        if against:
            paths = tuple(path for field, path in enumerate(self.paths) if against >> field & 1)
            detail = "parts of the request name other places than the answer"
            notices.append(Notice(NoticeCode.CONTRADICTION, detail, paths))
        return tuple(notices)

    def scored(self) -> int:
        """Readings that were scored for the first question."""
        return int(self._states[0][4])

    def results(self, reader: ValueReader) -> list[Result]:
        """The results of the first question, which must be the only one."""
        query = self.query
        fields: Sequence[str] = (query.text,) if query.address is None else address_fields(query.address)
        return reader.results(self.sheet, query.full, self.paths, fields)

    def answer(self, reader: ValueReader) -> Answer:
        """The first question's answer, which must be the only one."""
        return Answer(tuple(self.results(reader)), self.layers(0), self.notices(0))
