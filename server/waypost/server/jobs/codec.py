"""Values of jobs as JSON text and back, for the columns of the store that nothing searches in."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from waypost.server.jobs.events import Change
from waypost.server.jobs.model import Preflight, Progress
from waypost.server.jobs.spec import JobSpec

# A field that is missing in old text takes its default, so that a value can grow without a migration.
SPEC: Final[TypeAdapter[JobSpec]] = TypeAdapter(JobSpec)
PROGRESS: Final[TypeAdapter[Progress]] = TypeAdapter(Progress)
PREFLIGHT: Final[TypeAdapter[Preflight]] = TypeAdapter(Preflight)
PIECES: Final[TypeAdapter[tuple[tuple[int, int, int, str], ...]]] = TypeAdapter(tuple[tuple[int, int, int, str], ...])
CHANGE: Final[TypeAdapter[Change]] = TypeAdapter(Change)
