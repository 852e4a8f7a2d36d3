"""Working on the next item of a stream while the last answer is being taken, and never further ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


async def one_ahead(
    questions: AsyncIterator[Question], answer: Callable[[Question], Awaitable[Answer]]
) -> AsyncIterator[Answer]:
    """The answers in order. An error of a question comes after the answers to those before it."""

    async def step() -> Answer | None:
        question = await anext(questions, None)
        return None if question is None else await answer(question)

    upcoming = asyncio.create_task(step())
    try:
        while (ready := await upcoming) is not None:
            upcoming = asyncio.create_task(step())
            yield ready
    finally:
        upcoming.cancel()
        with suppress(asyncio.CancelledError):
            await upcoming
