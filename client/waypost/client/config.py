"""The command line's settings: flags, then WAYPOST_*, then defaults. Only this reads the environment."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from waypost.client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT_S

# A name, an IPv4 address, or an IPv6 address in brackets; targets with a scheme are left to gRPC.
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):(\d{1,5})")
_SCHEMES = ("dns:", "unix:", "unix-abstract:", "ipv4:", "ipv6:")
_MAX_PORT = 65_535


class BadSettings(Exception):
    """Settings that cannot be used; the message has one line for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """Where the server is and how long to wait for it."""

    # HOST:PORT, or a target such as unix:/run/waypost.sock. The default is where `waypost serve` listens.
    server: str
    # Deadline of one lookup in seconds, above 0. The default leaves room for all attempts of a retried call.
    timeout_s: float

    @classmethod
    def load(cls, *, server: str | None, timeout: str | None) -> ClientConfig:
        """Return the settings from the flags' values (None: not given); BadSettings names every bad one."""
        problems: list[str] = []
        server_name, server = _pick("--server", server, "WAYPOST_SERVER", DEFAULT_ADDRESS, os.environ)
        timeout_name, timeout = _pick("--timeout", timeout, "WAYPOST_TIMEOUT", str(DEFAULT_TIMEOUT_S), os.environ)
        if not _is_target(server):
            problems.append(f"{server_name} is {server!r}; allowed: HOST:PORT, for example {DEFAULT_ADDRESS}")
        timeout_s = _seconds(timeout)
        if timeout_s is None:
            problems.append(f"{timeout_name} is {timeout!r}; allowed: seconds above 0, for example 2.5")
        if problems or timeout_s is None:
            raise BadSettings("\n".join(problems))
        return cls(server=server, timeout_s=timeout_s)


def _pick(flag: str, value: str | None, variable: str, default: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return where the setting comes from and its text; an empty variable counts as not set."""
    if value is not None:
        return flag, value
    return variable, environ.get(variable) or default


def _is_target(server: str) -> bool:
    if server.startswith(_SCHEMES):
        return True
    parts = _HOST_AND_PORT.fullmatch(server)
    return parts is not None and 0 < int(parts[2]) <= _MAX_PORT


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds < math.inf else None
