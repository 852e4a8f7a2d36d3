"""One line in the log per call: method, code, milliseconds, rows, peer, request id; never its content.

Lines are kept for a twentieth of a second and written several at a time. Written one by one, between two calls, a line
cost as much as a third of the lookup that it told of; one by one but later, still twice as much as now, and whoever
reads the other end of the pipe was woken for each.
"""

from __future__ import annotations

import asyncio
import logging
import select
import time
from typing import Any

_LOG = logging.getLogger("waypost.access")
_FLUSH_S = 0.05
#: Written at a time, which a pipe takes as a whole: what other processes write to the same pipe falls between lines.
_TOGETHER_BYTES = select.PIPE_BUF
#: What a line takes at most beside its method, peer and request id, whose every character may have to be escaped.
_REST_BYTES = 220


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
        together: list[tuple[float, dict[str, object]]] = []
        room = _TOGETHER_BYTES
        for line in lines:
            size = _most_bytes(line[1])
            if size > room:
                _write(together)
                together, room = [], _TOGETHER_BYTES
            together.append(line)
            room -= size
        if together:
            _write(together)


def _most_bytes(facts: dict[str, Any]) -> int:
    """What the line of a call takes at most."""
    return _REST_BYTES + len(facts["method"]) + len(facts["peer"]) + 2 * len(facts["request_id"])


def _write(lines: list[tuple[float, dict[str, object]]]) -> None:
    record = _LOG.makeRecord(_LOG.name, logging.INFO, "", 0, "call", (), None)
    record.each = lines
    _LOG.handle(record)
