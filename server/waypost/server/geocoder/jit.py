"""How kernels that search are compiled.

They read many arrays in nested tuples and allocate nothing. Counting references to those arrays on each call
would take more time than the search (measured: half of it), so numba's reference counting is left out; what
calls a kernel holds the arrays. (`_nrt` is an option of numba that its stubs do not list.) The hottest functions
are inlined, since handing on such tuples is costly too.

Compiling takes most of its time in numba, not in LLVM, so what is compiled for nothing is worth leaving out. Nothing
in C calls a kernel: the wrapper for that took an eighth of the time. Few are called from Python: the wrappers of all
the others took another tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

if TYPE_CHECKING:
    from numba import njit as njit
else:
    #: numba's own, for kernels that make arrays. (They would take over that their caller counts no references.)
    njit = partial(numba.njit, no_cfunc_wrapper=True, _nrt=True)

#: Whole numbers in kernels: Python's, or those that arrays hold.
Whole: TypeAlias = "int | np.integer[Any]"
Kernel = TypeVar("Kernel", bound=Callable[..., object])


def njit_kernel(function: Kernel) -> Kernel:
    """The function for other kernels, compiled and cached on disk; it releases the GIL and must not make arrays."""
    return cast(Kernel, kernel(function))


def njit_inlined(function: Kernel) -> Kernel:
    """As njit_kernel, and put into each kernel that calls it."""
    return cast(Kernel, inlined(function))


def njit_entry(function: Kernel) -> Kernel:
    """As njit_kernel, but called from Python too."""
    return cast(Kernel, entry(function))


def _without_entry(function: Callable[..., object]) -> object:
    inner = _no_wrapper(function)
    if isinstance(inner, Dispatcher):  # it is the function itself where NUMBA_DISABLE_JIT is set
        # Python would jump to address 0. Tests call kernels all the same: by way of one that has an entry.
        setattr(inner, "_insert", lambda *_: None)  # noqa: B010 - stubs tell nothing of these two
        setattr(inner, "_compile_for_args", lambda *_, **__: _entry_to(inner))  # noqa: B010
    return inner


@cache
def _entry_to(inner: Callable[..., object]) -> Callable[..., object]:
    called: Callable[..., object] = numba.njit(lambda *arguments: inner(*arguments))
    return called


_no_wrapper = njit(cache=True, nogil=True, _nrt=False, no_cpython_wrapper=True)  # type: ignore[call-overload]
#: As njit_kernel, njit_inlined and njit_entry, for functions whose arguments no annotation describes.
kernel: Callable[[Callable[..., object]], Any] = _without_entry
inlined = njit(cache=True, nogil=True, _nrt=False, inline="always")  # type: ignore[call-overload]
entry = njit(cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
