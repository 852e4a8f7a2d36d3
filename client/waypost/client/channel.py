"""How both clients reach a server: address, channel options and the published service config."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import TypeAlias

Option: TypeAlias = tuple[str, str | int]
"""A gRPC channel option, as grpc.Channel takes them."""

DEFAULT_ADDRESS = "127.0.0.1:50051"

DEFAULT_TIMEOUT_S = 5.0
"""Deadline of a unary call. A lookup takes under a millisecond; this leaves room for all five attempts."""

# The first back-off of service_config.json, so that a retry meets a new connection.
_INITIAL_RECONNECT_MS = 100
_MAX_RECONNECT_MS = 5_000
# An open stream notices a vanished server; a ping more often than every 5 minutes is answered with GOAWAY.
_KEEPALIVE_MS = 330_000


def service_config() -> str:
    """Return the service config as JSON: which methods are retried, when and how often.

    UNAVAILABLE is tried up to five times, after about 0.1, 0.2, 0.4 and 0.8 s, where a call is safe to repeat:
    lookups and other reads, what carries a request id (this client gives one to whatever takes it), and the methods
    of google.longrunning, which are harmless twice. UploadInput is not among them: after a break it has to go on
    from what was committed. gRPC itself repeats nothing once the first byte of an answer has come, which matters
    to streams.
    """
    return files("waypost.client").joinpath("service_config.json").read_text(encoding="utf-8")


def channel_options(extra: Sequence[Option] = ()) -> list[Option]:
    """Return the options of a channel; `extra` comes last and wins."""
    return [
        ("grpc.primary_user_agent", f"waypost-client/{version('waypost')}"),
        ("grpc.service_config", service_config()),
        ("grpc.initial_reconnect_backoff_ms", _INITIAL_RECONNECT_MS),
        ("grpc.min_reconnect_backoff_ms", _INITIAL_RECONNECT_MS),
        ("grpc.max_reconnect_backoff_ms", _MAX_RECONNECT_MS),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        *extra,
    ]
