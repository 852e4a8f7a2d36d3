"""One line in the log per call: method, code, milliseconds, rows, peer, request id; never its content.

Lines are kept for a twentieth of a second and written together: written one by one, between two calls, a
line cost as much as a third of the lookup that it told of.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import NamedTuple

_LOG = logging.getLogger("waypost.access")
_FLUSH_S = 0.05


class AccessLine(NamedTuple):
    """What is told of a call: `ended_s` since the epoch, `ms` that it took on the server."""

    ended_s: float
    method: str
    code: str
    ms: float
    rows: int
    peer: str
    request_id: str


class AccessLog:
    """Collects lines and writes them soon. Belongs to one event loop."""

    def __init__(self) -> None:
        self._lines: list[AccessLine] = []
        self._enabled = _LOG.isEnabledFor(logging.INFO)

    def add(self, method: str, code: str, started_s: float, rows: int, peer: str, request_id: str) -> None:
        """Adds the line of a call that ends now; `started_s` is of time.perf_counter()."""
        if not self._enabled:
            return
        ms = round((time.perf_counter() - started_s) * 1e3, 2)
        self._lines.append(AccessLine(time.time(), method, code, ms, rows, peer, request_id))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Writes what has been collected."""
        lines, self._lines = self._lines, []
        for line in lines:
            facts = line._asdict()
            record = _LOG.makeRecord(_LOG.name, logging.INFO, "", 0, "call", (), None)
            record.created = facts.pop("ended_s")
            record.facts = facts
            _LOG.handle(record)
