"""Settings: where they come from, and that every bad one is reported at once."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from waypost.server.config import Config, add_flags, read_config
from waypost.server.errors import ConfigError


def test_the_defaults_serve_a_newcomer() -> None:
    config = read_config({}, {})
    assert config == Config()
    assert (config.address, config.workers) == ("127.0.0.1:50051", 1)


def test_a_flag_wins_over_the_environment_which_wins_over_the_default() -> None:
    environment = {"WAYPOST_PORT": "7000", "WAYPOST_WORKERS": "3"}
    config = read_config({"port": "8000", "workers": None}, environment)
    assert (config.port, config.workers, config.grace_s) == (8000, 3, 20.0)


def test_every_bad_setting_is_reported_at_once() -> None:
    flags = {"port": "70000", "host": "0.0.0.0", "log_format": "xml"}  # noqa: S104
    environment = {"WAYPOST_WORKERS": "none", "WAYPOST_GRACE_S": "nan", "WAYPOST_CHANNELZ": "maybe"}
    with pytest.raises(ConfigError) as caught:
        read_config(flags, environment)
    for name in ("--port", "--log-format", "WAYPOST_WORKERS", "WAYPOST_GRACE_S", "WAYPOST_CHANNELZ", "0.0.0.0"):  # noqa: S104
        assert name in caught.value.message


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    assert read_config({"host": host}, {}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104
def test_any_other_address_needs_permission(host: str) -> None:
    with pytest.raises(ConfigError, match="no authentication"):
        read_config({"host": host}, {})
    assert read_config({"host": host, "allow_public": "true"}, {}).host == host


def test_what_does_not_listen_needs_no_permission() -> None:
    assert read_config({}, {"WAYPOST_HOST": "0.0.0.0"}, listens=False).host == "0.0.0.0"  # noqa: S104


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert read_config({"host": "::1"}, {}).address == "[::1]:50051"


def test_every_setting_has_a_flag() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    given = parser.parse_args(["--port", "1", "--channelz", "--max-concurrent-calls", "5", "--data-dir", "x"])
    config = read_config(vars(given), {})
    assert (config.port, config.channelz, config.max_concurrent_calls) == (1, True, 5)
    assert config.data_dir == Path("x")
    assert set(vars(given)) == set(Config.__dataclass_fields__)
