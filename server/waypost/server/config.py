"""Every setting of a server: flags first, then WAYPOST_* variables, then defaults that serve a newcomer.

No other module looks at the environment.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from waypost.server.errors import ConfigError
from waypost.server.gazetteer.store import default_data_directory
from waypost.server.jobs.notify.addresses import Network
from waypost.server.jobs.notify.retries import DEFAULT_DELAYS_S
from waypost.server.jobs.notify.settings import parse_delays, parse_networks, parse_servers

_DATA_DIR = default_data_directory()
_CORES = os.cpu_count() or 1
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("not empty")
    return text


def _path(text: str) -> Path:
    return Path(_text(text)).expanduser()


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return text.lower() in _TRUE


def _integer(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        allowed = f"a whole number from {lowest} to {highest}"
        try:
            value = int(text)
        except ValueError:
            raise ValueError(allowed) from None
        if not lowest <= value <= highest:
            raise ValueError(allowed)
        return value

    return parse


def _seconds(lowest: float, highest: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        allowed = f"seconds from {lowest:g} to {highest:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(allowed) from None
        if not lowest <= value <= highest:
            raise ValueError(allowed)
        return value

    return parse


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(" or ".join(choices))
        return text

    return parse


def _setting(default: Any, parse: Callable[[str], Any], about: str) -> Any:  # a field of Config
    return field(default=default, metadata={"parse": parse, "about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of a server. Every field is a flag (`--grace-s`) and a variable (`WAYPOST_GRACE_S`)."""

    # Loopback, because there is no authentication yet.
    host: str = _setting("127.0.0.1", _text, "address to listen on")
    # 0 to 65,535; 0 takes a free one and logs it. 50051 is what gRPC's own examples use.
    port: int = _setting(50051, _integer(0, 65_535), "port to listen on, 0 = a free one")
    # 1 to 64. One process fills about one core; several share the port and the pages of the snapshot.
    workers: int = _setting(1, _integer(1, 64), "server processes on the port")
    # Where snapshots are. The default is the user's own data folder, so that no rights are needed.
    data_dir: Path = _setting(_DATA_DIR, _path, "folder of the snapshots")  # noqa: RUF009 - a dataclass field
    # 0 to 3,600 s that running calls get after SIGTERM; container platforms kill after 30 by default.
    grace_s: float = _setting(20.0, _seconds(0, 3_600), "seconds that running calls get at a shutdown")
    # 1 to 100,000 calls at work, and as many waiting for their turn, over all connections of a process. A call
    # that waits takes about 5 kB, and 10,000 of them are five seconds of work.
    max_concurrent_calls: int = _setting(10_000, _integer(1, 100_000), "calls in hand at once, more are refused")
    # 1 to 10,000 of those may be batches or streams, which hold up to 12 MB each while they run.
    max_concurrent_streams: int = _setting(
        64, _integer(1, 10_000), "batches and streams in hand at once, more are refused"
    )
    # 1 to 86,400 s. A client that stalls holds one of the few streams, so it is told to come back.
    stream_idle_s: float = _setting(
        300.0, _seconds(1, 86_400), "seconds after which a stream that stands still is ended"
    )
    # 0 to 86,400 s, 0 = for ever. Behind a balancer of connections an age spreads clients to new servers.
    max_connection_age_s: float = _setting(
        0.0, _seconds(0, 86_400), "seconds after which a client must connect anew, 0 = never"
    )
    # Where uploads, shards, parts and results of jobs lie; several servers that share a store share this folder too.
    # Empty is "jobs" below data_dir.
    jobs_dir: str = _setting("", str.strip, "folder of jobs and their files, empty = jobs below --data-dir")
    # sqlite:///path or postgresql://user@host/database. Empty is an SQLite file in jobs_dir, for one machine.
    jobs_store: str = _setting("", str.strip, "URL of the database of jobs, empty = a file in --jobs-dir")
    # 0 to 256 processes that answer rows. The default is one for each core, as they run behind lookups (nice 10); 0
    # takes jobs in and leaves the work to other servers of the same store.
    jobs_workers: int = _setting(os.cpu_count() or 1, _integer(0, 256), "processes that work on jobs, 0 = none")
    # URIs of folders, file:// or s3://, with blanks between. None: nobody reads this machine's files unless told to.
    jobs_input_roots: tuple[str, ...] = _setting((), _words, "URIs below which jobs may read files, by blanks")
    # As above, for what jobs write.
    jobs_output_roots: tuple[str, ...] = _setting((), _words, "URIs below which jobs may write files, by blanks")
    # 1 to 1,000,000 jobs that have not finished; one more is refused.
    jobs_max_unfinished: int = _setting(1_000, _integer(1, 1_000_000), "unfinished jobs at a time, more are refused")
    # 60 to 31,536,000 s that a finished job and its results are kept whose caller does not say; 30 days.
    jobs_ttl_s: float = _setting(
        2_592_000.0, _seconds(60, 31_536_000), "seconds that a finished job is kept if its caller does not say"
    )
    # 60 to 31,536,000 s since the last byte; a day.
    jobs_open_upload_ttl_s: float = _setting(
        86_400.0, _seconds(60, 31_536_000), "seconds that an unfinished upload is kept after its last byte"
    )
    # 60 to 31,536,000 s; a week.
    jobs_upload_ttl_s: float = _setting(604_800.0, _seconds(60, 31_536_000), "seconds that a complete upload is kept")
    # 1 to 1,048,576 MiB of one upload; 100 GiB.
    jobs_max_upload_mib: int = _setting(102_400, _integer(1, 1_048_576), "MiB that an upload may have")
    # 0 to 1,048,576 MiB that jobs leave free on the disk of jobs_dir; one that would need them is told that it is full.
    jobs_min_free_mib: int = _setting(1_024, _integer(0, 1_048_576), "MiB of the disk that jobs leave free")
    # 0.5 to 300 s. So long after a server was killed another one, or the same one started again, goes on with its
    # jobs; a server that cannot reach the store for so long loses them.
    jobs_lease_s: float = _setting(10.0, _seconds(0.5, 300), "seconds after which the jobs of a dead server go on")
    # Networks that webhooks may be in although they are not public. None, because callers choose the addresses.
    notify_allowed_networks: tuple[Network, ...] = _setting(
        (), parse_networks, "networks that webhooks may be in although they are private, by commas"
    )
    # Fernet keys, one a line, the newest first. Without one, no secret of a caller is taken.
    notify_keys_file: str = _setting("", str.strip, "file of the keys that callers' secrets are stored with")
    # TOML, name = "whsec_…" or a list of them.
    notify_secrets_file: str = _setting("", str.strip, "file of the secrets that callers can name")
    # Servers of one cluster. Without one, no job can name a subject.
    notify_nats_url: tuple[str, ...] = _setting((), parse_servers, "URLs of NATS servers with JetStream, by commas")
    # So that callers do not write into streams of others.
    notify_nats_subject_prefix: str = _setting("waypost.", str.strip, "what subjects of NATS must begin with")
    # 1 to 100 numbers of 0 to 604,800 s; the default is in docs/notifications.md.
    notify_retry_delays_s: tuple[float, ...] = _setting(
        DEFAULT_DELAYS_S, parse_delays, "seconds between the tries of a notification, by commas"
    )
    # 0.1 to 60 s for one try. Standard Webhooks asks for 15 to 30.
    notify_timeout_s: float = _setting(15.0, _seconds(0.1, 60), "seconds for one try of a notification")
    # 1 to 1,000; each is a connection.
    notify_max_tries_at_once: int = _setting(32, _integer(1, 1_000), "notifications under way at once")
    # A URI reference: it tells installations apart that share a receiver.
    notify_source: str = _setting("/waypost", _text, "the source that CloudEvents name")
    # Text for a newcomer at a terminal; programs want json.
    log_format: str = _setting("text", _one_of("text", "json"), "text or json")
    # At DEBUG the text of requests is logged, which is personal data.
    log_level: str = _setting("INFO", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "DEBUG, INFO, WARNING or ERROR")
    # Off: it shows every client's address to every other.
    channelz: bool = _setting(False, _flag, "serve grpc.channelz.v1 for debugging")
    # Off: whoever reaches a public address can use the server.
    allow_public: bool = _setting(False, _flag, "allow an address that is not loopback; there is no authentication")

    @property
    def address(self) -> str:
        """`host:port` as grpc wants it, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def jobs_folder(self) -> Path:
        """Where the files of jobs are."""
        return Path(self.jobs_dir).expanduser() if self.jobs_dir else self.data_dir / "jobs"

    @property
    def jobs_store_url(self) -> str:
        """The database of jobs as SQLAlchemy wants it."""
        return self.jobs_store or f"sqlite:///{self.jobs_folder / 'jobs.sqlite'}"


def add_flags(parser: argparse.ArgumentParser, *names: str) -> None:
    """Adds a flag for each setting of that name, for all of them without names."""
    for setting in fields(Config):
        if names and setting.name not in names:
            continue
        default = {False: "off", (): "none", "": "empty"}.get(setting.default, setting.default)
        parser.add_argument(
            "--" + setting.name.replace("_", "-"),
            metavar=setting.name.rsplit("_", 1)[-1].upper(),
            help=f"{setting.metadata['about']} (default {default})",
            nargs="?" if setting.default is False else None,
            const="true" if setting.default is False else None,
        )


def read_config(
    flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ, *, listens: bool = True
) -> Config:
    """The settings by flags (None = not given) and environment. Raises ConfigError naming every bad one.

    Whether the address may be listened on matters only to what `listens`.
    """
    values: dict[str, Any] = {}
    problems = []
    for setting in fields(Config):
        text, origin = flags.get(setting.name), "--" + setting.name.replace("_", "-")
        if text is None:
            origin = "WAYPOST_" + setting.name.upper()
            text = environment.get(origin)
        if text is None:
            continue
        try:
            values[setting.name] = setting.metadata["parse"](text)
        except ValueError as error:
            problems.append(f"{origin} is {text!r}; allowed: {error}")
    host = values.get("host", "127.0.0.1")
    if listens and not values.get("allow_public", False) and not _is_loopback(host):
        problems.append(
            f"host is {host!r}, which is not loopback, and there is no authentication yet; "
            "allowed: a loopback address, or any with --allow-public"
        )
    if problems:
        raise ConfigError("\n".join(problems))
    return Config(**values)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
