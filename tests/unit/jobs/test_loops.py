"""A turn that fails does not end a loop, and one that fails for long is told of."""

from __future__ import annotations

import asyncio
import logging

import pytest

from waypost.server.errors import Unavailable
from waypost.server.jobs.loops import AILING_S, Loops


class Told:
    """Loops that pause for nothing, on a clock turned by hand, and what they tell."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.told: list[bool] = []
        self.loops = Loops(self.told.append, pause_s=0.0, monotonic=lambda: self.now_s)

    async def fails(self, name: str, error: Exception | None = None) -> None:
        async def work() -> str:
            raise error or ZeroDivisionError("nobody thought of it")

        assert await self.loops.turn(name, work(), otherwise="again") == "again"

    async def goes_well(self, name: str) -> None:
        async def work() -> str:
            return "done"

        assert await self.loops.turn(name, work(), otherwise="again") == "done"


async def test_a_turn_that_fails_gives_something_else_and_its_traceback_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = Told()
    await told.fails("claim")
    await told.fails("claim")
    await told.fails("renew", Unavailable("the store is away", reason="STORE_UNREACHABLE", retry_after_s=1.0))
    unforeseen, passing = caplog.records
    assert (unforeseen.levelno, passing.levelno) == (logging.ERROR, logging.WARNING)
    assert unforeseen.exc_info is not None
    assert unforeseen.exc_info[0] is ZeroDivisionError


async def test_what_fails_for_long_is_told_until_all_goes_well_again() -> None:
    told = Told()
    await told.fails("claim")
    await told.fails("renew")
    told.now_s = AILING_S - 1
    await told.fails("claim")
    assert told.told == []
    told.now_s = AILING_S
    await told.fails("claim")
    await told.fails("renew")
    await told.fails("renew")
    assert told.told == [False]
    await told.goes_well("claim")
    assert told.told == [False]
    await told.goes_well("renew")
    assert told.told == [False, True]


async def test_failures_with_good_turns_between_them_are_not_for_long() -> None:
    told = Told()
    for turn in range(5):
        told.now_s = turn * AILING_S
        await told.fails("claim")
        await told.goes_well("claim")
    assert told.told == []


async def test_a_loop_that_is_cancelled_ends() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    async def loop() -> None:
        while True:
            await Told().loops.turn("claim", work(), otherwise=None)

    running = asyncio.create_task(loop())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
