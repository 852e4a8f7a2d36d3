"""Writings of postal codes: the canonical one, and those that no removal of spaces and hyphens leads to."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from waypost.server.gazetteer.alias_kinds import CODE, PRIMARY
from waypost.server.gazetteer.aliases import AliasCollector, Aliases
from waypost.server.gazetteer.postal import PostalRows
from waypost.server.gazetteer.texts import text_array, to_mask


def postal_aliases(postal: PostalRows) -> Aliases:
    """Names of all codes, by their rows from 0. "MD-2000" is also written "2000"."""
    collector = AliasCollector()
    rows = np.arange(len(postal.code), dtype=np.int32)
    untagged = text_array([""]).take(np.zeros(len(rows), np.int64))
    collector.add(rows, postal.code, PRIMARY, untagged)
    prefixed = pc.match_substring_regex(postal.code, "^[A-Z]{2}-[0-9]+$")
    bare = pc.replace_substring_regex(postal.code.filter(prefixed), "^[A-Z]{2}-", "")
    collector.add(rows[to_mask(prefixed)], bare, CODE, untagged.filter(prefixed))
    return collector.finish(len(rows))
