"""Work that blocks, from the event loop: the store and files, in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import ParamSpec, TypeVar

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Threads:
    """Runs functions in `executor`, whose owner ends it."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What `work` returns. A call that is cancelled does not wait for work that has begun."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, partial(work, *args, **kwargs))
