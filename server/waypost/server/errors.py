"""What can go wrong, below the line where gRPC is known. Errors hold facts; transport/status.py gives codes.

    WaypostError                  anything that our code raises on purpose
    ├── InvalidArgument           the caller's fault: one violation per wrong field
    ├── MalformedMessage          the caller's fault: the bytes are no message
    ├── NotFound                  the caller named something that does not exist
    ├── ResourceExhausted         a bound of this server that passes with time
    ├── FailedPrecondition        the resource is in a state that does not allow the call
    ├── OutOfRange                a cursor or offset beyond the end
    ├── Aborted                   somebody else was faster: read again, then try again
    ├── DataLost                  files that were there are gone or broken; trying again does not help
    ├── ResponseTooLarge          an answer too large to send
    ├── Unavailable               still loading or draining: try again
    ├── NotSupported              what the protocol knows and this server does not do
    ├── DeadlineExceeded          the caller's time is over; the work was stopped
    ├── StreamIdle                nothing moved on a stream for too long
    ├── LeaseLost                 for the coordinator: another process owns the job by now
    ├── InputUnreadable           the input of a job cannot be read any further, as a whole
    ├── ShardUnreadable           a file of our own that a job works from is gone or broken
    ├── SnapshotError             for operators: a snapshot cannot be built or opened
    ├── ImportFailed              for operators: a file cannot be imported, or a layer not be found
    └── ConfigError               for operators: settings that cannot be used

Every class has a `reason` in UPPER_SNAKE and `facts`, the variables of its message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Between the words of a resource type such as OutputFile.
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field: its path in the request, the value and what is allowed."""

    field: str
    value: object
    allowed: str
    reason: str = "INVALID_FIELD"

    @property
    def shown_value(self) -> str:
        """The value as its `repr`, cut to 80 characters."""
        shown = repr(self.value)
        return shown if len(shown) <= 80 else shown[:78] + "…" + shown[-1]

    @property
    def description(self) -> str:
        """The sentence for people: what was wrong, the value, what is allowed."""
        return f"{self.field} is {self.shown_value}; allowed: {self.allowed}"


class WaypostError(Exception):
    """Anything that our code raises on purpose."""

    reason = "INTERNAL"

    def __init__(self, message: str, **facts: str) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class InvalidArgument(WaypostError):
    """The request is wrong in itself; repeating it cannot help. Names every wrong field at once."""

    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[FieldViolation]) -> None:
        super().__init__("; ".join(violation.description for violation in violations[:3]))
        self.violations = tuple(violations)
        if len({violation.reason for violation in violations}) == 1:
            self.reason = violations[0].reason

    def below(self, path: str) -> InvalidArgument:
        """The same violations with their fields below `path`, for errors of nested values."""
        return InvalidArgument(
            [
                FieldViolation(f"{path}.{v.field}" if v.field else path, v.value, v.allowed, v.reason)
                for v in self.violations
            ]
        )


class MalformedMessage(WaypostError):
    """The bytes of a request are no message of its type."""

    reason = "MALFORMED_MESSAGE"


class NotFound(WaypostError):
    """A named resource does not exist: its type is like `waypost.dev/Place`, its name as given."""

    def __init__(self, resource_type: str, resource_name: str) -> None:
        kind = resource_type.rsplit("/", 1)[-1]
        super().__init__(f"{kind} {resource_name!r} does not exist", resource_name=resource_name)
        self.reason = f"{_WORD_START.sub('_', kind).upper()}_NOT_FOUND"
        self.resource_type = resource_type
        self.resource_name = resource_name


class ResourceExhausted(WaypostError):
    """A bound of this server was met that passes with time; `retry_after_s` says when to try again."""

    reason = "TOO_BUSY"

    def __init__(
        self, message: str, *, subject: str, retry_after_s: float, reason: str = "TOO_BUSY", **facts: str
    ) -> None:
        super().__init__(message, **facts)
        self.reason = reason
        self.subject = subject
        self.retry_after_s = retry_after_s


class FailedPrecondition(WaypostError):
    """The resource `subject` is in a state that does not allow the call; `reason` is UPPER_SNAKE."""

    def __init__(self, message: str, *, reason: str, subject: str, **facts: str) -> None:
        super().__init__(message, subject=subject, **facts)
        self.reason = reason
        self.subject = subject


class OutOfRange(WaypostError):
    """A cursor or an offset lies beyond the end; `reason` is UPPER_SNAKE."""

    def __init__(self, message: str, *, reason: str, **facts: str) -> None:
        super().__init__(message, **facts)
        self.reason = reason


class Aborted(WaypostError):
    """Somebody else changed the resource first; `reason` is UPPER_SNAKE."""

    def __init__(self, message: str, *, reason: str, **facts: str) -> None:
        super().__init__(message, **facts)
        self.reason = reason


class LeaseLost(WaypostError):
    """A process wrote to a job that it does not own any more; it must stop at once. Never told to callers."""

    reason = "LEASE_LOST"


class DataLost(WaypostError):
    """A file of the resource `resource_name` that was whole once is gone or broken, and nobody can make it again."""

    def __init__(self, message: str, *, resource_name: str, reason: str = "RESULTS_LOST") -> None:
        super().__init__(message, resource_name=resource_name)
        self.reason = reason


class ResponseTooLarge(WaypostError):
    """The answer would not fit into a message that clients with default settings can read."""

    reason = "RESPONSE_TOO_LARGE"


class Unavailable(WaypostError):
    """The server is loading or draining; the same request succeeds elsewhere or later."""

    def __init__(self, message: str, *, reason: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class DeadlineExceeded(WaypostError):
    """The caller's deadline passed while the work was going on."""

    reason = "DEADLINE_EXCEEDED"


class NotSupported(WaypostError):
    """A choice that the protocol knows and this server does not offer."""

    reason = "NOT_SUPPORTED"


class StreamIdle(WaypostError):
    """The other side of a stream neither sent nor took anything for too long."""

    reason = "STREAM_IDLE"


class InputUnreadable(WaypostError):
    """The input of a job cannot be read as a whole, from some position on; its rows are not to blame one by one."""

    def __init__(self, reason: str, message: str, **facts: str) -> None:
        super().__init__(message, **facts)
        self.reason = reason


class ShardUnreadable(WaypostError):
    """A shard is gone or broken; no row is to blame, and splitting it does not help."""

    reason = "SHARD_UNREADABLE"


class SnapshotError(WaypostError):
    """A snapshot cannot be built or opened; for operators, on the command line."""

    reason = "SNAPSHOT_UNUSABLE"


class ImportFailed(WaypostError):
    """A file to import is wrong as a whole, or truncated, or no such layer was added; for operators."""

    reason = "IMPORT_FAILED"


class ConfigError(WaypostError):
    """Settings that cannot be used; for operators, on the command line. Names every bad setting at once."""

    reason = "BAD_CONFIG"
