"""Whether a text can hold coordinates or a plus code at all, cheap enough to ask of every row of a table."""

from __future__ import annotations

from waypost.server.geocoder.jit import kernel, njit

#: Coordinates without a decimal sign or a degree sign are read only where these are the text's only letters.
INTEGER_PAIR_LETTERS = frozenset("nsewdm")

_NORTH_SOUTH, _EAST_WEST, _OTHER = 1, 2, 4
#: Letters of plus codes; a plus sign behind anything else is no plus code and no ISO 6709.
_PLUS_CODE_LETTERS = b"CFGHJMPQRVWXcfghjmpqrvwx"


@kernel
def _is_degree_sign(data, position, end):  # type: ignore[no-untyped-def]
    """Whether °, º, ˚ or 度 begins at `position`."""
    if position + 1 >= end:
        return False
    lead, second = data[position], data[position + 1]
    if lead == 0xC2:
        return second == 0xB0 or second == 0xBA
    if lead == 0xCB:
        return second == 0x9A
    return lead == 0xE5 and second == 0xBA and position + 2 < end and data[position + 2] == 0xA6


@njit(cache=True, nogil=True)
def could_be_notation(data, start, end):  # type: ignore[no-untyped-def]
    """False where parse_notation certainly gives None for the UTF-8 text `data[start:end]`.

    True where the text has one of:

    * a digit, then "." or ",", then a digit or minus: decimal fractions, geo: URIs;
    * a plus sign behind a digit or a letter of plus codes;
    * a degree sign somewhere behind a digit;
    * 3, 5 or 7 digits between a sign and "/": ISO 6709 without fractions;
    * two digits, and as its only ASCII letters N or S, and E or W, perhaps with d and m.

    Ordinary addresses have none of them.
    """
    digits = 0
    run = 0  # length of the run of digits that ends at `previous`
    before_run = 0  # the byte before it
    letters = 0
    previous = 0
    for position in range(start, end):
        byte = data[position]
        if 48 <= byte <= 57:
            if run == 0:
                before_run = previous
            digits += 1
            run += 1
            previous = byte
            continue
        if byte == 43:  # +
            if run > 0:
                return True
            for letter in _PLUS_CODE_LETTERS:
                if letter == previous:
                    return True
        elif byte == 46 or byte == 44:  # . ,
            if run > 0 and position + 1 < end:
                following = data[position + 1]
                if 48 <= following <= 57 or following == 45:
                    return True
        elif byte == 47:  # / behind digits behind +, - or the last byte of −
            if (run == 3 or run == 5 or run == 7) and (before_run == 43 or before_run == 45 or before_run == 0x92):
                return True
        elif byte >= 0xC2:
            if digits > 0 and _is_degree_sign(data, position, end):
                return True
        elif byte < 0x80:
            lower = byte | 32
            if lower == 110 or lower == 115:  # n s
                letters |= _NORTH_SOUTH
            elif lower == 101 or lower == 119:  # e w
                letters |= _EAST_WEST
            elif 97 <= lower <= 122 and lower != 100 and lower != 109:  # not d m
                letters |= _OTHER
        run = 0
        previous = byte
    return digits >= 2 and letters == _NORTH_SOUTH | _EAST_WEST
