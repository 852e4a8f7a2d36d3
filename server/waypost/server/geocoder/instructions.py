"""Instructions of the processor that numba does not offer by itself, for the kernels."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

#: llvm.prefetch(address, 0 = to read, 3 = into all caches, 1 = data).
_READ, _KEEP, _DATA = 0, 3, 1


def _prefetch(typing_context, array, position):  # type: ignore[no-untyped-def]
    if not isinstance(array, types.Array) or not isinstance(position, types.Integer):
        return None

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        view = make_array(signature.args[0])(context, builder, args[0])  # type: ignore[no-untyped-call]
        address = cgutils.gep(builder, view.data, args[1])  # type: ignore[no-untyped-call]
        pointer = builder.bitcast(address, cgutils.voidptr_t)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, *([cgutils.int32_t] * 3)])
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, kind, "llvm.prefetch.p0i8"
        )
        builder.call(function, [pointer, *(cgutils.int32_t(value) for value in (_READ, _KEEP, _DATA))])
        return context.get_dummy_value()

    return types.void(array, position), codegen


def _set_bits(typing_context, value):  # type: ignore[no-untyped-def]
    if not isinstance(value, types.Integer):
        return None

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return _as_intp(builder, builder.ctpop(args[0]))  # type: ignore[no-untyped-call]

    return types.intp(value), codegen


def _lowest_bit(typing_context, value):  # type: ignore[no-untyped-def]
    if not isinstance(value, types.Integer):
        return None

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        zeros = builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))
        return _as_intp(builder, zeros)  # type: ignore[no-untyped-call]

    return types.intp(value), codegen


def _as_intp(builder, value):  # type: ignore[no-untyped-def]
    return value if value.type == cgutils.intp_t else builder.zext(value, cgutils.intp_t)


#: prefetch(array, position) begins to fetch `array[position]`, so that several cache misses are waited for at once;
#: nothing is read, so any position of a contiguous array will do.
prefetch: Any = intrinsic(_prefetch)
#: set_bits(value) is how many bits of an integer are set.
set_bits: Any = intrinsic(_set_bits)
#: lowest_bit(value) is the position of the lowest set bit of an integer that is not 0.
lowest_bit: Any = intrinsic(_lowest_bit)
