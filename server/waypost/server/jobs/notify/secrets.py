"""The keys that sign webhooks: named ones from the configuration, and callers' own, which are stored encrypted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

_PREFIX: Final = "whsec_"
_FEWEST_BYTES: Final = 24
_MOST_BYTES: Final = 64
#: For messages: what a signing secret is.
ALLOWED_SECRET: Final = f'"{_PREFIX}" and base64 of {_FEWEST_BYTES} to {_MOST_BYTES} bytes'


class SecretUnreadable(LookupError):
    """A secret that a job was given cannot be had any more: its key, or its name, has left the configuration."""


def is_signing_secret(text: str) -> bool:
    """Whether this is a symmetric key of Standard Webhooks."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(_PREFIX) and _FEWEST_BYTES <= len(key) <= _MOST_BYTES


def is_sealing_key(text: str) -> bool:
    """Whether secrets can be encrypted with this: base64 of 32 bytes, as `cryptography.fernet` has it."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


class Secrets:
    """Seals and opens. The first of `keys` seals, all of them open, so that keys can be changed without a break."""

    def __init__(self, keys: Sequence[str], named: Mapping[str, Sequence[str]]) -> None:
        self._vault = MultiFernet([Fernet(key) for key in keys]) if keys else None
        self._named = named

    def __contains__(self, name: str) -> bool:
        """Whether the configuration has a secret of this name."""
        return name in self._named

    @property
    def can_seal(self) -> bool:
        """Whether the operator has set a key."""
        return self._vault is not None

    def seal(self, text: str) -> str:
        """The secret, encrypted, as text. Raises LookupError where there is no key, see `can_seal`."""
        if self._vault is None:
            raise LookupError("there is no key to seal secrets with")
        return self._vault.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret that `seal` encrypted. Raises SecretUnreadable where its key is not set any more."""
        try:
            if self._vault is not None:
                return self._vault.decrypt(sealed).decode()
        except InvalidToken:
            pass
        raise SecretUnreadable("the key that the webhook's secret was stored with is not in the configuration")

    def named(self, name: str) -> tuple[str, ...]:
        """The secrets of this name; all of them sign. Raises SecretUnreadable."""
        if name not in self._named:
            raise SecretUnreadable(f"the secret {name!r} is not in the configuration")
        return tuple(self._named[name])
