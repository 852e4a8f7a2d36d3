"""Settings that are wrong are named, all at once, and without what is secret in them."""

from __future__ import annotations

import math
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from waypost.server.errors import ConfigError
from waypost.server.jobs.notify.settings import (
    NotifySettings,
    parse_delays,
    parse_networks,
    parse_servers,
    read_keys,
    read_named_secrets,
)

KEY = Fernet.generate_key().decode()
SECRET = "whsec_" + "A" * 44


def test_every_bad_setting_is_named_at_once_and_no_secret_is_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        NotifySettings(
            keys=(KEY, "hidden-key"),
            named_secrets={"orders": ("hidden-secret",), "none": (), "good": (SECRET,)},
            nats_servers=("nats://good:4222", "http://user:hidden-password@host"),
            retry_delays_s=(5, math.nan),
            timeout_s=0,
            max_tries_at_once=0,
            source="a b",
        )
    message = refused.value.message
    assert "hidden" not in message
    for named in (
        "key 2 of --notify-keys-file", "secret 'orders'", "secret 'none'", "URL 2 of --notify-nats-url",
        "--notify-retry-delays-s", "--notify-timeout-s", "--notify-max-tries-at-once", "--notify-source",
    ):  # fmt: skip
        assert named in message
    assert len(message.splitlines()) == 8


def test_secrets_are_not_in_what_is_printed() -> None:
    settings = NotifySettings(keys=(KEY,), named_secrets={"a": (SECRET,)}, nats_servers=("nats://a:word@host:4222",))
    for secret in (KEY, SECRET, "word@"):
        assert secret not in repr(settings)


def test_lists_are_read_from_flags() -> None:
    assert parse_networks("10.0.0.0/8, fd00::/8") == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert parse_networks("") == ()
    assert parse_delays("5,300.5") == (5.0, 300.5)
    assert parse_servers("nats://a:4222, tls://b") == ("nats://a:4222", "tls://b")


@pytest.mark.parametrize("text", ["10.0.0.1/8", "everywhere", "10.0.0.0/8;fd00::/8"])
def test_networks_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="without host bits"):
        parse_networks(text)


@pytest.mark.parametrize("text", ["", "5,,6", "soon", "inf", "nan"])
def test_delays_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        parse_delays(text)


def test_files_of_keys_and_secrets_are_read(tmp_path: Path) -> None:
    keys, secrets = tmp_path / "keys", tmp_path / "secrets.toml"
    keys.write_text(f"# of November\n{KEY}\n\n  second\n")
    secrets.write_text(f'one = "{SECRET}"\ntwo = ["a", "b"]\n')
    assert read_keys(keys) == (KEY, "second")
    assert read_named_secrets(secrets) == {"one": (SECRET,), "two": ("a", "b")}


@pytest.mark.parametrize("content", ["one = 1", "one = [1]", "one", "[one]\ntwo = 'a'"])
def test_secrets_of_another_form_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match="--notify-secrets-file"):
        read_named_secrets(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--notify-keys-file"):
        read_keys(tmp_path / "none")
