"""The settings of notifications: frozen, checked, and read from the files that an operator keeps secrets in."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from waypost.server.errors import ConfigError
from waypost.server.jobs.notify.addresses import Network
from waypost.server.jobs.notify.retries import DEFAULT_DELAYS_S
from waypost.server.jobs.notify.secrets import ALLOWED_SECRET, is_sealing_key, is_signing_secret

_NATS_SCHEMES = frozenset({"nats", "tls", "ws", "wss"})
_ALLOWED_KEY = "base64 of 32 bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """How jobs tell others. Raises ConfigError naming every bad setting at once."""

    # Networks that webhooks may be in although they are not public. None, because callers choose the addresses.
    allowed_networks: tuple[Network, ...] = ()
    # Keys that secrets are stored with; the first one seals, all open. Without one, no secret is taken.
    keys: tuple[str, ...] = field(default=(), repr=False)
    # Secrets that callers can name; each has one or more values, which all sign.
    named_secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    # Servers of one NATS cluster. Without one, no job can name a subject.
    nats_servers: tuple[str, ...] = field(default=(), repr=False)  # a URL can hold a password
    # What subjects begin with, so that callers do not write into streams of others.
    nats_subject_prefix: str = "waypost."
    # Seconds between tries, 1 to 100 of them, each 0 to 604,800.
    retry_delays_s: tuple[float, ...] = DEFAULT_DELAYS_S
    # 0.1 to 60 s for one try. Standard Webhooks asks for 15 to 30.
    timeout_s: float = 15.0
    # 1 to 1,000 tries at once; each is a connection.
    max_tries_at_once: int = 32
    # The CloudEvents source, a URI reference: it tells installations apart that share a receiver.
    source: str = "/waypost"

    def __post_init__(self) -> None:
        problems = [f"key {number} of --notify-keys-file is no {_ALLOWED_KEY}" for number in self._bad_keys()]
        for name, values in self.named_secrets.items():
            if not values or not all(map(is_signing_secret, values)):
                problems.append(f"secret {name!r} of --notify-secrets-file; allowed: {ALLOWED_SECRET}, one or more")
        for at, server in enumerate(self.nats_servers, 1):
            if urlsplit(server).scheme not in _NATS_SCHEMES or not urlsplit(server).hostname:
                problems.append(f"URL {at} of --notify-nats-url; allowed: nats://host:4222, tls://…, ws://… or wss://…")
        delays = self.retry_delays_s
        if not 1 <= len(delays) <= 100 or not all(0 <= each <= 604_800 for each in delays):
            problems.append(f"--notify-retry-delays-s is {delays!r}; allowed: 1 to 100 times 0 to 604,800 seconds")
        if not 0.1 <= self.timeout_s <= 60:
            problems.append(f"--notify-timeout-s is {self.timeout_s!r}; allowed: seconds from 0.1 to 60")
        if not 1 <= self.max_tries_at_once <= 1_000:
            problems.append(f"--notify-max-tries-at-once is {self.max_tries_at_once!r}; allowed: 1 to 1,000")
        if not self.source or not self.source.isascii() or " " in self.source:
            problems.append(f"--notify-source is {self.source!r}; allowed: a URI or a path, ASCII without blanks")
        if problems:
            raise ConfigError("\n".join(problems))

    def _bad_keys(self) -> list[int]:
        return [number for number, key in enumerate(self.keys, 1) if not is_sealing_key(key)]


def parse_networks(text: str) -> tuple[Network, ...]:
    """The networks of "10.0.0.0/8,fd00::/8". Raises ValueError with what is allowed."""
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError:
        raise ValueError("networks with commas between, like 10.0.0.0/8,fd00::/8, without host bits") from None


def parse_delays(text: str) -> tuple[float, ...]:
    """The seconds of "5,300,1800". Raises ValueError with what is allowed."""
    try:
        delays = tuple(float(each) for each in text.split(","))
    except ValueError:
        delays = (math.nan,)
    if not all(map(math.isfinite, delays)):
        raise ValueError("seconds with commas between, like 5,300,1800")
    return delays


def parse_servers(text: str) -> tuple[str, ...]:
    """The URLs of "nats://a:4222,nats://b:4222"; which ones are good is for NotifySettings to tell."""
    return tuple(each.strip() for each in text.split(",") if each.strip())


def read_keys(file: Path) -> tuple[str, ...]:
    """The keys of a file: one a line, the newest first; empty lines and lines with # are left out.

    Raises ConfigError where it cannot be read.
    """
    lines = (line.strip() for line in _text(file, "--notify-keys-file").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def read_named_secrets(file: Path) -> dict[str, tuple[str, ...]]:
    """The secrets of a TOML file, `name = "whsec_…"` or `name = ["whsec_new", "whsec_old"]`. Raises ConfigError."""
    try:
        read = tomllib.loads(_text(file, "--notify-secrets-file"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"--notify-secrets-file {file} is no TOML: {error}") from error
    secrets: dict[str, tuple[str, ...]] = {}
    for name, value in read.items():
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise ConfigError(f"secret {name!r} of --notify-secrets-file {file}; allowed: a text, or a list of texts")
        secrets[name] = tuple(values)
    return secrets


def _text(file: Path, flag: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{flag} {file} cannot be read: {error}") from error
