"""What follows the digits of a house number: how additions compare, and how ids of addresses write them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder.normalize import build_fold_table, hash_text, new_tokens, tokenize

#: Longer ones, and those with other letters than a to z, are written as a hash.
_LONGEST_IN_ID = 12


def folded_suffixes(suffixes: Sequence[str]) -> list[str]:
    """Letters and digits of each addition, folded: " bis" and "Bis" are one, "/3" is "3"."""
    fold, tokens = build_fold_table(), new_tokens()
    folded = []
    for suffix in suffixes:
        data = np.frombuffer(suffix.encode() or b" ", np.uint8)
        count = abs(tokenize(fold.entries, fold.pool, data, 0, data.size, tokens))
        end = int(tokens.word[count - 1]["end"]) if count else 0
        folded.append("".join(map(chr, tokens.char[:end])))
    return folded


def suffix_hashes(suffixes: Sequence[str]) -> npt.NDArray[np.uint64]:
    """hash_text of each addition, folded."""
    return np.array([hash_text(folded) for folded in folded_suffixes(suffixes)], np.uint64)


def suffix_ids(suffixes: Sequence[str]) -> list[str]:
    """Each addition as ids write it: lower-case ASCII letters and digits, else "_" and a hash; "-" before a digit."""
    return [_as_id(folded) for folded in folded_suffixes(suffixes)]


def _as_id(folded: str) -> str:
    if folded.isascii() and len(folded) <= _LONGEST_IN_ID:
        # "12/3" is not 123.
        return f"-{folded}" if folded[:1].isdigit() else folded
    return "_" + hashlib.sha256(folded.encode()).hexdigest()[:8]
