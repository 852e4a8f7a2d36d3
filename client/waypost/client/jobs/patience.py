"""Which failures pass with time, and how long to wait before the next try. It sleeps and asks for nothing itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import grpc

from waypost.client.errors import LookupFailed

DEFAULT_PATIENCE_S = 600.0
"""How long transfers and watches go on without any sign of progress: a server may take minutes to come back."""

_LONGEST_CALL_S = 60.0  # of waiting for the end of a job: something in between may drop calls that are silent for long
_FIRST_WAIT_S = 0.1  # as in service_config.json
_MAX_WAIT_S = 10.0
_JITTER = 0.2  # gRPC's own, so that the clients of a server that comes back do not all come at once

# DEADLINE_EXCEEDED: everything that is tried again here is harmless twice, and the next connection may be better.
_PASSING_CODES = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
# UPLOAD_RACE and UPLOAD_GAP: the server still held the stream that broke here; GetUpload tells where to go on.
_PASSING_REASONS = frozenset({"TOO_BUSY", "UPLOAD_RACE", "UPLOAD_GAP"})


class Patience:
    """Counts the tries of one piece of work that may be tried again as long as it gets on now and then."""

    def __init__(
        self,
        give_up_after_s: float = DEFAULT_PATIENCE_S,
        *,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._give_up_after_s = give_up_after_s
        self._clock = clock
        self._uniform = uniform
        self._tries = 0
        self._failing_since: float | None = None

    def progressed(self) -> None:
        """Begin anew: something came through."""
        self._tries = 0
        self._failing_since = None

    def wait_s(self, failure: LookupFailed) -> float:
        """Return the seconds to wait before the next try; raise the failure where no try would help."""
        now = self._clock()
        if self._failing_since is None:
            self._failing_since = now
        passing = failure.code in _PASSING_CODES or failure.reason in _PASSING_REASONS
        if not passing or now - self._failing_since >= self._give_up_after_s:
            raise failure
        wait_s = min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0**self._tries) * self._uniform(1 - _JITTER, 1 + _JITTER)
        self._tries += 1
        return max(wait_s, failure.retry_after_s or 0.0)


class Deadline:
    """When to stop waiting for the end of a job; None seconds: never."""

    def __init__(self, timeout_s: float | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._began = clock()

    def wait_s(self) -> float:
        """Return how long the next call may wait, in seconds."""
        return max(0.0, min(_LONGEST_CALL_S, self._left_s()))

    def check(self, name: str) -> None:
        """Raise TimeoutError where the time is over."""
        if self._left_s() <= 0.0:
            raise TimeoutError(f"{name} has not ended within {self._timeout_s:g} s")

    def _left_s(self) -> float:
        if self._timeout_s is None:
            return _LONGEST_CALL_S
        return self._timeout_s - (self._clock() - self._began)
