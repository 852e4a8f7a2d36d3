"""How kernels that search are compiled.

They read many arrays in nested tuples and allocate nothing. Counting references to those arrays on each call
would take more time than the search (measured: half of it), so numba's reference counting is left out; what
calls a kernel holds the arrays. (`_nrt` is an option of numba that its stubs do not list.) The hottest functions
are inlined, since handing on such tuples is costly too.

Nothing in C calls a kernel, so none gets numba's wrapper for that: it took an eighth of the time of compiling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from numba import njit as njit
else:
    #: numba's own, for kernels that make arrays.
    njit = partial(numba.njit, no_cfunc_wrapper=True)

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def njit_kernel(function: Kernel) -> Kernel:
    """The function, compiled and cached on disk; it releases the GIL and must not make arrays."""
    return cast(Kernel, kernel(function))


def njit_inlined(function: Kernel) -> Kernel:
    """As njit_kernel, and put into each kernel that calls it."""
    return cast(Kernel, inlined(function))


#: As njit_kernel and njit_inlined, for functions whose arguments no annotation describes.
kernel = njit(cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
inlined = njit(cache=True, nogil=True, _nrt=False, inline="always")  # type: ignore[call-overload]
