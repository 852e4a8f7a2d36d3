"""One line in the log per call: method, code, milliseconds, rows, peer, request id; never its content.

Lines are kept for a twentieth of a second and written several at a time. Written one by one, between two calls, a line
cost as much as a third of the lookup that it told of; one by one but later, still twice as much as now, and whoever
reads the other end of the pipe was woken for each.
"""

from __future__ import annotations

import asyncio
import logging
import time

_LOG = logging.getLogger("waypost.access")
_FLUSH_S = 0.05
#: Lines written at a time. They stay below the 4,096 bytes that a pipe takes as a whole, even with a request id of 128
#: quotation marks: what other processes write to the same pipe falls between lines.
_TOGETHER = 6


class AccessLog:
    """Collects lines and writes them soon. Belongs to one event loop."""

    def __init__(self) -> None:
        self._lines: list[tuple[float, dict[str, object]]] = []
        self._enabled = _LOG.isEnabledFor(logging.INFO)

    def add(self, method: str, code: str, started_s: float, rows: int, peer: str, request_id: str) -> None:
        """Adds the line of a call that ends now; `started_s` is of time.perf_counter()."""
        if not self._enabled:
            return
        ms = round((time.perf_counter() - started_s) * 1e3, 2)
        facts = {"method": method, "code": code, "ms": ms, "rows": rows, "peer": peer, "request_id": request_id}
        self._lines.append((time.time(), facts))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_S, self.flush)

    def flush(self) -> None:
        """Writes what has been collected."""
        lines, self._lines = self._lines, []
        for first in range(0, len(lines), _TOGETHER):
            record = _LOG.makeRecord(_LOG.name, logging.INFO, "", 0, "call", (), None)
            record.each = lines[first : first + _TOGETHER]
            _LOG.handle(record)
