"""Values of jobs as JSON text and back, for the columns of the store that nothing searches in."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from waypost.server.jobs.events import Change
from waypost.server.jobs.model import Preflight, Progress
from waypost.server.jobs.spec import JobSpec

_T = TypeVar("_T")


class Codec(Generic[_T]):
    """Writes and reads values of one type.

    A field that is missing in old text takes its default, so that a value can grow without a migration.
    """

    def __init__(self, kind: Any) -> None:  # a type, or a union of some
        self._kind = kind

    def dump(self, value: _T) -> str:
        """The value as text."""
        return self._adapter.dump_json(value).decode()

    def dump_some(self, value: _T, fields: set[str]) -> dict[str, Any]:
        """The fields of the value by name, as plain as in its text."""
        some: dict[str, Any] = self._adapter.dump_python(value, include=fields)
        return some

    def load(self, text: str | bytes) -> _T:
        """The value that `dump` wrote."""
        return self._adapter.validate_json(text)

    @cached_property
    def _adapter(self) -> TypeAdapter[_T]:
        # Made by the first job, not at each start, of which all of them would be a twentieth. Threads that come at once
        # may each make one, as nothing locks this from Python 3.12 on: they are alike, and the last one is kept.
        return TypeAdapter(self._kind)


SPEC: Final[Codec[JobSpec]] = Codec(JobSpec)
PROGRESS: Final[Codec[Progress]] = Codec(Progress)
PREFLIGHT: Final[Codec[Preflight]] = Codec(Preflight)
PIECES: Final[Codec[tuple[tuple[int, int, int, str], ...]]] = Codec(tuple[tuple[int, int, int, str], ...])
CHANGE: Final[Codec[Change]] = Codec(Change)
