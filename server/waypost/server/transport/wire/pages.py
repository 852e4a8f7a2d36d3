"""Page tokens: where a list goes on, opaque to callers, bound to the method that gave them and to its arguments."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Protocol

from waypost.server.errors import FieldViolation, InvalidArgument

_DIGEST_BYTES = 8

#: The forms that positions have: of an item by its id, by its time and id (store/positions.py), or by its number.
BY_ID = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
BY_TIME_AND_ID = re.compile(r"\d{1,12}\.\d{1,9} [a-z0-9-]{1,63}", re.ASCII)
BY_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


class PageRequest(Protocol):
    """What every List request has."""

    page_size: int
    page_token: str


def read_page(
    method: str,
    request: PageRequest,
    default: int,
    largest: int,
    form: re.Pattern[str],
    arguments: tuple[str, ...] = (),
) -> tuple[int, str]:
    """How many to return, and the position after which to go on, in this `form`; empty for the start.

    `arguments` are those on which the list depends besides page_size. A size of 0 means the default, and more than the
    largest is lowered. Raises InvalidArgument, also for a token that was given for other arguments.
    """
    violations = []
    if request.page_size < 0:
        violations.append(FieldViolation("page_size", request.page_size, f"0 to {largest}"))
    position = _position(method, request.page_token, arguments)
    # Whoever knows how can make a token of any text, and that must not reach a list.
    if position and not form.fullmatch(position):
        position = None
    if position is None:
        allowed = "the next_page_token of the page before of the same list, or nothing"
        violations.append(FieldViolation("page_token", request.page_token, allowed, "BAD_PAGE_TOKEN"))
    if violations or position is None:
        raise InvalidArgument(violations)
    return min(request.page_size or default, largest), position


def page_token(method: str, position: str, arguments: tuple[str, ...] = ()) -> str:
    """A token that leads `read_page` of the same method and arguments back to `position`; empty for an empty one."""
    if not position:
        return ""
    payload = position.encode()
    return base64.urlsafe_b64encode(_digest(method, payload, arguments) + payload).decode().rstrip("=")


def _position(method: str, token: str, arguments: tuple[str, ...]) -> str | None:
    """The position in a token, None for one that `page_token` did not make for this method and these arguments.

    The digest finds tokens that were cut, changed or taken from another method. It is no secret, because a
    token allows nothing that a caller may not do anyway.
    """
    if not token:
        return ""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        position = raw[_DIGEST_BYTES:].decode()
    except (binascii.Error, ValueError):
        return None
    return position if raw[:_DIGEST_BYTES] == _digest(method, position.encode(), arguments) else None


def _digest(method: str, payload: bytes, arguments: tuple[str, ...]) -> bytes:
    digest = hashlib.blake2b(payload, digest_size=_DIGEST_BYTES, key=method.encode()[:64], person=b"waypost.page")
    for argument in arguments:
        # With its length, so that two arguments cannot stand for one another's ends.
        digest.update(b"\0%d\0" % len(argument) + argument.encode())
    return digest.digest()
