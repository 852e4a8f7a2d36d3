"""The one exception of the client, read from google.rpc.Status: what failed and whose fault it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

_SENDING_FAILED = "Internal error from Core"
"""What grpc.aio makes of a stream that broke while a message was sent, where it has not read the stream's end yet."""

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field of a request: its path, what is wrong with it, and the reason in UPPER_SNAKE."""

    field: str
    description: str
    reason: str


class LookupFailed(Exception):
    """A call or one lookup of a batch or stream failed.

    `code` tells whose fault it is: INVALID_ARGUMENT and NOT_FOUND are the request's, UNAVAILABLE and
    RESOURCE_EXHAUSTED pass with time, DEADLINE_EXCEEDED means that the deadline was too short or the server
    too slow. `reason` is the machine-readable one (docs/errors.md lists all) and empty where the failure did
    not come from Waypost's own code; `facts` are the variables of the message. `retry_after_s` is the
    server's advice in seconds, None without one.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        facts: Mapping[str, str] | None = None,
        violations: tuple[FieldViolation, ...] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.reason = reason
        self.facts = dict(facts or {})
        self.violations = violations
        self.retry_after_s = retry_after_s

    @classmethod
    def from_call(cls, error: grpc.RpcError) -> LookupFailed:
        """Return the failure that ended a call, synchronous or asynchronous."""
        call = cast("grpc.Call", error)  # every RpcError that a channel raises is the call too, by contract
        try:
            status: Status | None = rpc_status.from_call(call)  # type: ignore[no-untyped-call]
        except ValueError:  # its details contradict its code: something in between rewrote one of them
            status = None
        if status is None:
            details = call.details() or ""
            if call.code() is grpc.StatusCode.INTERNAL and details == _SENDING_FAILED:
                return cls(grpc.StatusCode.UNAVAILABLE, "the stream broke while a message was sent")
            return cls(call.code(), details)
        return cls.from_status(status)

    @classmethod
    def from_status(cls, status: Status) -> LookupFailed:
        """Return the failure that stands in the place of one outcome of a batch or stream."""
        info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
        retry_after_s = None
        for detail in status.details:
            detail.Unpack(info) or detail.Unpack(bad_request)
            if detail.Unpack(retry):
                retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
        return cls(
            _CODES.get(status.code, grpc.StatusCode.UNKNOWN),
            status.message,
            reason=info.reason,
            facts=info.metadata,
            violations=tuple(
                FieldViolation(field=v.field, description=v.description, reason=v.reason)
                for v in bad_request.field_violations
            ),
            retry_after_s=retry_after_s,
        )
