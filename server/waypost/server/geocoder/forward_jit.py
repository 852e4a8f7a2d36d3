"""How the kernels of forward geocoding are compiled: as those of reverse_jit, for functions without annotations."""

from __future__ import annotations

from numba import njit

#: Compiles and caches a function that makes no arrays; references to arrays are not counted.
kernel = njit(cache=True, nogil=True, _nrt=False)  # type: ignore[call-overload]
#: As `kernel`, and put into each kernel that calls it.
inlined = njit(cache=True, nogil=True, _nrt=False, inline="always")  # type: ignore[call-overload]
