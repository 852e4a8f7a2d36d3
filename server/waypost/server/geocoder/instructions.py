"""Instructions of the processor that numba has no word for: asking for memory ahead of need, copying 16 bytes, bits.

Rows of an answer lie anywhere in the snapshot, so a loop over them waits for memory most of its time, unless it
asks for what a later row needs. What takes an array works on contiguous ones and checks no bounds.
"""

# numba calls the outer functions with its own types, and compiles what the inner ones emit.
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

Bytes = npt.NDArray[np.uint8]

#: Bytes of a line of the cache on the processors that this is for.
LINE_BYTES = 64
#: Bytes that copy_block moves at once.
BLOCK_BYTES = 16

_INT32 = ir.IntType(32)
_BLOCK = ir.VectorType(ir.IntType(8), BLOCK_BYTES)
# llvm.prefetch: to be read, kept in every cache, data rather than code.
_READ, _KEEP, _DATA = (_INT32(number) for number in (0, 3, 1))


def _prefetch(typing_context, array, index):

    def emit(context, builder, signature, arguments):
        array_type, index_type = signature.args
        pointer = _pointer(context, builder, array_type, arguments[0], index_type, arguments[1])
        byte = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [byte.type, _INT32, _INT32, _INT32])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(fetch, [byte, _READ, _KEEP, _DATA])
        return context.get_dummy_value()

    count = len(index) if isinstance(index, types.BaseTuple) else 0
    return types.void(array, types.UniTuple(types.intp, count) if count else types.intp), emit


def _copy_block(typing_context, target, to, source, start):

    def emit(context, builder, signature, arguments):
        target_type, to_type, source_type, start_type = signature.args
        written = _pointer(context, builder, target_type, arguments[0], to_type, arguments[1])
        read = _pointer(context, builder, source_type, arguments[2], start_type, arguments[3])
        block = builder.load(builder.bitcast(read, _BLOCK.as_pointer()), align=1)
        builder.store(block, builder.bitcast(written, _BLOCK.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(target, types.intp, source, types.intp), emit


def _set_bits(typing_context, value):

    def emit(context, builder, signature, arguments):
        return _as_intp(builder, builder.ctpop(arguments[0]))

    return types.intp(value), emit


def _lowest_bit(typing_context, value):

    def emit(context, builder, signature, arguments):
        return _as_intp(builder, builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0)))

    return types.intp(value), emit


def _as_intp(builder, value):
    return value if value.type == cgutils.intp_t else builder.zext(value, cgutils.intp_t)


def _pointer(context, builder, array_type, array, index_type, index):
    """Where an entry begins; the index is a number, or a tuple of them."""
    fields = context.make_array(array_type)(context, builder, array)
    indices = cgutils.unpack_tuple(builder, index) if isinstance(index_type, types.BaseTuple) else [index]
    indices += [context.get_constant(types.intp, 0)] * (array_type.ndim - len(indices))
    return cgutils.get_item_pointer(context, builder, array_type, fields, indices, wraparound=False)


#: prefetch(array, index) asks for the cache line where that entry begins; the index is a number or a tuple of them.
prefetch = cast(Callable[[npt.NDArray[Any], Any], None], intrinsic(_prefetch))
#: copy_block(target, to, source, start) copies BLOCK_BYTES bytes from `source[start]` to `target[to]`.
copy_block = cast(Callable[[Bytes, int, Bytes, int], None], intrinsic(_copy_block))
#: set_bits(value) is how many bits of an integer are set.
set_bits: Any = intrinsic(_set_bits)
#: lowest_bit(value) is the position of the lowest set bit of an integer that is not 0.
lowest_bit: Any = intrinsic(_lowest_bit)
