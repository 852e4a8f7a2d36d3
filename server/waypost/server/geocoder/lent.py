"""Arrays that kernels reach by their address, so that Python hands over one number instead of each of them.

numba takes a third of a microsecond to open an array that it is given, and a query needs about forty: more than the
search for an easy one. A lent array has no reference count either, and a number is one argument where an array is
seven, in every function that hands it on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.core import cgutils, types
from numba.core.typing.typeof import typeof
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array


class LentArrays:
    """Addresses and lengths of `arrays`, one after the other, for as long as this object lives.

    `table` is where they stand in memory.
    """

    __slots__ = ("_arrays", "_entries", "table")

    def __init__(self, arrays: Sequence[npt.NDArray[np.generic]]) -> None:
        for array in arrays:
            if not array.flags.c_contiguous:
                raise ValueError("only contiguous arrays can be lent")
        self._arrays = list(arrays)
        self._entries = np.array([[array.ctypes.data, array.size] for array in arrays], np.int64).ravel()
        self.table: int = self._entries.ctypes.data

    def replace(self, at: int, array: npt.NDArray[np.generic]) -> None:
        """Lends `array` instead of what was at that place."""
        self._arrays[at] = array
        self._entries[2 * at] = array.ctypes.data
        self._entries[2 * at + 1] = array.size


def lender(dtype: npt.DTypeLike, *, readonly: bool) -> Callable[[int, int], Any]:
    """A function for kernels: the array at a place of a LentArrays.table, as a flat one of that type."""
    kind = typeof(np.empty(0, dtype)).copy(readonly=readonly)  # type: ignore[no-untyped-call]

    def lent(typing_context, table, at):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            numbers = builder.inttoptr(args[0], args[0].type.as_pointer())
            first = builder.shl(args[1], args[1].type(1))
            address = builder.load(builder.gep(numbers, [first]))
            size = builder.load(builder.gep(numbers, [builder.add(first, first.type(1))]))
            array = make_array(kind)(context, builder)  # type: ignore[no-untyped-call]
            item_bytes = context.get_abi_sizeof(context.get_data_type(kind.dtype))
            populate_array(  # type: ignore[no-untyped-call]
                array,
                data=builder.inttoptr(address, array.data.type),
                shape=cgutils.pack_array(builder, [size]),  # type: ignore[no-untyped-call]
                strides=cgutils.pack_array(builder, [size.type(item_bytes)]),  # type: ignore[no-untyped-call]
                itemsize=size.type(item_bytes),
                meminfo=None,
            )
            return array._getvalue()

        return kind(types.int64, types.int64), codegen

    function: Callable[[int, int], Any] = intrinsic(lent)  # type: ignore[assignment]
    return function
