"""Arrays without reference counts, for the inside of kernels.

numba counts references at every call that hands an array on, with atomic instructions: profiled, they took half of
the time of a search. A borrowed array is the same memory without an owner. Borrow only what the *caller* of the
compiled function holds until it returns, never an array that was made in the function itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba.core import cgutils
from numba.core.types import Array
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_Array = TypeVar("_Array")


def _borrowed(typing_context, array):  # type: ignore[no-untyped-def]
    if not isinstance(array, Array):
        return None

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        view = make_array(signature.args[0])(  # type: ignore[no-untyped-call]
            context, builder, args[0]
        )
        view.meminfo = cgutils.get_null_value(view.meminfo.type)  # type: ignore[no-untyped-call]
        view.parent = cgutils.get_null_value(view.parent.type)  # type: ignore[no-untyped-call]
        return view._getvalue()

    return array(array), codegen


#: The same array without its owner.
borrowed: Callable[[_Array], _Array] = intrinsic(_borrowed)  # type: ignore[assignment]
