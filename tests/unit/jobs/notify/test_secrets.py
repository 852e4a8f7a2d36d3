"""Keys that sign, and how they are kept."""

from __future__ import annotations

import base64

import pytest
from cryptography.fernet import Fernet

from waypost.server.jobs.notify.secrets import Secrets, SecretUnreadable, is_signing_secret

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def test_what_is_stored_tells_nothing_and_opens_again() -> None:
    secrets = Secrets((NEW,), {})
    sealed = secrets.seal(SECRET)
    assert SECRET not in sealed
    assert sealed != secrets.seal(SECRET)
    assert secrets.open(sealed) == SECRET


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = Secrets((OLD,), {}).seal(SECRET)
    both = Secrets((NEW, OLD), {})
    assert both.open(before) == SECRET
    assert Secrets((NEW,), {}).open(both.seal(SECRET)) == SECRET
    with pytest.raises(SecretUnreadable):
        Secrets((NEW,), {}).open(before)


def test_without_a_key_nothing_is_sealed_or_opened() -> None:
    none = Secrets((), {})
    assert not none.can_seal
    with pytest.raises(LookupError):
        none.seal(SECRET)
    with pytest.raises(SecretUnreadable):
        none.open(Secrets((NEW,), {}).seal(SECRET))


def test_a_named_secret_has_all_its_values() -> None:
    secrets = Secrets((), {"orders": (SECRET, "whsec_other")})
    assert "orders" in secrets
    assert "others" not in secrets
    assert secrets.named("orders") == (SECRET, "whsec_other")
    with pytest.raises(SecretUnreadable, match="others"):
        secrets.named("others")


@pytest.mark.parametrize(
    ("secret", "good"),
    [
        (SECRET, True),
        ("whsec_" + base64.b64encode(bytes(24)).decode(), True),
        ("whsec_" + base64.b64encode(bytes(64)).decode(), True),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), False),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), False),
        (SECRET.removeprefix("whsec_"), False),
        ("whsec_" + "ü" * 40, False),
        ("whsec_" + "-_" * 20, False),
        ("", False),
    ],
)
def test_a_signing_secret_is_24_to_64_bytes_in_base64(secret: str, good: bool) -> None:
    assert is_signing_secret(secret) is good
