"""Waiting for what a log tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told_of(logger: str, message: str) -> Iterator[asyncio.Event]:
    """An event that is set once that logger, on the loop of the test, has told this."""
    news = asyncio.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == message:
                news.set()

    ear = Ear()
    log = logging.getLogger(logger)
    log.addHandler(ear)
    try:
        yield news
    finally:
        log.removeHandler(ear)
