"""The few bytes around nested messages, for answers that are joined from encoded parts."""

from __future__ import annotations


def field_header(number: int, size: int) -> bytes:
    """What stands before a message of `size` bytes that is field `number` (1 to 15)."""
    tag = number << 3 | 2
    if size < 0x80:
        return bytes((tag, size))
    if size < 0x4000:
        return bytes((tag, size & 0x7F | 0x80, size >> 7))
    header = bytearray((tag,))
    while size >= 0x80:
        header.append(size & 0x7F | 0x80)
        size >>= 7
    header.append(size)
    return bytes(header)
