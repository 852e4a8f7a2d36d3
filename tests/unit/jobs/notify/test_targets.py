"""What callers may name as a target."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from cryptography.fernet import Fernet

from waypost.server.errors import InvalidArgument
from waypost.server.jobs.notify.secrets import Secrets
from waypost.server.jobs.notify.settings import NotifySettings
from waypost.server.jobs.notify.targets import Targets

KEY = Fernet.generate_key().decode()
SECRET = "whsec_" + "A" * 44
SETTINGS = NotifySettings(keys=(KEY,), named_secrets={"orders": (SECRET,)}, nats_servers=("nats://host:4222",))


def targets(settings: NotifySettings = SETTINGS) -> Targets:
    return Targets(settings, Secrets(settings.keys, settings.named_secrets))


def fields(refused: pytest.ExceptionInfo[InvalidArgument]) -> list[str]:
    return [violation.field for violation in refused.value.violations]


def test_a_webhook_is_kept_with_its_secrets_sealed() -> None:
    target = targets().webhook("https://hooks.example/a?b=c", secrets=[SECRET])
    assert (target.uri, target.secret_name) == ("https://hooks.example/a?b=c", "")
    assert [Secrets((KEY,), {}).open(each) for each in target.sealed_secrets] == [SECRET]
    assert targets().webhook("http://hooks.example", secret_name="orders").secret_name == "orders"


@pytest.mark.parametrize(
    "uri",
    [
        "", "hooks.example", "ftp://hooks.example", "https://", "https:///path", "https://[::1", "https://user@host/",
        "https://user:word@host/", "https://host/" + "a" * 2_048, "http://127.0.0.1/", "http://localhost:80/",
        "http://0x7f.1/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest/meta-data", "http://2130706433/",
        "https://host:99999/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_at_once(uri: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        targets().webhook(uri)
    assert fields(refused) == ["uri"]


def test_an_address_in_an_allowed_network_is_taken() -> None:
    settings = NotifySettings(allowed_networks=(ip_network("10.0.0.0/8"),))
    assert targets(settings).webhook("http://10.1.2.3/").uri == "http://10.1.2.3/"


def test_every_wrong_field_is_named_and_no_secret_shown() -> None:
    with pytest.raises(InvalidArgument) as refused:
        targets().webhook("x", secrets=[SECRET, "nearly", SECRET, SECRET], secret_name="orders")
    assert fields(refused) == ["uri", "secrets", "secrets[1]", "secret_name"]
    assert "nearly" not in str(refused.value)


def test_a_name_that_the_operator_has_not_set_is_refused() -> None:
    with pytest.raises(InvalidArgument) as refused:
        targets().webhook("https://hooks.example", secret_name="other")
    assert fields(refused) == ["secret_name"]


def test_without_a_key_secrets_are_refused_with_the_way_out() -> None:
    with pytest.raises(InvalidArgument, match="--notify-keys-file") as refused:
        targets(NotifySettings()).webhook("https://hooks.example", secrets=[SECRET])
    assert fields(refused) == ["secrets"]
    assert targets(NotifySettings()).webhook("https://hooks.example").sealed_secrets == ()


@pytest.mark.parametrize("subject", ["waypost.jobs", "waypost.a-b_c.D", "waypost." + "a" * 247])
def test_a_subject_below_the_prefix_is_taken(subject: str) -> None:
    assert targets().nats(subject).subject == subject


@pytest.mark.parametrize(
    "subject",
    ["", "jobs", "waypost.", "waypost..a", "waypost.*", "waypost.>", "waypost.a b", "waypost.ü", "waypost.a\r\nPUB x 0",
     "waypost.a\n", "waypost." + "a" * 248],
)  # fmt: skip
def test_another_subject_is_refused(subject: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        targets().nats(subject)
    assert fields(refused) == ["subject"]


@pytest.mark.parametrize("subject", ["$JS.API.STREAM.DELETE.orders", "_INBOX.a"])
def test_subjects_of_nats_itself_are_refused_without_a_prefix_too(subject: str) -> None:
    settings = NotifySettings(nats_servers=("nats://host:4222",), nats_subject_prefix="")
    with pytest.raises(InvalidArgument):
        targets(settings).nats(subject)
    assert targets(settings).nats("orders.done").subject == "orders.done"


def test_without_nats_a_subject_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="--notify-nats-url"):
        targets(NotifySettings()).nats("waypost.jobs")
