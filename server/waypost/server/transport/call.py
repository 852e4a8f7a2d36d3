"""One call as its method sees it: who asks, how long there is, and what the access line will tell."""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from waypost.server.errors import DeadlineExceeded
from waypost.server.transport.access import AccessLog

_LOG = logging.getLogger("waypost.requests")

REQUEST_ID = "x-request-id"

#: What a caller may give as a request id: it goes into log lines and comes back in a trailer.
_REQUEST_ID_PATTERN = re.compile(r"[!-~]{1,128}")

#: Ids that we give: one random prefix a process and a counter, a tenth of the price of a UUID per call.
_ID_PREFIX = secrets.token_hex(8)
_ID_COUNTER = itertools.count(1)

#: At the deadline itself the runtime resets the call, which some clients then see as CANCELLED. An answer that
#: would leave less time than this is too late anyhow.
_LAST_MOMENT_S = 0.001

Context = grpc.aio.ServicerContext[Any, Any]


class Call:
    """The id of a call, the time that it has left, and the rows to log."""

    __slots__ = ("_access", "_context", "_peer", "method", "request_id", "rows", "started_s")

    def __init__(self, method: str, context: Context, access: AccessLog) -> None:
        self.method = method
        self.rows = 0
        self.started_s = time.perf_counter()
        self._context = context
        self._access = access
        self._peer = context.peer()  # not known any more once the client is gone
        self.request_id = ""
        for key, value in context.invocation_metadata() or ():
            if key == REQUEST_ID and isinstance(value, str) and _REQUEST_ID_PATTERN.fullmatch(value):
                self.request_id = value
        if not self.request_id:
            self.request_id = f"{_ID_PREFIX}-{next(_ID_COUNTER):x}"

    def ensure_time(self) -> None:
        """Raises DeadlineExceeded once no answer could reach the caller in time."""
        remaining_s = self._context.time_remaining()
        if remaining_s is not None and remaining_s < _LAST_MOMENT_S:
            raise DeadlineExceeded("the deadline of the call has passed")

    def time_left_s(self) -> float | None:
        """Until the deadline of the call; None without one."""
        remaining_s: float | None = self._context.time_remaining()
        return remaining_s

    def log(self, code: str) -> None:
        """Adds the access line of this call, which ends now with `code`."""
        self._access.add(self.method, code, self.started_s, self.rows, self._peer, self.request_id)

    def log_request(self, request: Message) -> None:
        """Writes the request itself, at DEBUG only: it is personal data."""
        if _LOG.isEnabledFor(logging.DEBUG):
            facts = {"method": self.method, "request_id": self.request_id, "request": str(request)}
            _LOG.debug("request", extra={"facts": facts})
