"""Loops that must not end: a turn that fails is logged and the next one comes after a pause, whatever the error was.

What passes with time is over by then. What does not is told to health, so that nobody takes a server for one that
works while it only stumbles.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from waypost.server.errors import WaypostError

_T = TypeVar("_T")

_LOG = logging.getLogger(__name__)

FAILED: Final = "a loop has failed and is tried again"

#: Between a turn that failed and the next one.
PAUSE_S: Final = 2.0
#: A loop that has failed for so long is told of, and logged again; a database that is started anew takes less.
AILING_S: Final = 30.0


class Loops:
    """The loops of one process, by name; everything on one event loop.

    `tell` gets False when one of them has failed for AILING_S, and True when every one goes well again.
    """

    def __init__(
        self,
        tell: Callable[[bool], None] = lambda _: None,
        *,
        pause_s: float = PAUSE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._pause_s = pause_s
        self._monotonic = monotonic
        #: Since when each loop fails that does, and when that was logged last.
        self._failing: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._ailing: set[str] = set()

    async def turn(self, name: str, work: Coroutine[Any, Any, _T], *, otherwise: _T) -> _T:
        """What one turn of the loop `name` gives; `otherwise` after a pause where it failed."""
        found: _T | BaseException = (await asyncio.gather(work, return_exceptions=True))[0]
        if not isinstance(found, BaseException):
            self._went_well(name)
            return found
        self._went_wrong(name, found)
        await asyncio.sleep(self._pause_s)
        return otherwise

    def _went_well(self, name: str) -> None:
        if self._failing.pop(name, None) is None:
            return
        del self._logged[name]
        _LOG.info("a loop goes on", extra={"facts": {"loop": name}})
        if name in self._ailing:
            self._ailing.discard(name)
            if not self._ailing:
                self._tell(True)

    def _went_wrong(self, name: str, error: BaseException) -> None:
        now_s = self._monotonic()
        since_s = self._failing.setdefault(name, now_s)
        if name not in self._logged or now_s - self._logged[name] >= AILING_S:
            self._logged[name] = now_s
            facts = {"loop": name, "seconds": round(now_s - since_s, 1)}
            level = logging.WARNING if isinstance(error, WaypostError) else logging.ERROR
            _LOG.log(level, FAILED, exc_info=error, extra={"facts": facts})
        if now_s - since_s >= AILING_S:
            if not self._ailing:
                self._tell(False)
            self._ailing.add(name)
