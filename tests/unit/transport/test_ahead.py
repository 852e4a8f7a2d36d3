"""One answer ahead, never two; errors in their place; nothing left running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from waypost.server.transport.ahead import one_ahead


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def test_answers_come_in_order() -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    assert [answer async for answer in one_ahead(numbers(4), double)] == [0, 2, 4, 6]


async def test_work_is_never_more_than_one_ahead_of_what_was_taken() -> None:
    begun: list[int] = []

    async def note(number: int) -> int:
        begun.append(number)
        return number

    async for answer in one_ahead(numbers(5), note):
        for _ in range(10):
            await asyncio.sleep(0)
        assert begun == list(range(min(answer + 2, 5)))


async def test_an_error_comes_after_the_answers_before_it() -> None:
    async def check(number: int) -> int:
        if number == 2:
            raise ValueError(number)
        return number

    answers = one_ahead(numbers(5), check)
    assert [await anext(answers), await anext(answers)] == [0, 1]
    with pytest.raises(ValueError, match="2"):
        await anext(answers)


async def test_leaving_early_cancels_what_is_ahead() -> None:
    cancelled = asyncio.Event()

    async def second_hangs(number: int) -> int:
        if number == 1:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise
        return number

    answers = one_ahead(numbers(2), second_hangs)
    assert await anext(answers) == 0
    await asyncio.sleep(0)
    await answers.aclose()  # type: ignore[attr-defined]
    assert cancelled.is_set()
